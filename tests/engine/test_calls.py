"""Operations that look at their arguments first: choices, bounds, weights and inputs."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import engine
from engine import Value


def test_what_people_call_says_what_it_takes():
    assert str(inspect.signature(engine.leaky_relu)) == "(x, slope=0.01)"
    assert list(inspect.signature(engine.clip).parameters) == ["x", "low", "high"]
    assert list(inspect.signature(engine.dot).parameters) == ["ws", "xs", "bias"]
    assert "pre-activation" in engine.dot.__doc__


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
