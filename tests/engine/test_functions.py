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


def test_where_chooses_without_evaluating_gradients_of_the_other_side():
    x = Value(0.0)
    z = engine.where(x > 0.0, engine.log(x), x * 2.0)
    z.backward()
    assert x.grad == 2.0
    assert engine.where(True, 1.0, Value(2.0)).data == 1.0
    assert isinstance(engine.where(True, 1.0, Value(2.0)), Value)
    np.testing.assert_array_equal(engine.where(np.array([True, False]), 1.0, 2.0), [1.0, 2.0])
    chosen = engine.where(Value(1.0), x, 5.0)
    assert chosen.op == "where"
    assert chosen.data == 0.0


def test_leaky_relu_and_clip():
    x = Value(-2.0)
    engine.leaky_relu(x, 0.1).backward()
    assert x.grad == 0.1
    np.testing.assert_allclose(engine.leaky_relu(np.array([-2.0, 3.0]), 0.1), [-0.2, 3.0])
    assert engine.leaky_relu(np.array([Value(-1.0)]))[0].data == -0.01
    assert engine.clip(np.array([-5.0, 0.5]), -1.0, 1.0).tolist() == [-1.0, 0.5]
    with pytest.raises(ValueError, match="clip needs low <= high; got 2.0 and 1.0"):
        engine.clip(Value(0.0), 2.0, 1.0)


def test_stop_gradient():
    x = Value(3.0)
    (x * engine.stop_gradient(x)).backward()
    assert x.grad == 3.0
    assert engine.grad(lambda x: x * engine.stop_gradient(x))(3.0) == 3.0
    assert engine.grad(engine.grad(lambda x: x**2 * engine.stop_gradient(x)))(3.0) == 6.0


def test_select():
    xs = [Value(1.0), Value(2.0)]
    assert engine.select(xs, 1) is xs[1]
    assert engine.select([[1.0, 2.0], [3.0, 4.0]], np.int64(1)) == [3.0, 4.0]
    assert engine.select([1.0, 2.0], np.array(1)) == 2.0
    with pytest.raises(IndexError, match=r"index 2 is outside a table of 2 entries \(0 to 1\)"):
        engine.select(xs, 2)
    with pytest.raises(IndexError, match="index -1 is outside"):
        engine.select(xs, -1)
    for bad in (1.0, "1", True, Value(1.0)):
        with pytest.raises(TypeError, match="select needs an integer index"):
            engine.select(xs, bad)


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


# --- bounds and slopes are operands


BOUNDED = {
    "leaky_relu": (engine.leaky_relu, lambda x, a: x if x > 0 else a * x),
    "leaky_relu, the method": (lambda x, a: Value.leaky_relu(x, a), lambda x, a: x if x > 0 else a * x),
    "clip from below": (lambda x, a: engine.clip(x, a, 9.0), lambda x, a: x if x > a else a * 1.0),
    "clip from above": (lambda x, a: engine.clip(x, -9.0, a), lambda x, a: x if x < a else a * 1.0),
    "clip, the method": (lambda x, a: Value.clip(x, a, a + 1.0), lambda x, a: min(max(x, a), a + 1.0)),
}


@pytest.mark.parametrize(("f", "by_hand"), BOUNDED.values(), ids=BOUNDED)
@pytest.mark.parametrize("point", [(-2.0, 0.3), (2.0, 0.3), (0.7, 0.3), (-5.0, -4.0)])
def test_a_value_as_bound_or_slope_gets_its_gradient(f, by_hand, point):
    want = engine.grad(by_hand, argnums=(0, 1))(*point)
    assert engine.grad(f, argnums=(0, 1))(*point) == want
    assert engine.lift(f).value_and_grad(*point, wrt="inputs")[1].inputs == want
    assert engine.grad(lambda a: f(point[0], a))(point[1]) == want[1]
    x = np.array([Value(point[0]), Value(point[0])])
    engine.total(list(np.frompyfunc(f, 2, 1)(x, point[1]))).backward()
    assert [v.grad for v in x] == [want[0]] * 2


def test_arrays_of_numbers_and_of_values_go_entry_by_entry():
    x = np.array([-2.0, 0.5, 7.0])
    np.testing.assert_array_equal(engine.clip(x, np.array([-1.0, 1.0, 2.0]), 3.0), [-1.0, 1.0, 3.0])
    np.testing.assert_array_equal(engine.leaky_relu(x, np.array([0.1, 0.1, 0.1])), [-0.2, 0.5, 7.0])
    values = engine.clip(np.array([Value(v) for v in x]), -1.0, np.array([1.0, 1.0, 6.0]))
    assert [v.data for v in values] == [-1.0, 0.5, 6.0]


def test_where_computed_bounds_cross_the_upper_one_wins_as_in_numpy():
    low, high = Value(2.0), Value(1.0)
    z = engine.clip(5.0, low, high)
    z.backward()
    assert (z.data, low.grad, high.grad) == (np.clip(5.0, 2.0, 1.0), 0.0, 1.0)
    with pytest.raises(ValueError, match="clip needs low <= high; got 2.0 and 1.0"):
        engine.clip(5.0, 2.0, 1.0)


def test_a_fixed_number_of_a_rule_cannot_be_a_value():
    with pytest.raises(TypeError, match="power_constant: n is a fixed number, .*; got a Value"):
        Value(2.0).power_constant(Value(3.0))
    assert engine.power(Value(2.0), Value(3.0)).op == "power"
    assert engine.power(Value(2.0), 3).op == "power_constant"
