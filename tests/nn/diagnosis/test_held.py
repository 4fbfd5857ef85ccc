"""Weights and biases are told apart and paired by their names, whatever the rest of the name is."""

import numpy as np
import pytest

import nn
from nn.diagnosis.held import by_layer

RNG = np.random.default_rng(7)
PAIRS = [
    ("w_{}", "b_{}"),
    ("W{}", "b{}"),
    ("W_{}", "bias_{}"),
    ("{}_weights", "{}_bias"),
    ("{}W", "{}b"),
    ("weights{}", "biases{}"),
    ("{}.weight", "{}.bias"),
]


@pytest.mark.parametrize(("weight", "bias"), PAIRS)
@pytest.mark.parametrize("layers", [("h", "out"), ("hidden", "o"), ("1", "2"), ("fc1", "fc2"), ("1", "o")])
def test_names_that_differ_in_one_word_are_pairs(weight, bias, layers):
    held = {}
    for k, layer in enumerate(layers):
        held |= {bias.format(layer): np.ones(4 - k), weight.format(layer): np.ones((3 + k, 4 - k))}
    names = by_layer(held)
    assert list(names.values()) == [name.format(layer) for layer in layers for name in (weight, bias)]


@pytest.mark.parametrize(("weight", "bias"), PAIRS)
def test_a_function_of_these_parameters_is_judged_with_its_biases(weight, bias):
    rng = np.random.default_rng(0)
    held = {weight.format("h"): rng.normal(size=(3, 4)), bias.format("h"): rng.normal(size=4)}
    held |= {weight.format("o"): rng.normal(size=(4, 2)), bias.format("o"): rng.normal(size=2)}

    def gradients(params, X, T):
        W1, b1, W2, b2 = (params[name] for name in held)
        a1 = np.tanh(X @ W1 + b1)
        delta2 = a1 @ W2 + b2 - T
        delta1 = delta2 @ W2.T * (1.0 - a1**2)
        delta1, delta2 = delta1 / T.size, delta2 / T.size
        return dict(zip(held, [X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)]))

    X, T = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    diagnosis = nn.diagnose(held, X, T, gradients, "half_mse")
    assert diagnosis.ok
    assert [row.parameter for row in diagnosis.parameters] == list(held)


@pytest.mark.parametrize(
    "held", [{"A": np.ones((3, 2)), "offset": np.ones(2)}, {"W1": np.ones((3, 2)), "b2": np.ones(2)}]
)
def test_a_bias_that_belongs_to_no_weight_is_not_dropped(held):
    with pytest.raises(ValueError, match="nothing says which weights"):
        nn.diagnose(held, np.ones((4, 3)), np.ones((4, 2)), {}, "mse")


@pytest.mark.parametrize("names", [("W1", "b1", "W2", "b2"), ("weights_ih", "bias_ih", "weights_ho", "bias_ho")])
@pytest.mark.parametrize("rate", [None, 0.1])
def test_an_object_whose_attributes_are_weights_is_called_as_it_is(names, rate):
    class Net:
        """As people write it: parameters and what was computed last are attributes."""

        def __init__(self, slip):
            self.slip = slip
            shapes = [(3, 4), (4,), (4, 2), (2,)]
            vars(self).update((name, RNG.normal(size=shape)) for name, shape in zip(names, shapes))
            self.output, self.rate = np.zeros((6, 2)), rate

        def gradients(self, X, y):
            W1, b1, W2, b2 = (getattr(self, name) for name in names)
            self.hidden = 1 / (1 + np.exp(-(X @ W1 + b1)))
            self.output = self.hidden @ W2 + b2
            delta = (self.output - y) / len(X) * self.slip
            below = delta @ W2.T * self.hidden * (1 - self.hidden)
            made = X.T @ below, below.sum(axis=0), self.hidden.T @ delta, delta.sum(axis=0)
            if rate is None:
                return made
            for name, gradient in zip(names, made):
                vars(self)[name] -= rate * gradient
            return None

    X, Y = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))
    for slip, verdict in ((0.5, "right"), (-0.5, "named")):
        net = Net(slip)
        before = {name: getattr(net, name).copy() for name in names}
        said = nn.diagnose(net, X, Y, net.gradients, loss="half_mse", activation="sigmoid", lr=rate)
        assert said.verdict == verdict and (verdict == "right" or said.names == ["sign"])
        assert all(np.array_equal(getattr(net, name), before[name]) for name in names)
