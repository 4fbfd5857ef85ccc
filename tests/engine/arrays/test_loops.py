"""What stands in for a ufunc follows the rules, those to come as well."""

from __future__ import annotations

import math

import numpy as np
import pytest

import engine
from engine import Value
from engine.arrays.loops import element, loop, quietly, stand_in, stand_in_of
from engine.rules import RULES, rule

UFUNCS = sorted({u.__name__ for u in vars(np).values() if isinstance(u, np.ufunc)})


@pytest.mark.parametrize("name", [name for name in RULES if isinstance(RULES[name].array, np.ufunc)])
def test_every_rule_that_is_a_ufunc_works_on_arrays_that_mix_floats_and_values(name):
    entry = RULES[name]
    n = len(entry.operands)
    if entry.variadic or entry.fixed:
        pytest.skip("a list, or a fixed number, is no operand of a ufunc")
    points = [point[:n] for point in entry.at]
    for mixed in (False, True):
        columns = [
            engine.array([x if mixed and (i + k) % 2 else Value(x) for i, x in enumerate(column)])
            for k, column in enumerate(zip(*points))
        ]
        with np.errstate(all="ignore"):
            want = entry.array(*[np.array(column) for column in zip(*points)])
        got = entry.array(*columns)
        values = [float(getattr(z, "_data", z)) for z in got]
        np.testing.assert_allclose(values, np.asarray(want, float), rtol=1e-13)
        if entry.differentiable:
            assert sum(isinstance(z, Value) for z in got) >= len(points) // (1 + mixed)


def test_a_new_rules_ufunc_works_on_arrays_without_a_second_line():
    @rule("third", lambda x: float(np.rad2deg(x)), np.rad2deg, at=[(0.5,)])
    def third(g):
        """Degrees; dz/dx = 180 / pi."""
        return (g * (180.0 / math.pi),)

    try:
        assert np.rad2deg(engine.array([Value(1.0), 2.0]))[0].op == "third"
        assert stand_in("rad2deg") is stand_in("third")
    finally:
        del RULES["third"], Value.third
    assert np.rad2deg(engine.array([Value(1.0)]))[0].op == "multiply"  # composed again


def test_what_has_no_rule_has_none():
    assert stand_in("frexp") is None
    assert loop("frexp") is None
    assert stand_in_of(np.frexp) is None
    with pytest.raises(KeyError):
        element("frexp")
    somebodys = np.frompyfunc(lambda x: 2.0 * x, 1, 1)
    assert stand_in_of(somebodys).loop is somebodys


def test_loops_do_not_report_what_arithmetic_met():
    with np.errstate(all="raise"):
        assert quietly(lambda x: np.float64(x) * 1e308)(1e308) == math.inf
        assert np.exp(engine.array([Value(1000.0), 1000.0]))[1] == math.inf
        assert (engine.array([Value(math.nan)]) < 1.0).tolist() == [False]
        assert np.divide(engine.array([1.0, Value(0.0)]), 0.0)[0] == math.inf
