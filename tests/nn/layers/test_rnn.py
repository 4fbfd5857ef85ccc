from nn.layers import rnn

from .against_torch import assert_as_torch


def of_torch(torch, x, h0, w_x, w_h, b):
    layer = torch.nn.RNN(x.shape[2], h0.shape[1], batch_first=True, dtype=x.dtype)
    weights = {"weight_ih_l0": w_x.T, "weight_hh_l0": w_h.T, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
    return torch.func.functional_call(layer, weights, (x, h0[None]))[0]


def test_it_is_pytorchs():
    assert_as_torch(rnn, of_torch)
