"""How many operations can be computed at once, by a look that costs less than finding out."""

from __future__ import annotations

import pytest

import engine
from engine import Value
from engine.lifting.straight.width import parallelism, width
from engine.lifting.trace.record import record


def width_of(f, n):
    x = [Value(0.5 + 0.01 * k) for k in range(n)]
    return width(record([f(x)], {}))


def scan(x):
    state = x[0]
    for v in x:
        state = engine.tanh(state * v + 0.1)
    return state


@pytest.mark.parametrize("n", [50, 200])
def test_a_recurrence_has_one_operation_at_a_time(n):
    assert width_of(scan, n) == pytest.approx(3 / 2, rel=0.05)  # an addition that one operation reads is its own


@pytest.mark.parametrize("n", [50, 200])
def test_what_is_added_up_is_as_wide_as_it_is_long(n):
    assert width_of(lambda x: sum(engine.exp(v) * v for v in x), n) > 0.9 * n


def test_a_grid_is_as_parallel_as_its_diagonals_are_long_whatever_comes_between():
    def grid(x):
        row = [0.0] * (len(x) + 1)
        for v in x:
            now = [1.0]
            for k in range(len(x)):
                now.append(engine.sin(row[k] * v) + engine.exp(engine.cos(now[-1])))
            row = now
        return row[-1]

    def parallel(f):
        return parallelism(record([f([Value(0.01 * k) for k in range(40)])], {}))

    assert parallel(grid) > 15 and parallel(scan) < 4


def test_samples_after_one_another_are_at_once():
    def f(x):
        total = 0.0
        for v in x:
            total = total - engine.tanh(v * x[0] + 1.0)
        return total

    assert width_of(f, 400) > 300
