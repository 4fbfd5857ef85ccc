"""Leaky ReLUs of any slope: in networks, in their equations by hand, in judging."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.leaky import ByActivation, family, slope_of

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(7, 3)), np.arange(7) % 2


@pytest.mark.parametrize(
    "text", ["leaky_relu()", "leaky_relu(x)", "leaky_relu(inf)", "relu(0.1)", "leaky_relu(0.1", 3, None]
)
def test_what_is_no_leaky_relu(text):
    assert slope_of(text) is None
    assert text not in ByActivation({"relu": 1}, leaky=lambda slope: slope)


def test_a_table_has_every_slope():
    table = ByActivation({"relu": 1.0}, leaky=lambda slope: slope)
    assert (table["relu"], table["leaky_relu(-0.5)"], family("leaky_relu(-0.5)")) == (1.0, -0.5, "leaky_relu")
    with pytest.raises(KeyError, match="tanh"):
        table["tanh"]


@pytest.mark.parametrize("slope", [0.3, 1.5, -0.2, 0.0])
def test_a_network_of_any_slope(slope):
    name = f"leaky_relu({slope})"
    model = nn.MLP(3, [4, 2], activation=name)
    assert nn.compare_gradients(model, X, T).ok
    params = model.arrays()
    z = X @ params["layers.0.W"] + params["layers.0.b"]
    scores = np.where(z > 0, z, slope * z) @ params["layers.1.W"] + params["layers.1.b"]
    np.testing.assert_allclose(nn.predict(model, X), scores, atol=1e-12)
    _, right = nn.matrix.value_and_gradients(params, X, T, activation=name)
    assert nn.diagnose(model, X, T, right).ok
    delta = (nn.matrix.softmax(scores) - np.eye(2)[T]) / len(X)
    below = delta @ params["layers.1.W"].T * np.where(z > 0, 1.0, 0.01)
    wrong = right | {"layers.0.W": X.T @ below, "layers.0.b": below.sum(axis=0)}
    assert nn.diagnose(model, X, T, wrong).names == ["slope-of-another"]


def test_a_slope_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"activation='leaky_relu\(steep\)' is not known"):
        nn.MLP(3, [2], activation="leaky_relu(steep)")
