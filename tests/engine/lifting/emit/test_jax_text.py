"""JAX's spelling of every operation computes what the operation does, also where the result is added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from array_steps import CASES, A, executed, result

from engine.lifting.emit.jax_text import JAX
from engine.lifting.ops import Step
from engine.lifting.views import Literal

SPELT = [
    name
    for name in CASES
    if not {"matmul", "batch_matmul", "weighted_sum", "ones_product", "ragged_product", "power_constant"}
    & set(name.split())
]
ACCUMULATED = ("sum", "product", "outer", "tanh", "add", "summed_product")
ADDED = [name for name in SPELT if CASES[name][0].op in ACCUMULATED]


@pytest.fixture
def modules():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        yield {"np": np, "jax": jax, "jnp": jax.numpy, "lax": jax.lax, "asarray": jax.numpy.asarray}


@pytest.mark.parametrize("case", SPELT)
def test_an_operation_is_spelt(case, modules):
    step, want = CASES[case]
    np.testing.assert_allclose(executed(JAX, step, modules), want, rtol=1e-14)


@pytest.mark.parametrize("case", ADDED)
def test_a_result_is_added(case, modules):
    step, want = CASES[case]
    step = replace(step, accumulate=True)
    np.testing.assert_allclose(executed(JAX, step, modules), 1.0 + np.asarray(want), rtol=1e-14)


def test_two_numbers_are_chosen_as_floats(modules):
    step = Step("where", result(2, 3).view, (A.view, Literal(1.0), Literal(0.0)))
    chosen = executed(JAX, step, modules)
    assert chosen.dtype == np.float64
    assert chosen.shape == (2, 3)
