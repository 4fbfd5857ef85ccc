"""What an edge of a network hands back and what it hands on are adjoint to one another."""

from __future__ import annotations

import numpy as np
import pytest

from nn.derivatives import ACTIVATIONS, JUDGED_LOSSES
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.network_edges import activation, added, loss, penalty

RNG = np.random.default_rng(0)
Z, W = ArrayStep(RNG.normal(size=(5, 2))), ArrayStep(RNG.normal(size=(3, 2)))
T = np.eye(2)[[0, 1, 1, 0, 1]]
STEPS = {kind: activation(kind, Z) for kind in (*ACTIVATIONS, "leaky_relu(0.3)")}
STEPS |= {name: loss(name, Z, T, 0.2) for name in JUDGED_LOSSES} | {"penalty": penalty(W, 0.3)}


@pytest.mark.parametrize("name", STEPS)
def test_pull_and_push_are_adjoint(name):
    (edge,) = STEPS[name].edges
    g, t = RNG.normal(size=edge.step.value.shape), RNG.normal(size=edge.parent.value.shape)
    pulled = edge.right(g)
    assert pulled.shape == t.shape
    assert np.vdot(pulled, t) == pytest.approx(np.vdot(g, edge.push(t, edge.saved)))


@pytest.mark.parametrize("name", STEPS)
def test_what_a_step_pushes_is_its_derivative(name):
    step, direction = STEPS[name], RNG.normal(size=STEPS[name].edges[0].parent.value.shape)
    x, size = step.edges[0].parent.value, 1e-6
    up, down = (step.again(ArrayStep(x + s * size * direction), *step.operands[1:]).value for s in (1, -1))
    pushed = step.edges[0].push(direction, step.edges[0].saved)
    np.testing.assert_allclose((up - down) / (2 * size), pushed, rtol=1e-6, atol=1e-8)


def test_a_bias_is_added_to_every_row():
    b = ArrayStep(RNG.normal(size=2), name="b")
    step, g = added(Z, b), RNG.normal(size=(5, 2))
    np.testing.assert_array_equal(step.value, Z.value + b.value)
    np.testing.assert_array_equal(step.edges[0].right(g), g)
    np.testing.assert_allclose(step.edges[1].right(g), g.sum(axis=0))
    assert added(ArrayStep(1.0), ArrayStep(2.0)).edges[1].right(np.ones(())).tolist() == 1.0
