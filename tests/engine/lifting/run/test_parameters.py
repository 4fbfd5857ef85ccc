"""Captured Values as one vector: in the order that somebody gave, or in which traces read them."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Parameters, ShapeError, Value


def matrix():
    return [[Value(10.0 * i + j, f"W[{i}, {j}]") for j in range(2)] for i in range(2)]


def test_declared_values_keep_their_order_and_arrays_theirs():
    W, b = matrix(), Value(5.0, "b")
    parameters = Parameters([W[1][1], b, W[0][0], W[0][1], W[1][0]])
    vector = parameters.read()
    assert vector.tolist() == [11.0, 5.0, 0.0, 1.0, 10.0]
    assert parameters.flat.named(vector)["W"].tolist() == [[0.0, 1.0], [10.0, 11.0]]
    assert parameters.flat.vector_of(parameters.flat.cells_of(vector)).tolist() == vector.tolist()


def test_writing_is_reading_back():
    values = [v for row in matrix() for v in row]
    parameters = Parameters(reversed(values))
    parameters.write(np.array([1.0, 2.0, 3.0, 4.0]))
    assert [v.data for v in values] == [4.0, 3.0, 2.0, 1.0]


def test_arrays_that_lie_as_the_vector_does_are_views_of_it():
    parameters = Parameters([v for row in matrix() for v in row])
    vector = parameters.read()
    assert np.shares_memory(parameters.flat.named(vector)["W"], vector)


def test_a_value_that_was_given_twice_has_one_number():
    v = Value(2.0, "v")
    parameters = Parameters([v, Value(1.0, "w"), v])
    assert (parameters.size, parameters.flat.cells) == (3, 2)
    with pytest.raises(ShapeError, match="given twice has two different numbers"):
        parameters.write(np.array([1.0, 2.0, 3.0]))


def test_what_later_traces_find_comes_behind():
    program = engine.lift(lambda x: x * W[0][0] if x > 0 else x * W[1][1])
    W = matrix()
    program(1.0)
    program(-1.0)
    parameters = program.traces.parameters
    assert parameters.values == [W[0][0], W[1][1]]
    assert [p.name for p in parameters.arrays] == ["W", "W (2)"]


BAD = [
    (np.zeros(3), "float64 vector of 4 numbers"),
    (np.zeros(4, "f4"), "float32 array of shape"),
    ([0.0] * 4, "must be a float64 vector"),
    (np.zeros(8)[::2], "must be contiguous"),
]


@pytest.mark.parametrize(("vector", "message"), BAD)
def test_what_is_no_vector_of_these(vector, message):
    with pytest.raises(ShapeError, match=message):
        Parameters([v for row in matrix() for v in row]).check(vector, "theta")


def test_a_gradient_is_not_put_into_what_it_is_computed_from():
    parameters, memory = Parameters([v for row in matrix() for v in row]), np.zeros(4)
    with pytest.raises(ShapeError, match="shares memory"):
        parameters.check_out(memory, 4, [memory])


def test_parameters_are_values():
    with pytest.raises(TypeError, match=r"parameters\[1\] is 2.0; parameters are Values"):
        Parameters([Value(1.0), 2.0])


def test_the_same_vector_is_looked_at_once():
    parameters = Parameters([v for row in matrix() for v in row])
    theta = parameters.read()
    assert parameters.views(theta, np.float64) is parameters.views(theta, np.float64)


def test_declared_values_without_labels_go_by_their_paths_where_that_moves_no_number():
    tables = {"W": [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]], "b": [Value(5.0)]}

    def f(x):
        return sum(w * x for row in tables["W"] for w in row) + tables["b"][0]

    flat = [v for table in (*tables["W"], tables["b"]) for v in table]
    program = engine.lift(f, parameters=flat)
    assert program.value_and_grad(2.0)[0] == 25.0
    assert program.parameters == {"W": (2, 2), "b": (1,)}
    assert program.pull().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    reordered = engine.lift(f, parameters=flat[::-1])
    assert reordered.value_and_grad(2.0)[0] == 25.0
    assert reordered.parameters == {"p": (5,)}
    assert reordered.pull().tolist() == [5.0, 4.0, 3.0, 2.0, 1.0]


def test_what_is_lifted_with_parameters_adds_to_a_copy_of_them():
    w, parameters = Value(2.0, "w"), Parameters([Value(1.0, "b")])
    programs = [engine.lift(lambda x: w * x[0] + parameters.values[0], parameters=parameters) for _ in range(2)]
    for program in programs:
        assert program([3.0]) == 7.0
        assert program.parameters == {"b": (), "w": ()}
    assert (parameters.size, [p.name for p in parameters.arrays]) == (1, ["b"])


def test_the_same_place_for_a_gradient_is_looked_at_once_and_follows_the_parameters():
    values = [Value(1.0, "a"), Value(2.0, "b")]
    parameters = Parameters(values[:1])
    program = engine.lift(lambda x: values[len(x) - 1] * x[0], parameters=parameters)
    out = np.empty(1)
    for x in (3.0, 4.0):
        program.value_and_grad([x], parameters=np.ones(1), out=out)
        assert out.tolist() == [x]
    wider, theta = np.full(2, np.nan), np.ones(1)
    program.value_and_grad([4.0], parameters=theta, out=out)
    program([1.0, 5.0])
    with pytest.raises(ShapeError, match="must be a float64 vector of 2 numbers"):
        program.value_and_grad([4.0], parameters=np.ones(2), out=out)
    for x, want in (([1.0, 5.0], [0.0, 1.0]), ([6.0], [6.0, 0.0])):
        program.value_and_grad(x, parameters=np.ones(2), out=wider)
        assert wider.tolist() == want
