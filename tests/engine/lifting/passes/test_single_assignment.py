"""Whole additions become results of their own; what is added to in parts, or is the caller's, stays."""

from __future__ import annotations

import numpy as np

from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.single_assignment import in_single_assignment
from engine.lifting.views import Source

X, A = Source("x", (3,), "input"), Source("a", (3,), "value")
OUT = Source("out", (3,), "gradient")


def copy(target, x, accumulate=False):
    return Step("copy", target, (x,), accumulate=accumulate)


def test_each_addition_is_a_result_and_later_steps_read_the_latest():
    before = Steps(
        [],
        [],
        [
            copy(A.view, X.view), copy(A.view, X.view, True), copy(A.view[1:], X.view[:2], True),
            copy(A.view, X.view, True), copy(OUT.view, A.view), copy(OUT.view, A.view, True),
        ],
    )  # fmt: skip
    after = in_single_assignment(before)
    after.check()
    assert [step.op for step in after.backward] == ["copy", "add", "copy", "add", "copy", "copy"]
    assert len({step.target.source for step in after.backward}) == 4  # three of the cotangent, and the gradient
    given = {X: np.array([1.0, 2.0, 4.0])}
    np.testing.assert_array_equal(interpret(after, given)[OUT], interpret(before, given)[OUT])
