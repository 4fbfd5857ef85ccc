"""JAX over a field behaves as JAX does, in the same shapes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.verify.elements import lift, same
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_jax import modules

INDEX = np.array([[0, 2], [1, 1]])
ARRAYS = {
    "a sum": lambda x, jax: jax.numpy.sum(x, 0) + jax.numpy.sum(x),
    "the method too": lambda x, jax: x.sum(1) + x.sum(),
    "added to one place again and again": lambda x, jax: x.at[0].add(x[1]).at[:, np.array([1, 1])].add(x[:, :2]),
    "other elements": lambda x, jax: x.at[1].set(x[0] * 2.0),
    "put together": lambda x, jax: jax.numpy.concatenate([x, x * 3.0]),
    "axes moved": lambda x, jax: jax.numpy.moveaxis(x, 0, 1),
    "one of each row": lambda x, jax: jax.numpy.take_along_axis(x[:2], INDEX, 1, mode="clip"),
    "a product over an axis": lambda x, jax: jax.numpy.tensordot(x, x, (0, 0)) + jax.numpy.tensordot(x, x, (0, 0)).T,
    "a part updated": lambda x, jax: jax.lax.dynamic_update_slice(x, x[:1, :2] * 5.0, (1, 2)),
    "mapped": lambda x, jax: jax.vmap(lambda row: row[1:] * row[0])(x),
    "chosen": lambda x, jax: jax.numpy.where(x.at[:].set(0.0), x, x * 7.0),
    "zeros like it": lambda x, jax: jax.numpy.zeros_like(x) + x,
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_of_a_field_are_arrays(case):
    jax = pytest.importorskip("jax")
    whole = np.random.default_rng(0).integers(-50, 50, (3, 4)).astype(float)
    field = Field(0, 2, 2)
    ours = modules(field)["jax"]
    with jax.enable_x64(True):
        want = np.asarray(ARRAYS[case](jax.numpy.asarray(whole), jax))
    got = ARRAYS[case](ours.numpy.numbers(whole), ours)
    assert tuple(got.shape) == want.shape
    assert same(got, lift(want, field))


def test_a_changed_copy_leaves_the_array_as_it_was():
    field = Field(0, 1, 1)
    x = modules(field)["jax"].numpy.numbers(np.arange(3.0))
    x.at[0].set(5.0)
    x.at[0].add(5.0)
    assert same(x, lift(np.arange(3.0), field))


def test_a_gradient_is_stopped_nowhere_in_a_value():
    field = Field(0, 1, 1)
    lax = modules(field)["jax"].lax
    x = modules(field)["jax"].numpy.numbers(np.ones(2))
    assert lax.stop_gradient(x) is x
