"""Mistakes in the gradient of any scalar function get a name; right gradients never do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
import nn

RNG = np.random.default_rng(4)
A, B = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 4))


def energy(x):
    """Three kinds of terms: squares, neighbours' products, and a linear one."""
    squares = engine.total([v * v for v in x.ravel()])
    neighbours = engine.total([x[i, j] * x[i + 1, j] for i in range(len(x) - 1) for j in range(x.shape[1])])
    return 0.5 * squares + neighbours - engine.tanh(x[0, 0]) + 3.0 * x[1, 1]


G = engine.grad(energy)(A)
H = engine.grad(energy)(B)


def moved(rows, step, axis, filled=False):
    made = np.roll(rows, step, axis)
    if filled:
        made[(slice(None),) * axis + (0 if step == 1 else -1,)] = 0.0
    return made


@pytest.mark.parametrize(
    ("x", "candidate", "name", "found"),
    [
        (A, -G, "sign", "yours = -1 x correct"),
        (A, 2.0 * G, "factor", "yours = 2 x correct"),
        (A, G / 12.0, "factor", "yours = 0.08333333333 x correct"),
        (A, G.T, "transposed", "shape (3, 4)"),
        (B, H.T, "transposed", "shape (4, 4)"),
        (B, H[::-1], "permuted", "reversed along axis 0"),
        (A, G[[2, 0, 3, 1]], "permuted", "no simple rule"),
        (A, moved(G, 1, 0), "off-by-one", "one place late along axis 0, the last entry first"),
        (A, moved(G, -1, 1), "off-by-one", "one place early along axis 1, the first entry last"),
        (A, moved(G, 1, 1, True), "off-by-one", "one place late along axis 1, with zeros"),
        (A, G.T.reshape(4, 3), "permuted", "reshaped in place of transposed"),
        (A, G + 0.25, "offset", "0.25"),
        (A, G.sum(axis=0), "summed-over-axis", "axis 0"),
        (A, G.mean(axis=1, keepdims=True), "averaged-over-axis", "axis 1"),
        (A, np.repeat(G.sum(axis=0, keepdims=True), 4, axis=0), "summed-over-axis", "axis 0"),
        (A, G.sum(), "summed-over-axis", "all entries"),
    ],
)
def test_it_is_named(x, candidate, name, found):
    said = nn.diagnose_function(energy, x, candidate)
    assert (said.verdict, said.names) == ("named", [name])
    assert found in said.findings[0].found


def term(*places):
    made = np.zeros_like(A)
    for place, value in places:
        made[place] = value
    return made


TANH = term(((0, 0), -(1.0 - np.tanh(A[0, 0]) ** 2)))
LINEAR = term(((1, 1), 3.0))
PRODUCT = term(((2, 1), A[3, 1]), ((3, 1), A[2, 1]))


@pytest.mark.parametrize(
    ("candidate", "names", "found"),
    [
        (G - A, ["term-missing"], "term 1 of 4"),
        (G - TANH, ["term-missing"], "tanh(x[0, 0])"),
        (G + LINEAR, ["term-doubled"], "x[1, 1]"),
        (G - 2.0 * TANH, ["term-turned"], "tanh(x[0, 0])"),
        (G - PRODUCT, ["term-missing"], "x[2, 1] * x[3, 1]"),
        (G - TANH - A, ["term-missing", "term-missing"], "term 1 of 4"),
        (G - LINEAR + TANH, ["term-doubled", "term-missing"], "tanh(x[0, 0])"),
    ],
)
def test_terms_of_the_function_s_own_sums(candidate, names, found):
    said = nn.diagnose_function(energy, A, candidate)
    assert (said.verdict, said.names) == ("named", names)
    assert found in said.findings[0].found


