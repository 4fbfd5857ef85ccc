"""Arrays that one operand reaches over are one block; others stay apart."""

from __future__ import annotations

import numpy as np
from lowering import caller_of_three

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.join_parameters import join_parameters
from engine.lifting.views import Gather, Literal, Source, View


def blocks(*views):
    external = caller_of_three()
    z = Source("z", views[0][0], "value")
    steps = Steps([Step("copy", z.view, (View(external.theta, *v),)) for v in views], [])
    return [
        ([m.part.name for m in block.members], block.whole.array.shape)
        for block in join_parameters(steps, external.arrays, external.taken)
    ]


def test_arrays_that_are_read_as_one_are_one():
    assert blocks(((4, 3), 0, (3, 1))) == [(["wq", "wk"], (4, 3)), (["b"], (3,))]


def test_arrays_of_different_widths_are_joined_flat():
    assert blocks(((9,), 6, (1,))) == [(["wq"], (2, 3)), (["wk", "b"], (9,))]


def test_arrays_that_are_read_by_themselves_stay_apart():
    assert blocks(((2, 3), 0, (3, 1))) == [(["wq"], (2, 3)), (["wk"], (2, 3)), (["b"], (3,))]


def test_the_whole_filled_and_the_places_of_a_scatter_join_nothing():
    external = caller_of_three()
    g = Source("g", (3,), "value")
    scatter = Step("scatter", external.gradient.view, (Gather(external.gradient, (3,), np.array([12, 13, 14])), g.view))
    steps = Steps([], [], [Step("fill", external.gradient.view, (Literal(0.0),)), scatter])
    assert [len(block.members) for block in join_parameters(steps, external.arrays, external.taken)] == [1, 1, 1]


def test_a_block_has_a_name_of_its_own_and_a_gradient():
    external = caller_of_three()
    steps = Steps([Step("copy", Source("z", (4, 3), "value").view, (View(external.theta, (4, 3), 0, (3, 1)),))], [])
    (block, _) = join_parameters(steps, external.arrays, external.taken)
    names = (block.whole.array.name, block.whole.gradient.name)
    assert names == ("wq_wk", "dwq_wk")
    assert external.taken.issuperset(names)
