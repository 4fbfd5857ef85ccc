"""Chains of subtractions are one: as few operations as a sum has, the scalar engine's numbers and signs of zeros."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.lifting.ir import Leaf
from engine.lifting.passes.signed_sums import with_signed_sums
from engine.lifting.trace.record import record


def rewritten(f, n=6):
    """The operations before, and after, of a function of some numbers."""
    x = [Value(0.5 + k) for k in range(n)]
    before = record([f(x)], {v: Leaf("input", k) for k, v in enumerate(x)})
    after = with_signed_sums(before)
    after.check()
    return before, after


def off(start, terms):
    for term in terms:
        start = start - term
    return start


ONE = {
    "a loop": lambda x: off(0.0, [v * v for v in x]),
    "a loop from a term": lambda x: off(x[0], [engine.exp(v) for v in x[1:]]),
    "added and taken off in turn": lambda x: x[0] * 2.0 - x[1] * 2.0 + x[2] * 2.0 - x[3] * 2.0,
    "a sum taken off": lambda x: x[0] - x[1] - (x[2] + x[3]) - x[4],
    "numbers as well": lambda x: x[0] - 1.0 - x[1] - 2.0 - x[2],
    "a leaf": lambda x: off(x[5], x[:5]),
}
AS_THEY_ARE = {
    "one subtraction": lambda x: x[0] + x[1] - (x[2] + x[3]),
    "a sum of differences": lambda x: sum(x[k] - x[k + 1] for k in range(5)),
    "differences added": lambda x: (x[0] - x[1]) + (x[2] - x[3]),
    "each computed from the last": lambda x: x[0] - engine.exp(x[1]) - engine.exp(engine.exp(x[2])),
    "a difference that something else reads": lambda x: (lambda d: (d - x[2]) * d)(x[0] - x[1]),
}


@pytest.mark.parametrize("case", ONE)
def test_a_chain_is_one_subtraction(case):
    before, after = rewritten(ONE[case])
    assert before.ops.count("subtract") > 1
    assert after.ops.count("subtract") == 1


@pytest.mark.parametrize("case", AS_THEY_ARE)
def test_what_stays(case):
    before, after = rewritten(AS_THEY_ARE[case])
    assert after is before


@pytest.mark.parametrize("case", {**ONE, **AS_THEY_ARE})
def test_lifted_it_is_what_the_scalar_engine_computes(case):
    f = {**ONE, **AS_THEY_ARE}[case]
    x = np.array([0.3, -0.7, 1.1, 0.2, -0.4, 0.9])
    program = engine.lift(f, strict=True)
    value, gradient = program.value_and_grad(x, wrt="inputs")
    values = [Value(v) for v in x.tolist()]
    z = f(values)
    z.backward()
    assert value == pytest.approx(z.data, rel=1e-13)
    assert gradient.inputs[0] == pytest.approx([v.grad for v in values], rel=1e-13)


@given(st.lists(st.sampled_from("+-"), min_size=3, max_size=12), st.data())
def test_any_chain_of_signs(signs, data):
    x = data.draw(st.lists(st.floats(-4, 4), min_size=len(signs), max_size=len(signs)))

    def f(x):
        total = 0.0
        for sign, v in zip(signs, x):
            total = total + v * v if sign == "+" else total - v * v
        return total

    value, gradient = engine.lift(f, strict=True).value_and_grad(np.array(x), wrt="inputs")
    exact = math.fsum(v * v if sign == "+" else -v * v for sign, v in zip(signs, x))
    assert value == pytest.approx(exact, abs=1e-13)
    assert gradient.inputs[0].tolist() == [2.0 * v if sign == "+" else -2.0 * v for sign, v in zip(signs, x)]


@pytest.mark.parametrize("reader", [lambda z: 1.0 / z, lambda z: engine.arctan2(z, -1.0)])
@pytest.mark.parametrize("case", ["a loop", "numbers as well", "a leaf", "a loop from a term"])
def test_zeros_have_the_signs_of_the_scalar_engine(case, reader):
    program = engine.lift(lambda x: reader(ONE[case](x)), strict=True)
    program(np.arange(6.0) + 0.5)
    for x in ([0.0] * 6, [-0.0] * 6, [-0.0, 0.0, -0.0, 0.0, 0.0, -0.0], [-0.0, 1.0, -1.0, 0.0, -0.0, 0.0]):
        assert program(np.array(x)) == pytest.approx(reader(ONE[case]([Value(v) for v in x])).data)


@pytest.mark.parametrize("n", [10, 20])
def test_pairs_of_bodies_are_a_few_operations_however_many(n):
    rng = np.random.default_rng(0)
    masses = rng.uniform(0.5, 2.0, n).tolist()

    def energy(x):
        total = 0.0
        for i in range(n):
            for j in range(i):
                d = [x[i][k] - x[j][k] for k in range(3)]
                total = total - masses[i] * masses[j] / engine.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
        return total

    program = engine.lift(energy, strict=True)
    program.value_and_grad(rng.normal(size=(n, 3)), wrt="inputs")
    assert program.stats.array_operations + program.stats.backward_operations < 40
