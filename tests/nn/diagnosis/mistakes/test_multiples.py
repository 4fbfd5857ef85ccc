"""Factors that have a reason: none is proposed that is no mistake's own."""

from __future__ import annotations

import pytest

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.mistakes.multiples import MULTIPLES


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (7.0, {"no-mean": "yours = 7 x correct"}),
        (7 / 3, {"wrong-count": "divided by 3, the number of outputs C"}),
        (7 / 4, {"wrong-count": "divided by 4, the number of features D"}),
        (1.37, {"factor": "yours = 1.37 x correct"}),
    ],
)
def test_a_factor_is_said_with_its_reason(factor, said):
    problem = Problem.random((4, 3), samples=7)
    diagnosis = diagnose_problem(problem, {name: factor * right for name, right in problem.right.items()})
    assert {finding.name: finding.found for finding in diagnosis.findings} == said
    assert set(said) <= set(MULTIPLES)
