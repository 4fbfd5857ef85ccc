"""Other orders of rows and columns: by a simple rule, or as sorting suggests."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (lambda g: g[::-1], "rows reversed"),
        (lambda g: np.roll(g, 1, axis=0), "rows moved down by one"),
        (lambda g: np.roll(g, -1, axis=1), "columns moved left by one"),
        (lambda g: g[[2, 0, 3, 1]], "rows in the order 2, 0, 3, 1"),
        (lambda g: g[:, [0, 2, 1, 4, 3]], "columns in the order 0, 2, 1, 4, 3"),
    ],
)
def test_an_order_is_said(order, said):
    problem = Problem.random((4, 5, 3), samples=6)
    diagnosis = diagnose_problem(problem, problem.right | {"layers.0.W": order(problem.right["layers.0.W"])})
    assert [(finding.name, finding.found) for finding in diagnosis.findings] == [("weights-permuted", said)]
