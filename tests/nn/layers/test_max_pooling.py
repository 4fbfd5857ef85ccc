from nn.layers import max_pooling

from .against_torch import assert_as_torch


def of_torch(torch, x, size, stride):
    return torch.nn.functional.max_pool2d(x, size, stride)


def test_it_is_pytorchs():
    assert_as_torch(max_pooling, of_torch)
