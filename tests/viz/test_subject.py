"""What is drawn: a result as it is, or what a function computes while it is watched."""

import numpy as np
import pytest

import viz
from engine import Value
from viz.subject import subject_of


def pair(x, y):
    s = x[0] * y
    return {"sum": [s, x[1] + s]}


def test_numbers_are_called_as_the_parameters_are():
    subject = subject_of(pair, ([1.0, 2.0], 3.0))
    graph = subject.numbered()
    assert [(node.label, what) for node, what in zip(graph.nodes, graph.kinds) if not node.parents] == [
        ("x[0]", "input"),
        ("y", "input"),
        ("x[1]", "input"),
    ]
    assert len(subject.roots) == 2


def test_every_result_is_drawn_as_one():
    assert viz.draw(pair, [1.0, 2.0], 3.0).source.count("peripheries=2") == 2


def test_arrays_and_whole_numbers_stay_what_they_are():
    def mean(table, row, times):
        assert type(row) is int
        return sum(table[row]) * times["n"]

    subject = subject_of(mean, (np.ones((2, 3)), 1, {"n": 0.5}))
    labels = {node.label for node in subject.numbered().nodes if not node.parents and node.label}
    assert {"table[1, 0]", "table[1, 1]", "table[1, 2]", "times.n"} <= labels


@pytest.mark.parametrize("result", [None, 3.0, [1, 2]])
def test_what_returns_no_value_is_refused(result):
    with pytest.raises(TypeError, match="must return what it computed"):
        viz.draw(lambda: result)


def test_a_value_takes_no_arguments():
    with pytest.raises(TypeError, match="give viz a function"):
        viz.draw(Value(1.0), 2.0)


@pytest.mark.parametrize("arguments", [(), (1.0,), (1.0, 2.0, 3.0)])
def test_a_function_without_its_arguments_is_refused(arguments):
    with pytest.raises(TypeError, match=f"pair.x, y. is drawn as it is called, and was given {len(arguments)}"):
        viz.draw(pair, *arguments)
