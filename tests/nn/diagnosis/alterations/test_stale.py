import numpy as np
import pytest

import nn

RNG = np.random.default_rng(0)


def said(forward, backward, *inputs):
    diagnosis = nn.check_backward(forward, backward, *inputs)
    assert diagnosis.verdict == "named"
    return [(f.where, f.name, f.sentence.removeprefix("the backward pass reads ")) for f in diagnosis.findings]


class Dense:
    """A layer with tanh that remembers its calls; which of them the backward pass reads, each part says."""

    def __init__(self, x, a):
        self.of_x, self.of_a, self.calls = x, a, []

    def forward(self, x, w, b):
        a = np.tanh(x @ w + b)
        self.calls.append((x, a))
        return a

    def backward(self, dout, x, w, b):
        dz = dout * (1.0 - self.calls[self.of_a][1] ** 2)
        return dz @ w.T, self.calls[self.of_x][0].T @ dz, dz.sum(axis=0)


INPUTS = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=2)


@pytest.mark.parametrize(
    ("of_x", "of_a", "wanted"),
    [
        (-2, -1, ("w", "stale", "`x` of the call before")),
        (-1, -2, ("x, w, b", "stale", "`tanh(x @ w + b)` of the call before")),
        (-2, -2, ("x, w, b", "stale", "all but `w` of the call before")),
    ],
)
def test_values_of_the_call_before(of_x, of_a, wanted):
    layer = Dense(of_x, of_a)
    assert said(layer.forward, layer.backward, *INPUTS) == [wanted]


def test_a_layer_that_reads_this_call_is_right():
    layer = Dense(-1, -1)
    assert nn.check_backward(layer.forward, layer.backward, *INPUTS).ok


def test_what_is_remembered_of_the_first_call_alone():
    known = {}

    def forward(x, gamma):
        xc = x - x.mean(axis=1, keepdims=True)
        std = np.sqrt((xc**2).mean(axis=1, keepdims=True) + 0.01)
        xhat = xc / std
        known.setdefault("xhat", xhat)
        return gamma * xhat, (gamma, xhat, std)

    def backward(dout, cache):
        gamma, xhat, std = cache
        g = dout * gamma
        dx = (g - g.mean(axis=1, keepdims=True) - xhat * (g * xhat).mean(axis=1, keepdims=True)) / std
        return dx, (dout * known["xhat"]).sum(axis=0)

    found = said(forward, backward, RNG.normal(size=(4, 5)), RNG.normal(size=5))
    assert found == [("gamma", "stale", "`xhat` of the call before")]
