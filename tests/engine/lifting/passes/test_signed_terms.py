"""Forces along edges are one reduction whichever way these point; what is no mesh stays as it was written."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import lowering, same

import engine
from engine.lifting.passes.normalise import normalise
from engine.lifting.passes.signed_terms import with_signed_terms


def normal_of(f, *inputs):
    low = lowering(f, *inputs)
    return normalise(low.trace), low


def mesh(edges, count, force):
    """Each node's forces: added where an edge begins, taken off where it ends."""

    def f(x):
        total = [0.0] * count
        for a, b in edges:
            along = force(x[b] - x[a])
            total[a] = total[a] + along
            total[b] = total[b] - along
        return engine.total([engine.exp(0.1 * v) for v in total])

    return f


CHAIN = [(i, i + 1) for i in range(39)]
STAR = [(0, i) if i % 3 else (i, 0) for i in range(1, 40)]
RANDOM = [tuple(map(int, np.random.default_rng(k).permutation(40)[:2])) for k in range(120)]


@pytest.mark.parametrize("force", [engine.tanh, lambda d: d * engine.sqrt(d * d + 0.1)], ids=["a call", "a product"])
@pytest.mark.parametrize("edges", [CHAIN, STAR, RANDOM], ids=["chain", "star", "random"])
def test_a_mesh_is_one_operation(edges, force):
    x = np.random.default_rng(1).normal(size=40)
    program = engine.lift(mesh(edges, 40, force), strict=True)
    value, gradient = program.value_and_grad(x, wrt="inputs")
    np.testing.assert_allclose(value, mesh(edges, 40, lambda d: force(float(d)))(x), rtol=1e-13)
    want = engine.value_and_grad(mesh(edges, 40, force))(x.tolist())[1]
    np.testing.assert_allclose(gradient.inputs[0], want, rtol=1e-12, atol=1e-13)
    assert program.stats.array_operations < 16


@pytest.mark.parametrize(
    "f",
    [
        lambda x: engine.total([(x[i] - x[j]) ** 2 for i in range(10) for j in range(i)]),
        lambda x: engine.total(
            [(a * c - b * d) ** 2 + (a * d + b * c) ** 2 for a, b, c, d in zip(x[:20], x[1:], x[2:], x[3:])]
        ),
        lambda x: engine.total([engine.tanh(x[i] + x[i + 1] + x[i + 2]) for i in range(37)]) - x[0],
        lambda x: engine.total([engine.tanh(0.0 - v) for v in x]),
    ],
    ids=["pairs", "complex products", "windows", "negative"],
)
def test_others_stay_as_they_are(f):
    normal, _ = normal_of(f, np.linspace(0.1, 0.9, 40))
    assert with_signed_terms(normal).items == normal.items


def test_the_values_are_the_same_and_the_terms_are_checked():
    normal, low = normal_of(mesh(RANDOM, 40, engine.tanh), np.linspace(-1.0, 1.0, 40))
    signed = with_signed_terms(normal)
    signed.check()
    assert "-" in str(signed) and signed.items != normal.items
    steps = low.steps()
    steps.check()
    same([np.asarray(low.f(low.inputs[0].tolist()))], low.run(steps)[:1])
