from nn.layers import layer_norm

from .against_torch import assert_as_torch


def of_torch(torch, x, gamma, beta):
    return torch.nn.functional.layer_norm(x, gamma.shape, gamma, beta, eps=1e-5)


def test_it_is_pytorchs():
    assert_as_torch(layer_norm, of_torch)
