"""Outputs on a device: those of the model at any vector, and its activations as we have them."""

from __future__ import annotations

import numpy as np
import pytest

import engine
import nn
from engine import Value
from nn.derivatives import ACTIVATIONS
from nn.training.device_outputs import device_activations, outputs_on_device
from nn.training.devices import double_precision
from nn.training.vector import ParameterVector

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")


class Own(nn.Module):
    def __init__(self):
        self.table, self.layer = nn.Embedding(9, 2, rng=0), nn.Layer(4, 3, rng=1)

    def __call__(self, x):
        return [engine.sin(y) * Value(3.0) for y in self.layer(self.table(x[0]) + self.table(x[1]))]


def test_activations_are_those_of_the_layers():
    z = np.array([-1000.0, -3.0, -0.5, 0.0, 0.5, 3.0, 1000.0, np.nan])
    assert set(device_activations()) == set(ACTIVATIONS)
    with double_precision(), np.errstate(invalid="ignore"):
        for name, f in device_activations().items():
            want = ACTIVATIONS[name].f(z)
            np.testing.assert_allclose(np.asarray(f(jax.numpy.asarray(z))), want, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["layers", "own"])
def test_outputs_are_the_models_at_the_vector(name):
    rng = np.random.default_rng(0)
    model, X = {"layers": (nn.MLP(3, [4, 2]), rng.normal(size=(5, 3))), "own": (Own(), rng.integers(0, 9, (5, 2)))}[
        name
    ]
    vector = ParameterVector(model)
    outputs, limits = outputs_on_device(model, vector, X[:1])
    vector.numbers[:] = rng.normal(size=len(vector.numbers))
    with double_precision():
        found = np.asarray(jax.jit(outputs)(jax.numpy.asarray(vector.numbers), jax.numpy.asarray(X)))
    vector.write()
    np.testing.assert_allclose(found, nn.predict(model, X), rtol=1e-12)
    assert limits == ({} if name == "layers" else {0: 9})
