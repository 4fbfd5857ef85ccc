"""What is a matrix product, and every reason why something is none."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.ir import Product
from engine.lifting.passes.contract import contract


def dots(pairs, k=2):
    """Index arrays of dots: of row i of the left matrix with row j of the right one."""
    left = np.array([[k * i + e for e in range(k)] for i, _ in pairs])
    right = np.array([[100 + k * j + e for e in range(k)] for _, j in pairs])
    return left, right


def table(n, m):
    return [(i, j) for i in range(n) for j in range(m)]


PRODUCTS = {
    "all pairs": (table(2, 3), (1, 2, 3)),
    "in any order": (table(2, 3)[::-1], (1, 2, 3)),
    "two blocks": ([(0, 0), (0, 1), (1, 2), (1, 3)], (2, 1, 2)),
    "a matrix with a vector": (table(3, 1), (1, 3, 1)),
    "a triangle, which is computed whole": ([(i, j) for i, j in table(4, 4) if j <= i], (1, 4, 4)),
}


@pytest.mark.parametrize("case", PRODUCTS)
@pytest.mark.parametrize("right_is_rows", [False, True])
def test_what_is_a_product(case, right_is_rows):
    pairs, (blocks, n, m) = PRODUCTS[case]
    left, right = dots(pairs)
    product = contract(left, right, right_is_rows)
    assert isinstance(product, Product)
    if right_is_rows:
        n, m = m, n
    assert product.rows.shape == (blocks, n, 2)
    assert product.columns.shape == (blocks, m, 2)
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    results = np.matmul(values[product.rows], np.swapaxes(values[product.columns], -1, -2)).reshape(-1)
    np.testing.assert_allclose(results[product.place], (values[left] * values[right]).sum(1), rtol=1e-13)


DECLINED = {
    "dots of one product each are a product of elements": dots(table(2, 2), 1),
    "3 and 4 distinct rows do not split into 2 equal blocks": dots([*table(2, 2), (2, 2), (2, 3)]),
    "rows repeat unevenly": dots([*table(3, 1), (3, 1), (3, 2), (3, 3)]),
    "every dot has rows of its own": dots([(0, 0), (1, 1), (2, 2)]),
    "a pair of rows occurs twice": dots([*table(2, 2), (1, 1)]),
    "only 15 of 64 pairs occur": dots([(i, i) for i in range(8)] + [(i, i + 1) for i in range(7)]),
}


@pytest.mark.parametrize("reason", DECLINED)
def test_why_something_is_none(reason):
    assert contract(*DECLINED[reason], False) == reason
