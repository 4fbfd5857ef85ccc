import numpy as np

from nn.layers import dropout

from .against_torch import assert_as_torch


def of_torch(torch, x, kept, p):
    return torch.where(kept, x / p, torch.zeros_like(x))


def test_it_is_pytorchs():
    assert_as_torch(dropout, of_torch)


def test_the_mean_is_kept():
    rng = np.random.default_rng(0)
    x = np.ones((1000, 10))
    out, _ = dropout.forward(x, rng.random(x.shape) < 0.8, 0.8)
    assert abs(out.mean() - 1.0) < 0.02
