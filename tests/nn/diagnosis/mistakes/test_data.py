"""Samples that count otherwise: which it is, and what the sum over them is divided by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem


@pytest.mark.parametrize(
    ("rows", "count", "said"),
    [
        ([0, 1, 3, 4], 5, "sample 2"),
        ([0, 1, 3, 4], 4, "sample 2, and the mean is over the other N - 1"),
        ([0, 1, 2, 3, 4, 2], 5, "sample 2"),
        ([0, 1, 2, 3, 4, 2], 6, "sample 2, and the mean is over N + 1"),
        ([2], 1, "sample 2"),
        ([2], 5, "sample 2, still divided by N"),
    ],
)
def test_a_sample_that_counts_otherwise_is_said(rows, count, said):
    problem = Problem.random((4, 5, 3), samples=5)
    other = replace(problem, X=problem.X[rows], t=problem.t[rows], scale=1.0 / count)
    assert [finding.found for finding in diagnose_problem(problem, other.right).findings] == [said]
