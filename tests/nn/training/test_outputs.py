"""A network's outputs: by matrices where they can be, one sample after the other elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from engine import Value
from nn.training.outputs import check_columns, inputs_of, kinds_of, outputs_of, predict


class Line(nn.Module):
    def __init__(self):
        self.w = Value(2.0)

    def __call__(self, x):
        return self.w * x[0]


class Other(nn.MLP):
    def __call__(self, x):
        return [2.0 * y for y in super().__call__(x)]


def test_matrices_and_scalars_give_the_same():
    network, X = nn.MLP(3, [4, 2], activation="gelu"), np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(predict(network, X), [[y.data for y in network(x)] for x in X.tolist()], rtol=1e-13)


def test_only_an_mlp_as_it_is_goes_by_matrices():
    assert kinds_of(nn.MLP(3, [4, 2], activation="tanh")) == ["tanh", "identity"]
    assert (kinds_of(Other(3, [2])), inputs_of(Other(3, [2])), kinds_of(Line())) == (None, None, None)
    np.testing.assert_allclose(predict(Other(1, [1]), [[1.0]]), 2.0 * predict(nn.MLP(1, [1]), [[1.0]]))
    assert predict(Line(), [[1.0], [3.0]]).tolist() == [[2.0], [6.0]]


def test_what_is_no_list_of_outputs_is_refused():
    class Wrong(Line):
        def __call__(self, x):
            return {"y": self.w}

    with pytest.raises(TypeError, match="Wrong returns a dict"):
        outputs_of(Wrong(), [1.0])


def test_columns_in_another_order_are_refused():
    class Frame:
        columns = ("b", "a")

    with pytest.raises(ValueError, match="column 0 of X is 'b', in training it was 'a'"):
        check_columns(("a", "b"), Frame())
