import numpy as np

from nn.layers import softmax

from .against_torch import assert_as_torch


def of_torch(torch, z):
    return torch.softmax(z, 1)


def test_it_is_pytorchs():
    assert_as_torch(softmax, of_torch)


def test_large_scores_do_not_overflow():
    p, cache = softmax.forward(np.array([[1e4, 0.0, -1e4]]))
    assert p.tolist() == [[1.0, 0.0, 0.0]]
    assert softmax.backward(np.ones((1, 3)), cache).tolist() == [[0.0, 0.0, 0.0]]
