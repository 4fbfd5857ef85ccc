"""What dots of uneven length are a product with gaps, and every reason why some are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.ir import Product
from engine.lifting.passes.contract_ragged import GAP, contract_ragged


def dots(terms, columns, blocks=1):
    """Factors of dots: row i of each block, where `terms` says, with each of the columns."""
    left, right, counts = [], [], []
    n, k = terms.shape
    for block in range(blocks):
        for i in range(n):
            for c in range(columns):
                inner = np.flatnonzero(terms[i])
                left.append((block * n + i) * k + inner)
                right.append(1000 + (block * k + inner) * columns + c)
                counts.append(len(inner))
    return np.concatenate(left), np.concatenate(right), np.array(counts)


def shuffled(left, right, counts, seed):
    """The same dots in another order, the terms of each as well."""
    rng = np.random.default_rng(seed)
    parts = np.split(np.arange(len(left)), np.cumsum(counts)[:-1])
    order = rng.permutation(len(counts))
    at = np.concatenate([rng.permutation(parts[m]) for m in order])
    return left[at], right[at], counts[order]


def value(product, left, right, counts):
    """The dots by the product, and one by one."""
    numbers = np.random.default_rng(0).normal(size=3000)
    a = np.where(product.rows == GAP, 0.0, numbers[product.rows])
    whole = np.matmul(a, np.swapaxes(numbers[product.columns], -1, -2)).reshape(-1)
    one_by_one = np.add.reduceat(numbers[left] * numbers[right], np.cumsum(counts) - counts)
    return whole[product.place], one_by_one


TRIANGLE = np.tri(6, dtype=bool)
PATTERNS = {
    "positions before and at one's own": (TRIANGLE, 1),
    "and after it": (TRIANGLE[:, ::-1], 1),
    "of several heads": (TRIANGLE, 3),
    "a window that the ends cut": (TRIANGLE & ~np.tri(6, k=-3, dtype=bool), 1),
    "positions before one's own": (np.tri(7, 6, dtype=bool)[:-1], 2),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_a_product_with_gaps(pattern):
    terms, blocks = PATTERNS[pattern]
    given = shuffled(*dots(terms, 4, blocks), 1)
    product = contract_ragged(*given)
    assert isinstance(product, Product)
    assert product.rows.shape == (blocks, *terms.shape)
    np.testing.assert_allclose(*value(product, *given), rtol=1e-13)


@given(st.integers(0, 10**6))
def test_any_pattern_is_right_if_it_is_a_product(seed):
    rng = np.random.default_rng(seed)
    terms = rng.random(rng.integers(2, 7, 2)) < 0.7
    terms[:, 0] = True
    given = shuffled(*dots(terms, int(rng.integers(2, 5)), int(rng.integers(1, 4))), seed)
    product = contract_ragged(*given)
    if isinstance(product, Product):
        np.testing.assert_allclose(*value(product, *given), rtol=1e-12, atol=1e-13)


def without(given, *dropped):
    left, right, counts = given
    kept = ~np.isin(np.repeat(np.arange(len(counts)), counts), dropped)
    return left[kept], right[kept], np.delete(counts, dropped)


def crossed():
    left, right, counts = dots(TRIANGLE, 2)
    right[-2] = 2000
    return left, right, counts


def twice():
    left, right, counts = dots(np.tri(4, dtype=bool), 2)
    last = np.repeat(np.arange(len(counts)), counts) >= 6
    right[last] = np.where(np.arange(last.sum()) % 4 == 3, right[last] - 2, right[last])
    return left, right, counts


ARROW = np.eye(15, dtype=bool)
ARROW[0] = ARROW[:, 0] = True
BAND = np.tri(16, dtype=bool) & ~np.tri(16, k=-3, dtype=bool)
UNEVEN_BLOCKS = np.zeros((5, 5), bool)
UNEVEN_BLOCKS[:3, :3], UNEVEN_BLOCKS[3:, 3:] = np.tri(3), np.tri(2)
DECLINED = {
    "dots of uneven length have no rows in common": dots(TRIANGLE, 1),
    "dots of uneven length read other columns in each row": crossed(),
    "dots of uneven length do not split into 2 equal blocks": dots(UNEVEN_BLOCKS, 2),
    "a dot of uneven length reads a column's element twice": twice(),
    "dots of uneven length have 86 terms, of 450 if all were as long as one": dots(ARROW, 2),
    "only 45 of 256 elements of uneven rows are there": dots(BAND, 2),
}


@pytest.mark.parametrize("reason", DECLINED)
def test_why_something_is_none(reason):
    assert contract_ragged(*DECLINED[reason]) == reason


def test_what_would_be_far_wider_than_it_is_long_is_left():
    left, counts = np.arange(40_000), np.array([20_000, *[2] * 10_000])
    reason = contract_ragged(left, left, counts)
    assert reason == "dots of uneven length have 40000 terms, of 200020000 if all were as long as one"


def test_rows_of_another_number_of_columns_are_none():
    assert contract_ragged(*without(dots(TRIANGLE, 3), 5)) == "dots of uneven length have no rows in common"
