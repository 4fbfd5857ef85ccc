import numpy as np
import pytest

import nn

X, C = np.random.default_rng(3).normal(size=(4, 6)), np.random.default_rng(4).normal(size=(4, 6))
W = np.random.default_rng(5).normal(size=(6, 6))


def rotated(x):
    return np.concatenate([-x[..., 3:], x[..., :3]], axis=-1)


def back(g):
    return np.concatenate([g[..., 3:], -g[..., :3]], axis=-1)


LATE = [
    (lambda x: x[:, ::-1] * C, lambda d, x: d[:, ::-1] * C),
    (lambda x: (x @ W) * C, lambda d, x: (d @ W.T) * C),
]


@pytest.mark.parametrize(("forward", "backward"), LATE)
def test_a_factor_multiplied_after_what_is_linear(forward, backward):
    diagnosis = nn.check_backward(forward, backward, X)
    assert diagnosis.names == ["factor-too-late"] and "what has come to `x`" in str(diagnosis)


def test_a_factor_multiplied_after_a_whole_normalisation():
    gamma = W[0]

    def forward(x):
        centred = x - x.mean(axis=1, keepdims=True)
        xhat = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        return gamma * xhat

    def backward(d, x):
        centred = x - x.mean(axis=1, keepdims=True)
        scale = 1.0 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        xhat = centred * scale
        return gamma * scale * (d - d.mean(axis=1, keepdims=True) - xhat * (d * xhat).mean(axis=1, keepdims=True))

    diagnosis = nn.check_backward(forward, backward, X)
    assert diagnosis.names == ["factor-too-late"] and "what has come to `x`" in str(diagnosis)


def test_right_orders_are_right():
    assert nn.check_backward(lambda x: rotated(x) * C, lambda d, x: back(d * C), X).verdict == "right"
