"""What a module of one's own does with a sample is seen before it is trained."""

from __future__ import annotations

import numpy as np
import pytest

import engine
import nn
from engine import Value
from nn.training.probe import Probe

X = np.random.default_rng(0).normal(size=(20, 2))
T = (X[:, 0] > 0).astype(int)
OUTSIDE = [Value(0.5, "outside"), Value(0.25)]


class Own(nn.Module):
    """A layer of scores, and something done to them."""

    def __init__(self, after=lambda z: z):
        self.layer, self.after = nn.Layer(2, 2, rng=1), staticmethod(after)

    def __call__(self, x):
        return self.after(self.layer(x))


def using(k):
    """A function that uses a Value which nothing but the module around it holds."""
    return lambda z: [z[0] * OUTSIDE[k], z[1]]


def fit(model, loss="cross_entropy", T=T, X=X, **how):
    return nn.fit(model, X, T, loss=loss, epochs=1, progress=False, **how)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softplus"])
def test_the_last_operation_is_an_activation(name):
    f = getattr(engine, name)
    model = Own(lambda z: [f(v) for v in z])
    assert Probe.of(model, X).activation == name
    with pytest.raises(ValueError, match=f"output='{name}' gives numbers from"):
        fit(model)


def test_scores_have_no_activation():
    assert Probe.of(Own(), X) == Probe(2, "identity")
    assert Probe.of(nn.MLP(2, [3, 4], output="tanh"), X) == Probe(4, "tanh")


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_a_softmax_in_the_model_and_in_the_loss_is_refused(loss):
    targets = T if loss == "cross_entropy" else np.eye(2)[T]
    with pytest.raises(ValueError, match=r"outputs sum to 1, as a softmax's do, but loss='.*' takes scores"):
        fit(Own(engine.softmax), loss, targets)
    fit(Own(engine.softmax), "mse", np.eye(2)[T])


def softmax_by_hand(z, eps=0.0):
    powers = [v.exp() for v in z]
    total = powers[0] + powers[1]
    return [p / total + eps for p in powers]


BOUNDED = {
    "1 / (1 + exp(-z))": lambda z: [1.0 / (1.0 + (-v).exp()) for v in z],
    "exp(z) / (1 + exp(z))": lambda z: [v.exp() / (1.0 + v.exp()) for v in z],
    "a sigmoid times 1": lambda z: [engine.sigmoid(v) * 1.0 for v in z],
    "a sigmoid clipped": lambda z: [1e-7 + (1.0 - 2e-7) * engine.sigmoid(v) for v in z],
    "a sigmoid and its rest": lambda z: [engine.sigmoid(z[0]), 1.0 - engine.sigmoid(z[0])],
    "a product of two": lambda z: [engine.sigmoid(z[0]) * engine.sigmoid(z[1]), engine.sigmoid(z[1])],
    "(tanh + 1) / 2": lambda z: [(v.tanh() + 1.0) / 2.0 for v in z],
    "a softmax plus a little": lambda z: [p + 1e-8 for p in engine.softmax(z)],
    "a softmax by hand": softmax_by_hand,
    "and plus a little": lambda z: softmax_by_hand(z, 1e-6),
    "a kernel": lambda z: [(-v * v).exp() for v in z],
}


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
@pytest.mark.parametrize("name", BOUNDED)
def test_what_lies_between_0_and_1_is_no_score_however_it_is_written(name, loss):
    model, targets = Own(BOUNDED[name]), T if loss == "cross_entropy" else np.eye(2)[T]
    before = [v.data for v in model.parameters()]
    with pytest.raises(ValueError, match=r"the model's outputs (sum to|lie between 0 and) 1.*return the scores"):
        fit(model, loss, targets)
    assert [v.data for v in model.parameters()] == before
    fit(Own(BOUNDED[name]), "mse", np.eye(2)[T])
    with pytest.raises(ValueError, match="gives numbers from 0 to 1, but loss='mse' has targets from -3"):
        fit(model, "mse", np.eye(2)[T] - 3.0)


SCORES = {
    "small": lambda z: [1e-3 * v for v in z],
    "about a half": lambda z: [0.5 + 1e-2 * v for v in z],
    "below 0": lambda z: [-((v - 1.0) ** 2) for v in z],
    "above 0": lambda z: [v * v for v in z],
    "logarithms of probabilities": lambda z: [v - engine.logsumexp(z) for v in z],
    "a logarithm that needs what is positive": lambda z: [(v * v + 0.1).log() for v in z],
    "a root that may not be there": lambda z: [1e-3 * (v + 1.0).sqrt() for v in z],
    "a product": lambda z: [0.1 * z[0] * z[1], 0.1 * z[1]],
}


