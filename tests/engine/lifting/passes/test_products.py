"""Products by their kind: before and after, and the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened
from lowering import random_lowering, same

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.products import products
from engine.lifting.pipeline import differentiate
from engine.lifting.views import Source, View


def matrix(name, *shape, batched=False):
    return Source(name, shape, "value", batched)


def kind(step, for_blas=False):
    (after,) = products(Steps([step], []), for_blas=for_blas).forward
    assert not after.wrong(), after.wrong()
    shapes = [x.shape for x in after.operands]
    return after.op, *shapes, after.target.shape


def product(a, b, target):
    return Step("matmul", target, (a, b))


A, B = matrix("A", 4, 3), matrix("B", 5, 3)
ROWS = matrix("X", 1, 3, batched=True)
BLOCKS = matrix("Q", 2, 4, 3)


@pytest.mark.parametrize(
    ("a", "b", "target", "after"),
    [
        (A, B, matrix("Z", 4, 5), ("product", (4, 3), (3, 5), (4, 5))),
        (ROWS, B, matrix("Z", 5, batched=True), ("product", (3,), (3, 5), (5,))),
        (A, matrix("b", 1, 3), matrix("Z", 4), ("batched_product", (4, 3), (3,), (4,))),
        (matrix("a", 1, 3), matrix("b", 1, 3), matrix("Z"), ("batched_product", (3,), (3,), ())),
        (matrix("a", 4, 1), matrix("b", 5, 1), matrix("Z", 4, 5), ("outer", (4, 1), (1, 5), (4, 5))),
        (matrix("a", 1, 1), matrix("b", 5, 1), matrix("Z", 5), ("outer", (1,), (5,), (5,))),
        (matrix("a", 4, 1), matrix("b", 1, 1), matrix("Z", 4), ("outer", (4,), (1,), (4,))),
        (BLOCKS, matrix("K", 2, 5, 3), matrix("Z", 2, 4, 5), ("batched_product", (2, 4, 3), (2, 3, 5), (2, 4, 5))),
    ],
)
def test_a_product_is_told_by_its_factors(a, b, target, after):
    assert kind(product(a.view, b.view, target.view)) == after


def test_a_result_that_lies_transposed_exchanges_the_factors():
    Z = matrix("Z", 5, 4)
    (after,) = products(Steps([product(A.view, B.view, Z.view.T)], []), for_blas=True).forward
    assert [x.source for x in after.operands] == [B, A]
    assert after.target.is_whole()


def test_rows_of_all_samples():
    p, q = matrix("P", 1, 3, batched=True), matrix("Q", 1, 5, batched=True)
    step = Step("batch_matmul", matrix("dW", 3, 5).view, (p.view, q.view))
    assert kind(step, True) == kind(step, False) == ("summed_product", (1, 3), (1, 5), (3, 5))


def test_one_number_per_sample_times_one_row_is_a_vector_times_a_matrix_for_blas():
    p, q, target = matrix("p", 1, 1, batched=True), matrix("Q", 1, 5, batched=True), matrix("dw", 1, 5)
    step = Step("batch_matmul", target.view, (p.view, q.view))
    assert kind(step, True) == ("weighted_sum", (), (5,), (5,))
    assert kind(step, False)[0] == "summed_product"
    shared = Step("batch_matmul", target.view, (matrix("p", 1, 1).view, q.view))
    assert kind(shared, True)[0] == "summed_product"


X, ROW = matrix("X", 4, batched=True), matrix("s", 4)


@pytest.mark.parametrize(
    ("x", "target", "more", "after"),
    [
        (X.view, ROW.view, {"axes": (), "over_batch": True}, "ones_product"),
        (X.view, matrix("r", batched=True).view, {}, "ones_product"),
        (A.view, matrix("r", 4).view, {"axes": (1,)}, "ones_product"),
        (A.view, matrix("r").view, {"axes": (0, 1)}, "sum"),  # two axes
        (BLOCKS.view, matrix("r", 2, 4).view, {"axes": (2,)}, "sum"),  # no matrix
        (X.view, ROW.view, {"axes": (), "over_batch": True, "accumulate": True}, "ones_product"),
        (X.view, View(matrix("s", 8), (4,), 2, (1,)), {"axes": (), "over_batch": True}, "ones_product"),
        (X.view, View(matrix("s", 8), (4,), 0, (2,)), {"axes": (), "over_batch": True}, "sum"),  # with gaps
        (ROW.view, matrix("r").view, {}, "ones_product"),
        (matrix("s", 8192).view, matrix("r").view, {}, "sum"),  # so many are added in pairs
    ],
)
def test_a_sum_is_a_product_with_ones_where_blas_takes_it(x, target, more, after):
    step = Step("sum", target, (x,), **more)
    assert kind(step, True)[0] == after
    assert kind(step, False)[0] == "sum"


@pytest.mark.parametrize("for_blas", [False, True])
@pytest.mark.parametrize("seed", shortened(range(20), 10))
def test_the_numbers_stay(seed, for_blas):
    lowered = random_lowering(seed)
    if lowered is None:
        return
    steps = lowered.steps()
    steps = differentiate(steps, lowered.task.wanted, lowered.task.seed(steps.roots[0]))
    after = products(steps, for_blas=for_blas)
    after.check()
    same(lowered.run(steps), lowered.run(after))


@pytest.mark.parametrize("gaps", [True, False])
@pytest.mark.parametrize("for_blas", [True, False])
def test_a_product_with_gaps_is_of_a_kind_of_its_own_where_numpy_computes_it(for_blas, gaps):
    terms = np.tri(4, 3, dtype=bool) if gaps else np.ones((4, 3), bool)
    step = Step("matmul", matrix("Z", 4, 5).view, (A.view, B.view), terms=terms)
    assert kind(step, for_blas)[0] == ("ragged_product" if for_blas and gaps else "product")
