from nn.layers import matrix_factorisation

from .against_torch import assert_as_torch


def of_torch(torch, p, q, ratings, strength):
    rated = ratings > 0
    errors = (p @ q.T)[rated] - ratings[rated]
    return 0.5 * errors.square().sum() + 0.5 * strength * (p.square().sum() + q.square().sum())


def test_it_is_pytorchs():
    assert_as_torch(matrix_factorisation, of_torch)
