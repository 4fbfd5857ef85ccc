from nn.layers import rms_norm

from .against_torch import assert_as_torch


def of_torch(torch, x, gamma):
    return gamma * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)


def test_it_is_pytorchs():
    assert_as_torch(rms_norm, of_torch)
