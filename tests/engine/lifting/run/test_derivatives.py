"""What derivatives are called by: attributes of a program, each the same object every time."""

from __future__ import annotations

import numpy as np
import pytest

import engine

KINDS = ("jacobian", "hessian", "jvp", "vjp", "hvp", "sample_gradients")


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_an_attribute_that_says_what_it_is(kind):
    program = engine.lift(lambda x: x * x)
    derivative = getattr(program, kind)
    assert derivative is getattr(program, kind)
    assert "<lambda>" in repr(derivative)
    assert f"program.{kind}(" in getattr(type(program), kind).__doc__


def test_they_do_not_disturb_the_program():
    program = engine.lift(lambda x: x[0] ** 2 * x[1])
    x = np.array([2.0, 3.0])
    before = program.value_and_grad(x)
    program.hessian(x), program.hvp(x, x), program.jacobian(x)
    after = program.value_and_grad(x)
    assert before[0] == after[0]
    assert (before[1].inputs[0] == after[1].inputs[0]).all()
    assert program.pull().size == 0
    assert program.stats.scalar_nodes < program.hessian.stats.scalar_nodes
