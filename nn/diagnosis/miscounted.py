"""Which terms of a function's own sums a gradient leaves out, counts twice, or has with the wrong sign.

>>> x = [Value(2.0, "x"), Value(3.0, "y")]
>>> f = x[0] * x[0] + 3.0 * x[1]
>>> [finding.found for finding in miscounted(f, x, np.array([4.0, 3.0]), np.array([4.0, 0.0]))]
['term 2 of 2: 3 * y']
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import Value
from engine.agreement import EXACT
from nn.agreement.tolerance import proportion
from nn.diagnosis.rearranged import of_function, reproduces
from nn.diagnosis.report import Finding
from nn.diagnosis.terms import Term, terms
from nn.samples import Array

MANY, DEEPEST_SUM = 300, 20  # terms that are looked at, and sums inside sums
KINDS = {  # by how often the term counts
    0: ("term-missing", "a term of the function is missing in the gradient", "without"),
    2: ("term-doubled", "a term of the function counts twice in the gradient", "plus once more"),
    -1: ("term-turned", "a term of the function has the wrong sign in the gradient", "with a turned sign of"),
}


def miscounted(root: Value, leaves: Sequence[Value], right: Array, given: Array) -> list[Finding]:
    """Return the terms whose counts explain a gradient, coarse terms before the terms that those are the sums of."""
    coarser: list[Term] = []
    for level in range(1, DEEPEST_SUM):
        parts = terms(root, level)
        if parts == coarser or len(parts) > MANY:
            break
        coarser = parts
        counts = _counts(np.array([part.gradient(leaves) for part in parts]), right, given)
        if counts is not None:
            return [_finding(int(count), k, parts) for k, count in enumerate(counts) if count != 1]
    return []


def _counts(gradients: Array, right: Array, given: Array) -> Array | None:
    """Return how often each term was counted, if that explains the difference: one term, or a few."""
    difference, size = (given - right).ravel(), len(gradients)
    for k in range(size if size > 1 else 0):
        factor = proportion(difference, gradients[k], EXACT)
        if factor is not None and round(factor) in (-2, -1, 1) and abs(factor - round(factor)) < 1e-6:
            return np.where(np.arange(size) == k, 1.0 + round(factor), 1.0)
    if not 1 < size <= difference.size or np.linalg.matrix_rank(gradients) < size:
        return None
    factors: Array = np.linalg.lstsq(gradients.T, difference, rcond=None)[0]
    whole = np.round(factors)
    if not (np.abs(factors - whole).max() < 1e-6 and np.isin(whole, (-2, -1, 0, 1)).all()):
        return None
    if not 0 < np.count_nonzero(whole) < size:
        return None
    explained = reproduces((right.ravel() + whole @ gradients).reshape(right.shape), right, given)
    return 1.0 + whole if explained else None


def _finding(count: int, k: int, parts: Sequence[Term]) -> Finding:
    name, sentence, change = KINDS[count]
    found = f"term {k + 1} of {len(parts)}: {parts[k]}"
    by_terms = "df/dx = sum of the derivatives of all terms"
    return of_function(name, sentence, found, f"df/dx {change} d({parts[k]})/dx", by_terms)
