"""The terms of a sum, and their gradients, add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from nn.diagnosis.terms import Term, terms


def values(*numbers):
    return [Value(number, f"x[{i}]") for i, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("f", "texts"),
    [
        (lambda x: x[0] + x[1] * x[2], ["x[0]", "x[1] * x[2]"]),
        (lambda x: -(x[0] - x[1]) / 2.0, ["x[0]", "x[1]"]),
        (lambda x: engine.total([x[0], x[1], x[2]]) * 0.5, ["x[0]", "x[1]", "x[2]"]),
        (lambda x: engine.dot([x[0], 2.0], [x[1], x[2]], x[0]), ["x[0] * x[1]", "2 * x[2]", "x[0]"]),
        (lambda x: engine.tanh(x[0] + x[1]), ["tanh(x[0] + x[1])"]),
        (lambda x: 1.0 + x[0], ["x[0]"]),
    ],
)
def test_terms(f, texts):
    x = values(0.5, -2.0, 3.0)
    root = f(x)
    found = terms(root)
    assert [str(term) for term in found] == texts
    whole = Term(((root, 1.0),)).gradient(x)
    np.testing.assert_allclose(sum(term.gradient(x) for term in found), whole, rtol=1e-14)


def test_levels_open_sums_inside_sums_one_by_one():
    x = values(1.0, 2.0, 3.0)
    root = (x[0] + x[1]) + (x[2] + x[0] * x[1])
    assert [len(terms(root, level)) for level in (0, 1, 2, 3)] == [1, 2, 4, 4]


def test_long_terms_are_cut():
    x = values(*range(9))
    (term,) = terms(engine.tanh(x[0] * x[1] * x[2] * x[3] * x[4] * x[5] * x[6] * x[7] * x[8]))
    assert len(str(term)) <= 60
    assert "(...)" in str(term)
