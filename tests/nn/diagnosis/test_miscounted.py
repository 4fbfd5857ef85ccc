"""How often each term of a function counts in a gradient."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Value
from nn.diagnosis.miscounted import miscounted

X = [Value(2.0, "x"), Value(3.0, "y")]
SLOPE = 1.0 - np.tanh(3.0) ** 2
TERMS = {
    "x * x": np.array([4.0, 0.0]),
    "x * y": np.array([3.0, 2.0]),
    "tanh(y)": np.array([0.0, SLOPE]),
}
F = X[0] * X[0] + X[0] * X[1] + X[1].tanh()
RIGHT = sum(TERMS.values())


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize(("count", "name"), [(-1, "term-missing"), (1, "term-doubled"), (-2, "term-turned")])
def test_a_term_that_counts_otherwise(term, count, name):
    findings = miscounted(F, X, RIGHT, RIGHT + count * TERMS[term])
    assert [(finding.name, finding.found.split(": ")[1]) for finding in findings] == [(name, term)]


def test_what_no_term_explains_is_none():
    assert miscounted(F, X, RIGHT, RIGHT + np.array([0.1, 0.7])) == []
    assert miscounted(X[0].tanh(), X, np.ones(2), np.zeros(2)) == []
