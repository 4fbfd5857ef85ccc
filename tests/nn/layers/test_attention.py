import numpy as np

from nn.layers import attention

from .against_torch import assert_as_torch


def of_torch(torch, q, k, v):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def test_it_is_pytorchs():
    assert_as_torch(attention, of_torch)


def test_later_positions_change_nothing_before_them():
    q, k, v = attention.inputs(np.random.default_rng(0))
    before = attention.forward(q, k, v)[0]
    k[:, -1], v[:, -1] = 1e4 * k[:, -1], -7.0
    np.testing.assert_allclose(attention.forward(q, k, v)[0][:, :-1], before[:, :-1], rtol=1e-14)
