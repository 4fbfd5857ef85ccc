"""Products by their kind: what is one number's, a vector's or a matrix's product, or one of every block's.

Before, every product is ``matmul``, A @ B.T, or ``batch_matmul``, P.T @ Q summed over the samples.  After:

    outer              a * b, one of them repeated along each axis: the sum is over one number
    product            A @ B of two matrices, where the samples may be the rows of one
    ragged_product     A @ B, where A has gaps, whose zeros are no terms
    batched_product    A @ B of every block or sample, or with a vector
    summed_product     P.T @ Q, where the rows of all samples are one long axis
    weighted_sum       Q.T @ p of one row and one number per sample
    ones_product       a sum over the rows or columns of a matrix, as its product with ones
"""

from __future__ import annotations

from dataclasses import replace

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import View

LONGEST = 4096  # terms of a sum by BLAS, which does not add in pairs


def products(steps: Steps, *, for_blas: bool) -> Steps:
    """Return the steps with every product of a kind, its factors as they are multiplied.

    Parameters
    ----------
    steps
        As `lower` leaves them.
    for_blas
        Whether there are weighted sums, and sums are products with ones where they can be. BLAS adds the rows of
        (32, 64) in 0.3 microseconds and those of (128, 128) in 1.2, where `np.add.reduce` took 1.3 and 3.7 (November
        2026, NumPy 2.4, one thread: `python tests/benchmarks/bench_spellings.py`); for XLA it is the same.
    """
    kinds = {"matmul": _product, "batch_matmul": _summed_product}
    if for_blas:
        kinds |= {"matmul": _ragged_product, "batch_matmul": _weighted_sum, "sum": _ones_product}

    def of_a_kind(step: Step) -> Step:
        return kinds[step.op](step) if step.op in kinds else step

    return replace(steps, forward=[*map(of_a_kind, steps.forward)], backward=[*map(of_a_kind, steps.backward)])


def _ragged_product(step: Step) -> Step:
    """A product whose first factor has gaps, unless it has none."""
    a, b = step.view(0), step.view(1)
    if step.terms is None or step.terms.all():
        return _product(step)
    target = step.target.reshape((*a.shape[:-1], b.shape[-2]))
    return step.but(op="ragged_product", target=target, operands=(a, b.T))


def _product(step: Step) -> Step:
    """A @ B.T, so that the result lies as its place does and one row stays a vector."""
    a, b = step.view(0), step.view(1)
    target = step.target.reshape((*a.shape[:-2], a.shape[-2], b.shape[-2]))
    if target.is_transposed():  # (A @ B.T).T = B @ A.T
        a, b, target = b, a, target.T
    b = b.T
    rows, columns = a.shape[-2], b.shape[-1]
    if a.shape[-1] == 1:
        if rows == 1:
            a, b, target = a.squeeze(-1), b.squeeze(-2), target.squeeze(-2)
        elif columns == 1:
            a, b, target = a.squeeze(-1), b.squeeze(-1), target.squeeze(-1)
        return step.but(op="outer", target=target, operands=(a, b))
    if len(a.shape) == 2 and not b.batched:
        if rows == 1:
            a, target = a.squeeze(0), target.squeeze(-2)
        if columns == 1:
            b, target = b.squeeze(1), target.squeeze(-1)
    op = "product" if _is_matrix(a) and _is_matrix(b) else "batched_product"
    return step.but(op=op, target=target, operands=(a, b))


def _summed_product(step: Step) -> Step:
    p, q = step.view(0), step.view(1)
    target = step.target.reshape((p.shape[-1], q.shape[-1]))
    if target.is_transposed():
        p, q, target = q, p, target.T
    return step.but(op="summed_product", target=target, operands=(p, q))


def _weighted_sum(step: Step) -> Step:
    """A product of one number per sample with one row per sample, or any other sum over the samples."""
    step = _summed_product(step)
    p, q, target = step.view(0), step.view(1), step.target
    if p.shape == (1, 1) and p.batched and q.batched and target.strides[-1] == 1 and not step.accumulate:
        numbers, rows = p.squeeze(0).squeeze(0), q.squeeze(0)
        return step.but(op="weighted_sum", target=target.squeeze(0), operands=(numbers, rows))
    return step


def _ones_product(step: Step) -> Step:
    x = step.view()
    one_axis = len(step.axes) + step.over_batch == 1
    short = len(x.shape) == 1 and not x.batched and x.size <= LONGEST
    if one_axis and (_is_matrix(x) or short) and (step.packed or step.accumulate):
        return step.but(op="ones_product")
    return step


def _is_matrix(v: View) -> bool:
    """Whether a view is a matrix, the samples' axis counted: what `ndarray.dot` takes."""
    return len(v.shape) + v.batched == 2
