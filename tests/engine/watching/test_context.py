"""While somebody asks, every node knows its line; before and after, nothing is different."""

from __future__ import annotations

import contextlib
import copy
import pickle
import threading

import numpy as np
import pytest

import engine
from engine import Value
from engine.watching import line_of

FILE = "test_context.py"


def build(x):
    a = engine.exp(x)
    b = a * x + 1.0
    return engine.dot([a, b], [b, 2.0]) - b**2


def test_every_operation_knows_the_line_that_made_it():
    x = Value(0.5, "x")
    with engine.provenance():
        z = build(x)
        array = np.array([x, x]) * 2.0
    first = build.__code__.co_firstlineno
    lines = {node.op: line_of(node).split(" ")[0] for node in engine.graph.order(z) if node.parents}
    assert lines == {
        "exp": f"{FILE}:{first + 1}", "multiply": f"{FILE}:{first + 2}", "add": f"{FILE}:{first + 2}",
        "dot": f"{FILE}:{first + 3}", "power_constant": f"{FILE}:{first + 3}", "subtract": f"{FILE}:{first + 3}",
    }  # fmt: skip
    assert line_of(array[0]).startswith(f"{FILE}:")
    assert line_of(x) == line_of(build(x)) == ""


def test_a_watched_graph_computes_differentiates_and_lifts_as_ever():
    x, y = Value(0.5, "x"), Value(0.5, "x")
    with engine.provenance():
        z = build(x)
        assert engine.grad(build)(0.5) == engine.grad(lambda v: build(v))(0.5)
        assert engine.hessian(lambda v: build(v[0]))([0.5]) is not None
        program = engine.lift(build)
        assert program(0.5) == pytest.approx(z.data, rel=1e-15)
    other = build(y)
    z.backward()
    other.backward()
    assert (z.data, x.grad) == (other.data, y.grad)
    assert engine.lift(z).value_and_grad()[1].parameters[0] == pytest.approx(x.grad, rel=1e-15)
    for twin in (copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
        assert twin.data == z.data
    assert repr(z) == repr(other)
    with pytest.raises(TypeError, match="got a Watched. It is a Value already"):
        Value(z)


def test_it_ends_with_the_block_also_inside_another_and_after_an_exception():
    x = Value(1.0)
    with engine.provenance():
        with pytest.raises(ZeroDivisionError), engine.provenance():
            1 / 0  # noqa: B018
        assert line_of(x * x) != ""
    assert line_of(x * x) == ""
    assert type(x * x) is Value


def test_blocks_of_several_threads_overlap():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with engine.provenance():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(10)
    with engine.provenance():
        pass
    x = Value(1.0)
    assert line_of(x * x) != ""
    leave.set()
    thread.join()
    assert line_of(x * x) == ""


def test_find_nan_says_the_line():
    x = Value(0.0, "x")
    with engine.provenance():
        loss = build(engine.log(x))
    line = test_find_nan_says_the_line.__code__.co_firstlineno + 3
    assert str(engine.find_nan(loss)) == f"log of 'x' = 0.0 is -inf, in {FILE}:{line} 'loss = build(engine.log(x))'"


def test_a_block_that_another_function_opens():
    @contextlib.contextmanager
    def opened():
        with engine.provenance():
            yield

    x = Value(1.0)
    with opened():
        z = x * x
        a = build(x)
    assert line_of(z).startswith(f"{FILE}:")
    assert "z = x * x" in line_of(z)
    assert engine.watching.origin(a).chain[-1].function == "build"


def test_names_and_chains_are_there_when_the_block_has_ended():
    x = Value(0.5, "x")
    with engine.provenance() as words:
        z = build(x)
        y = z * 2.0
    named = {origin.name for node, origin in words.origins(y).items() if node.parents}
    assert named == {"a", "b", "z", "y", ""}
    assert engine.watching.origin(y).variable == "y"
    assert engine.watching.origin(x) is None
    assert [a.variable for a in words.assignments] == ["a", "b", "z", "y"]