def test_products_inside_a_dot_are_terms():
    w = [2.0, -1.0, 0.5]

    def f(x):
        return engine.dot(w, [v * v for v in x], 1.0)

    x = np.array([1.0, 3.0, -2.0])
    said = nn.diagnose_function(f, x, np.array([4.0, 0.0, -2.0]))
    assert said.names == ["term-missing"]
    assert "term 2 of 3: -1 * (x[1] * x[1])" in said.findings[0].found


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6))
def test_right_gradients_never_get_a_name(numbers):
    def f(x):
        return engine.total([engine.sin(v) * engine.exp(v) for v in x]) + x[0] * x[-1]

    x = np.array(numbers)
    right = np.exp(x) * (np.sin(x) + np.cos(x))
    right[0] += x[-1]
    right[-1] += x[0]
    for candidate in (right, right.astype(np.float32)):
        said = nn.diagnose_function(f, x, candidate)
        assert said.ok
        assert not said.findings


def test_single_precision_is_right_and_says_so():
    said = nn.diagnose_function(energy, A, G.astype(np.float32))
    assert said.ok
    assert said.remarks[0].startswith("right to single precision only")


def test_nested_structures():
    def f(p):
        return p["w"][0] * p["w"][1] + engine.exp(p["b"])

    x = {"w": [2.0, 3.0], "b": 0.5}
    assert nn.diagnose_function(f, x, {"w": [3.0, 2.0], "b": np.exp(0.5)}).ok
    said = nn.diagnose_function(f, x, {"w": [3.0, 2.0], "b": 0.0})
    assert said.names == ["term-missing"]
    assert "exp(x['b'])" in said.findings[0].found


def test_what_fits_two_ways_is_ambiguous():
    def f(x):
        return 3.0 * x[0] + 3.0 * x[1]

    said = nn.diagnose_function(f, np.array([1.0, 2.0]), np.array([6.0, 6.0]))
    assert said.verdict == "ambiguous"
    assert {path[0].name for path in said.alternatives} == {"summed-over-axis", "factor", "offset"}


def test_what_nobody_knows_is_described():
    wrong = G.copy()
    wrong[2, 1] += 1.0
    said = nn.diagnose_function(energy, A, wrong)
    assert said.verdict == "unnamed"
    assert said.parameters[0].note.startswith("only in row 2 and only in column 1")
    other = nn.diagnose_function(energy, A, np.ones((2, 2)))
    assert other.parameters[0].note == "has shape (2, 2), not (4, 3)"


def test_nothing_that_a_closure_holds_is_touched():
    w = engine.Value(2.0)
    nn.diagnose_function(lambda x: w * x[0], np.array([3.0]), np.array([2.0]))
    assert w.grad == 0.0


def test_a_constant_function_and_one_that_returns_no_number():
    assert nn.diagnose_function(lambda x: 1.0, np.array([3.0]), np.array([0.0])).ok
    with pytest.raises(TypeError, match="f returned a list of 1, not one number; sum its results"):
        nn.diagnose_function(lambda x: list(x), np.array([3.0]), np.array([0.0]))


# --- entry by entry, and only where numbers are finite


@pytest.mark.parametrize("small", [1.0, 1e-4, 1e-8, 1e-13, 1e-30])
@pytest.mark.parametrize("factor", [0.5, 2.0, -1.0, 1.0 + 1e-4])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_small_wrong_entry_beside_a_large_right_one_is_not_right(small, factor, dtype):
    f = lambda x: x[0] ** 2 + small * x[1] ** 2 * x[2]  # noqa: E731
    x = np.array([1.5, 2.0, 3.0])
    right = np.array([3.0, small * 12.0, small * 4.0], dtype=dtype)
    assert nn.diagnose_function(f, x, right).ok
    wrong = right.copy()
    wrong[1] *= dtype(factor)
    assert not nn.diagnose_function(f, x, wrong).ok


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(bad):
    f = lambda x: (x * x).sum()  # noqa: E731
    found = nn.diagnose_function(f, np.array([1.0, 2.0]), np.array([2.0, bad]))
    assert found.verdict == "unnamed"
    assert "1 of 2 entries are not finite" in str(found)
    with pytest.raises(ValueError, match=r"x\[1\] is -?(nan|inf)"):
        nn.diagnose_function(f, np.array([1.0, bad]), np.array([2.0, 4.0]))
    with pytest.raises(ValueError, match=r"the right derivative by x\[0\] is inf"):
        nn.diagnose_function(lambda x: engine.sqrt(x[0]) + x[1], np.array([0.0, 1.0]), np.array([1.0, 1.0]))


