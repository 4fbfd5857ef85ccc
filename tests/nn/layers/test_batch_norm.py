import numpy as np

from nn.layers import batch_norm

from .against_torch import assert_as_torch


def of_torch(torch, x, gamma, beta):
    return torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5)


def test_it_is_pytorchs():
    assert_as_torch(batch_norm, of_torch)


def test_the_gradient_of_x_sums_to_nothing_over_the_batch():
    """A shift of all samples changes nothing."""
    x, gamma, beta = batch_norm.inputs(np.random.default_rng(3))
    dx, _, _ = batch_norm.backward(np.random.default_rng(4).normal(size=x.shape), batch_norm.forward(x, gamma, beta)[1])
    assert np.abs(dx.sum(axis=0)).max() < 1e-13
