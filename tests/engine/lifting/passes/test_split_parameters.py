"""Views of the flat vector as views of named arrays."""

from __future__ import annotations

import numpy as np
from lowering import caller_of_three

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.split_parameters import Parts, split_parameters
from engine.lifting.views import Gather, Literal, Source, View


def test_a_view_within_an_array_is_of_that_array():
    external = caller_of_three()
    for flat, arrays in ((external.theta, "array"), (external.gradient, "gradient")):
        row = Parts(external.arrays).in_array(View(flat, (3,), 9, (1,)))
        assert row.source is getattr(external.arrays[1], arrays)
        assert (row.offset, row.shape, row.strides) == (3, (3,), (1,))


def test_a_gather_within_an_array_is_of_that_array():
    external = caller_of_three()
    picked = Parts(external.arrays).in_array(Gather(external.theta, (2,), np.array([14, 12])))
    assert (picked.source.name, picked.index.tolist()) == ("b", [2, 0])


def test_what_reaches_over_two_arrays_and_what_is_no_parameter_stays():
    external, z = caller_of_three(), Source("z", (15,), "value")
    both = View(external.theta, (4, 3), 0, (3, 1))
    assert Parts(external.arrays).in_array(both) is both
    assert Parts(external.arrays).in_array(z.view).source is z
    assert Parts(external.arrays).in_array(Literal(1.0)) == Literal(1.0)


def test_targets_and_roots_too():
    external = caller_of_three()
    place, root = View(external.gradient, (3,), 12, (1,)), View(external.theta, (), 13, ())
    steps = split_parameters(Steps([], [root], [Step("copy", place, (root,))]), external.arrays)
    assert [str(steps.roots[0].source.name), steps.backward[0].target.source.name] == ["b", "db"]
    assert steps.backward[0].target.is_whole()
