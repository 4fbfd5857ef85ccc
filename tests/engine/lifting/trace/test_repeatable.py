"""A function is run once where all that it sees computes the same each time, and otherwise its runs are compared."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
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
DATES, BY_DATE = [datetime.date(2021, 1, 1)], {datetime.date(2022, 1, 1): 1.0}
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


class Plain:
    def __init__(self, v=None):
        self.v = v


class Counter(itertools.count):
    """Where it stands is nowhere but in its base."""


class Told(Exception):
    pass


class Ticking:
    """What Python asks of it are no functions of anybody's."""

    __call__ = time.perf_counter
    __next__ = itertools.count().__next__
    __getitem__ = functools.partialmethod(lambda self, k: time.perf_counter())


class Late:
    """It reads a clock where nobody names what does."""

    __match_args__ = ("level",)

    @property
    def level(self):
        return time.perf_counter()

    @level.setter
    def level(self, v):
        self.v = time.perf_counter()

    @level.deleter
    def level(self):
        self.v = time.perf_counter()

    def __format__(self, spec):
        return str(time.perf_counter())


class Dated(type):
    def __new__(cls, name, bases, held):
        made = super().__new__(cls, name, bases, held)
        made.born_at = time.perf_counter()
        return made


class Base(metaclass=Dated):
    pass


class Lengths(dict):
    def __missing__(self, key):
        return float(key[-5:-1])


def derived(x):
    class Derived(Base):
        pass

    return x * Derived.born_at


def raised(x):
    try:
        raise ValueError(f"{Plain()}")
    except ValueError as error:
        return x * len(error.args[0])


class Drawn(collections.deque):
    def __init__(self, *items):
        super().__init__(*items)
        self.drawn = time.perf_counter()


class Mode(enum.Enum):
    A = 1


def matched(x):
    match late:
        case Late(level=v):
            return x * v


def by_place(x):
    match late:
        case Late(v):
            return x * v


def setting(x):
    new = Late()
    new.level = 1.0
    return x * new.v


def deleting(x):
    new = Late()
    del new.level
    return x * new.v


layer, clock, scale, seeds = Layer(), Clock(), Scale(), np.random.default_rng(3)
halves = functools.partial(pow, 0.5)
weights = np.linspace(0.0, 1.0, 3)
turned = iter(ROWS)
table, nobody, late, ticking, drawn = {"w0": 2.0, "w1": 3.0}, frozenset(), Late(), Ticking(), Drawn([1.0])
lengths = Lengths()
counted, told, error = Counter(), Told(0), ValueError(0)
ticks = np.frompyfunc(lambda v: v * time.perf_counter(), 1, 1)
where, options, template, now = weights > 0.0, {"where": weights > 0.0}, "%s", "now"
number, braces = "w%d", "{}"
logarithm = functools.partial(np.log, where=where)

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
    "a text that is a key": lambda x: sum(table[f"w{i}"] * x for i in range(2)),
    "a number in a key": lambda x: sum(table[number % i] * x for i in range(2)),
    "items, one after the other": lambda x: sum(v * x for _, v in sorted(table.items()) if list(table.keys())),
    "an enumeration": lambda x: x * Mode.A.value,
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
    "today, of one of several dates": lambda x: x * max([TODAY, *DATES]).today().day,
    "today, of a key": lambda x: x * next(iter(BY_DATE)).today().day,
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
    "a ufunc of somebody's function": lambda x: x * ticks(2.0),
    "memory that a ufunc leaves": lambda x: x * np.log(weights, where=where)[0],
    "memory that options leave": lambda x: x * np.log(weights, **options)[0],
    "memory that a partial leaves": lambda x: x * logarithm(weights)[0],
    "memory that padding leaves": lambda x: x * np.pad(weights, 1, mode="empty")[0],
    "memory of an array's class": lambda x: x * np.ndarray(1)[0],
    "now, as NumPy reads it": lambda x: x * np.array("now", dtype="M8[us]").astype(int),
    "now, by a variable": lambda x: x * np.array(now, dtype="M8[us]").astype(int),
    "a count of a derived class": lambda x: x * next(counted),
    "what an error holds": lambda x: x * error.args[0],
    "what an error of a derived class holds": lambda x: x * told.args[0],
    "a call that is no function": lambda x: x * ticking(),
    "a next that is no function": lambda x: x * next(ticking),
    "an item that is no function": lambda x: x * ticking[0],
    "a copy that its class makes": lambda x: x * drawn.copy().drawn,
    "an attribute that a pattern asks for": matched,
    "an attribute by its place in a pattern": by_place,
    "a property that is set": setting,
    "a property that is deleted": deleting,
    "an address in a text": lambda x: x * len(repr(Plain())),
    "an order of texts with addresses": lambda x: sorted([Plain(x), Plain(x * 2.0)], key=str)[0].v,
    "an address in a literal": lambda x: x * float(f"{Plain()}"[-5:-1]),
    "a function's address in a literal": lambda x: x * float(f"{(lambda: 0)}"[-5:-1]),
    "an object's own text in a literal": lambda x: x * float(f"{late}"),
    "an address by a format": lambda x: x * len(braces.format(Plain())),
    "an address by a template": lambda x: x * len(template % Plain()),
    "the order of keys": lambda x: next(iter({Plain(): x, Plain(): x}.keys() & table.keys()), x),
    "the order of items": lambda x: next(iter({Plain(): x}.items() - table.items()))[1],
    "the order of a set that a method makes": lambda x: next(iter(nobody.union([x, x * 2.0]))),
    "the order of keys of several": lambda x: next(iter(functools.reduce(operator.or_, map(dict.keys, [{x: 1}, {}])))),
    "memory of the class of an array": lambda x: x * type(weights)(1)[0],
    "a metaclass that reads a clock": derived,
    "an address that is looked up": lambda x: x * lengths[f"{Plain()}"],
    "an address that is raised": raised,
    "a module of the engine's": lambda x: x * engine.value.count,
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


