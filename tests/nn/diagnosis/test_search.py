"""The search walks from the output downward and leaves where something differs."""

from __future__ import annotations

from nn.diagnosis.equations import Problem
from nn.diagnosis.search import Search


def test_the_search_leaves_at_the_first_parameter_that_differs():
    problem = Problem.random((3, 3, 2), samples=4)
    wrong = dict(problem.right) | {"layers.0.W": problem.right["layers.0.W"] + 1.0}
    search = Search(problem, wrong, dict.fromkeys(problem.params, 1e-10))
    departs = search.walk()
    assert (departs.name, departs.layer, departs.is_bias, departs.top) == ("layers.0.W", 0, False, False)
    assert search.explanations() == []
    assert Search(problem, problem.right, search.tolerance).explanations() == []
