"""Neurons, layers, networks and embeddings: names, labels, structure, initial weights."""

from __future__ import annotations

import numpy as np
import pytest

import engine
import nn
from nn.neuron import ACTIVATIONS, initial_weights


def test_a_neuron_is_one_dot_node_and_an_activation():
    a = nn.Neuron([1.0, 2.0], 0.5, activation="tanh")([3.0, -1.0])
    assert a.op == "tanh"
    assert a.parents[0].op == "dot"
    assert a.data == pytest.approx(np.tanh(1.5), rel=1e-15)


def test_names_and_labels():
    model = nn.MLP(4, [3, 2])
    named = dict(model.named_parameters())
    assert list(named)[:5] == [f"layers.0.neurons.0.w.{i}" for i in range(4)] + ["layers.0.neurons.0.b"]
    for name, value in named.items():
        assert value.label == name
    w = named["layers.1.neurons.1.w.2"]
    assert (w.label.array, w.label.place) == ("layers.1.W", (2, 1))
    assert len(named) == len(model.parameters()) == 4 * 3 + 3 + 3 * 2 + 2
    assert model.sizes == [4, 3, 2]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_networks_compute_what_matrices_do(activation):
    model = nn.MLP(3, [5, 4, 2], activation=activation, output=activation, seed=3)
    X = np.random.default_rng(0).normal(size=(6, 3))
    got = [[v.data for v in model(list(x))] for x in X]
    np.testing.assert_allclose(got, nn.predict(model, X), rtol=1e-13, atol=1e-15)


def test_a_network_of_one_output_still_returns_a_list():
    assert isinstance(nn.MLP(2, [1])([1.0, 2.0]), list)


def test_the_same_seed_gives_the_same_weights():
    a, b, c = (nn.MLP(3, [4, 2], seed=s).arrays() for s in (1, 1, 2))
    assert all((a[k] == b[k]).all() for k in a)
    assert not (a["layers.0.W"] == c["layers.0.W"]).all()
    nn.MLP(3, [2], seed=np.random.default_rng(5))


@pytest.mark.parametrize(
    ("init", "activation", "variance"),
    [
        ("he", "relu", 2 / 400),
        ("glorot", "tanh", 2 / 1000),
        ("uniform", "tanh", 1 / 3),
        ("auto", "gelu", 2 / 400),
        ("auto", "tanh", 2 / 1000),
    ],
)
def test_initial_weights_have_their_variance(init, activation, variance):
    rows = np.array(initial_weights(400, 600, init, activation, np.random.default_rng(0)))
    assert rows.shape == (600, 400)
    assert rows.mean() == pytest.approx(0.0, abs=0.01)
    assert rows.var() == pytest.approx(variance, rel=0.02)


def test_an_embedding_is_a_table_whose_rows_train():
    embedding = nn.Embedding(5, 3, name="tokens", rng=1)
    row = embedding(2)
    engine.total(row).backward()
    assert [v.grad for v in embedding.W[2]] == [1.0, 1.0, 1.0]
    assert embedding.arrays()["tokens.W"].shape == (5, 3)
    program = engine.lift(lambda t: engine.total([v * v for v in embedding(t)]), batch=True)
    _, g = program.value_and_grad(np.array([2, 2, 4]))
    want = np.zeros((5, 3))
    for t in (2, 2, 4):
        want[t] += 2 * embedding.arrays()["tokens.W"][t] / 3
    np.testing.assert_allclose(g.named()["tokens.W"], want, rtol=1e-15)


def test_what_is_refused():
    with pytest.raises(ValueError, match="activation='swish' is not known; use 'identity', 'relu'"):
        nn.MLP(2, [2], activation="swish")
    with pytest.raises(ValueError, match="init='zeros' is not known"):
        nn.MLP(2, [2], init="zeros")
    with pytest.raises(ValueError, match="at least one layer"):
        nn.MLP(2, [])
    with pytest.raises(ValueError, match="inputs .* must be a whole number of at least 1; got 0"):
        nn.MLP(0, [2])
    with pytest.raises(ValueError, match="the layer has 2 inputs; got 3"):
        nn.MLP(2, [2])([1.0, 2.0, 3.0])
