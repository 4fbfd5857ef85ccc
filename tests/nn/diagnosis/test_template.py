"""Files to start from: in every convention a right gradient of a network of two layers."""

from __future__ import annotations

import numpy as np
import pytest

from nn import matrix
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.template import TEMPLATES, template


@pytest.mark.parametrize("convention", TEMPLATES)
def test_a_template_is_a_right_gradient(convention):
    space = {}
    exec(template(convention), space)
    problem = Problem.random((5, 4, 3), samples=7, activation="tanh", loss="cross_entropy")
    params = matrix.from_rows(problem.params, convention)
    X = problem.X.T if convention == "columns" else problem.X
    T = np.argmax(problem.t, axis=1) if problem.t.ndim == 2 else problem.t
    assert space["CONVENTION"] == convention
    assert diagnose_problem(problem, space["gradients"](params, X, T), convention).ok
