"""What is added at known places is written in fewer or faster steps that give the same."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import random_lowering

import engine
from engine.lifting.exact import fold
from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.differentiate import differentiate
from engine.lifting.passes.scatters import simplify_scatters
from engine.lifting.passes.tidy import tidy
from engine.lifting.views import Gather, Literal, Source, View

X = Source("x", (3,), "input")
NUMBERS = Source("c", (3,), "constant", value=np.array([0.1, -2.0, 4.0]))
A, B = Source("a", (3,), "value"), Source("b", (3,), "value")
OUT = Source("out", (3,), "gradient")
GIVEN = {X: np.array([1.0, -2.0, 0.5])}


def zeros(source):
    return Step("fill", source.view, (Literal(0.0),))


def scatter(source, places, g, distinct=False):
    index = np.array(places)
    return Step("scatter", source.view, (Gather(source, index.shape, index, distinct=distinct), g), accumulate=True)


def exp(x):
    return Step("exp", OUT.view, (x.view,))


WIDE = View(X, (2, 2), 0, (1, 0))  # each of two numbers, twice
CASES = {
    "whole numbers at known places are a constant": (
        [zeros(A), scatter(A, [0, 2, 0], Literal(-1.0)), exp(A)],
        ["out (3,) = exp(a_constant)"],
    ),
    "a fraction is multiplied by how often a place is met": (
        [zeros(A), scatter(A, [0, 2, 0], Literal(0.1)), exp(A)],
        ["a (3,) = multiply(a_often, 0.1)", "out (3,) = exp(a)"],
    ),
    "a number that stands for a fraction stays that": (
        [zeros(A), scatter(A, [0, 2, 0], Literal(fold("multiply", 0.1, 10.0))), exp(A)],
        ["a (3,) = multiply(a_often, 1.0)", "out (3,) = exp(a)"],
    ),
    "so is a number over the samples": (
        [zeros(OUT), scatter(OUT, [0, 2, 0], Literal(1.0, -1))],
        ["out (3,) = multiply(out_often, 1.0 / N)"],
    ),
    "constants at places of their own are a constant": (
        [zeros(A), scatter(A, [2, 0, 1], NUMBERS.view, distinct=True), exp(A)],
        ["out (3,) = exp(a_constant)"],
    ),
    "a copy of a constant is that": (
        [Step("copy", B.view, (NUMBERS.view,)), zeros(A), scatter(A, [2, 0, 1], B.view, distinct=True), exp(A)],
        ["out (3,) = exp(a_constant)"],
    ),
    "constants whose sum would be rounded are added at each call": (
        [zeros(A), scatter(A, [0, 0, 1], NUMBERS.view), exp(A)],
        ["a (3,) = fill(0.0)", "a (3,) += scatter(a[gather], c)", "out (3,) = exp(a)"],
    ),
    "a number for each place is read from where it is": (
        [zeros(A), scatter(A, [2, 0, 1], X.view, distinct=True), exp(A)],
        ["a (3,) = gather(x[gather])", "out (3,) = exp(a)"],
    ),
    "at some places of their own numbers are put": (
        [zeros(A), scatter(A, [2, 0], X.view[:2], distinct=True), exp(A)],
        ["a (3,) = fill(0.0)", "a (3,) = scatter(a[gather], x[0; (1,)])", "out (3,) = exp(a)"],
    ),
    "what was added to before is added to": (
        [zeros(A), *[scatter(A, [2, 0], X.view[:2], distinct=True)] * 2, exp(A)],
        [
            "a (3,) = fill(0.0)", "a (3,) = scatter(a[gather], x[0; (1,)])",
            "a (3,) += scatter(a[gather], x[0; (1,)])", "out (3,) = exp(a)",
        ],
    ),
    "what is not zero is added to": (
        [Step("copy", OUT.view, (X.view,)), scatter(OUT, [2, 0], X.view[:2], distinct=True)],
        ["out (3,) = copy(x)", "out (3,) += scatter(out[gather], x[0; (1,)])"],
    ),
    "places of two axes lie along one": (
        [zeros(OUT), scatter(OUT, [[0, 2], [2, 0]], WIDE)],
        [
            "out (3,) = fill(0.0)", "out_added (2, 2) = copy(x[0; (1, 0)])",
            "out (3,) += scatter(out[gather], out_added[0; (1,)])",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_before_and_after(case):
    backward, lines = CASES[case]
    before = Steps([], [], backward)
    after = simplify_scatters(before)
    before.check()
    after.check()
    assert str(after).split("\n") == lines
    np.testing.assert_array_equal(interpret(before, GIVEN, 2)[OUT], interpret(after, GIVEN, 2)[OUT])


def test_random_programs_have_the_same_gradients():
    changed = 0
    for seed in range(20, 65):
        low = random_lowering(seed)
        if low is None or low.task.reduction == "none":
            continue
        steps = low.steps()
        before = tidy(differentiate(steps, low.task.wanted, low.task.seed(steps.roots[0])))
        after = simplify_scatters(before)
        after.check()
        changed += str(after) != str(before)
        for one, two in zip(low.run(before), low.run(after)):
            np.testing.assert_allclose(one, two, rtol=1e-13, atol=1e-300)
    assert changed > 3


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("places", [[3, 0, 3, 3, 1, 5], [5, 4, 3, 2, 1, 0], [2, 0, 7]], ids=str)
def test_whole_programs_are_proven_and_right(places, power):
    def f(x):
        read = [x[k] * x[(3 * k + 1) % 8] ** power - x[k] for k in places]
        return engine.total([engine.sigmoid(v) for v in read]) + 0.3 * engine.total([x[k] for k in places])

    x = np.random.default_rng(power).normal(size=8)
    value, gradient = engine.lift(f, verify="exact", strict=True).value_and_grad(x, wrt="inputs")
    expected, slope = engine.value_and_grad(f)(x.tolist())
    assert value == pytest.approx(float(expected), rel=1e-13)
    np.testing.assert_allclose(gradient.inputs[0], slope, rtol=1e-12, atol=1e-14)