def test_what_cancels_and_what_saturates_is_judged_by_its_own_rounding():
    f = lambda x: engine.tanh(18.0 * x[0]) + (x[1] + 1e6) * 1e-3 - 1e3  # noqa: E731
    x = np.array([1.0, 2.0])
    by_another_formula = np.array([18.0 / np.cosh(18.0) ** 2, 1e-3])
    assert nn.diagnose_function(f, x, by_another_formula).ok
    assert not nn.diagnose_function(f, x, by_another_formula * [10.0, 1.0]).ok


def test_dictionaries_are_compared_by_their_keys():
    f = lambda p: p["w"] * p["b"]  # noqa: E731
    at = {"w": 2.0, "b": 3.0}
    assert nn.diagnose_function(f, at, {"b": 2.0, "w": 3.0}).ok
    assert not nn.diagnose_function(f, at, {"b": 3.0, "w": 2.0}).ok
    with pytest.raises(engine.ShapeError, match="candidate must have the structure of x"):
        nn.diagnose_function(f, at, {"w": 3.0, "v": 2.0})
    with pytest.raises(TypeError, match="candidate is an array of complex128: pass numbers"):
        nn.diagnose_function(lambda v: (v * v).sum(), np.array([1.0, 2.0]), np.array([2.0 + 1j, 4.0]))


def test_large_terms_that_cancel_excuse_little():
    f = lambda v: 1e8 * v[0] - 1e8 * v[0] + v[0] * v[1]  # noqa: E731
    x = np.array([1.0, 2.0])
    assert nn.diagnose_function(f, x, np.array([2.0, 1.0])).ok
    assert not nn.diagnose_function(f, x, np.array([2.01, 1.0])).ok
    g = lambda v: (v[0] - 1e9) ** 2 + (v[0] + 1e9) ** 2 + (v[0] - 0.45) ** 2 - 2.0 * v[0] ** 2  # noqa: E731
    right = engine.grad(g)([0.4])
    assert nn.diagnose_function(g, [0.4], right).ok
    assert not nn.diagnose_function(g, [0.4], [-right[0]]).ok


def test_a_gradient_as_a_function_is_tried_at_several_points():
    x = np.array([1.0, 1.0, 1.0, 1.0])
    f = lambda x: np.sum(x**3)  # noqa: E731
    assert nn.diagnose_function(f, x, lambda x: 3 * x**2).ok
    only_here = nn.diagnose_function(f, x, lambda x: 3 * x)
    assert only_here.verdict != "right" and "right at the point given" in only_here.remarks[0]
    assert nn.diagnose_function(f, x, lambda x: -3 * x**2).names == ["sign"]
    assert nn.diagnose_function(f, x, lambda x: np.array([0.3, -1.0, 2.0, 0.1])).verdict == "unnamed"


def test_what_the_table_does_not_name_is_named_by_an_alteration_of_the_backward_pass():
    rng = np.random.default_rng(0)
    g, x = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    assert nn.diagnose_function(lambda x: np.sum(g * np.tanh(x)), x, g * 1 - np.tanh(x) ** 2).names == ["parenthesis"]
    both = {"a": x, "b": g + 3.0}
    named = nn.diagnose_function(lambda d: np.sum(d["a"] * np.exp(d["b"])), both, {"a": np.exp(both["b"]), "b": x})
    assert named.verdict in ("named", "ambiguous")
    assert {finding.where for path in (named.findings, *named.alternatives) for finding in path} == {"b"}


