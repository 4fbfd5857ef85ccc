"""What chooses: a table's entry is a gather that an integer moves, the largest of each row a maximum."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import lowering

import engine
from engine import Value

TABLE = [Value(1.0 + k, f"p[{k}]") for k in range(12)]


def gathers(low):
    return [step.gather() for step in low.steps().forward if step.op == "gather" and step.gather().chosen is not None]


def test_an_entry_of_a_table_that_lies_in_memory_is_read_where_it_is():
    low = lowering(lambda i: engine.select(TABLE, i) * TABLE[0], 3)
    (gather,) = gathers(low)
    assert (gather.source.kind, gather.stride, gather.reach) == ("parameters", 1, 11)
    assert low.run(low.steps())[0] == 4.0


def test_rows_are_as_far_apart_as_they_lie():
    rows = [TABLE[4 * r : 4 * r + 4] for r in range(3)]
    low = lowering(lambda i: engine.total([v * v for v in engine.select(rows, i)]), 2)
    (gather,) = gathers(low)
    assert (gather.stride, gather.reach, gather.shape) == (4, 8, (4,))
    assert low.run(low.steps())[0] == sum((9.0 + k) ** 2 for k in range(4))


def test_a_table_whose_entries_lie_unevenly_is_packed_first():
    uneven = [TABLE[k] for k in (0, 1, 5, 11)]
    low = lowering(lambda i: engine.select(uneven, i) * TABLE[2], 3, parameters=TABLE)
    (gather,) = gathers(low)
    assert (gather.source.kind, gather.stride, gather.reach) == ("value", 1, 3)
    assert low.run(low.steps())[0] == 12.0 * 3.0


@pytest.mark.parametrize("i", [0, 1])
def test_short_tables_are_filled_up_with_entries_that_no_index_reaches(i):
    low = lowering(lambda i: engine.select(TABLE[:2], i) * engine.select(TABLE[:5], i) * TABLE[11], i)
    assert low.run(low.steps())[0] == (1.0 + i) ** 2 * 12.0


def test_the_largest_of_rows_and_of_runs():
    rows = lowering(lambda x: engine.total([engine.logsumexp(r) for r in x]), np.arange(6.0).reshape(2, 3))
    runs = lowering(lambda x: engine.total([engine.logsumexp(x[:k]) for k in (1, 2, 3)]), np.arange(3.0))
    for low, op in ((rows, "max"), (runs, "segment_max")):
        (step,) = [step for step in low.steps().forward if step.op == op]
        assert step.constant
