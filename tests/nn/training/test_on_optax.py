"""Our optimisers as Optax's: the same twenty steps, begun by either and gone on with by the other."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pytest

import nn
from engine import MissingExtraError
from nn.training.devices import double_precision
from nn.training.on_optax import state_by_name, state_of, transformation

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")
pytest.importorskip("optax", reason="needs Optax: pip install 'liftgrad[jax]'")

MAKE = {
    "sgd": nn.SGD,
    "decayed": partial(nn.SGD, weight_decay=0.1),
    "momentum": partial(nn.SGD, momentum=0.9, weight_decay=0.1),
    "nesterov": partial(nn.SGD, momentum=0.8, nesterov=True),
    "adam": partial(nn.Adam, betas=(0.8, 0.99), eps=1e-3),
    "adam decayed": partial(nn.Adam, weight_decay=0.1),
    "adamw": nn.AdamW,
}


def on_host(optimizer, theta, gradients):
    for gradient in gradients:
        optimizer.update(theta, gradient)
    return theta


def on_devices(optimizer, theta, gradients):
    """The same by Optax; the optimiser is left as it is afterwards."""
    with double_precision():
        rule, at = transformation(optimizer), jax.numpy.asarray(theta)
        state = state_of(optimizer, rule.init(at), jax.numpy.asarray)
        for gradient in gradients:
            update, state = rule.update(jax.numpy.asarray(gradient), state, at)
            at = at - optimizer.learning_rate() * update
            optimizer.steps += 1
        optimizer.state = state_by_name(state)
        return np.array(at)


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("ways", [(on_devices, on_devices), (on_host, on_devices), (on_devices, on_host)])
def test_twenty_steps_are_ours_to_rounding(kind, ways):
    rng = np.random.default_rng(0)
    begin, gradients = rng.normal(size=7), rng.normal(size=(20, 7))
    want, optimizer = MAKE[kind](lr=0.1), MAKE[kind](lr=0.1)
    theta = begin.copy()
    for way, part in zip(ways, (gradients[:9], gradients[9:])):
        theta = way(optimizer, theta, part)
    np.testing.assert_allclose(theta, on_host(want, begin.copy(), gradients), rtol=1e-12, atol=1e-14)
    assert (sorted(optimizer.state), optimizer.steps) == (sorted(want.state), want.steps)
    for name, vector in want.state.items():
        np.testing.assert_allclose(optimizer.state[name], vector, rtol=1e-12, atol=1e-14)


def test_an_optimiser_of_somebodys_own_is_refused():
    class Mine(nn.Adam):
        pass

    with pytest.raises(TypeError, match="Mine has no counterpart in Optax.*use SGD, Adam or AdamW, or backend='numpy'"):
        transformation(Mine())


def test_where_optax_is_missing_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optax", None)
    with pytest.raises(MissingExtraError, match=r"needs Optax: pip install 'liftgrad\[jax\]'"):
        transformation(nn.SGD())
