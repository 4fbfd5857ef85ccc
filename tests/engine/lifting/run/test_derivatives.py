"""What derivatives are called by: attributes of a program, each the same object every time."""

from __future__ import annotations

import random

import numpy as np
import pytest
from derivative_cases import leaves
from grammar import generate
from random_programs import REFUSALS, inputs_for, load

import engine
from engine.lifting.run.eager import _sample

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


def drawn(seed):
    """A random program of one sample, its inputs, and the first that is real; None where there is none."""
    source, draw = generate(seed), random.Random(seed + 1)
    inputs, n = inputs_for(draw, source, 0)
    if not n:
        return None
    inputs = [_sample(x, 0) for x in inputs] if source.batch else inputs
    real = [k for k, x in enumerate(inputs) if isinstance(x, (float, np.ndarray)) and np.asarray(x).dtype.kind == "f"]
    return (load(source)["f"], inputs, real[0]) if real and np.size(inputs[real[0]]) else None


def close(got, wanted):
    got, wanted = np.array(leaves(got)), np.array(leaves(wanted))
    scale = 1e-3 + np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-7 * scale)


@pytest.mark.parametrize("first", [0, *[pytest.param(k, marks=pytest.mark.slow) for k in range(20, 400, 20)]])
@pytest.mark.filterwarnings("ignore")
def test_random_programs(first):
    for seed in range(first, first + (20 if first else 5)):
        case = drawn(seed)
        if case is None:
            continue
        f, inputs, k = case
        v = np.random.default_rng(seed).normal(size=np.shape(inputs[k]))
        v = v if isinstance(inputs[k], np.ndarray) else float(v)
        of_one = lambda x, f=f, inputs=inputs, k=k: f(*inputs[:k], x, *inputs[k + 1 :])  # noqa: E731
        try:
            with np.errstate(all="ignore"):
                wanted = engine.jacobian(f, k)(*inputs), engine.hvp(of_one, inputs[k], v)
        except Exception:  # of NumPy's integers, which as inputs of a program are Python's
            continue
        try:
            program = engine.lift(f, strict=True)
            got = program.jacobian(*inputs, argnums=k), program.hvp(*inputs, v, argnums=k)
        except REFUSALS as error:
            if "error in liftgrad" in str(error):
                raise
            continue
        close(got[0], wanted[0])
        close(got[1], wanted[1])
