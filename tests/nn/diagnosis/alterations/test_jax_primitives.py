"""Each of JAX's primitives does to recorded arrays what it does to JAX's, by value and by gradient."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.alterations.jax_primitives import PRIMITIVES, WHOLE_FUNCTIONS
from nn.diagnosis.alterations.jaxprs import evaluated
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.recorded_array import NotRecordedError, plain
from nn.diagnosis.alterations.sweep import Sweep
from nn.training.devices import double_precision

jax = pytest.importorskip("jax")
jnp, lax = jax.numpy, jax.lax
RNG = np.random.default_rng(7)
X = np.abs(RNG.normal(size=(3, 4))) + 0.1
W, MASK = RNG.normal(size=(2, 4)), RNG.normal(size=(3, 4)) > 0
FUNCTIONS = {
    "elementwise": lambda x: (
        jnp.exp(x) + jnp.log(x) + jnp.tanh(x) * jnp.sqrt(x) - jnp.sin(x) / jnp.cos(x) + jnp.abs(-x)
    ),
    "more of them": lambda x: jnp.log1p(x) + jnp.expm1(x) + lax.rsqrt(x) + x**3 + x**0.5 + jnp.square(x) + jnp.exp2(x),
    "trigonometric": lambda x: jnp.sinh(x) + jnp.cosh(x) + jnp.tan(x) + jnp.arctan2(x, 2.0) + jnp.cbrt(x) + lax.erf(x),
    "activations": lambda x: (
        jax.nn.sigmoid(x) + jax.nn.relu(x - 0.5) + jax.nn.softplus(x) + jax.nn.silu(x) + lax.erf(x)
    ),
    "gelu": lambda x: jax.nn.gelu(x) + jax.nn.gelu(x, approximate=False),
    "softmax": lambda x: jax.nn.softmax(x, axis=0) + jax.nn.log_softmax(x, axis=1),
    "logsumexp": lambda x: jax.scipy.special.logsumexp(x, axis=1) + jnp.logaddexp(x[:, 0], x[:, 1]),
    "constants": lambda x: x * jnp.sign(x) * jnp.floor(x) + lax.stop_gradient(x) * x + jnp.round(x) + jnp.ceil(x),
    "choices": lambda x: jnp.where(MASK, x, 2 * x) + jnp.where((x > 0.5) & ~MASK, x, x**2) + jnp.clip(x, 0.3, 0.9),
    "comparisons": lambda x: x * (x >= 0.4) + x * (x <= 1.0) * (x != 0.7) + jnp.where(x == x, x, 0) * jnp.isfinite(x),
    "extremes": lambda x: jnp.maximum(x, 0.6) + jnp.minimum(x, 0.5) + x.max(0) + x.min(1, keepdims=True),
    "reductions": lambda x: x.sum() + x.mean(0) + x.var(axis=1, keepdims=True) + x.std() + jnp.linalg.norm(x, axis=0),
    "products": lambda x: x @ W.T + jnp.einsum("ij,kj->ik", x, W) + lax.dot(x, W.T),
    "batches of products": lambda x: jnp.einsum(
        "bij,bjk->bik", x.reshape(3, 2, 2), jnp.ones((3, 2, 2)) * x[:, :1, None]
    ),
    "vectors": lambda x: jnp.dot(x, W[0]) + x[:, 0] * jnp.outer(x[0], W[0]).sum(),
    "shapes": lambda x: x.reshape(4, 3).T + x[:, :, None].squeeze(2)[::-1] + jnp.expand_dims(x, 1)[:, 0, ::-1],
    "pieces": lambda x: (
        jnp.concatenate([x[1:], x[:1]], 0) + jnp.stack([x[:, 0]] * 4, 1) + jnp.pad(x[:, 1:], ((0, 0), (1, 0)))
    ),
    "splits": lambda x: jnp.split(x, 2, axis=1)[1] + jnp.split(x, [2], axis=1)[0],
    "sums along": lambda x: lax.cumsum(x, axis=1) + lax.cumsum(x, axis=0, reverse=True),
    "indices": lambda x: x * jnp.arange(4.0) + jax.nn.one_hot(jnp.argmax(x, axis=1), 4) * x,
    "jitted": lambda x: jax.jit(lambda y: y * jnp.sin(y))(x) + jax.checkpoint(jnp.cos)(x),
}


def on_jax(f):
    """The value of a function and the gradient of its sum with weights."""
    with double_precision():
        value = f(jnp.asarray(X))
        weights = np.cos(np.arange(value.size)).reshape(value.shape)
        return np.asarray(value), np.asarray(jax.grad(lambda x: (f(x) * weights).sum())(jnp.asarray(X)))


def recorded(f):
    """The same of recorded arrays."""
    value = None

    def total(array):
        nonlocal value
        with double_precision():
            (out,) = evaluated(lambda x: [f(x)], [array])
        value = plain(out)
        return (out * np.cos(np.arange(value.size)).reshape(value.shape)).sum()

    sweep = Sweep(*record(total, [("x", X)]))
    return value, sweep.gradients[0]


@pytest.mark.slow  # JAX compiles each operation
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_primitive_means_the_same(name):
    value, given = recorded(FUNCTIONS[name])
    right, gradient = on_jax(FUNCTIONS[name])
    np.testing.assert_allclose(value, right, rtol=1e-12)
    np.testing.assert_allclose(given, gradient, rtol=1e-9, atol=1e-12)


def test_what_is_one_operation_is_a_word():
    assert set(WHOLE_FUNCTIONS) & set(PRIMITIVES) == set()
    np.testing.assert_allclose(
        PRIMITIVES["dot_general"]([X, W.T], {"dimension_numbers": (((1,), (0,)), ((), ()))}), X @ W.T
    )
    with pytest.raises(NotRecordedError, match="more than two"):
        PRIMITIVES["select_n"]([0, 1, 2, 3], {})
