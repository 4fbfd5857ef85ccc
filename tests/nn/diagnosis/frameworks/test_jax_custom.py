"""JAX's custom VJPs: right and wrong ones, judged by the function that was decorated or by another."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import nn

jax = pytest.importorskip("jax")
jnp = jax.numpy
RNG = np.random.default_rng(5)
X, Y = np.array([0.5, -1.0, 2.0]), np.array([1.5, 2.5, -0.5])
P, Z = {"w": RNG.normal(size=(3, 2)), "b": np.array([0.5, -1.0])}, RNG.normal(size=(4, 3))


def custom(f, backward, **options):
    """A function with a VJP that is told the inputs."""
    decorated = jax.custom_vjp(f, **options)
    decorated.defvjp(lambda *inputs: (decorated(*inputs), inputs), backward)
    return decorated


def scaled_sine(x, y):
    return jnp.sin(x) * y


def affine(p, x):
    return x @ p["w"] + p["b"]


SINE = custom(scaled_sine, lambda kept, g: (jnp.cos(kept[0]) * kept[1] * g, jnp.sin(kept[0]) * g))
AFFINE = custom(affine, lambda kept, g: ({"w": kept[1].T @ g, "b": g.sum(0)}, g @ kept[0]["w"].T))
RIGHT = {
    "its own function": (SINE, X, Y),
    "itself twice": (SINE, SINE, X, Y),
    "jitted": (jax.jit(SINE), X, Y),
    "arrays of JAX": (SINE, jnp.asarray(X), jnp.asarray(Y)),
    "another of JAX": (lambda x, y: y * jnp.sin(x), SINE, X, Y),
    "one in NumPy": (lambda x, y: y * np.sin(x), SINE, X, Y),
    "a tree": (AFFINE, P, Z),
    "a tree in NumPy": (lambda p, x: x @ p["w"] + p["b"], AFFINE, P, Z),
    "a number alone": (SINE, np.array(0.5), np.array(2.0)),
    "several results": (
        custom(lambda x: (jnp.sin(x), {"sum": x.sum()}), lambda kept, g: (g[0] * jnp.cos(kept[0]) + g[1]["sum"],)),
        X,
    ),
}


SLOW = set(RIGHT) - {"its own function", "one in NumPy"}  # JAX compiles each of their operations


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in RIGHT])
def test_what_is_right_is_called_right(name):
    diagnosis = nn.check_backward(*RIGHT[name])
    assert diagnosis.ok, str(diagnosis)


def test_what_is_not_differentiated_is_passed_on():
    @functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
    def scaled(x, how):
        return x * {"twice": 2.0}[how]

    scaled.defvjp(lambda x, how: (scaled(x, how), None), lambda how, kept, g: (g * {"twice": 2.0}[how],))
    assert nn.check_backward(scaled, X, "twice").ok


def test_mistakes_have_names():
    turned = custom(scaled_sine, lambda kept, g: (-jnp.cos(kept[0]) * kept[1] * g, jnp.sin(kept[0]) * g))
    diagnosis = nn.check_backward(turned, X, Y)
    assert diagnosis.names == ["sign"]
    assert [(row.parameter, row.verdict) for row in diagnosis.parameters] == [("x", "named"), ("y", "right")]
    forgotten = custom(scaled_sine, lambda kept, g: (jnp.cos(kept[0]) * g, jnp.sin(kept[0]) * g))
    for forward in ((), (lambda x, y: np.sin(x) * y,)):
        assert nn.check_backward(*forward, forgotten, X, Y).names == ["factor-missing"]


@pytest.mark.slow
def test_leaves_of_trees_are_named():
    mean = custom(affine, lambda kept, g: ({"w": kept[1].T @ g, "b": g.mean(0)}, g @ kept[0]["w"].T))
    assert [row.parameter for row in nn.check_backward(mean, P, Z).parameters if row.verdict != "right"] == ["p['b']"]


def test_a_hidden_forward_pass_is_refused():
    hidden = custom(
        lambda x: x * jax.lax.stop_gradient(jnp.exp(x)), lambda kept, g: (g * jnp.exp(kept[0]) * (1 + kept[0]),)
    )
    with pytest.raises(ValueError, match=r"part of it is detached"):
        nn.check_backward(hidden, X)
    assert nn.check_backward(lambda x: x * np.exp(x), hidden, X).ok


def test_what_cannot_be_run_is_one_line():
    with pytest.raises(ValueError, match=r"raised (TypeError|ValueError)") as caught:
        nn.check_backward(custom(jnp.sin, lambda kept, g: (g[0],)), X)
    assert "\n" not in str(caught.value)
