"""Mistakes in the activation's derivative, injected by code that shares nothing with what names them."""

from __future__ import annotations

import pytest

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.mistakes import slopes

from ..injection import gradients, is_named, names_in
from ..wrong_backprop import EVERY


@pytest.mark.parametrize("name", names_in(slopes))
def test_a_mistake_in_a_random_network_is_named(name):
    assert is_named(name)


@pytest.mark.parametrize("other", ["minus-one", "sign", "weights-absolute"])
def test_a_leaky_slope_is_read_off_under_another_mistake_too(other):
    problem = Problem.random((4, 5, 3), samples=7, activation="relu")
    wrong = gradients(problem, {"leaky-slope": 0, other: EVERY}, {"slope": 0.2})
    said = diagnose_problem(problem, wrong)
    assert {"leaky-slope", other} == set(said.names)
    assert "0.2, not 0" in {finding.found for finding in said.findings}
