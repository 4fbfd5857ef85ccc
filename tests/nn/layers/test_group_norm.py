from nn.layers import group_norm

from .against_torch import assert_as_torch


def of_torch(torch, x, gamma, beta, groups):
    return torch.nn.functional.group_norm(x, groups, gamma, beta, eps=1e-5)


def test_it_is_pytorchs():
    assert_as_torch(group_norm, of_torch)
