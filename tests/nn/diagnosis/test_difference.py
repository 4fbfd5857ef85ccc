"""What is said of a difference that nobody can name."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.difference import describe


def test_entries_of_a_vector():
    assert describe(np.array([0.0, 2.0, 0.0]), {}) == "only in entry 1"
    assert describe(np.ones(3), {}) == "in all entries"


def test_many_rows_are_cut_short():
    difference = np.zeros((12, 2))
    difference[:9] = np.arange(18.0).reshape(9, 2) + 1.0
    assert describe(difference, {}).startswith("only in rows 0, 1, 2, 3, 4, 5, ...; rank 2")


def test_directions():
    x, delta = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0])
    said = describe(np.outer(x, delta), {"x": x, "delta": delta})
    assert said == "in all rows and columns; rank 1; over rows a multiple of x; over columns a multiple of delta"


def test_what_is_not_finite():
    assert describe(np.array([np.inf, 0.0]), {}) == "1 of 2 entries are not finite, the first at [0]"
