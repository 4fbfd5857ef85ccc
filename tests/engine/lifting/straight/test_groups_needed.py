"""Array operations that a tape would be: what branches cut into pieces is counted as one."""

from __future__ import annotations

import numpy as np

import engine
from engine.lifting.straight.blocks import blocks
from engine.lifting.straight.groups_needed import grouped_steps
from engine.lifting.straight.runs import runs
from engine.lifting.straight.tape import tape

W = [engine.Value(0.1 * k, f"w[{k}]") for k in range(4)]
ROWS = np.random.default_rng(5).normal(size=(150, 4)).tolist()


def hinge(x):
    total = 0.0
    for row in ROWS:
        margin = engine.dot(W, row) * x
        if margin < 1.0:
            total = total + (1.0 - margin)
    return total


def chain(x):
    for _ in range(300):
        x = x + 0.1 * engine.sin(x)
    return x


def counted(f):
    program = engine.lift(f, verify=False)
    program(1.0)
    known = program.latest
    written_down = tape(known.trace, known.parameters.places(known.trace), known.parameters.flat.cells, [1])
    return program, grouped_steps(written_down, blocks(written_down, runs(written_down.codes)).readings)


def test_pieces_of_a_loop_are_taken_at_once():
    program, count = counted(hinge)
    assert count == 4  # the products, their differences, the sum, the comparisons
    assert not program.stats.in_loops and program.stats.array_operations < 3 * count


def test_what_comes_one_after_the_other_is_as_many_steps():
    program, count = counted(chain)
    assert count == 600
    assert program.stats.in_loops
