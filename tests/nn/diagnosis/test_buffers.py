"""Forward passes that fill arrays of zeros, as loops are written, are differentiated as they are."""

import math
import sys
import threading

import numpy as np
import pytest

import engine
import nn
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.buffers import MAKERS, buffers, compiled_on_numpy

RNG = np.random.default_rng(5)


def convolution(x, w, b):
    n, _, height, width = x.shape
    f, _, size, _ = w.shape
    out = np.zeros((n, f, height - size + 1, width - size + 1))
    for k in range(n):
        for m in range(f):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    out[k, m, i, j] = np.sum(x[k, :, i : i + size, j : j + size] * w[m]) + b[m]
    return out, (x, w)


def convolution_backward(dout, cache, add=True):
    x, w = cache
    size = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k, m, i, j in np.ndindex(dout.shape):
        window = np.s_[k, :, i : i + size, j : j + size]
        dx[window] = (dx[window] if add else 0.0) + dout[k, m, i, j] * w[m]
        dw[m] += dout[k, m, i, j] * x[window]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def recurrent(x, w):
    h, states = np.zeros(len(w)), np.empty((len(x), len(w)))
    for t in range(len(x)):
        h = np.tanh(x[t] + h @ w)
        states[t] = h
    return states, (states, w)


def recurrent_backward(dout, cache, slope=True):
    states, w = cache
    dx, dw, dh = np.zeros_like(states), np.zeros_like(w), np.zeros(len(w))
    for t in reversed(range(len(dout))):
        dz = (dout[t] + dh) * (1.0 - states[t] ** 2 if slope else 1.0)
        dx[t] = dz
        dw += np.outer(states[t - 1], dz) if t else 0.0
        dh = w @ dz
    return dx, dw


CONVOLUTION = (RNG.normal(size=(2, 2, 3, 3)), RNG.normal(size=(2, 2, 2, 2)), RNG.normal(size=2))
RECURRENT = (RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3)))


def test_filled_forward_passes_are_differentiated():
    assert nn.check_backward(convolution, convolution_backward, *CONVOLUTION).ok
    assert nn.check_backward(recurrent, recurrent_backward, *RECURRENT).ok


def test_and_their_mistakes_have_names():
    said = nn.check_backward(recurrent, lambda d, c: recurrent_backward(d, c, slope=False), *RECURRENT)
    assert said.names and set(said.names) == {"slope-missing"}


def test_a_wrong_one_is_not_right():
    assert not nn.check_backward(convolution, lambda d, c: convolution_backward(d, c, add=False), *CONVOLUTION).ok


@pytest.mark.parametrize("name", MAKERS)
def test_numpys_own_names_are_back_whatever_happens(name):
    before = getattr(np, name)
    with pytest.raises(ZeroDivisionError), buffers(engine.array):
        assert getattr(np, name) is not before
        _ = 1 / 0
    assert getattr(np, name) is before


def test_indices_masks_and_other_threads_are_left_alone():
    elsewhere = []
    with buffers(engine.array):
        assert type(np.zeros(2, int)) is type(np.ones(2, bool)) is np.ndarray
        assert type(np.zeros_like(np.ones(2))) is not np.ndarray
        thread = threading.Thread(target=lambda: elsewhere.append(type(np.zeros(2))))
        thread.start()
        thread.join()
        assert float(np.linspace(0.0, 1.0, 3)[1]) == 0.5  # which makes arrays inside NumPy
    assert elsewhere == [np.ndarray]


def noisy(x):
    rng, out = np.random.default_rng(0), np.zeros(x.shape)
    for k in range(len(x)):
        out[k] = x[k] * (rng.random(x.shape[1]) < 0.5) + np.random.RandomState(3).normal(size=x.shape[1])
    return out


def by_numbers(x):
    out = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        out[place] = 1.0 / (1.0 + math.exp(-x[place])) + math.pow(x[place], 2) * math.erf(x[place])
    return out


def by_words(x):
    windows = np.lib.stride_tricks.as_strided(x, (2, 3), x.strides)
    out = np.vectorize(lambda v, w: v if v > w else 0.1 * v)(x, 0.2)
    rows = np.array([0.0, 0.0, 0.0])
    rows[1] = out.sum()
    return out[:2] * windows + rows + np.ascontiguousarray(x.T).T[:2]


@pytest.mark.parametrize("forward", [noisy, by_numbers, by_words])
def test_whatever_makes_arrays_inside_is_recorded(forward):
    x = RNG.normal(size=(3, 3))
    root, (leaf,) = record(lambda x: (forward(x) ** 2).sum(), [("x", x)])
    (gradient,) = Sweep(root, [leaf]).gradients
    step = 1e-6 * np.ones(x.shape)
    wanted = ((forward(x + step) ** 2).sum() - (forward(x - step) ** 2).sum()) / 2e-6
    assert gradient.sum() == pytest.approx(wanted, rel=1e-6) and math.exp(0.0) == 1.0
    assert nn.check_backward(forward, lambda d, x: _pulled(forward, d, x), x).ok


def _pulled(forward, dout, x):
    root, (leaf,) = record(lambda x: (forward(x) * dout).sum(), [("x", x)])
    return Sweep(root, [leaf]).gradients[0]


def test_compiled_modules_on_numpy_are_known():
    assert "numpy.random.mtrand" in {module.__name__ for module in compiled_on_numpy(len(sys.modules))}
