"""Signs and numbers go where something takes them up for nothing: before, after, and the same numbers from both."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import random_lowering

from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.differentiate import differentiate
from engine.lifting.passes.factors import take_up_factors
from engine.lifting.passes.lower import lower
from engine.lifting.passes.single_assignment import in_single_assignment
from engine.lifting.passes.tidy import tidy
from engine.lifting.views import Literal, Source

X, Y = Source("x", (3,), "input"), Source("y", (3,), "input")
A, B, C, D = (Source(name, (3,), "value") for name in "abcd")
OUT, ONE = Source("out", (3,), "gradient"), Source("one", (), "value")
GIVEN = {X: np.array([1.0, -2.0, 0.5]), Y: np.array([3.0, 0.25, -1.0])}


def step(op, target, *operands, **more):
    return Step(op, target.view, tuple([Literal(x) if isinstance(x, float) else x.view for x in operands]), **more)


CASES = {
    "a sign passes a product and makes a sum a difference": (
        [step("negative", A, X), step("multiply", B, A, Y), step("add", OUT, Y, B)],
        ["b (3,) = multiply(x, y)", "out (3,) = subtract(y, b)"],
    ),
    "a term that is negated is taken from the other": (
        [step("negative", A, X), step("add", OUT, A, Y)],
        ["out (3,) = subtract(y, x)"],
    ),
    "two signs are none": (
        [step("negative", A, X), step("divide", B, Y, A), step("negative", C, B), step("exp", OUT, C)],
        ["b (3,) = divide(y, x)", "out (3,) = exp(b)"],
    ),
    "what all terms lack the sum lacks": (
        [
            step("negative", A, X), step("multiply", B, A, Y), step("subtract", C, B, A), step("multiply", OUT, 3.0, C)
        ],
        ["b (3,) = multiply(x, y)", "c (3,) = subtract(b, x)", "out (3,) = multiply(-3.0, c)"],
    ),
    "numbers along a product are one": (
        [step("multiply", A, 0.5, X), step("multiply", B, A, Y), step("divide", OUT, B, 4.0)],
        ["b (3,) = multiply(x, y)", "out (3,) = divide(b, 8.0)"],
    ),
    "numbers whose product is one are nothing": (
        [step("multiply", A, 0.5, X), step("multiply", B, A, 2.0), step("exp", OUT, B)],
        ["out (3,) = exp(x)"],
    ),
    "a difference that is only negated is the other way round": (
        [step("subtract", A, X, Y), step("negative", B, A), step("exp", OUT, B)],
        ["a (3,) = subtract(y, x)", "out (3,) = exp(a)"],
    ),
    "what is negated in one place and not in another stays": (
        [step("subtract", A, X, Y), step("negative", B, A), step("exp", C, B), step("multiply", OUT, A, C)],
        ["a (3,) = subtract(x, y)", "b (3,) = negative(a)", "c (3,) = exp(b)", "out (3,) = multiply(a, c)"],
    ),
    "a sign that one reader needs stays for all": (
        [step("negative", A, X), step("exp", B, A), step("add", OUT, A, B)],
        ["a (3,) = negative(x)", "b (3,) = exp(a)", "out (3,) = add(a, b)"],
    ),
    "what the caller gets has its factor": (
        [step("multiply", A, 0.5, X), step("multiply", OUT, A, Y)],
        ["a (3,) = multiply(0.5, x)", "out (3,) = multiply(a, y)"],
    ),
    "numbers beyond what is moderate stay": (
        [step("multiply", A, 1e-200, X), step("multiply", B, A, Y), step("multiply", OUT, B, 1e200)],
        ["a (3,) = multiply(1e-200, x)", "b (3,) = multiply(a, y)", "out (3,) = multiply(b, 1e+200)"],
    ),
    "a chosen cotangent lacks what all choices lack": (
        [
            step("negative", A, X), step("less", D, X, Y), step("where", B, D, 0.0, A), step("multiply", OUT, 2.0, B)
        ],
        ["d (3,) = less(x, y)", "b (3,) = where(d, 0.0, x)", "out (3,) = multiply(-2.0, b)"],
    ),
    "what is written again later is read before": (
        [
            step("multiply", A, X, Y), step("negative", B, A), step("copy", A, Y, accumulate=True),
            step("add", OUT, A, B),
        ],
        ["a (3,) = multiply(x, y)", "b (3,) = negative(a)", "a (3,) += copy(y)", "out (3,) = add(a, b)"],
    ),
    "a cotangent that is added is taken off": (
        [step("copy", OUT, Y), step("negative", A, X), step("copy", OUT, A, accumulate=True)],
        ["out (3,) = copy(y)", "out (3,) = subtract(out, x)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_before_and_after(case):
    backward, lines = CASES[case]
    before = Steps([], [], backward)
    after = take_up_factors(before)
    assert str(after).split("\n") == lines
    after.check()
    np.testing.assert_array_equal(interpret(before, GIVEN)[OUT], interpret(after, GIVEN)[OUT])


def test_forward_only_exponents_are_turned_round():
    for op, turned in (("exp", True), ("reciprocal", False)):  # 1 / -0.0 is another number than 1 / 0.0
        steps = Steps([step("subtract", A, X, Y), step("negative", B, A), step(op, C, B)], [C.view])
        assert (len(take_up_factors(steps).forward) == 2) == turned


def test_what_is_returned_is_as_it_was():
    steps = Steps([step("subtract", A, X, Y), step("negative", B, A), step("exp", C, B)], [A.view, C.view])
    assert len(take_up_factors(steps).forward) == 3


def test_random_programs_have_the_same_gradients():
    fewer = 0
    for seed in range(25):
        low = random_lowering(seed)
        if low is None or low.task.reduction == "none":
            continue
        steps = low.steps()
        before = lower(tidy(differentiate(steps, low.task.wanted, low.task.seed(steps.roots[0]))))
        after = take_up_factors(in_single_assignment(before))
        after.check()
        fewer += len(after.backward) < len(before.backward)
        for one, two in zip(low.run(before), low.run(after)):
            np.testing.assert_allclose(one, two, rtol=1e-13, atol=1e-300)
    assert fewer > 5
