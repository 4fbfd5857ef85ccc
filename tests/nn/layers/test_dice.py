from nn.layers import dice

from .against_torch import assert_as_torch


def of_torch(torch, p, t):
    quotients = [(2.0 * torch.dot(a, b) + 1.0) / (a.sum() + b.sum() + 1.0) for a, b in zip(p, t.double())]
    return 1.0 - torch.stack(quotients).mean()


def test_it_is_pytorchs():
    assert_as_torch(dice, of_torch)
