"""A group that is laid out as one before it: the same steps as of each by itself, and the same numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering import lines, lowering

import engine
from engine import Value
from engine.lifting.passes import arrange as passes_arrange

TIMES, UNITS, INPUTS = 6, 3, 2
RNG = np.random.default_rng(0)
U, V = RNG.normal(size=(UNITS, INPUTS)).tolist(), RNG.normal(size=(UNITS, UNITS)).tolist()
W = [[Value(x, f"W[{i}, {j}]") for j, x in enumerate(row)] for i, row in enumerate(RNG.normal(size=(UNITS, UNITS)))]
X = RNG.normal(size=(TIMES, INPUTS))


def recurrence(x, step):
    h = [0.1 * (j + 1) * x[0][0] for j in range(UNITS)]
    for t in range(TIMES):
        h = step(t, x, h)
    return engine.total(h)


def layer(t, x, h):
    return [engine.tanh(engine.dot(W[j], h) + engine.dot(U[j], x[t]) + 0.5) for j in range(UNITS)]


def backwards(t, x, h):
    return [engine.tanh(engine.dot(W[j], h) + engine.dot(U[j], x[TIMES - 1 - t])) for j in range(UNITS)]


def neighbours(t, x, h):
    return [engine.sin(h[j] * h[(j + 1) % UNITS]) + x[t][j % INPUTS] for j in range(UNITS)]


def other_numbers(t, x, h):
    return [engine.sin(v * (t + j)) for j, v in enumerate(h)]


def other_order(t, x, h):
    return [engine.sin(h[(j + t) % UNITS] * x[t][0]) for j in range(UNITS)]


def joined(t, x, h):
    return [engine.tanh(engine.dot(V[j][:2] + W[j], [*x[t], *h])) for j in range(UNITS)]


def less(t, x, h):
    return [h[j] - 0.1 * engine.exp(h[j] - h[j - 1]) - x[t][1] * engine.sin(h[j]) for j in range(UNITS)]


def turned(t, x, h):
    return [engine.tanh(engine.dot([row[j] for row in W] if t % 2 else W[j], h)) for j in range(UNITS)]


def ragged(t, x, h):
    return [engine.tanh(engine.total(h[: j + 1]) + engine.dot(h[: j + 1], W[j][: j + 1])) for j in range(UNITS)]


STEPS = [layer, backwards, neighbours, other_numbers, other_order, joined, less, turned, ragged]


def by_itself(builder, group, repeated):
    return passes_arrange.ARRANGEMENTS.get(group.op, passes_arrange._elementwise)(builder, group)


def without_numbers(steps):
    """Return the lines of steps with results numbered by where they first stand; a constant may be shared."""
    numbers: dict[str, int] = {}
    return [
        re.sub(
            r"\bv\d+\b", lambda name: f"v{numbers.setdefault(name[0], len(numbers))}", re.sub(r"\bc\d+\b", "c", line)
        )
        for line in lines(steps)
    ]


@pytest.mark.parametrize("step", STEPS)
def test_steps_are_those_of_groups_laid_out_one_by_one(step, monkeypatch):
    low = lowering(lambda x: recurrence(x, step), X)
    together = low.steps()
    together.check()
    monkeypatch.setattr(passes_arrange, "_laid_out", by_itself)
    assert without_numbers(together) == without_numbers(low.steps())


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(STEPS), st.sampled_from(STEPS), st.integers(1, 3))
def test_numbers_are_those_of_the_function(one, other, apart):
    def f(x):
        return recurrence(x, lambda t, x, h: (other if t % (apart + 1) == apart else one)(t, x, h))

    low = lowering(f, X)
    np.testing.assert_allclose(low.run(low.steps())[0], f(np.vectorize(Value)(X)).data, rtol=1e-12)


def test_a_recurrence_is_laid_out_twice(monkeypatch):
    low, laid_out = lowering(lambda x: recurrence(x, layer), X), []
    arrangement = passes_arrange.ARRANGEMENTS["sum"]
    monkeypatch.setattr(passes_arrange, "sums", lambda *group: laid_out.append(1) or arrangement(*group))
    monkeypatch.setitem(passes_arrange.ARRANGEMENTS, "sum", passes_arrange.sums)
    low.steps()
    assert len(laid_out) <= 3  # the last sum, of all units, is one of another kind
