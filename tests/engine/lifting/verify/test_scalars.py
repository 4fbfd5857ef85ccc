"""The scalar engine answers for a program whose text is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from wrong_texts import changed, neuron

import engine
from engine import Value


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_scalar_engine_answers_for_any_batch(reduction, dtype):
    right, wrong = (neuron(reduction=reduction, dtype=dtype) for _ in range(2))
    changed(wrong, "np.tanh(z1, out=a1)", "np.cos(z1, out=a1)")
    many = np.random.default_rng(0).normal(size=(150, 2))
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        got = wrong(many)
    np.testing.assert_allclose(got, right(many), rtol=1e-5 if dtype == np.float32 else 1e-13)
    if reduction != "none":
        a, b = (p.value_and_grad(many)[1].parameters for p in (wrong, right))
        np.testing.assert_allclose(a, b, rtol=1e-4 if dtype == np.float32 else 1e-12)


def test_the_scalar_engine_keeps_to_branches():
    w = Value(2.0, "w")
    program = changed(engine.lift(lambda x: w * x if x > 0 else x * x * w), " * ", " + ")
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        assert program.value_and_grad(3.0)[0] == 6.0
    assert [program(-3.0), program(4.0), program(-1.0)] == [18.0, 8.0, 2.0]


def test_the_scalar_engine_chooses_and_computes_with_integers():
    table = [Value(1.0 + k, f"p{k}") for k in range(3)]
    program = changed(
        engine.lift(lambda x, n: engine.tanh(engine.select(table, n) * x) * n, batch=True, reduction="sum"),
        "np.tanh",
        "np.cos",
    )
    x, n = np.array([0.5, 0.25, 1.0]), np.array([2, 0, 1])
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        value, gradient = program.value_and_grad(x, n, wrt="all")
    assert value == pytest.approx(2.0 * np.tanh(1.5) + np.tanh(2.0))
    slopes = np.array([0.25 * 0.0, 1.0 - np.tanh(2.0) ** 2, (1.0 - np.tanh(1.5) ** 2) * 0.5 * 2.0])
    np.testing.assert_allclose(gradient.parameters, slopes, rtol=1e-13)
    np.testing.assert_allclose(gradient.inputs[1], np.tanh(x * (1.0 + n)), rtol=1e-13)


def test_a_graph_is_proven_too():
    w = Value(2.0, "w")
    program = changed(engine.lift(engine.tanh(w) * 3.0), "tanh(w_2)", "np.cos(w_2)")
    with pytest.warns(RuntimeWarning, match="the graph, lifted, differs"):
        value, gradient = program.value_and_grad()
    assert value == pytest.approx(3.0 * np.tanh(2.0))
    assert gradient.parameters == pytest.approx([3.0 * (1.0 - np.tanh(2.0) ** 2)])
