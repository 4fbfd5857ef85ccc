"""What depends on what, as bits; colours are no more than rows need, and no row has one twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.lifting.passes.dependence import colours, dependence, members, reached_results, total_bits


def traced(f, *inputs):
    program = engine.lift(f)
    program(*inputs)
    trace = program.latest.trace
    return trace, {i: leaf.position for i, leaf in trace.leaves.items() if leaf.role == "input"}


def test_through_what_passes_no_derivative_nothing_depends():
    def f(x):
        return [x[0] * x[1], engine.where(x[0] > x[1], x[2], 0.0), engine.floor(x[0]), engine.stop_gradient(x[1])]

    trace, columns = traced(f, [1.0, 2.0, 3.0])
    depends = dependence(trace, columns)
    assert [depends[root] for root in trace.roots] == [0b011, 0b100, 0, 0]
    reached = reached_results(trace, columns)
    assert {columns[i]: reached[i] for i in columns} == {0: 0b0001, 1: 0b0001, 2: 0b0010}
    assert total_bits(depends[root] for root in trace.roots) == 3


@given(st.lists(st.integers(0, 2**12 - 1), max_size=12))
def test_no_row_has_a_colour_twice(rows):
    chosen = colours(rows, 12)
    for row in rows:
        own = [chosen[k] for k in members(row)]
        assert len(own) == len(set(own))


def test_bands_need_as_many_colours_as_they_are_wide():
    assert max(colours([0b111 << k for k in range(50)], 52)) == 2
    assert max(colours([1 << k for k in range(50)], 50)) == 0
