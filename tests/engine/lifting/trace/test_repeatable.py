"""A function is run once where all that it sees computes the same each time, and otherwise its runs are compared."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import functools
import itertools
import math
import operator
import random
import time
from pathlib import Path

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.trace import run
from engine.lifting.trace.closure import Surroundings

ROWS = [[0.5, 1.5], [2.0, 3.0]]
TODAY = datetime.date(2020, 1, 1)
COUNT = itertools.count()
LETTER, DRAWS = "i", np.random
HERE = Path(__file__)
draw = random.random  # under another name
tell = time.perf_counter
fetch = operator.attrgetter("born")


@dataclasses.dataclass(frozen=True)
class Scale:
    k: float = 2.0


class Layer:
    """Its weights are drawn when it is made, and not when it is used."""

    def __init__(self) -> None:
        self.w = [Value(np.random.default_rng().normal()) for _ in range(2)]

    def __call__(self, x):
        return engine.dot(self.w, [x, x]) * self.slope

    @property
    def slope(self):
        return self.helped(2.0)

    @staticmethod
    def helped(y):
        return y

    def another(self, x):
        return Layer()(x)

    def as_itself(self, x):
        return type(self)()(x)

    @classmethod
    def made(cls, x):
        return cls()(x)


class Clock(collections.UserDict):
    """It says another number each time, wherever one looks."""

    def __getitem__(self, key):
        return time.perf_counter_ns()


layer, clock, scale, seeds = Layer(), Clock(), Scale(), np.random.default_rng(3)
halves = functools.partial(pow, 0.5)
weights = np.linspace(0.0, 1.0, 3)
turned = iter(ROWS)

REPEATABLE = {
    "arithmetic": lambda x: x * 2.0 + 1.0,
    "loops and containers": lambda x: sum(a * x for row in ROWS for a in row) + len({"a": x}),
    "the engine's functions": lambda x: engine.softmax([x, x * 2.0])[0] + engine.where(x > 0.0, x, 0.0),
    "mathematics and NumPy": lambda x: x * math.sin(0.5) * float(np.dot(weights, np.exp(weights))),
    "a model": layer,
    "a frozen dataclass": lambda x: x * scale.k,
    "a partial and a comprehension": lambda x: [v * halves(2.0) for v in (x, x)][1],
    "an inner function": lambda x: (lambda y: y * y)(x),
    "sorting": lambda x: sorted(ROWS, key=operator.itemgetter(0))[0][0] * x,
    "a text in an error": lambda x: x if ROWS else ValueError(f"no rows for {x}"),
}
VARYING = {
    "draws": lambda x: x * random.random(),
    "a seed": lambda x: x * float(random.randint(0, 9)),
    "draws under another name": lambda x: x * draw(),
    "a generator of random numbers": lambda x: x * seeds.normal(),
    "NumPy's random numbers": lambda x: x * DRAWS.uniform(),
    "a generator of its own": lambda x: x * np.random.default_rng().normal(),
    "a clock": lambda x: x * time.perf_counter(),
    "a clock under another name": lambda x: x * tell(),
    "a clock as a container": lambda x: x * clock["now"],
    "today": lambda x: x * TODAY.today().day,
    "memory that nobody has written": lambda x: x * np.empty(1)[0],
    "an address": lambda x: x * id(object()),
    "an address under another name": lambda x: x * hash(object()),
    "the order of a set": lambda x: sum({x, x * 2.0, x * 3.0}) if isinstance(x, Value) else x,
    "the order of a set by its name": lambda x: sum(set(ROWS[0])) * x,
    "a count": lambda x: x * next(COUNT),
    "an iterator that is used up": lambda x: x * len(list(turned)),
    "a file's state": lambda x: x * HERE.stat().st_size,
    "when a Value was born": lambda x: x * (x + 1.0).born,
    "the same by its text": lambda x: x * fetch(x + 1.0),
    "a name that is put together": lambda x: x * getattr(math, "p" + LETTER),
    "an import": lambda x: x * __import__("time").time(),
    "globals": lambda x: x * globals()["ROWS"][0][0],
    "a class that draws, called": layer.another,
    "a class that draws, asked of its object": layer.as_itself,
    "a class that draws, by its method": Layer.made,
    "Python's machinery": lambda x: x * len(Layer.__subclasses__()),
}


@pytest.fixture
def runs(monkeypatch):
    """How often functions were run on Values."""
    count: list[None] = []
    plain = run.run_on_values

    def counted(*arguments, **keywords):
        count.append(None)
        return plain(*arguments, **keywords)

    monkeypatch.setattr(run, "run_on_values", counted)
    return count


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_is_known_to_compute_the_same_is_run_once(name, runs):
    f = REPEATABLE[name]
    assert Surroundings(f).repeatable
    assert engine.lift(f, verify=False)(1.5) == pytest.approx(float(f(1.5)), rel=1e-12)
    assert len(runs) == 1


@pytest.mark.parametrize("name", VARYING)
def test_what_may_differ_is_not(name):
    assert not Surroundings(VARYING[name]).repeatable


def test_a_longer_input_is_a_run(runs):
    program = engine.lift(lambda x: engine.total([v * v for v in x]), verify=False)
    for n in (2, 3, 4):
        assert program([2.0] * n) == 4.0 * n
    assert len(runs) == 3


def test_what_varies_at_a_longer_input_alone_is_refused():
    program = engine.lift(lambda x: x[0] if len(x) < 3 else x[0] * time.perf_counter_ns())
    assert program([1.0, 2.0]) == 1.0
    with pytest.raises(engine.LiftError, match="did not compute the same twice"):
        program([1.0, 2.0, 3.0])


def test_what_the_first_run_makes_is_seen_by_a_second(runs):
    memo: dict[str, float] = {}
    program = engine.lift(lambda x: x * memo.setdefault("k", 2.0), verify=False)
    assert program(3.0) == 6.0
    assert len(runs) == 3


def test_a_value_of_every_run_is_a_number(runs):
    program = engine.lift(lambda x: x * Value(2.0, "w"), verify=False)
    assert (program(3.0), program.parameters, len(runs)) == (6.0, {}, 1)


def test_what_a_value_is_asked_for_in_vain_is_looked_for_again(runs):
    w = Value(2.0)

    def f(x):
        try:
            return x * w.memo
        except AttributeError:
            w.memo = 2.0
            return x * 2.0

    assert engine.lift(f, verify=False)(3.0) == 6.0
    assert len(runs) > 1
