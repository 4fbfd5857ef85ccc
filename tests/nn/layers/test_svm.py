from nn.layers import svm

from .against_torch import assert_as_torch


def of_torch(torch, z, y):
    return z.shape[1] * torch.nn.functional.multi_margin_loss(z, y)


def test_it_is_pytorchs():
    assert_as_torch(svm, of_torch)
