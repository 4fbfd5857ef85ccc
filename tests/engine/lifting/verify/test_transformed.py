"""A derivative's trace that is wrong is never seen: each way of being wrong is found, over the field and in floats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from derivative_cases import NUMBERS, POINT, SEVERAL, Layers, alike

import engine
from engine import LiftError
from engine.lifting.passes import handed_back, jacobians
from engine.lifting.run import derivative
from engine.lifting.verify import transformed

KINDS = {
    "jacobian": lambda p, x: p.jacobian(x),
    "jvp": lambda p, x: p.jvp(x, np.ones(3)),
    "vjp": lambda p, x: p.vjp(x, p(x)),
}
OF_ONE = KINDS | {"hessian": lambda p, x: p.hessian(x), "hvp": lambda p, x: p.hvp(x, np.ones(3))}


@pytest.mark.slow
@pytest.mark.parametrize("exact", [True, False], ids=["field", "floats"])
@pytest.mark.parametrize("f", [*NUMBERS, *SEVERAL], ids=lambda f: f.__name__)
def test_what_is_right_is_believed(monkeypatch, f, exact):
    if not exact:
        monkeypatch.setattr(transformed, "is_large", lambda _: True)
        monkeypatch.setattr(transformed, "_field", lambda *_: pytest.fail("floats do not differ"))
    program = engine.lift(f)
    for call in (OF_ONE if f in NUMBERS else KINDS).values():
        call(program, POINT)


def wrong_slope(monkeypatch):
    right = handed_back.HandedBack.on

    def wrong(self, graph, z, xs, g):
        return [graph.apply("multiply", 2.0, c) for c in right(self, graph, z, xs, g)]

    monkeypatch.setattr(handed_back.HandedBack, "on", wrong)


@pytest.mark.parametrize("kind", OF_ONE)
@pytest.mark.parametrize("exact", [True, False], ids=["field", "floats"])
def test_a_wrong_slope_is_found(monkeypatch, kind, exact):
    wrong_slope(monkeypatch)
    if not exact:
        monkeypatch.setattr(transformed, "is_large", lambda _: True)
    program = engine.lift(lambda x: engine.tanh(x[0]) * engine.exp(x[1]) / x[2])
    with pytest.raises(LiftError, match="differs from what its rules give. This is an error in liftgrad") as raised:
        OF_ONE[kind](program, POINT)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("small", [10**6, -1], ids=["entries", "directions"])
def test_entries_at_wrong_places_are_found(monkeypatch, small):
    monkeypatch.setattr(jacobians, "SMALL", small)
    monkeypatch.setattr(jacobians, "SPARSE", 0)
    right = jacobians.jacobian_entries
    moved = lambda *x, **more: replace(entries := right(*x, **more), at=np.roll(entries.at, 1))  # noqa: E731
    monkeypatch.setattr("engine.lifting.run.matrices.jacobian_entries", moved)
    with pytest.raises(LiftError, match="the Jacobian of <lambda> differs"):
        engine.lift(lambda x: [x[0] * x[1], x[2] ** 2]).jacobian(POINT)


def test_a_mirrored_hessian_that_is_none_is_found(monkeypatch):
    right = jacobians.cotangents_of
    skewed = lambda trace, variables, *rest: right(trace, variables, *rest)  # noqa: E731
    monkeypatch.setattr(derivative, "cotangents_of", skewed)
    alike(engine.lift(lambda x: x[0] ** x[1]).hessian([2.0, 3.0]), engine.hessian(lambda x: x[0] ** x[1])([2.0, 3.0]))
    each = jacobians._each
    monkeypatch.setattr(jacobians, "_each", lambda *x, **more: replace(e := each(*x, **more), at=np.roll(e.at, 1)))
    with pytest.raises(LiftError, match="the Hessian of <lambda> differs"):
        engine.lift(lambda x: x[0] ** x[1]).hessian([2.0, 3.0])


def test_nobody_asks_nothing_is_proven(monkeypatch):
    monkeypatch.delenv("LIFTGRAD_CHECK", raising=False)
    wrong_slope(monkeypatch)
    program = engine.lift(lambda x: engine.tanh(x[0]), verify=False)
    assert program.jacobian([0.0]) == [2.0]  # for nothing


def test_samples_and_parameters_are_proven_too(monkeypatch):
    layers = Layers()
    program = engine.lift(layers.loss, batch=True)
    program.hessian(layers.X, layers.T)
    wrong_slope(monkeypatch)
    other = engine.lift(layers.loss, batch=True)
    for call in (other.hessian, other.sample_gradients, other.jacobian):
        with pytest.raises(LiftError, match="differs from what its rules give"):
            call(layers.X, layers.T)
