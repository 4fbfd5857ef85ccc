from nn.layers import logistic

from .against_torch import assert_as_torch


def of_torch(torch, x, w, b, y):
    return torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y.double())


def test_it_is_pytorchs():
    assert_as_torch(logistic, of_torch)
