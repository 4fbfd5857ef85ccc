"""Where a wrong step would first show, and what the numbers say there."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.equations import Problem
from nn.diagnosis.walk import Walk

PROBLEM = Problem.random((3, 4, 4, 2), samples=5, l2=0.1)


def evidence(name, alter):
    candidate = dict(PROBLEM.right) | {name: alter(PROBLEM.right[name])}
    found = Walk(PROBLEM, candidate, dict.fromkeys(PROBLEM.params, 1e-10)).departs()
    assert found.name == name
    return found


@pytest.mark.parametrize(
    ("name", "step", "places"),
    [
        ("layers.2.b", "error", ["the output"]),
        ("layers.2.b", "back", []),
        ("layers.2.b", "slope", []),  # the output has none
        ("layers.1.b", "back", ["from layers.2 to layers.1", "every layer"]),
        ("layers.1.b", "slope", ["layers.1", "every layer"]),
        ("layers.0.b", "slope", ["layers.0"]),
        ("layers.2.b", "bias", ["layers.2", "every layer"]),
        ("layers.0.W", "weight", ["layers.0"]),
        ("layers.2.W", "penalty", ["layers.2", "every layer"]),
        ("layers.2.W", "bias", []),
        ("layers.1.b", "weight", []),
        ("layers.1.b", "error", []),
    ],
)
def test_places(name, step, places):
    assert [where for where, _ in evidence(name, lambda g: g + 1.0).places(step)] == places


def test_a_factor_is_of_what_comes_of_the_data():
    penalty = PROBLEM.l2 * PROBLEM.params["layers.1.W"]
    e = evidence("layers.1.W", lambda g: 3.0 * (g - penalty) + penalty)
    assert e.factor == pytest.approx(3.0)
    assert e.is_factor(3.0)
    assert not e.is_factor(-3.0)
    assert e.close(e.want)
    assert not e.close(e.have)


def test_what_the_equations_had_computed():
    e = evidence("layers.1.b", lambda g: -g)
    network = PROBLEM.network
    np.testing.assert_array_equal(e.deltas, network.cotangents[network.named["z2"]])
    assert (e.layer, e.is_bias, e.top, e.samples, e.outputs) == (1, True, False, 5, 2)
