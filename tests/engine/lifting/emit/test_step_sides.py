"""Sides of equations: what a step reads, whether it writes all of its array, and what it writes there."""

from __future__ import annotations

import numpy as np
from array_steps import CASES, FLAT, X

from engine.lifting.emit.step_sides import defines_all, sources_read, step_value, whole_side, zeros
from engine.lifting.expr import show
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Source


def scatter(places):
    target = Source("g", (3,), "value")
    gather = Gather(target, (3,), np.array(places), distinct=len(set(places)) == 3)
    return Step("scatter", target.view, (gather, FLAT.view[:3]), accumulate=True)


def test_a_scatter_reads_what_it_adds_and_not_what_it_adds_to():
    assert sources_read(scatter([2, 0, 1])) == [FLAT]
    assert sources_read(CASES["add"][0])[0] is X


def test_a_scatter_to_every_place_defines_its_array():
    assert defines_all(scatter([2, 0, 1])) and not defines_all(scatter([2, 0, 0]))


def test_a_part_and_one_number_are_told_by_their_places():
    g = Source("g", (4,), "value")
    step = Step("copy", g.view[1:3], (FLAT.view[:2],))
    assert show(whole_side(g, step, False)) == "g[1:3]" and show(step_value(step, False, {})) == "flat[:2]"
    assert show(whole_side(Source("b", (1,), "value"), step, True)) == "b[0]"


def test_zeros_have_a_shape_or_are_one_number():
    assert show(zeros(X, (2, 3))) == "zeros((N, 2, 3))"
    assert show(zeros(FLAT, ())) == "0"
