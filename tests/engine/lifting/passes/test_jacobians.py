"""Matrices of derivatives: entry by entry or along directions, the numbers and the places are the same."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import NUMBERS, POINT, SEVERAL, alike, rosenbrock

import engine
from engine.lifting.passes import jacobians
from engine.lifting.passes.jacobians import Variables, cotangents_of, hessian_entries, jacobian_entries


@pytest.mark.parametrize("small", [10**6, -1], ids=["entries", "directions"])
@pytest.mark.parametrize("f", [*NUMBERS, *SEVERAL], ids=lambda f: f.__name__)
def test_jacobians(monkeypatch, f, small):
    monkeypatch.setattr(jacobians, "SMALL", small)
    monkeypatch.setattr(jacobians, "SPARSE", 0)
    alike(engine.lift(f).jacobian(POINT), engine.jacobian(f)(POINT))


@pytest.mark.parametrize("small", [10**6, -1], ids=["entries", "directions"])
@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_hessians(monkeypatch, f, small):
    monkeypatch.setattr(jacobians, "SMALL", small)
    monkeypatch.setattr(jacobians, "SPARSE", 0)
    alike(engine.lift(f).hessian(POINT), engine.hessian(f)(POINT), rtol=1e-9)


def traced(f, x):
    program = engine.lift(f)
    program(x)
    trace = program.latest.trace
    columns = {i: leaf.position for i, leaf in trace.leaves.items() if leaf.role == "input"}
    return trace, Variables(columns, len(x))


def gradient(f, x):
    trace, variables = traced(f, x)
    found = cotangents_of(trace, variables)
    return found, variables.of(found, trace)


def test_directions_are_as_many_as_colours(monkeypatch):
    monkeypatch.setattr(jacobians, "SMALL", -1)
    monkeypatch.setattr(jacobians, "SPARSE", 0)
    entries = hessian_entries(*gradient(rosenbrock, np.linspace(-1.0, 2.0, 30)), 1)
    assert entries.directions.shape == (3, 30)  # of a tridiagonal matrix
    assert len(entries.rows) == 30 + 2 * 29
    wide = jacobian_entries(*traced(lambda x: [engine.total(list(x)), x[0]], np.ones(20)), 1)
    assert wide.directions.shape == (2, 2)  # against results, which are fewer


def test_a_symmetric_matrix_is_computed_once():
    entries = hessian_entries(*gradient(rosenbrock, np.linspace(-1.0, 2.0, 30)), 1)
    assert entries.directions is None
    assert entries.trace.results == 30 + 29
    assert len(entries.rows) == 30 + 2 * 29


def test_variables_that_nothing_reads_have_cotangents_of_zero():
    trace, _ = gradient(lambda x: x[1] * 2.0, np.ones(3))
    assert trace.results == 3
    assert [trace.leaves[root].value for root in trace.roots] == [0.0, 2.0, 0.0]
    assert engine.lift(lambda x: 3.0).jacobian([1.0, 2.0]) == [0.0, 0.0]
    assert engine.lift(lambda x: x[0]).hessian([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
