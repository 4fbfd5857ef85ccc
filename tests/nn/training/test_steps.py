"""Training steps: scalar and lifted give the same loss and gradient; what trains no step is refused."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.training.steps import check_backend, eager_step, lifted_step

X, T = nn.moons(20)


@pytest.mark.parametrize("strength", [0.0, 0.1])
def test_scalar_and_lifted_agree_at_any_vector(strength):
    model = nn.MLP(2, [4, 1], activation="tanh")
    theta = np.random.default_rng(0).normal(size=len(model.parameters()))
    a, b = (make(model, "hinge", strength)(theta, X, T) for make in (lifted_step, eager_step))
    assert a[0] == pytest.approx(b[0], rel=1e-13)
    np.testing.assert_allclose(a[1], b[1], rtol=1e-11, atol=1e-14)


def test_a_lifted_step_touches_no_value():
    model = nn.MLP(2, [3, 1])
    before = [(value.data, value.grad) for value in model.parameters()]
    lifted_step(model, "hinge", 0.0)(np.ones(len(before)), X, T)
    assert [(value.data, value.grad) for value in model.parameters()] == before


@pytest.mark.parametrize(
    ("lifted", "backend", "devices", "error", "message"),
    [
        (True, 3, None, TypeError, "backend=3 is not known"),
        (True, "torch", None, ValueError, "backend='torch' is not known; use 'numpy', or 'jax'"),
        (False, "jax", None, ValueError, "the scalar engine has no backend='jax'"),
        (True, "numpy", 2, ValueError, "devices=2 is for backend='jax'"),
    ],
)
def test_what_trains_no_step_is_refused(lifted, backend, devices, error, message):
    with pytest.raises(error, match=message):
        check_backend(lifted, backend, devices)
