"""Steps run directly are the function: in floats, in fractions, and for random programs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from long_run import shortened
from lowering import lowering, random_lowering, same

import engine
from engine import Value
from engine.lifting.passes.differentiate import differentiate


def differentiated(low):
    steps = low.steps()
    return differentiate(steps, low.task.wanted, low.task.seed(steps.roots[0]))


def test_exactly_in_fractions():
    w = [Value(0.5, "w[0]"), Value(-2.0, "w[1]")]

    def f(x):
        z = engine.dot(w, x)
        return z * z / (x[0] + 3.0)

    low = lowering(f, [1.0, 0.25], parameters=w)
    exact = {source: np.array([Fraction(v) for v in np.ravel(x).tolist()]) for source, x in low.given.items()}
    steps = differentiated(low)
    value, theta, inputs = replace(low, given=exact).run(steps, Fraction)
    assert value == 0
    assert theta.tolist() == [0, 0]
    assert inputs.tolist() == [0, 0]
    exact[low.task.external.theta] = np.array([Fraction(1, 3), Fraction(1, 7)])
    value, theta, inputs = replace(low, given=exact).run(steps, Fraction)
    z = Fraction(1, 3) + Fraction(1, 28)
    assert value == z * z / 4
    assert theta.tolist() == [z / 2, z / 8]
    assert inputs.tolist() == [z / 6 - z * z / 16, z / 14]


@pytest.mark.parametrize("count", shortened([20, 60], 1))
def test_random_programs(count):
    """What the interpreter computes of steps is what the text of the same steps computes."""
    for seed in range(count):
        low = random_lowering(seed)
        if low is None or low.task.reduction == "none":
            continue
        value, *gradients = low.run(differentiated(low))
        program = engine.lift(low.f, batch=bool(low.task.reduction), reduction=low.task.reduction or "mean")
        text, g = program.value_and_grad(*low.inputs, wrt="all")
        reduced = {"mean": np.mean, "sum": np.sum}.get(low.task.reduction, np.squeeze)(value)
        same([np.asarray(text)], [reduced * (low.n if low.task.reduction == "sum" and not value.ndim else 1)])
        guards = len(low.run(low.steps())) - 1
        same([program.traces.parameters.flat.cells_of(g.parameters)], gradients[guards : guards + 1])
