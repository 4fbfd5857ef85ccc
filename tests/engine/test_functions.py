"""The functions on every kind of number, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.functions import COMPOSED
from engine.rules import RULES

UNARY = [n for n, r in RULES.items() if r.operands == ("x",) and not r.fixed and hasattr(engine, n)]
BINARY = ["arctan2", "hypot", "logaddexp", "maximum", "minimum", "power"]


@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name):
    f = getattr(engine, name)
    x = RULES[name].at[1][0]
    want = f(x)
    assert type(want) is float
    assert f(Value(x)).data == want
    assert f(np.float64(x)) == want
    np.testing.assert_allclose(f(np.array([x, x])), want, rtol=1e-15)
    objects = f(np.array([Value(x), x], dtype=object))
    assert objects[0].data == objects[1] == want
    if name not in ("stop_gradient",):
        with pytest.raises(TypeError, match=f"{name} of 'x' is not defined"):
            f("x")


@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name):
    f = getattr(engine, name)
    x, y = 2.0, 0.5
    want = f(x, y)
    assert type(want) is float
    for a, b in [(Value(x), y), (x, Value(y)), (Value(x), Value(y)), (np.float64(x), Value(y))]:
        assert f(a, b).data == want
    np.testing.assert_allclose(f(np.array([x, x]), y), want, rtol=1e-15)
    assert f(np.array([Value(x)]), y)[0].data == want
    assert f(Value(x), np.array([y, y]))[1].data == want
    assert f(np.int64(2), 1) == f(2.0, 1.0)
    with pytest.raises(TypeError, match=f"{name} of a list of 1 is not defined"):
        f([1.0], 2.0)


def test_stop_gradient():
    x = Value(3.0)
    (x * engine.stop_gradient(x)).backward()
    assert x.grad == 3.0
    assert engine.grad(lambda x: x * engine.stop_gradient(x))(3.0) == 3.0
    assert engine.grad(engine.grad(lambda x: x**2 * engine.stop_gradient(x)))(3.0) == 6.0


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6))
def test_softmax_is_a_distribution_for_any_finite_scores(scores):
    p = engine.softmax(scores)
    assert math.fsum(p) == pytest.approx(1.0, abs=1e-12)
    assert all(0.0 <= q <= 1.0 for q in p)
    z = engine.logsumexp(scores)
    assert max(scores) <= z <= max(scores) + math.log(len(scores)) + 1e-12 * abs(z)


def test_logsumexp_at_the_edges():
    inf = math.inf
    assert engine.logsumexp([]) == -inf
    assert engine.logsumexp([-inf, -inf]) == -inf
    assert engine.logsumexp([inf, 0.0]) == inf
    assert math.isnan(engine.logsumexp([math.nan, 0.0]))
    assert math.isnan(engine.logsumexp([inf, math.nan]))
    xs = [Value(-inf), Value(0.0)]
    engine.logsumexp(xs).backward()
    assert [x.grad for x in xs] == [0.0, 1.0]


def test_total_is_exact_and_survives_overflow():
    assert engine.total([1e16, 1.0, -1e16]) == 1.0
    assert engine.total([1e308, 1e308, -1e308]) == math.inf
    assert math.isnan(engine.total([math.inf, -math.inf]))
    assert engine.total([]) == 0.0
    assert engine.total([Value(1.0), 2]).data == 3.0


def test_composed_activations():
    for x in (-3.0, -0.1, 0.0, 2.0):
        assert engine.silu(x) == pytest.approx(x / (1 + math.exp(-x)))
        assert engine.gelu(x) == pytest.approx(0.5 * x * (1 + math.erf(x / math.sqrt(2))))
    assert engine.gelu(np.array([1.0])).tolist() == [engine.gelu(1.0)]


def test_the_public_functions_are_those_of_rules_and_what_is_composed_of_them():
    for name in [*RULES, *COMPOSED, "absolute"]:
        assert getattr(engine, name) is getattr(engine.functions, name)
        assert name in engine.__all__ or name == "abs"


def test_a_fixed_number_of_a_rule_cannot_be_a_value():
    with pytest.raises(TypeError, match="power_constant: n is a fixed number, .*; got a Value"):
        Value(2.0).power_constant(Value(3.0))
    assert engine.power(Value(2.0), Value(3.0)).op == "power"
    assert engine.power(Value(2.0), 3).op == "power_constant"
