"""Masks: which choices hand an operation a cotangent, and what holds whichever way they go."""

from __future__ import annotations

import time

import pytest

import engine
from engine.lifting.passes.reached import ALWAYS, NEVER, Reached


def trace_of(f):
    """The trace of a function of two numbers and of an integer that chooses."""
    program = engine.lift(f, verify=False)
    program([0.5, 1.5], 0)
    return program.latest.trace


def mask_of(f, op):
    """The mask of the first operation of that name, with the trace."""
    trace = trace_of(f)
    return Reached(trace).masks[trace.ops.index(op)], trace


def test_a_side_is_reached_where_its_condition_holds():
    mask, trace = mask_of(lambda x, k: engine.where(x[0] > 0, engine.exp(x[1]), x[1]), "exp")
    assert mask == {frozenset({(trace.operands[trace.ops.index("where")][0], -1, True)})}


def test_what_both_sides_read_is_always_reached():
    both = mask_of(lambda x, k: (lambda h: engine.where(x[0] > 0, h, h * 2.0))(engine.exp(x[1])), "exp")[0]
    assert both is ALWAYS


def test_what_no_cotangent_reaches():
    assert mask_of(lambda x, k: engine.where(engine.exp(x[0]) > 1.0, x[1], x[0]), "exp")[0] is NEVER


@pytest.mark.parametrize("entries", [2, 27])
def test_what_every_entry_of_a_table_reads_is_always_reached(entries):
    """A softmax, of which one entry is chosen: its sum is read by each."""

    def chosen(x, k):
        h = engine.exp(x[1])
        return engine.select([h * float(n + 2) for n in range(entries)], k)

    assert mask_of(chosen, "exp")[0] is ALWAYS
    mask, trace = mask_of(chosen, "multiply")
    index = trace.operands[trace.ops.index("select")][-1]
    assert mask == {frozenset({(index, 0, True)})}


def test_the_smallest_table_says_which_entries_an_index_can_choose():
    def chosen(x, k):
        h, one = engine.exp(x[1]), [x[1] * float(n + 2) for n in range(3)]
        return engine.select([h * 2.0, h * 3.0, *one], k) + engine.select([x[1] + 1.0, x[1] + 2.0], k)

    assert mask_of(chosen, "exp")[0] is ALWAYS


def test_a_part_of_the_entries_is_not_all():
    def chosen(x, k):
        h = engine.exp(x[1])
        return engine.select([h * 2.0, h * 3.0, x[1] * 4.0], k)

    mask, trace = mask_of(chosen, "exp")
    index = trace.operands[trace.ops.index("select")][-1]
    assert mask == {frozenset({(index, 0, True)}), frozenset({(index, 1, True)})}


def test_choices_within_choices_are_joined_from_the_inside_out():
    def chosen(x, k):
        h = engine.exp(x[1])
        inner = engine.where(x[1] > 0, h * 2.0, h * 3.0)
        return engine.where(x[0] > 0, inner, x[1])

    mask, _ = mask_of(chosen, "exp")
    assert [len(term) for term in mask] == [1]


def test_many_tables_take_time_in_proportion():
    def trace_of_tables(n):
        def chosen(x, k):
            total = x[0] * 0.0
            for _ in range(n):
                parts = [engine.exp(total + 0.1 * entry) for entry in range(30)]
                whole = engine.total(parts)
                total = total + engine.select([p / whole for p in parts], k)
            return total

        return trace_of(chosen)

    def seconds(trace):
        start = time.process_time()
        Reached(trace)
        return time.process_time() - start

    short, long = trace_of_tables(8), trace_of_tables(32)
    assert min(seconds(long) for _ in range(3)) < 12 * min(seconds(short) for _ in range(3))