@pytest.mark.parametrize("owner", [lambda x: x, math, Value], ids=["a function", "a library", "the engine's class"])
def test_what_is_stored_where_no_call_looks_is_looked_for(owner):
    def counts(x):
        owner.count = getattr(owner, "count", 0) + 1
        return x * owner.count

    try:
        with pytest.raises(engine.LiftError, match="did not compute the same twice"):
            engine.lift(counts)(3.0)
    finally:
        del owner.count


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


def _growing_name(x):
    Plain.__name__ += "e"
    return x * len(Plain.__name__)


def _growing_member(x):
    for mode in Mode:
        mode.seen = getattr(mode, "seen", 0) + 1
    return x * next(iter(Mode)).seen


@pytest.mark.parametrize("f", [_growing_name, _growing_member], ids=["a class's name", "a member of an enumeration"])
def test_what_a_run_changes_is_seen_wherever_it_is(f):
    with pytest.raises(engine.LiftError, match="did not compute the same twice"):
        engine.lift(f, verify=False)(3.0)


def test_whether_an_array_can_be_written_is_seen(runs):
    held = np.ones(3)

    def f(x):
        held.flags.writeable = False
        return x * 2.0

    assert engine.lift(f, verify=False)(3.0) == 6.0
    assert len(runs) == 3


class Counting:
    """It counts its calls, and reads the count for longer inputs alone."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x[0] * self.calls if len(x) > 2 else x[0]


def test_what_is_left_to_the_function_is_not_taken_for_unchanged():
    program = engine.lift(Counting(), verify=False)
    with pytest.warns(UserWarning, match="Counting.calls"):
        assert program([1.0, 2.0]) == 1.0
    with pytest.raises(engine.LiftError, match="did not compute the same twice"):
        program([1.0, 2.0, 3.0])


def test_an_array_that_is_read_at_each_call_is_not_taken_for_unchanged():
    held = np.ones((100, 100))

    def f(x):
        if len(x) > 2:
            held[0, 0] += 1.0
        return x[0] * held[0, 0]

    program = engine.lift(f, verify=False)
    assert program([1.0, 2.0]) == 1.0
    with pytest.raises(engine.LiftError, match="did not compute the same twice"):
        program([1.0, 2.0, 3.0])


SCALE = {"k": 2.0}


class Scaled:
    __match_args__ = ("level",)

    @property
    def level(self):
        return SCALE["k"]

    @level.setter
    def level(self, v):
        self.v = v * SCALE["k"]


scaled, scaling = Scaled(), np.frompyfunc(lambda v: v * SCALE["k"], 1, 1)


def _set(x):
    new = Scaled()
    new.level = x
    return new.v


def _matched(x):
    match scaled:
        case Scaled(k):
            return x * k


@pytest.mark.parametrize("f", [_set, _matched, lambda x: x * scaling(1.0)], ids=["a setter", "a pattern", "a ufunc"])
def test_what_is_reached_without_a_name_is_followed(f, monkeypatch):
    program = engine.lift(f, verify=False)
    assert program(3.0) == 6.0
    monkeypatch.setitem(SCALE, "k", 5.0)
    assert program(3.0) == 15.0
