"""A lifted program that Values go into is differentiated through, to any order."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import ShapeError, Value


def test_values_in_a_value_out_whose_graph_is_the_function_s():
    program = engine.lift(lambda x, y: engine.tanh(x[0] * y) + x[1] ** 3)
    x, y = [Value(0.5), Value(2.0)], Value(1.5)
    z = program(x, y)
    assert z.data == pytest.approx(program([0.5, 2.0], 1.5), rel=1e-15)
    z.backward()
    want = engine.grad(lambda x, y: program.fn(x, y), (0, 1))([0.5, 2.0], 1.5)
    assert ([v.grad for v in x], y.grad) == want


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x, x], lambda x: np.array([x, 1.0]), lambda x: {"x": [x]}])
def test_values_are_found_in_any_container(wrap):
    def f(inputs):
        inputs = inputs["x"] if isinstance(inputs, dict) else inputs
        first = inputs[0] if isinstance(inputs, (list, np.ndarray)) else inputs
        return first**3

    program = engine.lift(f)
    for order, want in [(1, 12.0), (2, 12.0), (3, 6.0)]:
        through = lambda x: program(wrap(x))  # noqa: E731
        for _ in range(order):
            through = engine.grad(through)
        assert through(2.0) == want


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_batch_is_averaged_as_the_program_does_it(reduction):
    w = Value(0.7, "w")
    program = engine.lift(lambda x, t: (engine.tanh(w * x["a"][1]) - t) ** 2, batch=True, reduction=reduction)
    X, T = {"a": np.array([[0.0, 0.5], [1.0, -1.0], [2.0, 2.0]])}, np.array([1.0, 0.0, -1.0])
    value, gradient = program.value_and_grad(X, T, wrt="all")
    got = engine.value_and_grad(lambda a: program({"a": a}, T))(X["a"])
    assert got[0] == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(got[1], gradient.inputs[0]["a"], rtol=1e-13)
    program(X, [Value(t) for t in T]).backward()
    assert w.grad == pytest.approx(gradient.parameters[0], rel=1e-13)


def test_a_batch_without_reduction_gives_one_value_a_sample():
    program = engine.lift(lambda x: x * x, batch=True, reduction="none")
    rows = engine.jacobian(lambda x: program(x))(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(rows, [[2.0, 0.0], [0.0, 4.0]])


def test_captured_values_that_a_transform_varies_are_differentiated_by():
    def outer(w):
        program = engine.lift(lambda x: x * w * w)
        return program(3.0)

    assert engine.grad(outer)(2.0) == 12.0
    assert engine.grad(lambda w: engine.lift(lambda x: x * w, batch=True)([1.0, 5.0]) * w)(2.0) == 12.0
    w = Value(2.0, "w")
    program = engine.lift(lambda x: x * w)
    assert engine.grad(lambda x: program(x) * program(1.0))(3.0) == 4.0


def test_a_lifted_graph_inside_a_transform_is_its_graph():
    assert engine.grad(lambda w: engine.lift(w * w * 3.0 + w**2)())(2.0) == 16.0
    w = Value(2.0, "w")
    program = engine.lift(w * w + engine.total([w, 1.0]))
    w.data = 5.0
    assert program() == 31.0
    assert engine.lift(lambda x: x * program())(2.0) == 62.0


def test_a_program_of_programs():
    inner = engine.lift(lambda x: engine.where(x > 0, x * x, -x))
    outer = engine.lift(lambda x: inner(x) * inner(x - 1.0))
    for x in (3.0, 0.5, -2.0):
        assert outer(x) == program_by_hand(x)
    assert engine.grad(outer)(3.0) == engine.grad(lambda x: x * x * (x - 1.0) ** 2)(3.0)


def program_by_hand(x):
    f = lambda x: x * x if x > 0 else -x  # noqa: E731
    return f(x) * f(x - 1.0)


def test_what_cannot_be_differentiated_through_says_so():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: x * w)
    program(1.0)
    with pytest.raises(TypeError, match=r"Values as inputs and parameters=.*push\(theta\)"):
        program(Value(1.0), parameters=program.pull())
    with pytest.raises(engine.TraceError, match="turned into a float"):
        engine.grad(lambda x: program.value_and_grad(x)[0] * x)(1.0)
    batched = engine.lift(lambda x: x * x, batch=True)
    with pytest.raises(ShapeError, match="'x' is one number"):
        batched(Value(1.0))
    with pytest.raises(ShapeError, match="'x' has 2 samples and 'y' has 1"):
        engine.lift(lambda x, y: x * y, batch=True)([Value(1.0), 2.0], [1.0])
    with pytest.raises(TypeError, match="takes no inputs"):
        engine.lift(w * w)(Value(1.0))


def test_numbers_are_computed_by_the_program_as_ever():
    program = engine.lift(lambda x: x * x)
    assert type(program(3.0)) is float
    assert engine.grad(lambda x: x * float(program(3.0)))(1.0) == 9.0


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.uint64])
def test_integers_beside_values_compute_as_they_do_in_the_program(kind):
    """They neither wrap nor refuse negative powers, whatever type the caller's integers have."""

    def f(x, n):
        return x * (n + 1) ** -1 + (n * n - 200) * x + (n - 2) * x

    counts = np.array([0, 1, 100], kind)
    numbers = np.array([0.5, -1.0, 2.0])
    values = np.array([engine.Value(x) for x in numbers], dtype=object)
    program = engine.lift(f, batch=True, reduction="sum")
    wanted = program(numbers, counts)
    assert np.isclose(wanted, sum(f(x, int(n)) for x, n in zip(numbers, counts)))
    assert np.isclose(program(values, counts).data, wanted)
    one = engine.lift(f)
    for x, n in zip(numbers, counts):
        assert np.isclose(one(engine.Value(x), n).data, f(x, int(n)))
    sums = engine.lift(lambda x, n: x * (n[0] - n[2]) ** -1)
    assert np.isclose(sums(engine.Value(0.5), counts).data, -0.005)
    assert np.isclose(sums(engine.Value(0.5), counts).data, sums(0.5, counts))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_samples_of_several_results(reduction):
    program = engine.lift(lambda x: {"a": x[0] * x[1], "b": [x[0]]}, batch=True, reduction=reduction)
    X = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    numbers = program(np.array([[1.0, 2.0], [3.0, 4.0]]))
    values = program(X)
    assert np.asarray(values["a"], float).tolist() == np.asarray(numbers["a"]).tolist()
    assert np.asarray(values["b"][0], float).tolist() == np.asarray(numbers["b"][0]).tolist()
    engine.total(list(np.ravel(values["a"]))).backward()
    assert X[0][0].grad == {"mean": 1.0}.get(reduction, 2.0)
