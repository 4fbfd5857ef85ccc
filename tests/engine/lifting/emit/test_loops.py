"""Loops that count elements: whatever ranges an index array was made by, its loops count it again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.emit.loops import Affine, box, fitted, nested

COUNTED = {
    "pairs": [(i, j) for i in range(5) for j in range(i)],
    "a triangle": [(i, j) for i in range(5) for j in range(i, 5)],
    "heads of a triangle": [(h, i, j) for h in range(3) for i in range(4) for j in range(i + 1)],
    "a band": [(i, j) for i in range(2, 6) for j in range(i - 2, i + 1)],
}


def columns(rows):
    return [np.array(column) for column in zip(*rows)]


def counted(domain) -> list[tuple[int, ...]]:
    """Run the loops."""
    rows: list[tuple[int, ...]] = [()]
    for loop in domain.loops:
        rows = [(*row, k) for row in rows for k in range(at(loop.low, row), at(loop.stop, row))]
    return rows


def at(x: Affine, row) -> int:
    return x.constant + sum(factor * value for factor, value in zip(x.factors, row))


@pytest.mark.parametrize("name", COUNTED)
def test_loops_count_what_was_counted(name):
    domain = nested(columns(COUNTED[name]))
    assert domain is not None
    assert counted(domain) == list(zip(*[variable.tolist() for variable in domain.variables]))
    for column in columns(COUNTED[name]):
        assert fitted(column, domain.variables) is not None


def test_no_loops_count_places_of_no_pattern():
    assert nested([np.array([3, 0, 5, 1])]) is None
    assert nested([np.array([0, 0, 1])]) is None  # twice the same


PAIRS = {"min_size": 2, "max_size": 2}


@given(st.lists(st.integers(-5, 5), **PAIRS), st.integers(-9, 9), st.lists(st.integers(1, 5), **PAIRS))
def test_affine_functions_are_found(factors, constant, shape):
    variables = box(tuple(shape)).variables
    column = constant + sum(f * v for f, v in zip(factors, variables))
    affine = fitted(np.asarray(column), variables)
    assert affine is not None
    again = affine.constant + sum(f * v for f, v in zip(affine.factors, variables))
    assert np.array_equal(np.broadcast_to(again, column.shape), column)


def test_what_is_not_affine_is_none():
    assert fitted(np.array([0, 1, 4, 9]), box((4,)).variables) is None
