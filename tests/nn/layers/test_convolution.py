from nn.layers import convolution

from .against_torch import assert_as_torch


def of_torch(torch, x, w, b, stride, padding):
    return torch.nn.functional.conv2d(x, w, b, stride=stride, padding=padding)


def test_it_is_pytorchs():
    assert_as_torch(convolution, of_torch)
