"""Outputs at a vector: those of the model's Values once they are written, whatever computes them."""

from __future__ import annotations

import numpy as np
import pytest

import engine
import nn
from engine import Value
from nn.training import forward
from nn.training.forward import layers_of, outputs_at
from nn.training.vector import ParameterVector

X = np.random.default_rng(0).normal(size=(7, 3))


class Own(nn.Module):
    """Layers with something of its own between them, and a Value that it makes anew in every call."""

    def __init__(self):
        self.below, self.above = nn.Layer(3, 4, rng=0), nn.Layer(4, 2, rng=1)

    def __call__(self, x):
        return self.above([engine.sin(a) * Value(3.0) for a in self.below(x)])


class One(nn.Module):
    def __init__(self):
        self.w = Value(2.0)

    def __call__(self, x):
        return self.w * engine.exp(x[0])


class Tokens(nn.Module):
    def __init__(self):
        self.table, self.layer = nn.Embedding(9, 2, rng=0), nn.Layer(4, 3, rng=1)

    def __call__(self, x):
        return self.layer(self.table(x[0]) + self.table(x[1]))


class Branching(One):
    def __call__(self, x):
        return self.w * x[0] if x[1] > 0.0 else -self.w


class Scaled(nn.MLP):
    def __call__(self, x):
        return [2.0 * y for y in super().__call__(x)]


MODELS = {
    "views": (lambda: nn.MLP(3, [4, 4, 2], activation="gelu", output="tanh"), X),
    "own": (Own, X),
    "one": (One, X),
    "tokens": (Tokens, np.random.default_rng(0).integers(0, 9, (7, 2))),
    "branching": (Branching, X),
    "an MLP's child": (lambda: Scaled(3, [4, 2]), X),
}


@pytest.mark.parametrize("lifted", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_the_models_at_the_vector(name, lifted, monkeypatch):
    monkeypatch.setattr(forward, "ROWS", 3)  # 7 samples are two whole parts and one more
    make, samples = MODELS[name]
    model = make()
    vector = ParameterVector(model)
    outputs = outputs_at(model, vector, lifted)
    for seed in (1, 2):
        vector.numbers[:] = np.random.default_rng(seed).normal(size=len(vector.numbers))
        found = outputs(samples)
        vector.write()
        np.testing.assert_allclose(found, nn.predict(model, samples), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "looks"), [("views", False), ("own", False), ("branching", True)])
def test_values_are_written_only_where_the_model_itself_must_be_asked(name, looks):
    model = MODELS[name][0]()
    vector = ParameterVector(model)
    before = [value.data for value in vector.values]
    vector.numbers += 1.0
    outputs_at(model, vector)(X)
    assert ([value.data for value in vector.values] == before) is not looks


def test_views_are_of_an_mlps_layers_alone():
    model = nn.MLP(3, [4, 2])
    assert layers_of(model, ParameterVector(model)) == ["relu", "identity"]
    model.layers[0].neurons[0].more = Value(1.0)
    assert layers_of(model, ParameterVector(model)) is None
    assert layers_of(Own(), ParameterVector(Own())) is None
