"""Einstein's sums against NumPy's, over drawn subscripts; each result is one node."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import same_gradient, same_value
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value

LENGTHS = dict(zip("ijkl", (2, 3, 1, 2)))


@st.composite
def subscripts(draw):
    letters = st.text("ijkl", max_size=3)
    terms = draw(st.lists(letters, min_size=1, max_size=3))
    joined = sorted(set("".join(terms)))
    result = "".join(draw(st.permutations(joined))[: draw(st.integers(0, len(joined)))])
    dots = draw(st.booleans())
    if dots:
        terms, result = ["..." + terms[0], *terms[1:]], "..." + result
    return terms, draw(st.sampled_from([f"->{result}", "" if not dots else f"->{result}"]))


@given(subscripts(), st.randoms(use_true_random=False))
def test_values_are_numpys(drawn, random):
    terms, arrow = drawn
    rng = np.random.default_rng(random.randrange(2**32))
    shapes = [((2,) if "..." in term else ()) + tuple(LENGTHS[k] for k in term.replace("...", "")) for term in terms]
    same_value(lambda *xs: np.einsum(",".join(terms) + arrow, *xs), *[rng.normal(size=shape) for shape in shapes])


def test_gradients_through_repeated_axes_and_three_operands():
    rng = np.random.default_rng(0)
    same_gradient(lambda a, b: np.einsum("iij,jk->ki", a, b), rng.normal(size=(2, 2, 3)), rng.normal(size=(3, 2)))
    same_gradient(lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c), *rng.normal(size=(3, 2, 2)))


def test_sums_of_two_operands_are_dots_and_of_one_totals():
    A = engine.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    assert np.einsum("ij,ij", A, A).op == "dot"
    assert np.einsum("ij->", A).op == "total"
    assert np.einsum("ij->ji", A)[0, 1] is A[1, 0]
    out = np.zeros(2, dtype=object)
    assert np.einsum("ij->i", A, out=out) is out


@pytest.mark.parametrize(
    ("text", "shapes", "message"),
    [
        ("ij,j", [(2, 2)], "names 2 arrays; got 1"),
        ("ij", [(2,)], "'ij' does not fit an array of shape"),
        ("i", [(2, 2)], "'i' does not fit an array of shape"),
        ("i,i", [(2,), (3,)], "axis 'i' has 2 elements in one array and 3 in another"),
        ("i->k", [(2,)], "'k' is in the result and names no axis"),
    ],
)
def test_what_does_not_fit_is_refused(text, shapes, message):
    with pytest.raises(ValueError, match=message):
        np.einsum(text, *[engine.array(np.ones(shape)) for shape in shapes])
