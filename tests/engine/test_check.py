"""The checker finds right gradients right and wrong ones wrong, at any scale and beside any edge; a kink is said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value, check_gradients

SMOOTH = {
    "polynomial": lambda x: x**3 - 2.0 * x * x + x,
    "exp": engine.exp,
    "log": lambda x: engine.log(x * x + 1e-3),
    "tanh": engine.tanh,
    "sine": lambda x: engine.sin(3.0 * x) * x,
    "quotient": lambda x: x / (1.0 + x * x),
    "root": lambda x: engine.sqrt(x * x + 1.0),
    "a difference that cancels": lambda x: (x + 1e6) - 1e6 + x * x,
    "a small term beside a large one": lambda x: 9.0 + 1e-7 * x * x,
    "a shift": lambda x: (x - 3.0) ** 2,
    "fast": lambda x: engine.sin(1e4 * x),
    "a narrow bell": lambda x: engine.exp(-((1e3 * x) ** 2)),
}
POINTS = [-1.7, 0.3, 2.0, 1e-4, -1e-8, 1e-12, 40.0, 0.0]
smooth = pytest.mark.parametrize("f", SMOOTH.values(), ids=SMOOTH)


def half(x):
    """The same number with half the derivative."""
    return 0.5 * x + 0.5 * engine.stop_gradient(x)


@smooth
@pytest.mark.parametrize("scale", [1.0, -1e-3, 1e-8, 1e-30, 1e30])
def test_right_is_right_and_half_is_wrong_at_any_scale_and_any_point(f, scale):
    for x in POINTS:
        right = check_gradients(lambda x: f(x) * scale, x)
        assert right.ok, (x, str(right))
        (entry,) = right.entries
        if abs(entry.derivative) > 10.0 * entry.tolerance:  # else rounding hides even a factor of two
            assert not check_gradients(lambda x: f(half(x)) * scale, x).ok, x


@smooth
@given(st.floats(-5, 5), st.sampled_from([1e-6, 1.0, 1e5]))
def test_right_is_right_anywhere(f, x, scale):
    report = check_gradients(lambda x: f(x) * scale, x)
    assert report.ok, (x, str(report))


EDGES = {
    "sqrt of little": (engine.sqrt, 1e-9),
    "sqrt of almost nothing": (engine.sqrt, 1e-200),
    "log of little": (engine.log, 1e-10),
    "log of almost nothing": (engine.log, 1e-300),
    "arcsin beside 1": (engine.arcsin, 1.0 - 1e-9),
    "arccos beside -1": (engine.arccos, -1.0 + 1e-12),
    "arccosh beside 1": (engine.arccosh, 1.0 + 1e-9),
    "arctanh beside 1": (engine.arctanh, 1.0 - 1e-7),
    "log1p beside -1": (engine.log1p, -1.0 + 1e-9),
    "a power on its edge": (lambda x: x**1.5, 0.0),
    "beside a pole": (lambda x: 1.0 / (x - 1.0), 1.0 + 1e-7),
    "relu beside its kink": (engine.relu, 1e-9),
    "relu on the other side": (engine.relu, -1e-12),
    "abs beside its kink": (engine.absolute, -1e-13),
    "clip beside its bound": (lambda x: engine.clip(x, -1.0, 1.0), 1.0 - 1e-9),
    "a branch beside its jump": (lambda x: x * x if x > 1.0 else 7.0 * x, 1.0 + 1e-6),
    "a saturated tanh": (lambda x: engine.tanh(x) * 3.0, 19.0),
    "a product of many": (lambda x: x**9, 1e-3),
}


@pytest.mark.parametrize(("f", "x"), EDGES.values(), ids=EDGES)
def test_beside_an_edge_right_is_right_and_wrong_is_wrong(f, x):
    report = check_gradients(f, x)
    assert report.ok, str(report)
    if engine.grad(f)(x) != 0.0 and report.entries[0].verdict == "right":
        assert not check_gradients(lambda x: f(half(x)), x).ok


def test_an_infinite_slope_is_right_where_the_function_has_one():
    assert check_gradients(engine.sqrt, 0.0).ok
    assert check_gradients(engine.arccos, 1.0).ok
    assert not check_gradients(lambda x: engine.sqrt(engine.stop_gradient(x)) + x, 0.0).ok


KINKS = {
    "relu": (engine.relu, 0.0, (0.0, 1.0)),
    "abs": (engine.absolute, 0.0, (-1.0, 1.0)),
    "leaky relu": (lambda x: engine.leaky_relu(x - 5.0), 5.0, (0.01, 1.0)),
    "maximum": (lambda x: engine.maximum(x, 1.0) + x * x, 1.0, (2.0, 3.0)),
    "clip": (lambda x: engine.clip(x, -1.0, 1.0), 1.0, (1.0, 0.0)),
    "a branch": (lambda x: x if x > 0 else 3.0 * x, 0.0, (3.0, 1.0)),
    "root of a square": (lambda x: engine.hypot(x, x * x), 1e-300, (1.0, 1.0)),
}


@pytest.mark.parametrize(("f", "x", "sides"), KINKS.values(), ids=KINKS)
def test_a_kink_is_said_with_the_slopes_on_its_sides(f, x, sides):
    report = check_gradients(f, x)
    assert report.ok, str(report)
    if sides[0] != sides[1]:
        assert report.entries[0].sides == pytest.approx(sides, abs=1e-6)
        assert "args[0] lies on a kink: the rules give" in str(report)


def test_what_lies_outside_the_slopes_of_a_kink_is_wrong():
    doubled = check_gradients(lambda x: engine.maximum(x, 1.0) + 2.0 * x - engine.stop_gradient(x), 1.0)
    assert not doubled.ok
    assert doubled.entries[0].verdict == "wrong"


def test_a_jump_has_no_derivative():
    report = check_gradients(lambda x: x if x > 1.0 else x + 1.0, 1.0)
    assert not report.ok
    assert "the function jumps here and has no derivative; check beside it" in str(report)


@pytest.mark.parametrize("small", [1e-4, 1e-7, 1e-10])
def test_one_small_wrong_entry_beside_a_large_right_one_is_found(small):
    f = lambda x: engine.stop_gradient(x[1]) * x[1] * small + x[0] ** 2  # noqa: E731
    report = check_gradients(f, [3.0, 2.0])
    assert [entry.ok for entry in report.entries] == [True, False]
    assert check_gradients(lambda x: x[1] * x[1] * small + x[0] ** 2, [3.0, 2.0]).ok


def test_what_rounding_hides_is_said():
    report = check_gradients(lambda x: 1.0 + 1e-18 * x, 2.0)
    assert report.ok
    assert str(report).startswith("0 of 1 derivatives agree with central differences")
    assert "which rounding of the function hides (+-" in str(report)


def test_a_right_gradient_passes_and_says_so():
    report = check_gradients(lambda p, x: engine.tanh(p["w"] * x[0]) + x[1], {"w": 0.3}, np.array([2.0, 1.0]))
    assert report.ok
    assert report
    assert str(report) == "all 3 derivatives agree with central differences"


def test_a_gradient_cut_off_on_purpose_is_found_and_its_place_said():
    report = check_gradients(lambda x: x[0] * engine.stop_gradient(x[1]) * x[0], [2.0, 3.0])
    assert not report.ok
    assert "1 of 2 derivatives disagree" in str(report)
    assert "args[0][1]: the rules give 0.0, differences 4.0" in str(report)


def test_a_function_of_plain_numbers_may_return_a_constant():
    assert check_gradients(lambda x: 3.0, 1.0).ok


@pytest.mark.parametrize("factor", [1.00002, 0.5, -1.0, 0.0, math.nan, math.inf, 1e9])
def test_a_slope_that_is_off_is_found(factor):
    engine.rules.rule("almost", lambda x: x * x, np.square, at=[(1.0,)])(lambda x, g: (g * 2.0 * factor * x,))
    try:
        for x in (3.0, 1e-5, -1e8):
            assert not check_gradients(lambda x: Value.almost(x), x).ok
    finally:
        del engine.rules.RULES["almost"], Value.almost


@pytest.mark.parametrize(
    ("f", "args", "message"),
    [
        (lambda x: x, (math.nan,), r"args\[0\] is nan; derivatives are checked where numbers are finite"),
        (lambda x: x[1], ([1.0, math.inf],), r"args\[0\]\[1\] is inf"),
        (lambda x, y: y["a"].sum(), (1.0, {"a": np.array([[0.0, np.nan]])}), r"args\[1\]\['a'\]\[0, 1\] is nan"),
        (lambda x: engine.sqrt(x), (-1.0,), "the function's value is nan"),
        (lambda x: engine.log(x), (0.0,), "the function's value is -inf"),
        (lambda x: x * np.random.default_rng().normal(), (1.0,), "gave .* and then .* for the same arguments"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_its_place(f, args, message):
    with pytest.raises(ValueError, match=message):
        check_gradients(f, *args)


def test_wrong_arguments():
    with pytest.raises(TypeError, match="check_gradients needs a function; got 3.0. Pass the function itself"):
        check_gradients(3.0, 1.0)
    for name in ("step", "rtol"):
        with pytest.raises(ValueError, match=f"check_gradients: {name} must be a number above 0; got -1.0"):
            check_gradients(lambda x: x, 1.0, **{name: -1.0})


# --- found by strangers


@pytest.mark.parametrize(
    "f",
    [
        lambda x: engine.stop_gradient((x + 1e8) - 1e8),
        lambda x: 1.006 * x - 0.006 * engine.stop_gradient(x) + 1e8,
        lambda x: 1.00005 * x - 0.00005 * engine.stop_gradient(x) + 1e6,
        lambda x: engine.stop_gradient(engine.log(1.0 + x * 1e-8)) * 1e8,
    ],
)
def test_rounding_of_the_function_does_not_excuse_a_wrong_rule(f):
    assert not check_gradients(f, 1.0).ok


OFFSETS = {
    "a kink below what can be resolved": lambda x: 1e-10 * engine.relu(x) + 1.0,
    "a kink that can hardly be resolved": lambda x: 1e-9 * engine.relu(x) + 1.0,
    "a small fast sine on a large number": lambda x: 1e-9 * engine.sin(1000.0 * x + 1.0) + 1000.0,
    "a bend on a large number": lambda x: 3e-9 / (engine.softplus(engine.sin(-10437.0 * x - 1.0)) + 3.0) + 1000.0,
}


@pytest.mark.parametrize("f", OFFSETS.values(), ids=OFFSETS)
@pytest.mark.parametrize("x", [1.2e-6, 0.0, -3e-5])
def test_a_small_function_on_a_large_number_is_not_called_wrong(f, x):
    report = check_gradients(f, x)
    assert report.ok, str(report)


@pytest.mark.parametrize("p", [1.1, 1.2, 1.3, 1.7])
def test_a_derivative_that_differences_come_to_slowly(p):
    assert check_gradients(lambda x: x**p, 0.0).ok
    assert check_gradients(lambda x: x * engine.absolute(x) ** (p - 1.0), 0.0).ok


@pytest.mark.parametrize("gap", [1e-15, 1e-14, 1e-13, 1e-10])
def test_a_few_numbers_from_an_edge_right_is_right(gap):
    x = 1.0 - gap
    pole = (lambda x: 1.0 / (1.0 - x),) if gap > 1e-15 else ()  # five numbers from a pole no difference settles
    for f in (engine.arcsin, engine.arccos, engine.arctanh, lambda x: engine.sqrt(1.0 - x), *pole):
        report = check_gradients(f, x)
        assert report.ok, (x, str(report))
    assert check_gradients(lambda x: engine.relu(x - 1.0), 1.0 + gap).ok


@pytest.mark.parametrize("size", [0.003, 0.1, 10.0])
def test_a_small_kink_is_a_kink(size):
    report = check_gradients(lambda x: x + size * engine.absolute(x - 1.0), 1.0)
    assert report.entries[0].verdict == "kink"
    assert report.entries[0].sides == pytest.approx((1.0 - size, 1.0 + size), abs=1e-6)