def test_an_inner_product_in_place_of_an_outer_one():
    A, b, g = np.ones((3, 3)), np.array([1.0, 2.0, 4.0]), np.array([0.5, -1.0, 3.0])
    assert nn.diagnose_function(lambda A: np.sum(g * (A @ b)), A, g @ b).names == ["outer-product"]


def test_windows_that_are_assigned_in_place_of_added_are_neither_right_nor_a_sign():
    x = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 0.0, 7.0])
    assigned = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    assert nn.diagnose_function(lambda x: sum(np.max(x[k : k + 3]) for k in range(5)), x, assigned).names == [
        "overwritten"
    ]


def test_a_term_that_is_counted_once_of_three_equal_ones_has_no_wrong_sign():
    x = np.array([1.3, -0.4, 2.2])
    named = nn.diagnose_function(
        lambda x: x[0] ** 2 + x[0] ** 2 + x[0] ** 2 + (x * x[::-1]).sum(), x, 2 * x[::-1] + np.array([2 * x[0], 0, 0])
    )
    names = {finding.name for path in (named.findings, *named.alternatives) for finding in path}
    assert not names & {"term-turned", "sign"}


def test_few_round_entries_are_a_list_to_choose_from_and_not_a_name():
    f = lambda v: (1 - v[0]) ** 2 + 100 * (v[1] - v[0] ** 2) ** 2  # noqa: E731
    x, y = 1.5, 1.7
    given = np.array([-400 * x * (y - x**2) - 2 * (1 - x), 200 * x * (y - x**2)])
    diagnosis = nn.diagnose_function(f, np.array([x, y]), given)
    assert diagnosis.verdict == "ambiguous" and "coincidence" in diagnosis.experiment


def test_terms_that_are_equal_and_counted_once_have_no_wrong_sign():
    def f(x):
        return x[0] * x[1] + x[0] * x[1] + x[0] * x[1] + np.sum(np.exp(x))

    x = np.array([0.5, 2.0, 3.0])
    said = nn.diagnose_function(f, x, np.exp(x) + np.array([x[1], x[0], 0.0]))
    names = {finding.name for path in (said.findings, *said.alternatives) for finding in path}
    assert said.verdict in ("named", "ambiguous")
    assert not names & {"sign", "term-turned"}


def test_a_factor_that_is_another_at_each_point_is_no_constant():
    def spring(r):
        return (engine.sqrt((r * r).sum()) - 0.7) ** 2

    def without_unit_vector(r):
        return 2.0 * (np.sqrt(r @ r) - 0.7) * r

    said = nn.diagnose_function(spring, np.array([0.8, -1.1, 0.3]), without_unit_vector)
    assert "factor" not in said.names and said.verdict in ("named", "ambiguous")
    assert nn.diagnose_function(
        spring, np.array([0.8, -1.1, 0.3]), lambda r: 3 * (1 - 0.7 / np.sqrt(r @ r)) * 2 * r
    ).names == ["factor"]


def test_lists_of_numbers_may_be_computed_with_by_math():
    def loss(xs):
        return sum(x**2 - math.cos(x) + math.erf(x / math.sqrt(2.0)) * math.log(max(0.1, x)) for x in xs)

    def slope(x):
        density = math.exp(-x * x / 2.0) * math.sqrt(2.0 / math.pi)
        return 2.0 * x + math.sin(x) + density * math.log(x) + math.erf(x / math.sqrt(2.0)) / x

    xs = [0.3, 1.2, 2.5]
    assert nn.diagnose_function(loss, xs, lambda xs: [slope(x) for x in xs]).ok
    assert nn.diagnose_function(loss, xs, lambda xs: [-slope(x) for x in xs]).names == ["sign"]
