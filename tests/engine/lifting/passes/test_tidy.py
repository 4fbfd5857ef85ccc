"""What tidying takes out, and what it leaves: before, after, and the same numbers from both."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened
from lowering import random_lowering, same

from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.differentiate import differentiate
from engine.lifting.passes.tidy import tidy
from engine.lifting.views import Gather, Literal, Source, View

X, Y = Source("x", (3,), "input"), Source("y", (3,), "input")
A, B = Source("a", (3,), "value"), Source("b", (3,), "value")
OUT, WIDE = Source("out", (3,), "gradient"), Source("wide", (4,), "gradient")
GIVEN = {X: np.array([1.0, -2.0, 0.5]), Y: np.array([3.0, 0.25, -1.0])}
ZERO = Literal(0.0)


def fill(target, value=ZERO):
    return Step("fill", target, (value,))


def copy(target, x, accumulate=False):
    return Step("copy", target, (x,), accumulate=accumulate)


def add(target, x):
    return copy(target, x, accumulate=True)


def multiply(target):
    return Step("multiply", target, (X.view, Y.view))


def exp(target, x):
    return Step("exp", target, (x,))


def scatter(source):
    return Step("scatter", source.view, (Gather(source, (2,), np.array([0, 0])), X.view[:2]), accumulate=True)


CASES = {
    "what is first added is assigned, and nothing is filled": (
        [fill(OUT.view), add(OUT.view, X.view), add(OUT.view, Y.view)],
        ["out (3,) = copy(x)", "out (3,) += copy(y)"],
    ),
    "parts that make a whole need no zeros": (
        [fill(OUT.view), add(OUT.view[:2], X.view[:2]), add(OUT.view[2:], Y.view[:1])],
        ["out[0; (1,)] (2,) = copy(x[0; (1,)])", "out[2; (1,)] (1,) = copy(y[0; (1,)])"],
    ),
    "a part is assigned, the zeros beside it stay": (
        [fill(OUT.view), add(OUT.view[:2], X.view[:2])],
        ["out (3,) = fill(0.0)", "out[0; (1,)] (2,) = copy(x[0; (1,)])"],
    ),
    "what is added across assigned and zero elements is added": (
        [fill(OUT.view), add(OUT.view[:2], X.view[:2]), add(OUT.view, Y.view)],
        ["out (3,) = fill(0.0)", "out[0; (1,)] (2,) = copy(x[0; (1,)])", "out (3,) += copy(y)"],
    ),
    "zero that is added is nothing, and leaves what is added to in need of its own zeros": (
        [fill(OUT.view), add(OUT.view, ZERO), add(OUT.view[:2], X.view[:2])],
        ["out (3,) = fill(0.0)", "out[0; (1,)] (2,) = copy(x[0; (1,)])"],
    ),
    "zero that is added first is not what is assigned": (
        [fill(OUT.view), add(OUT.view, ZERO), add(OUT.view, X.view)],
        ["out (3,) = copy(x)"],
    ),
    "a number is filled in": ([fill(OUT.view), add(OUT.view, Literal(2.0))], ["out (3,) = fill(2.0)"]),
    "zeros that are all there is to add are filled in": (
        [fill(OUT.view), add(OUT.view, ZERO)],
        ["out (3,) = fill(0.0)"],
    ),
    "zeros that are added in parts leave the zeros that there are": (
        [fill(OUT.view), add(OUT.view[:2], ZERO), add(OUT.view[2:], Literal(-0.0))],
        ["out (3,) = fill(0.0)"],
    ),
    "nothing is added to a gradient that nothing reaches": ([fill(OUT.view)], ["out (3,) = fill(0.0)"]),
    "a scatter waits until the rest is assigned": (
        [fill(OUT.view), scatter(OUT), add(OUT.view, Y.view)],
        ["out (3,) = copy(y)", "out (3,) += scatter(out[gather], x[0; (1,)])"],
    ),
    "but not longer than until it is read": (
        [fill(A.view), scatter(A), exp(OUT.view, A.view), fill(WIDE.view)],
        [
            "a (3,) = fill(0.0)", "a (3,) += scatter(a[gather], x[0; (1,)])", "out (3,) = exp(a)",
            "wide (4,) = fill(0.0)",
        ],
    ),
    "what only a copy reads is computed there": (
        [multiply(A.view), copy(WIDE.view[1:], A.view), fill(WIDE.view[:1], Literal(1.0))],
        ["wide[1; (1,)] (3,) = multiply(x, y)", "wide[0; (1,)] (1,) = fill(1.0)"],
    ),
    "what is read again is copied": (
        [multiply(A.view), copy(OUT.view, A.view), exp(WIDE.view[1:], A.view), fill(WIDE.view[:1])],
        [
            "a (3,) = multiply(x, y)", "out (3,) = copy(a)", "wide[1; (1,)] (3,) = exp(a)",
            "wide[0; (1,)] (1,) = fill(0.0)",
        ],
    ),
    "an array that is read no more takes the place of its copy": (
        [
            multiply(A.view), exp(OUT.view, A.view), copy(B.view, A.view), add(B.view, X.view),
            copy(WIDE.view[1:], B.view), fill(WIDE.view[:1]),
        ],
        [
            "b (3,) = multiply(x, y)", "out (3,) = exp(b)", "b (3,) += copy(x)", "wide[1; (1,)] (3,) = copy(b)",
            "wide[0; (1,)] (1,) = fill(0.0)",
        ],
    ),
    "not where it is read later": (
        [
            multiply(A.view), fill(OUT.view), copy(B.view, A.view), add(B.view, X.view), add(OUT.view, A.view),
            add(OUT.view, B.view),
        ],
        [
            "a (3,) = multiply(x, y)", "b (3,) = copy(a)", "b (3,) += copy(x)", "out (3,) = copy(a)",
            "out (3,) += copy(b)",
        ],
    ),
    "windows are added one after the other": (
        [fill(WIDE.view), add(View(WIDE, (2, 3), 0, (1, 1)), X.view.expand_dims(0).broadcast_to((2, 3)))],
        ["wide (4,) = fill(0.0)", "wide[0; (1,)] (3,) += copy(x)", "wide[1; (1,)] (3,) += copy(x)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_before_and_after(case):
    backward, lines = CASES[case]
    before = Steps([], [], backward)
    printed = str(before)
    after = tidy(before)
    assert str(after).split("\n") == lines
    assert str(before) == printed  # what was given is as it was
    before.check()
    after.check()
    one, two = (interpret(steps, GIVEN) for steps in (before, after))
    for source in (OUT, WIDE):
        np.testing.assert_array_equal(one.get(source), two.get(source))


def test_sums_are_added_in_place():
    s = Source("s", (), "value")
    total = Step("sum", s.view, (X.view,))
    before = Steps([], [], [fill(OUT.view), add(OUT.view[0], Y.view[1]), total, add(OUT.view[0], s.view)])
    after = tidy(before)
    assert str(after).split("\n")[-1] == "out[0; ()] () += sum(x)"
    np.testing.assert_array_equal(interpret(before, GIVEN)[OUT], interpret(after, GIVEN)[OUT])


@pytest.mark.parametrize("count", shortened([30, 80], 1))
def test_random_programs_are_the_same_before_and_after(count):
    shorter = 0
    for seed in range(count):
        low = random_lowering(seed)
        if low is None or low.task.reduction == "none":
            continue
        steps = low.steps()
        before = differentiate(steps, low.task.wanted, low.task.seed(steps.roots[0]))
        after = tidy(before)
        after.check()
        assert list(after.forward) == list(before.forward)
        shorter += len(after.backward) < len(before.backward)
        same(low.run(before), low.run(after))
    assert shorter > count // 2
