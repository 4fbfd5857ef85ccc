"""Cells of a grid are set apart by their boundary, samples are not."""

from __future__ import annotations

import pytest

import engine
from engine import Value
from engine.lifting.straight.set_apart import LOOKED_AT, operations_of_a_signature
from engine.lifting.trace.record import record


def looked_at(f, n):
    x = [Value(0.5 + 0.01 * k, f"x[{k}]") for k in range(n)]
    return operations_of_a_signature(record([f(x)], {}))


def grid(x):
    row = list(x)
    for _ in x:
        now = [engine.sin(row[0])]
        for above in row[1:]:
            now.append(engine.sin(now[-1]) * engine.cos(above))
        row = now
    return engine.total(row)


def samples(x):
    total = 0.0
    for v in x:
        total = total - engine.tanh(v * x[0] + 1.0) * v
    return total


def test_a_grid_is_set_apart_at_any_size():
    for n in (20, 70):
        assert looked_at(grid, n) < 4


def test_samples_are_one_kind_at_any_count():
    assert looked_at(samples, 100) > 60 and looked_at(samples, 2 * LOOKED_AT) > 300


@pytest.mark.slow
def test_a_grid_whose_diagonals_are_long_is_loops_over_floats():
    program = engine.lift(lambda x: grid(x), verify=False)
    program([0.5 + 0.01 * k for k in range(90)])
    assert program.stats.in_loops
