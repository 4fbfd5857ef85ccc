"""What an edge of a network hands back and what it hands on are adjoint to one another."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.network_edges import affine_edges, loss_edge, penalty_edge, slope_edge

RNG = np.random.default_rng(0)
A, W, B = (ArrayStep(RNG.normal(size=shape)) for shape in ((5, 3), (3, 2), (2,)))
Z = ArrayStep(A.value @ W.value + B.value, "affine", (A, W, B))
EDGES = affine_edges(Z) | {
    "slope": slope_edge(ArrayStep(np.tanh(Z.value), "tanh", (Z,)), 1.0 - np.tanh(Z.value) ** 2),
    "loss": loss_edge("mse", Z, 2.0 * Z.value),
    "penalty": penalty_edge(W, 0.3),
}


@pytest.mark.parametrize("name", EDGES)
def test_pull_and_push_are_adjoint(name):
    edge = EDGES[name]
    g, t = RNG.normal(size=edge.step.value.shape), RNG.normal(size=edge.parent.value.shape)
    pulled = edge.right(g)
    assert pulled.shape == t.shape
    assert np.vdot(pulled, t) == pytest.approx(np.vdot(g, edge.push(t, edge.saved)))
