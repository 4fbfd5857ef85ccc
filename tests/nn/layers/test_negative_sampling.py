from nn.layers import negative_sampling

from .against_torch import assert_as_torch


def of_torch(torch, v, u, outside, drawn):
    log = torch.nn.functional.logsigmoid
    return -log(torch.dot(u[outside], v)) - log(-torch.mv(u[drawn], v)).sum()


def test_it_is_pytorchs():
    assert_as_torch(negative_sampling, of_torch)
