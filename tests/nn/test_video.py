"""The networks of the lecture's video: their draws from Python's random, and their numbers against PyTorch."""

from __future__ import annotations

import random

import numpy as np
import pytest

import engine
from engine import Value
from nn.lecture import Module
from nn.video import MLP, Layer, Neuron

X = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
T = [1.0, -1.0, -1.0, 1.0]


def seeded(seed=1337, nouts=(4, 4, 1)):
    random.seed(seed)
    return MLP(3, list(nouts))


def loss(model):
    return sum((model(x) - t) ** 2 for x, t in zip(X, T))


def test_weights_and_then_the_bias_are_drawn_neuron_by_neuron():
    model = seeded(7, (2, 1))
    random.seed(7)
    for layer in model.layers:
        for neuron in layer.neurons:
            assert [w.data for w in neuron.w] == [random.uniform(-1, 1) for _ in neuron.w]
            assert neuron.b.data == random.uniform(-1, 1)


def test_it_trains_as_torch_trains_it():
    torch = pytest.importorskip("torch")
    model = seeded()
    tensors = []
    for layer in model.layers:
        w = torch.tensor([[w.data for w in neuron.w] for neuron in layer.neurons], dtype=torch.float64)
        b = torch.tensor([neuron.b.data for neuron in layer.neurons], dtype=torch.float64)
        tensors.append((w.requires_grad_(), b.requires_grad_()))
    for _ in range(20):
        total = loss(model)
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data += -0.05 * p.grad
        a = torch.tensor(X, dtype=torch.float64)
        for w, b in tensors:
            a = torch.tanh(a @ w.T + b)
        expected = ((a[:, 0] - torch.tensor(T, dtype=torch.float64)) ** 2).sum()
        gradients = torch.autograd.grad(expected, [tensor for pair in tensors for tensor in pair])
        with torch.no_grad():
            for tensor, gradient in zip([tensor for pair in tensors for tensor in pair], gradients):
                tensor -= 0.05 * gradient
        assert total.data == pytest.approx(expected.item(), rel=1e-11)
    assert total.data < 0.2 * loss(seeded()).data


def test_its_neuron_is_the_tanh_of_what_it_adds_up():
    neuron = Neuron(2)
    for value, number in zip(neuron.parameters(), (-1.0, 2.0, 0.5)):
        value.data = number
    assert neuron([3.0, 1.0]).data == np.tanh(-0.5)
    assert len(neuron.parameters()) == 3 and isinstance(neuron, Module)


def test_one_output_is_a_value_and_several_are_a_list():
    assert isinstance(Layer(2, 1)([1.0, 2.0]), Value)
    assert [type(z) for z in MLP(2, [3, 2])([1.0, 2.0])] == [Value, Value]


def test_it_is_lifted():
    model = seeded()
    program = engine.lift(lambda x, t: (model(x) - t) ** 2, batch=True, reduction="sum", parameters=model.parameters())
    value, gradient = program.value_and_grad(np.array(X), np.array(T))
    total = loss(model)
    total.backward()
    assert value == pytest.approx(total.data, rel=1e-12)
    assert gradient.parameters == pytest.approx([p.grad for p in model.parameters()], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MLP(3, []), ValueError, "at least one layer"),
        (lambda: MLP(3, 1), TypeError, "nouts"),
        (lambda: Layer(2, 0), ValueError, "nout"),
        (lambda: Neuron(2.5), TypeError, "nin"),
        (lambda: Neuron(2)([1.0]), ValueError, "2 inputs; got 1 numbers"),
    ],
)
def test_what_is_no_network_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
