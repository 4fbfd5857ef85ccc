"""Every rule, by its own record: no rule is named here, so a new one is tested as soon as it exists."""

from __future__ import annotations

import itertools
import math
import re

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.rules
from engine import Value, grad
from engine.lifting.expr import Expr
from engine.rules import RULES, rule
from engine.testing import call, check_rule, derivative, split

ALL = list(RULES.values())
each = pytest.mark.parametrize("rule", ALL, ids=lambda r: r.name)

MPMATH = {
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "abs": lambda x: abs(x),
    "arctan2": lambda x, y: mpmath.atan2(x, y),
    "exp": mpmath.exp, "expm1": mpmath.expm1, "log": mpmath.log, "log1p": mpmath.log1p, "sqrt": mpmath.sqrt,
    "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "arcsin": mpmath.asin, "arccos": mpmath.acos,
    "arctan": mpmath.atan, "sinh": mpmath.sinh, "cosh": mpmath.cosh, "tanh": mpmath.tanh, "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh, "arctanh": mpmath.atanh, "erf": mpmath.erf, "hypot": mpmath.hypot,
    "exp2": lambda x: mpmath.mpf(2) ** x, "log2": lambda x: mpmath.log(x, 2), "log10": mpmath.log10,
    "cbrt": lambda x: mpmath.cbrt(x) if x > 0 else -mpmath.cbrt(-x),
    "floor": mpmath.floor, "ceil": mpmath.ceil, "trunc": lambda x: mpmath.sign(x) * mpmath.floor(abs(x)),
    "rint": mpmath.nint, "floor_divide": lambda x, y: mpmath.floor(x / y),
    "remainder": lambda x, y: x - y * mpmath.floor(x / y), "largest": lambda *xs: max(xs),
    "square": lambda x: x * x, "reciprocal": lambda x: 1 / x,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "logaddexp": lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
    "power_constant": lambda x, n: x ** int(n) if n == int(n) else x**n,
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "negative": lambda x: -x, "identity": lambda x: x,
    "total": lambda *xs: sum(xs),
    "dot": lambda *xs: sum(w * x for w, x in zip(xs[: len(xs) // 2], xs[len(xs) // 2 :]))
    + (xs[-1] if len(xs) % 2 else 0),
    "logsumexp": lambda *xs: mpmath.log(sum(map(mpmath.exp, xs))),
    "relu": lambda x: max(x, 0), "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "maximum": max, "minimum": min, "clip": lambda x, low, high: min(max(x, low), high),
    "where": lambda condition, x, y: x if condition > 0.5 else y,
}  # fmt: skip
SIDES = {
    "abs": [lambda x: x, lambda x: -x],
    "sign": [lambda x: 1],
    "relu": [lambda x: 0],
    "leaky_relu": [lambda x, slope: slope * x],
    "maximum": [lambda x, y: x, lambda x, y: y],
    "minimum": [lambda x, y: x, lambda x, y: y],
    "clip": [lambda x, low, high: x],
    **{name: [lambda x: 1] for name in ("floor", "ceil", "trunc", "rint")},
    "remainder": [lambda x, y: x - 2 * y],
    "largest": [lambda x, y, z: x, lambda x, y, z: y, lambda x, y, z: z],
}
"""At a kink, the smooth functions whose mean the rule differentiates."""
precise = pytest.mark.parametrize("rule", [r for r in ALL if r.name in MPMATH], ids=lambda r: r.name)


@each
def test_first_and_second_derivatives_agree_with_what_is_independent_of_rules(rule):
    check_rule(rule, order=2)


def partials(operands, order):
    """Yield every partial derivative of an order: the axes in turn, and how often each occurs."""
    for axes in itertools.combinations_with_replacement(range(len(operands)), order):
        yield axes, tuple(axes.count(i) for i in range(len(operands)))


@precise
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_to_fourth_order_agree_with_fifty_digit_arithmetic(rule, order):
    with mpmath.workdps(50):
        for point in rule.at:
            operands, fixed = split(rule, point)
            for axes, orders in partials(operands, order):
                f = MPMATH[rule.name]
                want = float(mpmath.diff(lambda *xs: f(*xs, *fixed), tuple(operands), orders))  # noqa: B023
                assert derivative(rule, point, axes) == pytest.approx(want, rel=1e-10, abs=1e-10), (point, axes)


@pytest.mark.parametrize("rule", [r for r in ALL if r.kinks], ids=lambda r: r.name)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_at_a_kink_every_derivative_is_that_of_the_sides_that_the_rule_chose(rule, order):
    checked = 0
    for point, _, _ in rule.kinks:
        for axes, orders in partials(point, order):
            if rule.name in SIDES:
                with mpmath.workdps(30):
                    wants = [float(mpmath.diff(side, point, orders)) for side in SIDES[rule.name]]
                want = sum(wants) / len(wants)
            elif (want := limit(rule, point, orders)) is None:
                continue  # the mathematics has no finite derivative here, and the rule need not
            assert derivative(rule, point, axes) == pytest.approx(want, abs=1e-9), (point, axes)
            checked += 1
    assert checked or rule.name in ("hypot", "arctan2")  # neither has any derivative at (0, 0)


def limit(rule, point, orders):
    """Return the limit of a partial derivative as x falls to the point, or None if there is no finite one."""
    if rule.name in ("hypot", "arctan2"):
        return None
    with mpmath.workdps(400):
        near, nearer = [
            mpmath.diff(MPMATH[rule.name], (point[0] + h, *point[1:]), orders, h=h * mpmath.mpf("1e-60"))
            for h in (mpmath.mpf("1e-60"), mpmath.mpf("1e-80"))
        ]
        return round(float(nearer), 9) if abs(nearer - near) < 1e-15 else None


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 2.5, 3.5])
def test_powers_at_zero_are_as_smooth_as_they_are(n, order):
    want = math.prod(n - k for k in range(order)) if n == order else 0.0 if n == int(n) or n > order else math.inf
    nth = lambda x: x**n  # noqa: E731
    for _ in range(order):
        nth = grad(nth)
    if math.isfinite(want):
        assert nth(0.0) == want
        assert derivative(RULES["power"], (0.0, float(n)), [0] * order) == want
        program = engine.lift(nth)
        assert program(0.0) == want


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("y", [0.0, 0.3, 1.0, 2.5])
def test_zero_to_any_power_that_is_not_negative_is_as_constant_as_it_is(y, order):
    for zero in (0.0, 0, -0.0, Value(0.0)):
        nth = lambda y: zero**y  # noqa: B023, E731
        for _ in range(order):
            nth = grad(nth)
        assert float(nth(y)) == 0.0
        assert engine.lift(nth)(y) == 0.0
    assert grad(lambda y: np.power(0.0, y))(y) == engine.jvp(grad(lambda y: 0.0**y), (y,), (1.0,))[1] == 0.0


def test_what_a_where_does_not_choose_is_harmless_however_often_it_is_differentiated():
    for point, axes in [((0.0, 3.0), (1, 1)), ((0.0, 0.5), (1, 1)), ((0.0, 2.0), (0, 1)), ((0.0, 0.0), (0, 0))]:
        assert derivative(RULES["power"], point, axes) == 0.0
    assert derivative(RULES["power"], (2.0, 0.0), (0, 1)) == 0.5  # d2 x**y / dx dy = x**(y - 1) * (1 + y * log(x))


@pytest.mark.parametrize(
    "rule", [r for r in ALL if r.name in MPMATH and not r.variadic and r.name != "where"], ids=lambda r: r.name
)
def test_derivatives_agree_all_over_the_box_of_sample_points(rule):
    lows = [min(p[i] for p in rule.at) for i in range(len(rule.operands))]
    highs = [max(p[i] for p in rule.at) for i in range(len(rule.operands))]
    rng = np.random.default_rng(0)
    fixed = rule.at[0][len(rule.operands) :]
    with mpmath.workdps(40):
        for _ in range(20):
            operands = [float(rng.uniform(lo, hi)) for lo, hi in zip(lows, highs)]
            if min(map(abs, operands)) < 0.01:
                continue  # the box of a rule with two branches spans its kink
            if rule.name in ("power",) or (rule.name == "divide" and operands[1] == 0):
                operands[0] = abs(operands[0]) + 0.1
            for i in range(len(operands)):
                orders = tuple(int(k == i) for k in range(len(operands)))
                f = MPMATH[rule.name]
                want = float(mpmath.diff(lambda *xs: f(*xs, *fixed), tuple(operands), orders))  # noqa: B023
                got = derivative(rule, (*operands, *fixed), [i])
                assert got == pytest.approx(want, rel=1e-11, abs=1e-12), operands


@each
def test_the_array_form_computes_what_the_scalar_form_does(rule):
    if rule.variadic:
        pytest.skip("any number of operands: lifting has its own forms, tested there")
    for point in rule.at:
        operands, fixed = split(rule, point)
        got = rule.array(*[np.full(3, x) for x in operands], *fixed)
        want = rule.scalar(*operands, *fixed)
        np.testing.assert_allclose(np.asarray(got, dtype=float), want, rtol=1e-15, atol=1e-16)


@each
def test_the_pullback_reads_the_same_on_arrays_as_on_floats(rule):
    if rule.variadic:
        pytest.skip("any number of operands: lifting has its own forms, tested there")
    for point in rule.at:
        operands, fixed = split(rule, point)
        z = rule.scalar(*operands, *fixed)
        want = rule.bind(z, operands, fixed)(1.5)
        arrays = [np.full(2, x) for x in operands]
        got = rule.bind(np.full(2, z), arrays, fixed)(np.full(2, 1.5))
        for a, b in zip(got, want):
            np.testing.assert_allclose(np.broadcast_to(a, 2), b, rtol=1e-15)


@each
def test_the_printed_pullback_evaluates_to_what_the_pullback_gives(rule):
    if rule.variadic:
        pytest.skip("any number of operands: lifting has its own forms, tested there")
    names = {
        n: getattr(np, n) for n in ("exp", "log", "sqrt", "sin", "cos", "sinh", "cosh", "square", "hypot", "where")
    }
    names |= {
        "maximum": np.maximum,
        "power": np.power,
        "reciprocal": np.reciprocal,
        "equal": np.equal,
        "less_equal": np.less_equal,
    }
    for point in rule.at:
        operands, fixed = split(rule, point)
        z = rule.scalar(*operands, *fixed)
        printed = rule.bind(Expr("z"), [Expr(n) for n in rule.operands], fixed)(Expr("g"))
        values = {"z": z, "g": 1.5, **dict(zip(rule.operands, operands))}
        for text, want in zip(map(str, printed), rule.bind(z, operands, fixed)(1.5)):
            assert float(eval(text, names, values)) == pytest.approx(want, rel=1e-14), text


@each
def test_the_same_value_in_every_operand_adds_up(rule):
    if rule.name == "select":
        pytest.skip("its last operand is an index")
    n = 3 if rule.variadic else len(rule.operands)
    point = 0.7
    fixed = rule.at[0][n:] if not rule.variadic else ()
    x = Value(point)
    call(rule, [x] * n, fixed).backward()
    separate = [Value(point) for _ in range(n)]
    call(rule, separate, fixed).backward()
    total = sum(v.grad for v in separate)
    assert x.grad == total or (math.isnan(total) and math.isnan(x.grad))


@each
def test_a_cotangent_scales_the_pullback_linearly(rule):
    for point in rule.at:
        operands, fixed = split(rule, point)
        z = call(rule, operands, fixed)
        pullback = rule.bind(z, operands, fixed)
        for one, three in zip(pullback(1.0), pullback(-3.0)):
            assert three == pytest.approx(-3.0 * one, rel=1e-15)
        assert len(pullback(1.0)) == len(operands)


@each
def test_a_node_says_what_made_it_and_holds_floats_not_parents(rule):
    operands, fixed = split(rule, rule.at[0])
    values = [Value(x) for x in operands]
    z = call(rule, values, fixed)
    assert z.op == rule.name
    assert list(map(id, z.parents)) == list(map(id, values))
    before = z.pullback(1.0)
    for v in values:
        v.data = 123.0
    assert z.pullback(1.0) == before


@each
def test_a_rule_is_documented_with_its_derivative(rule):
    assert re.search(r"; .*(dz/d|no derivative)", rule.doc), rule.doc
    assert getattr(Value, rule.name).__doc__ == rule.doc


@each
def test_numpy_calls_the_rule_by_its_own_name(rule):
    ufunc = getattr(np, {"abs": "absolute"}.get(rule.name, rule.name), None)
    if not isinstance(ufunc, np.ufunc) or rule.name in ("less", "less_equal", "equal"):
        pytest.skip("no NumPy ufunc of this name, or one that answers with a bool")
    operands, _ = split(rule, rule.at[0])
    made = ufunc(*[Value(x) for x in operands])
    assert isinstance(made, Value)
    assert made.op == rule.name
    assert made.data == rule.scalar(*operands)


def test_every_rule_has_sample_points_of_its_arity():
    for r in ALL:
        assert r.at
        if not r.variadic:
            assert {len(p) for p in r.at} == {len(r.operands) + len(r.fixed)}, r.name


@pytest.fixture
def wrong_first():
    rule("wrong_first", math.sin, np.sin, at=[(0.5,)])(lambda x, g: (g * np.cos(x) * 1.0001,))
    yield RULES["wrong_first"]
    del RULES["wrong_first"], Value.wrong_first


@pytest.fixture
def wrong_second():
    """First derivative right as a number, but cut off from its operand: the second is wrong."""
    rule("wrong_second", math.sin, np.sin, at=[(0.5,)])(lambda x, g: (g * math.cos(float(engine.stop_gradient(x))),))
    yield RULES["wrong_second"]
    del RULES["wrong_second"], Value.wrong_second


def test_the_checker_catches_a_wrong_rule(wrong_first):
    with pytest.raises(AssertionError, match=r"wrong_first: d/dx0 at \(0.5,\)"):
        check_rule(wrong_first, order=1)


def test_the_checker_catches_a_rule_that_is_wrong_only_at_second_order(wrong_second):
    check_rule(wrong_second, order=1)
    with pytest.raises(AssertionError, match="wrong_second: d2/dx0dx0"):
        check_rule(wrong_second, order=2)


@given(st.floats(-700, 700), st.floats(-700, 700))
def test_stable_functions_are_finite_with_finite_derivatives(x, y):
    for name, operands in [("sigmoid", [x]), ("softplus", [x]), ("logaddexp", [x, y]), ("logsumexp", [x, y])]:
        values = [Value(v) for v in operands]
        z = call(RULES[name], values)
        z.backward()
        assert math.isfinite(z.data)
        assert all(0.0 <= v.grad <= 1.0 for v in values)
