"""Functions of JAX's on recorded arrays: each operation in its author's line, under its author's names."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.jaxprs import evaluated
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.recorded_array import NotRecordedError

jax = pytest.importorskip("jax")
jnp = jax.numpy
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -2.0]])


def normalised(x):
    mu = x.mean(axis=1, keepdims=True)
    xc = x - mu
    var = (xc * xc).mean(axis=1, keepdims=True)
    return xc / jnp.sqrt(var + 1e-5)


def test_steps_have_the_names_and_lines_of_their_author():
    root, _ = record(lambda array: evaluated(lambda x: [normalised(x)], [array])[0], [("x", X)])
    steps, ahead = {}, [root]
    while ahead:
        step = ahead.pop()
        steps[id(step)] = step
        ahead += [x for x in step.operands if hasattr(x, "operands")]
    named = {step.name: step for step in steps.values() if step.name}
    assert {"x", "mu", "xc", "var"} <= set(named)
    np.testing.assert_allclose(named["mu"].value, X.mean(axis=1, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(named["var"].value, X.var(axis=1, keepdims=True), rtol=1e-6)


@pytest.mark.slow
def test_a_mistake_is_said_in_the_author_s_names():
    layer = jax.custom_vjp(normalised)

    def backward(kept, g):
        xhat, std = kept
        return ((g - xhat * (g * xhat).mean(axis=1, keepdims=True)) / std,)

    def forward(x):
        return layer(x), (normalised(x), jnp.sqrt(x.var(axis=1, keepdims=True) + 1e-5))

    layer.defvjp(forward, backward)
    diagnosis = nn.check_backward(layer, X)
    assert diagnosis.names == ["path-missing"]
    assert "`mu`" in diagnosis.findings[0].sentence


@pytest.mark.parametrize("f", [lambda x: jax.lax.while_loop(lambda y: y.sum() < 9, lambda y: 2 * y, x), jnp.linalg.inv])
def test_what_is_not_recorded_is_refused(f):
    with pytest.raises(NotRecordedError):
        record(lambda array: evaluated(lambda x: [f(x[:, :2])], [array])[0], [("x", X)])
