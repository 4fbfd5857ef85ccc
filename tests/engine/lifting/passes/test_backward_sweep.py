"""Cotangents are handed over where one reader hands one back, and added up in an array where there are several."""

from __future__ import annotations

from engine.lifting.passes.backward_sweep import BackwardSweep
from engine.lifting.views import Literal, Source


def source(name, shape, batched=False):
    return Source(name, shape, "input", batched)


def begun(x, views):
    sweep = BackwardSweep({x})
    sweep.begin({x: views}, set(), {})
    return sweep


def test_what_is_read_once_and_whole_has_no_array():
    x, g = source("x", (2, 3)), source("g", (2, 3))
    sweep = begun(x, [x.view])
    sweep.add(x.view, g.view, batched=False)
    assert sweep.cotangent[x].source is g and sweep.cotangent[x].shape == x.shape and sweep.steps == []


def test_what_is_read_twice_is_added_to_zeros():
    x, g = source("x", (2, 3)), source("g", (2, 3))
    sweep = begun(x, [x.view, x.view])
    sweep.add(x.view, g.view, batched=False)
    sweep.add(x.view, Literal(1.0), batched=False)
    assert [(step.op, step.accumulate) for step in sweep.steps] == [("fill", False), ("copy", True), ("copy", True)]


def test_what_a_view_repeats_is_summed_and_a_number_is_multiplied():
    x, g = source("x", (2, 1)), source("g", (2, 3))
    repeated = x.view.broadcast_to((2, 3))
    sweep = begun(x, [repeated, repeated])
    sweep.add(repeated, g.view, batched=False)
    sweep.add(repeated, Literal(2.0), batched=False)
    assert [step.op for step in sweep.steps] == ["fill", "sum", "copy", "copy"]
    assert sweep.steps[-1].operands == (Literal(6.0),)


def test_what_all_samples_share_is_their_sum():
    x, g = source("x", (3,)), source("g", (3,), batched=True)
    sweep = begun(x, [x.view, x.view])
    sweep.add(x.view, g.view, batched=True)
    assert [(step.op, step.over_batch) for step in sweep.steps[1:]] == [("sum", True), ("copy", False)]
    sweep.add(x.view, Literal(1.0), batched=True)
    assert sweep.steps[-1].operands == (Literal(1.0, 1),)
