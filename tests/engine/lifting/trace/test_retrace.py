"""One more, watched run says where the operations of a trace come from; where it is another run, nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import TraceError, Value, tanh
from engine.lifting.trace.retrace import remembered_origins


def scaled(x):
    scale = x[0] * 2.0
    return [u * scale for u in x]


def loss(x):
    h = scaled(x)
    return tanh(h[0] + h[1])


def test_a_graph_remembers_what_was_watched():
    x = [Value(1.0), Value(2.0)]
    with engine.provenance():
        z = loss(x)
    known = remembered_origins(z)
    assert {origin.variable for origin in known.values()} == {"scale", "h", "z", ""}
    assert remembered_origins(loss(x)) == {}
    program = engine.lift(z)
    program()
    assert "scale" in program.source()


def test_the_function_runs_once_more_when_first_asked_and_never_before():
    runs = []

    def counted(x):
        runs.append(None)
        y = x * x
        return y * 2.0

    program = engine.lift(counted)
    with pytest.warns(UserWarning, match="changes"):
        program(3.0)
    before = len(runs)
    program(4.0)
    assert len(runs) == before
    assert "y" in program.source()
    assert len(runs) == before + 1
    program.formulas(), program.steps, program.source()
    assert len(runs) == before + 1


def test_what_branches_is_run_with_the_numbers_that_it_was_traced_with():
    def f(x):
        if x > 0.0:
            positive = x * 2.0
            return positive * x
        negative = x * 3.0
        return negative * x * x

    program = engine.lift(f)
    for x, name, other in ((1.0, "positive", "negative"), (-1.0, "negative", "positive")):
        program(x)
        assert name in program.formulas() + program.source()
        assert other not in program.formulas() + program.source()


def test_a_function_that_has_changed_is_named_by_structure():
    factor = [Value(2.0)]

    def f(x):
        y = [v * factor[0] for v in x]
        return engine.total([tanh(v) for v in y] if len(factor) == 1 else y)

    program = engine.lift(f)
    program(np.arange(9.0))
    factor.append(None)
    assert "z1" in program.source() or "t1" in program.source()


def test_a_function_that_now_raises_is_named_by_structure():
    broken = []

    def f(x):
        y = x * 2.0
        if broken:
            raise RuntimeError
        return tanh(y)

    program = engine.lift(f)
    program(1.0)
    broken.append(1)
    assert "tanh" in program.source()


def test_arrays_that_are_read_at_each_call_stand_for_themselves_again():
    table = np.linspace(0.0, 1.0, 10_000)

    def f(i):
        picked = [table[3] * u for u in i]
        return engine.total([tanh(u) for u in picked])

    program = engine.lift(f)
    assert program([2.0] * 9) == pytest.approx(9.0 * np.tanh(table[3] * 2.0))
    assert "picked" in program.source()


def test_a_refusal_speaks_of_the_author_s_variable():
    runs = []

    def f(x):
        runs.append(None)
        ms = x * x
        scale = ms + 1.0
        return scale * float(ms)

    with pytest.raises(TraceError, match=r"'ms' was turned into a float in test_retrace.py:\d+ 'return scale"):
        engine.lift(f)(2.0)
    assert len(runs) == 2
    with pytest.raises(TraceError, match="'a result of multiply' was turned into a float"):
        engine.lift(lambda x: x * float(x * x))(2.0)
