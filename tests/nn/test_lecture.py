"""The lecture's networks: micrograd's numbers from Python's random, against PyTorch."""

from __future__ import annotations

import random

import numpy as np
import pytest

import engine
import nn
from engine import Value
from nn.lecture import MLP, Layer, Module, Neuron

X = [[2.0, 3.0], [-1.0, 0.5], [0.5, -1.0], [1.0, 1.0]]
T = [1.0, -1.0, -1.0, 1.0]


def seeded(seed=1337, nouts=(4, 3, 1)):
    random.seed(seed)
    return MLP(2, list(nouts))


def loss(model):
    scores = [model(x) for x in X]
    hinge = sum([(1 + -t * score).relu() for t, score in zip(T, scores)]) * (1.0 / len(X))
    return hinge + 1e-4 * sum([p * p for p in model.parameters()])


def test_weights_are_drawn_neuron_by_neuron_from_pythons_random():
    model = seeded(7)
    random.seed(7)
    for p, neuron_inputs in zip(model.layers, (2, 4, 3)):
        for neuron in p.neurons:
            assert [w.data for w in neuron.w] == [random.uniform(-1, 1) for _ in range(neuron_inputs)]
            assert neuron.b.data == 0.0
    expected = [v for layer in model.layers for neuron in layer.neurons for v in [*neuron.w, neuron.b]]
    assert all(p is q for p, q in zip(model.parameters(), expected)) and len(model.parameters()) == len(expected) == 31


def test_it_is_the_network_that_torch_computes():
    torch = pytest.importorskip("torch")
    model = seeded()
    total = loss(model)
    total.backward()
    layers = []
    for layer in model.layers:
        linear = torch.nn.Linear(len(layer.neurons[0].w), len(layer.neurons), dtype=torch.float64)
        with torch.no_grad():
            linear.weight[:] = torch.tensor(
                [[w.data for w in neuron.w] for neuron in layer.neurons], dtype=torch.float64
            )
            linear.bias[:] = torch.tensor([neuron.b.data for neuron in layer.neurons], dtype=torch.float64)
        layers += [linear, torch.nn.ReLU()]
    twin = torch.nn.Sequential(*layers[:-1])
    scores = twin(torch.tensor(X, dtype=torch.float64))[:, 0]
    hinge = torch.relu(1 - torch.tensor(T, dtype=torch.float64) * scores).mean()
    expected = hinge + 1e-4 * sum((p * p).sum() for p in twin.parameters())
    expected.backward()
    assert total.data == pytest.approx(expected.item(), rel=1e-12)
    for layer, linear in zip(model.layers, layers[::2]):
        for neuron, weights, bias in zip(layer.neurons, linear.weight.grad.tolist(), linear.bias.grad.tolist()):
            assert [w.grad for w in neuron.w] == pytest.approx(weights, rel=1e-12, abs=1e-15)
            assert neuron.b.grad == pytest.approx(bias, rel=1e-12, abs=1e-15)


def test_a_seeded_script_trains_as_the_lecture_trains():
    model = seeded()
    losses = []
    for _ in range(20):
        total = loss(model)
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        losses.append(total.data)
    assert losses[-1] < losses[0] / 2
    again = seeded()
    assert loss(again).data == losses[0]


def test_one_output_is_a_value_and_several_are_a_list():
    assert isinstance(Neuron(2)([1.0, 2.0]), Value)
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)
    assert [type(z) for z in MLP(2, [3, 2])([1.0, 2.0])] == [Value, Value]
    assert isinstance(MLP(2, [1, 1])((Value(1.0), np.float64(2.0))), Value)
    assert isinstance(nn.MLP(2, [3, 1])([1.0, 2.0]), list)  # as it was


def test_a_neuron_is_linear_or_has_a_relu():
    neuron = Neuron(2, nonlin=False)
    for value, number in zip(neuron.parameters(), (-1.0, 2.0, 0.5)):
        value.data = number
    assert neuron([3.0, 1.0]).data == -0.5
    neuron.nonlin = True
    assert neuron([3.0, 1.0]).data == 0.0


def test_it_shows_itself_as_micrograd_does():
    assert repr(MLP(3, [2, 1])) == ("MLP of [Layer of [ReLUNeuron(3), ReLUNeuron(3)], Layer of [LinearNeuron(2)]]")
    assert str(Layer(2, 1, nonlin=False)) == "Layer of [LinearNeuron(2)]"


def test_a_module_of_ones_own_says_or_has_its_parameters():
    class Says(Module):
        def __init__(self):
            self.neurons = (neuron for neuron in [Neuron(1)])
            self.w = Value(1.0)

        def parameters(self):
            return [self.w]

    class Has(Module):
        def __init__(self):
            self.parts = [Neuron(1), Neuron(2)]

    said, has = Says(), Has()
    said.w.grad = 3.0
    said.zero_grad()
    assert said.w.grad == 0.0
    assert len(has.parameters()) == 5
    assert Module().parameters() == []


def test_the_same_model_is_lifted_and_saved(tmp_path):
    model = seeded()
    program = engine.lift(lambda x, t: (1 + -t * model(x)).relu(), batch=True)
    value, gradient = program.value_and_grad(np.array(X), np.array(T))
    total = sum([(1 + -t * model(x)).relu() for x, t in zip(X, T)]) * (1.0 / len(X))
    model.zero_grad()
    total.backward()
    assert value == pytest.approx(total.data, rel=1e-12)
    assert sorted(gradient.parameters.tolist()) == pytest.approx(
        sorted(p.grad for p in model.parameters()), rel=1e-10, abs=1e-14
    )
    model.save(tmp_path / "model.safetensors")
    other = seeded(1)
    other.load(tmp_path / "model.safetensors")
    assert [p.data for p in other.parameters()] == [p.data for p in model.parameters()]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MLP(2, []), ValueError, "at least one layer"),
        (lambda: MLP(2, 3), TypeError, "nouts"),
        (lambda: MLP(0, [1]), ValueError, "nin"),
        (lambda: Layer(2, 0), ValueError, "nout"),
        (lambda: Neuron("2"), TypeError, "nin"),
        (lambda: Neuron(2)([1.0]), ValueError, r"the neuron has 2 inputs; got 1 numbers"),
    ],
)
def test_what_is_no_network_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
