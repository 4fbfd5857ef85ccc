"""What tells apart the explanations of an ambiguous gradient."""

from __future__ import annotations

import numpy as np

import nn
from nn import matrix

RNG = np.random.default_rng(5)
X, T = RNG.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 1])


def test_what_fits_two_ways_is_ambiguous_and_has_an_experiment():
    model = nn.MLP(4, [5, 2], activation="tanh")
    t = np.array([[0.5, 1.0], [1.0, 0.0], [0.0, 2.0]])
    _, gradients = matrix.value_and_gradients(model.arrays(), X[:3], t, activation="tanh", loss="mse")
    said = nn.diagnose(model, X[:3], t, {k: 2.0 * v for k, v in gradients.items()}, "mse", strength=0.0)
    assert said.verdict == "ambiguous"
    names = {path[0].name for path in said.alternatives}
    assert {"two-too-many", "accumulated", "sum-for-mean-of-outputs"} <= names
    assert said.experiment.startswith("repeat with another number of samples")
    assert "to tell them apart" in str(said)
