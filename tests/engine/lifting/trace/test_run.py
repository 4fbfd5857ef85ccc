"""What a function does to its surroundings: what settles is lifted, what every run changes said, the rest refused."""

from __future__ import annotations

import collections
import functools
import warnings

import numpy as np
import pytest

import engine
from engine import Value
from engine.errors import LiftError


class Model:
    """Everything that a model may do beside computing x * k."""

    def __init__(self):
        self.k, self.calls, self.w, self.h, self.memo, self.log = 2.0, 0, None, None, {}, []
        self.table, self.seen, self.buffer = collections.defaultdict(lambda: 2.0), set(), np.zeros(2)

    @functools.cached_property
    def twice(self):
        return self.k * 2.0

    def caches(self, x):
        return x * self.twice * 0.5

    def remembers(self, x):
        if "k" not in self.memo:
            self.memo["k"] = self.k + 0.0
        return x * self.memo["k"]

    def defaults(self, x):
        return x * self.table["k"]

    def makes_a_parameter(self, x):
        if self.w is None:
            self.w = Value(2.0, "w")
        return x * self.w

    def leaves_a_value(self, x):
        self.out = x * self.k
        return self.out

    def counts(self, x):
        self.calls += 1
        return x * self.k

    def logs(self, x):
        self.log.append(x)
        return x * self.k

    def notes(self, x):
        self.seen.add(id(x))
        return x * self.k

    def fills(self, x):
        self.buffer[0] += 1.0
        return x * self.k

    def counts_and_reads(self, x):
        self.calls += 1
        return x * self.calls

    def carries(self, x):
        self.h = x if self.h is None else self.h * 0.5 + x
        return self.h

    def remembers_a_value(self, x):
        return x * self.memo.setdefault("k", x * 2.0)


def silent(program, x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return program(x)


@pytest.mark.parametrize("name", ["caches", "remembers", "defaults", "makes_a_parameter"])
def test_what_settles_is_lifted_in_silence(name):
    model = Model()
    program = engine.lift(getattr(model, name))
    assert silent(program, 3.0) == 6.0
    trace = program.latest
    assert silent(program, 4.0) == 8.0
    assert program.latest is trace


def test_a_parameter_that_the_first_call_makes_is_one():
    model = Model()
    program = engine.lift(model.makes_a_parameter)
    assert program.value_and_grad(3.0)[1].named() == {"w": 3.0}
    model.w.data = 5.0
    assert program(3.0) == 15.0
    model.w = Value(7.0, "w")
    assert (program(3.0), program.pull().tolist()) == (21.0, [7.0])


LEFT = {
    "leaves_a_value": "Model.out",
    "counts": "Model.calls",
    "logs": "Model.log",
    "notes": "Model.seen",
    "fills": "Model.buffer",
}


@pytest.mark.parametrize("name", LEFT)
def test_what_every_run_changes_is_said_once_and_compared_no_more(name):
    model = Model()
    program = engine.lift(getattr(model, name))
    with pytest.warns(UserWarning, match=f"{name} changes {LEFT[name]} whenever it runs") as said:
        assert program(3.0) == 6.0
    assert (len(said), said[0].filename) == (1, __file__)
    trace = program.latest
    assert silent(program, 4.0) == 8.0
    assert program.latest is trace
    model.k = 5.0
    assert silent(program, 3.0) == 15.0
    assert engine.grad(program)(3.0) == 5.0  # runs the function itself
    trace = program.latest
    assert silent(program, 3.0) == 15.0
    assert program.latest is trace


def test_a_global_and_a_variable_that_count():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return x * 2.0

    with pytest.warns(UserWarning, match="f changes the variable calls whenever it runs"):
        assert engine.lift(f)(3.0) == 6.0


def test_what_is_computed_of_what_every_run_changes_is_refused():
    with pytest.raises(LiftError, match=r"did not compute the same twice .*: it changes Model.calls, which it reads"):
        engine.lift(Model().counts_and_reads)(3.0)


@pytest.mark.parametrize(("name", "place"), [("carries", "Model.h"), ("remembers_a_value", "Model.memo")])
def test_a_value_of_one_run_that_another_uses_is_refused(name, place):
    with pytest.raises(LiftError, match=f"{name} keeps a Value that it has computed in one call, in {place}"):
        engine.lift(getattr(Model(), name))(3.0)


def test_random_numbers_are_refused_though_the_graph_is_the_same():
    numbers = np.random.default_rng(0)
    for draw in (numbers.random, np.random.RandomState(0).random_sample):
        with pytest.raises(LiftError, match="it draws random numbers"):
            engine.lift(lambda x, draw=draw: x * (2.0 if draw() < 2.0 else 3.0))(3.0)
