"""Text and function compared in floats: what only floats have is said, and what cannot be compared is not."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
from wrong_texts import changed

import engine
from engine import Value


def test_overflow_in_an_equal_text_is_said():
    program = changed(engine.lift(lambda x: engine.tanh(x)), "tanh(x_2)", "(np.sinh(x_2) / np.cosh(x_2)).item()")
    with pytest.warns(RuntimeWarning, match="in floats the value differs from that of <lambda> itself: .*NaN"):
        assert np.isnan(program(1000.0))


def test_cancellation_is_said():
    def f(x):
        return 1e17 * x[0] + x[1] - 1e17 * x[0]

    program = changed(engine.lift(f), "return float(", "return float(x[1]) + 0.0 * float(")
    with pytest.warns(RuntimeWarning, match="in floats the value differs from that of f itself: rounding"):
        assert program(np.array([1.0, 3.0])) == 3.0


def test_a_function_that_is_another_one_while_it_is_traced_is_said():
    program = engine.lift(lambda x: x * (2.0 if engine.tracing.LOCAL.active is None else 3.0))
    with pytest.warns(RuntimeWarning, match="goes another way than when it was traced"):
        assert program(1.0) == 3.0


def test_a_function_that_only_lifting_can_run_is_not_compared():
    def f(x):
        if engine.tracing.LOCAL.active is None:
            raise RuntimeError("not without a trace")
        return x * 2.0

    program = engine.lift(f)
    assert program(1.0) == 2.0
    assert program.stats.proof.samples == 0


def test_samples_of_every_structure_are_compared():
    w = Value(2.0, "w")
    cases = [
        (lambda x, t, n: x * t[0] * w + n, (np.arange(4.0), np.ones((4, 2)), np.arange(4)), True, 3),
        (lambda x, d: x[0][1] * d["a"] * w, ([[1.0, 2.0]], {"a": 3.0}), False, 1),
        (lambda x: x[0] * w, (np.ones((5, 1)),), True, 1),  # all alike
    ]
    for f, inputs, batch, samples in cases:
        program = engine.lift(f, batch=batch)
        program.value_and_grad(*inputs, wrt="all")
        assert program.stats.proof.samples == samples
        assert program.stats.proof.eager_seconds > 0.0


def test_no_gradient_of_the_users_changes():
    w = Value(2.0, "w")
    w.grad = 7.0
    engine.lift(lambda x: x * w).value_and_grad(3.0)
    assert w.grad == 7.0


def test_samples_that_part_ways_are_not_compared():
    """One that goes another way is refused by its guard, and not for what the eager run makes of it."""
    program = engine.lift(lambda x: x if x > 0 else -5.0 * x, batch=True)
    with pytest.raises(engine.GuardError):
        program(np.array([1.0, -1.0]))


def test_copies_are_variables_in_the_eager_run_too():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = engine.lift(lambda x: copy.copy(x) * copy.deepcopy(x) * x, strict=True)
        assert f.value_and_grad(2.0, wrt="inputs")[1].inputs == (12.0,)
