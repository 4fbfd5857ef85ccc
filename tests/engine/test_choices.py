"""Operations of several pieces: NumPy's numbers at every edge, and a tie's derivative shared by all that are tied."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value, choices, rules
from engine.lifting.verify import walk
from engine.rules import RULES

EDGES = (0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 1e16, 5e-324, -5e-324, math.inf, -math.inf, math.nan)
ROUNDING = ("floor", "ceil", "trunc", "rint", "cbrt", "exp2", "log2", "log10")
RATIOS = ("remainder", "floor_divide")


def same(x, y):
    """Whether two floats are the same number, the sign of a zero included."""
    return (x != x and y != y) or (x == y and math.copysign(1.0, x) == math.copysign(1.0, y))


def test_the_rules_of_both_files_are_all_the_rules():
    assert {*rules.__all__, *choices.__all__} == set(RULES)
    assert not set(rules.__all__) & set(choices.__all__)
    assert set(RULES) == walk.KNOWN  # what is made of the table when it is imported sees all of it


# --- whole numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROUNDING)
def test_functions_of_one_number_are_numpys_at_every_edge(name):
    for x in EDGES:
        with np.errstate(all="ignore"):
            want = float(getattr(np, name)(x))
        for result in (getattr(engine, name)(x), getattr(Value(x), name)().data, getattr(np, name)(Value(x)).data):
            assert same(result, want) or math.isclose(result, want, rel_tol=1e-15), x


@pytest.mark.parametrize("name", RATIOS)
def test_quotients_and_what_is_left_over_are_numpys_at_every_edge(name):
    for x, y in itertools.product(EDGES, EDGES):
        with np.errstate(all="ignore"):
            want = float(getattr(np, name)(x, y))
        for result in (getattr(engine, name)(x, y), getattr(Value(x), name)(y).data):
            assert same(result, want), (x, y)


@pytest.mark.parametrize("name", [*ROUNDING, *RATIOS])
def test_lifted_they_are_the_same_at_every_edge(name):
    f = getattr(engine, name)
    program = engine.lift(f, batch=True, reduction="none")
    points = list(itertools.product(EDGES, EDGES)) if name in RATIOS else [(x,) for x in EDGES]
    results = program(*map(np.array, zip(*points)))
    for point, result in zip(points, results):
        assert same(result, f(*point)) or math.isclose(result, f(*point), rel_tol=1e-15), point


def test_operators_are_the_rules_with_a_number_on_either_side():
    x = Value(7.5)
    assert [(x % 2).data, (x // 2).data, (20 % x).data, (20 // x).data] == [1.5, 3.0, 5.0, 2.0]
    assert [(x % 2).op, (20 // x).op] == ["remainder", "floor_divide"]
    assert engine.grad(lambda x, y: x % y + x // y, (0, 1))(7.5, 2.0) == (1.0, -3.0)
    with pytest.raises(TypeError, match="remainder of Value and 'a' is not defined"):
        x % "a"


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e3), st.sampled_from([1.0, -1.0]))
def test_the_slope_of_a_remainder_is_the_quotient_that_leaves_it(x, y, sign):
    """Not the quotient of the rounded division, which is one more where x / y rounds up to a whole number."""
    y *= sign
    _, slope = engine.grad(lambda x, y: x % y, (0, 1))(x, y)
    with mpmath.workdps(60):
        assert slope == -float(mpmath.floor(mpmath.mpf(x) / mpmath.mpf(y)))


# --- PyTorch ---------------------------------------------------------------------------------------------------------

IN_TORCH = {
    "floor": "floor", "ceil": "ceil", "trunc": "trunc", "rint": "round", "exp2": "exp2", "log2": "log2",
    "log10": "log10", "remainder": "remainder",
}  # fmt: skip


@pytest.mark.parametrize("name", IN_TORCH)
def test_values_and_derivatives_are_pytorchs_at_every_edge(name):
    torch = pytest.importorskip("torch")
    for point in itertools.product(EDGES, repeat=len(RULES[name].operands)):
        xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        z = getattr(torch, IN_TORCH[name])(*xs)
        z.backward()
        values = [Value(x) for x in point]
        result = getattr(Value, name)(*values)
        result.backward()
        wants = [float(t) for t in (z.detach(), *[x.grad for x in xs])]
        for number, want in zip([result.data, *[v.grad for v in values]], wants):
            assert number == pytest.approx(want, rel=1e-15, abs=0.0, nan_ok=True), point


@pytest.mark.parametrize("xs", [[1.0, 3.0, 3.0], [2.0] * 5, [-1.0, -4.0], [0.0, -0.0, -1.0], [math.inf, 1.0, math.inf]])
def test_ties_of_the_largest_and_the_smallest_are_pytorchs(xs):
    torch = pytest.importorskip("torch")
    for f, reduction in ((engine.largest, torch.amax), (engine.smallest, torch.amin)):
        t = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
        z = reduction(t)
        z.backward()
        assert engine.value_and_grad(f)(xs) == (float(z.detach()), t.grad.tolist())


# --- the largest of several ------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([-1.0, -0.0, 0.0, 2.0, 3.0, math.inf, -math.inf]), min_size=1, max_size=6))
def test_ties_share_evenly_however_many_there_are(xs):
    for f, chosen in ((engine.largest, max(xs)), (engine.smallest, min(xs))):
        value, gradient = engine.value_and_grad(f)(xs)
        assert value == chosen
        assert gradient == [1.0 / xs.count(chosen) if x == chosen else 0.0 for x in xs]


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_nan_is_not_lost_and_the_sign_of_a_zero_is_settled(xs):
    with np.errstate(all="ignore"):
        wants = np.max(xs) + 0.0, 0.0 - np.max(np.negative(xs))
    for f, want in zip((engine.largest, engine.smallest), wants):
        assert same(f(xs), float(want))
        assert same(f([Value(x) for x in xs]).data, float(want))


def test_the_largest_of_nothing_is_refused():
    for f in (engine.largest, engine.smallest):
        with pytest.raises(ValueError, match="the largest of no numbers is not defined"):
            f([])


def test_every_order_of_a_tie_has_the_derivative_of_the_sides_mean():
    for order in range(1, 4):

        def nth(x):
            return engine.largest([x**3, x**3, 0.0 * x - 5.0])

        for _ in range(order):
            nth = engine.grad(nth)
        assert nth(2.0) == pytest.approx([12.0, 12.0, 6.0][order - 1])


ROWS = [[1.0, 2.0, 2.0], [3.0, 3.0, 3.0], [-1.0, 0.5, -4.0], [0.0, -0.0, -1.0]]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: engine.largest(list(x)),
        lambda x: engine.smallest(list(x)) * x[0],
        lambda x: engine.largest([x[0] * x[1], x[1], x[2] + 1.0]) * x[0],
        lambda x: engine.total([engine.largest([x[j] for j in range(i + 1)]) * x[i] for i in range(3)]),
        lambda x: engine.total([engine.largest([x[i], 0.5, x[2 - i] * 2.0]) ** 2 for i in range(3)]),
        lambda x: engine.largest([engine.log(engine.largest([x[0], 1.0])), engine.largest([x[1], x[2]])]),
        lambda x: 1.0 / engine.largest([x[0], x[1] - 4.0]),
    ],
    ids=["of a row", "smallest", "of results", "runs", "with numbers", "of each other", "a zero's sign"],
)
def test_lifted_it_needs_no_guard_and_agrees_at_ties_and_apart(f):
    program = engine.lift(f, batch=True, reduction="none")
    sums = engine.lift(f, batch=True, reduction="sum")
    X = np.array(ROWS)
    assert program(X).tolist() == [engine.value_and_grad(f)(x)[0] for x in X]
    gradient = sums.value_and_grad(X, wrt="inputs")[1].inputs[0]
    np.testing.assert_allclose(gradient, [engine.grad(f)(x) for x in X], rtol=1e-14)


def test_the_derivative_of_a_lifted_one_lifts_again():
    def f(x):
        return engine.largest([x[0] * x[1], x[1] ** 2, x[2]])

    program = engine.lift(lambda x: engine.total(list(engine.grad(f)(x))) ** 2)
    for x in ROWS:
        assert program(np.array(x)) == pytest.approx(sum(engine.grad(f)(x)) ** 2)
