"""What a run of a function leaves in its objects is gone afterwards."""

import functools

import numpy as np
import pytest

import nn
from nn.diagnosis.unchanged import unchanged


class Layer:
    def __init__(self):
        self.dw, self.calls, self.kept = np.zeros((3, 2)), [], {}

    def forward(self, x, w):
        self.x, self.w = x, w
        self.dw[...] = 0.0
        self.calls.append(len(x))
        self.kept["x"] = x
        return x @ w

    def backward(self, dout, *_):
        self.dw += self.x.T @ dout
        return dout @ self.w.T, self.dw


X, W = np.arange(6.0).reshape(2, 3), np.ones((3, 2))


def of_closure():
    count, layer = 0, Layer()

    def forward(x, w):
        nonlocal count
        count += 1
        return layer.forward(x, w)

    return forward, lambda: (count, vars(layer).keys(), layer.calls, layer.kept)


def of_partial():
    layer = Layer()
    return functools.partial(Layer.forward, layer), lambda: (vars(layer).keys(), layer.calls, layer.kept)


GLOBAL = Layer()


def of_global():
    return lambda x, w: GLOBAL.forward(x, w), lambda: (vars(GLOBAL).keys(), GLOBAL.calls, GLOBAL.kept)


@pytest.mark.parametrize("make", [of_closure, of_partial, of_global])
def test_whatever_holds_it_is_as_it_was(make):
    forward, seen = make()
    before = repr(seen())
    with pytest.raises(ZeroDivisionError), unchanged(forward):
        forward(X, W)
        assert repr(seen()) != before
        _ = 1 / 0
    assert repr(seen()) == before


def test_a_layer_that_returns_what_it_writes_into_again_is_judged_by_what_it_returned():
    layer = Layer()
    assert nn.check_backward(layer.forward, layer.backward, X, W).ok
    assert vars(layer).keys() == vars(Layer()).keys()
    layer = Layer()
    wrong = nn.check_backward(layer.forward, lambda d, *_: (layer.backward(d)[0], 2.0 * layer.dw), X, W)
    assert [row.verdict for row in wrong.parameters] == ["right", "named"]
