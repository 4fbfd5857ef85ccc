"""Ways to propose: in every place where an edge could first show, and of factors only those that the numbers have."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.equations import Problem, made
from nn.diagnosis.mistakes.proposals import of_kind, share, shares, times
from nn.diagnosis.walk import Walk

PROBLEM = Problem.random((3, 4, 4, 2), samples=5)


def evidence(name, factor):
    candidate = dict(PROBLEM.right) | {name: factor * PROBLEM.right[name]}
    return Walk(PROBLEM, candidate, dict.fromkeys(PROBLEM.params, 1e-10)).departs()


def places(propose, e):
    return [(where, text) for where, text, _ in propose(e)]


def test_a_share_is_proposed_wherever_it_could_first_show():
    e = evidence("layers.1.b", 3.0)
    assert places(share("slope", lambda at, g: g), e) == [("layers.1", ""), ("every layer", "")]
    several = shares("slope", lambda e: dict.fromkeys("ab", lambda at, g: g), lambda problem, layers: len(layers) == 1)
    assert places(several, e) == [("layers.1", "a"), ("layers.1", "b")]
    assert places(of_kind("slope", "slope-missing", ""), e) == [("layers.1", ""), ("every layer", "")]


@pytest.mark.parametrize(("factor", "said"), [(3.0, ["yours = 3 x correct"]), (2.0, [])])
def test_a_factor_is_proposed_where_the_numbers_have_it(factor, said):
    e = evidence("layers.1.W", factor)
    assert [text for _, text in places(times("weight", lambda e: {"": 3.0}), e)] == said


def test_what_is_proposed_is_made_in_the_network():
    (_, _, altered), *_ = times("weight", lambda e: {"": 3.0})(evidence("layers.1.W", 3.0))
    np.testing.assert_allclose(made(PROBLEM, [altered])["layers.1.W"], 3.0 * PROBLEM.right["layers.1.W"])
