"""Reverse mode on a trace: cotangents are those of the eager engine."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import NUMBERS, POINT, SEVERAL, alike, leaves

import engine
from engine.lifting.ir import Leaf, Trace
from engine.lifting.passes.pull import pull
from engine.lifting.passes.scalar_graph import ScalarGraph
from engine.tree import flatten, unflatten


@pytest.mark.parametrize("f", [*NUMBERS, *SEVERAL], ids=lambda f: f.__name__)
def test_the_cotangents_of_one_combination(f):
    value, pullback = engine.vjp(f, POINT)
    numbers, structure = flatten(value)
    cotangent = unflatten(structure, np.random.default_rng(2).normal(size=len(numbers)).tolist())
    got, of_inputs = engine.lift(f).vjp(POINT, cotangent)
    alike(got, value)
    alike(of_inputs, pullback(cotangent)[0])


def test_a_choice_hands_back_to_what_is_chosen():
    program = engine.lift(lambda i, x: engine.select([x[0], x[1] * x[1], x[2]], i))
    assert leaves(program.vjp(1, POINT, 1.0, argnums=1)[1]) == [0.0, 2 * POINT[1], 0.0]


def test_what_no_wanted_leaf_reaches_is_not_computed():
    leaf = {0: Leaf("input", 0), 1: Leaf("input", 1)}
    graph = ScalarGraph(Trace(["", "", "exp", "add"], [(), (), (1,), (0, 2)], {}, leaf, (), [3], {}))
    assert pull(graph, {3: {0: 1.0}}, {0}) == {0: {0: 1.0}}
    assert len(graph.ops) == 4  # nothing was appended


def test_a_result_that_is_a_leaf_and_one_that_is_there_twice():
    program = engine.lift(lambda x: [x[0], x[0], x[1] * x[1]])
    assert program.vjp([2.0, 3.0], [1.0, 10.0, 100.0])[1] == [11.0, 600.0]
