from nn.layers import gru

from .against_torch import assert_as_torch


def of_torch(torch, x, h, w_x, w_h, b):
    """PyTorch's own resets after the product; this is its formula with the reset before it."""
    states = []
    for step in x.unbind(1):
        u, r = (torch.sigmoid(step @ w_x[k] + h @ w_h[k] + b[k]) for k in (0, 1))
        h = torch.lerp(torch.tanh(step @ w_x[2] + (r * h) @ w_h[2] + b[2]), h, u)
        states.append(h)
    return torch.stack(states, 1)


def test_it_is_pytorchs():
    assert_as_torch(gru, of_torch)
