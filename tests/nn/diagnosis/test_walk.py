"""The search walks from the output downward and leaves where something differs; what it reproduces so far is told."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened

from nn.diagnosis.alterations.alteration import scaled
from nn.diagnosis.equations import Problem, edge_of, made
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.walk import Walk


def test_the_search_leaves_at_the_first_parameter_that_differs():
    problem = Problem.random((3, 3, 2), samples=4)
    wrong = dict(problem.right) | {"layers.0.W": problem.right["layers.0.W"] + 1.0}
    search = Walk(problem, wrong, dict.fromkeys(problem.params, 1e-10))
    departs = search.departs()
    assert (departs.name, departs.layer, departs.is_bias, departs.top) == ("layers.0.W", 0, False, False)
    assert search.single() == search.pairs() == []
    right = Walk(problem, problem.right, dict.fromkeys(problem.params, 1e-10))
    assert right.departs() is None and right.single() == right.pairs() == []


def three(third):
    """Two mistakes, and one more in the lowest layer."""
    problem = Problem.random((4, 5, 5, 3), samples=6, l2=0.1)
    places = {("error", 2): 6.0, ("back", 2): -1.0}
    wrong = made(problem, [scaled((edge_of(problem.network, *at),), factor, "") for at, factor in places.items()])
    return problem, wrong | {"layers.0.W": third(wrong["layers.0.W"]), "layers.0.b": third(wrong["layers.0.b"])}


@pytest.mark.parametrize("third", shortened([np.cos, lambda g: g**2, lambda g: np.sqrt(np.abs(g))], 1))
def test_of_several_mistakes_two_are_certain(third):
    problem, wrong = three(third)
    said = diagnose_problem(problem, wrong)
    assert said.verdict == "unnamed"
    assert said.names == ["no-mean", "sign-propagated"]
    assert "so much is certain; from layers.0.b on something else is wrong as well" in said.remarks
    assert [row.verdict for row in said.parameters] == ["unnamed", "unnamed", "named", "named", "named", "named"]


def test_what_reproduces_a_bias_alone_is_not_certain():
    problem = Problem.random((4, 5, 3), samples=6)
    wrong = {name: np.cos(gradient) for name, gradient in problem.right.items()}
    wrong["layers.1.b"] = -problem.right["layers.1.b"]
    said = diagnose_problem(problem, wrong)
    assert not any("certain" in remark for remark in said.remarks)
    assert said.verdict == "unnamed"


def test_nothing_is_certain_before_anything_was_sought():
    problem, wrong = three(np.cos)
    search = Walk(problem, wrong, dict.fromkeys(problem.params, 1e-10))
    assert search.certain() == ()
    assert search.reproduced(()) == []
