"""Which results are booleans and which are integers: by what reads them."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import lowering

import engine
from engine.lifting.passes.arrange import arrange
from engine.lifting.passes.group import group
from engine.lifting.passes.normalise import normalise
from engine.lifting.passes.settle import settle

X = np.array([1.0, -2.0, 0.5])


def types(f, *inputs):
    """(operation, type of its result) before settling and after it."""
    low = lowering(f, *inputs)
    groups = group(normalise(low.trace))
    external = low.task.external
    before = arrange(groups, low.task.leaves(groups), dict(zip(external.numbers, external.inputs)), low.task.cells)
    after = settle(before)
    assert {step.target.source.dtype for step in before.forward} == {"float"}  # what was given is as it was
    assert str(after) == str(before)
    return [(step.op, step.target.source.dtype) for step in after.forward]


CASES = {
    "a condition": (lambda x: engine.where(x[0] < x[1], x[0], x[2]), [("less", "bool"), ("where", "float")]),
    "conditions that are put together": (
        lambda x: engine.where((x[0] < x[1]) & (x[1] < x[2]), x[0], x[2]),
        [("less", "bool"), ("multiply", "float"), ("where", "float")],
    ),
    "a comparison that is multiplied": (
        lambda x: engine.exp(engine.where(x[0] < x[1], 1.0, 0.0) * x[2]),
        [("less", "bool"), ("where", "float"), ("multiply", "float"), ("exp", "float")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_by_what_reads_it(case):
    f, want = CASES[case]
    assert types(f, X) == want


def test_integers_choose():
    def f(x, k):
        return engine.total([engine.exp(engine.select(list(x), k[i])) for i in (0, 2, 1, 2)])

    assert types(f, X, np.array([1, 2, 0])) == [
        ("gather", "int"), ("gather", "float"), ("exp", "float"), ("gather", "float"), ("sum", "float"),
    ]  # fmt: skip


def test_a_result_is_a_number():
    low = lowering(lambda x: engine.where(x[0] < 2.0, x[0], x[1]) if x[0] < x[1] + 9.0 else x[0], X)
    value, guard = low.run(low.steps())
    assert value.dtype == guard.dtype == float