@pytest.mark.parametrize("name", SCORES)
def test_scores_that_start_small_are_scores(name):
    for scale in (1e-3, 1.0):
        seen = Probe.of(Own(SCORES[name]), X * scale)
        assert not seen.bounded
        seen.check("cross_entropy")


def test_one_weight_is_a_score():
    class Line(nn.Module):
        def __init__(self):
            self.w = Value(0.1)

        def __call__(self, x):
            return [self.w * (x[0] + 5.0) * 0.01]

    fit(Line(), "binary_cross_entropy")


@pytest.mark.parametrize("lifted", [True, False])
def test_values_that_parameters_do_not_have_are_refused(lifted):
    for k, which in enumerate(("the Value 'outside'", "a Value of 0.25")):
        model = Own(using(k))
        with pytest.raises(ValueError, match=f"Own computes with {which} that its parameters"):
            fit(model, lifted=lifted)


@pytest.mark.parametrize("lifted", [True, False])
def test_constants_are_no_parameters(lifted):
    """Values made in every call, and those behind a stop_gradient."""
    fit(Own(lambda z: [z[0] + Value(1.0), z[1] * engine.stop_gradient(OUTSIDE[0]) + 2.0]), lifted=lifted)


def test_what_depends_on_no_parameter():
    with pytest.raises(ValueError, match="the outputs of Own do not depend on its parameters"):
        fit(Own(lambda z: [1.0, 2.0]))
    with pytest.raises(ValueError, match="Empty has no parameters: there is nothing to train"):
        fit(type("Empty", (nn.Module,), {"__call__": lambda self, x: [x[0], x[1]]})())


@pytest.mark.parametrize("after", [lambda z: None, lambda z: "ab", lambda z: {"a": z[0]}, lambda z: [], lambda z: [z]])
def test_outputs_are_a_list_of_numbers(after):
    with pytest.raises(TypeError, match=r"Own returns .* for a sample; return a list of its outputs"):
        fit(Own(after))


def test_one_number_is_one_output():
    history = fit(Own(lambda z: z[0] - z[1]), "binary_cross_entropy")
    assert "accuracy" in history[0]
    assert nn.predict(Own(lambda z: z[0]), X).shape == (20, 1)


class Words(nn.Module):
    """Chooses by integers."""

    def __init__(self):
        self.table, self.layer = nn.Embedding(5, 3, rng=0), nn.Layer(3, 2, rng=0)

    def __call__(self, x):
        return self.layer(self.table(x[0]))


@pytest.mark.parametrize("lifted", [True, False])
def test_tokens_stay_integers(lifted):
    tokens = np.arange(40)[:, None] % 5
    model = Words()
    history = nn.fit(
        model, tokens, tokens[:, 0] % 2, epochs=60, lifted=lifted, batch_size=10, validation=0.25, progress=False
    )
    assert history[-1]["accuracy"] == 1.0
    assert nn.accuracy(model, tokens, tokens[:, 0] % 2) == 1.0
    with pytest.raises(TypeError, match="select needs an integer index; got 0.5"):
        nn.fit(Words(), tokens + 0.5, tokens[:, 0] % 2, progress=False)


class Sub(nn.MLP):
    """Computes something else than an MLP."""

    def __call__(self, x):
        return [3.0 * v for v in super().__call__(x)]


def test_a_network_derived_from_mlp_is_computed_as_it_says():
    model = Sub(2, [4, 2])
    fit(model, X=X * 100.0)
    want = np.array([[v.data for v in model(x)] for x in X.tolist()])
    np.testing.assert_allclose(nn.predict(model, X), want, rtol=1e-12)
    other = nn.MLP(2, [4, 2])
    other.layers[1] = nn.Layer(4, 3, activation="tanh", rng=2)
    want = np.array([[v.data for v in other(x)] for x in X.tolist()])
    np.testing.assert_allclose(nn.predict(other, X), want, rtol=1e-12)
    other.layers[0].neurons[1].activation = "tanh"
    want = np.array([[v.data for v in other(x)] for x in X.tolist()])
    np.testing.assert_allclose(nn.predict(other, X), want, rtol=1e-12)


def test_a_module_that_cannot_be_called():
    class Torchlike(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def forward(self, x):
            return [self.w * x[0]]

    for call in (lambda m: fit(m), lambda m: nn.predict(m, X), lambda m: nn.mean_loss(m, X, T)):
        with pytest.raises(TypeError, match=r"Torchlike cannot be called: define __call__\(self, x\), which returns"):
            call(Torchlike())
