"""Any graph folds into at most sixty boxes that hold every node, and soon."""

import random
import time

import pytest

import engine
import nn
import viz
from engine import Value
from viz.collapse import LIMIT, array_of, fold, layer_of
from viz.style import kind


def network_loss(samples=8):
    X, T = nn.digits()
    loss = nn.mean_loss(nn.MLP(64, [32, 10]), X[:samples] / 16, T[:samples])
    loss.backward()
    return loss


def chain(n):
    v = Value(0.5, "x")
    for _ in range(n):
        v = engine.tanh(v)
    return v


def tangle(n, seed=0):
    rng = random.Random(seed)
    values = [Value(rng.random(), f"u{i}q") for i in range(200)]
    for _ in range(n):
        a, b = rng.choice(values[-500:]), rng.choice(values[-500:])
        values.append(rng.choice([lambda a, b: a * b, lambda a, b: a + b, lambda a, _: engine.tanh(a)])(a, b))
    return engine.total(values[-300:])


def test_layers_say_what_they_hold():
    boxes = {box.title: box for box in fold(network_loss()).boxes}
    lines = boxes["layers.0"].lines()
    assert lines[:2] == ["32 neurons, 2,080 parameters", "256 dot, 256 relu"]
    assert boxes["layers.1"].parameters == 330


def test_the_mean_gradient_of_a_layer_is_that_of_its_parameters():
    loss = network_loss()
    grads = [abs(v.grad) for v in engine.graph.order(loss) if str(v.label).startswith("layers.0.")]
    box = next(box for box in fold(loss).boxes if box.title == "layers.0")
    assert box.absolute / box.parameters == pytest.approx(sum(grads) / 2080, rel=1e-12)


def test_a_small_network_is_drawn_neuron_by_neuron():
    X, T = nn.xor()
    titles = [box.title for box in fold(nn.mean_loss(nn.MLP(2, [4, 1]), X, T, "mse")).boxes]
    assert [t for t in titles if "neurons" in t] == [*[f"layers.0.neurons.{i}" for i in range(4)], "layers.1.neurons.0"]


@pytest.mark.parametrize(
    "root", [chain(5000), tangle(5000), tangle(5000, 1), network_loss()], ids=["chain", "a", "b", "net"]
)
def test_every_node_but_constants_is_in_one_box(root):
    folded = fold(root)
    assert len(folded.boxes) <= LIMIT
    nodes = engine.graph.order(root)
    assert sum(box.count for box in folded.boxes) == sum(kind(node) != "constant" for node in nodes)


def test_unlabelled_computations_fold_by_signature():
    xs, ws = [Value(1.0) for _ in range(50)], [Value(2.0) for _ in range(50)]
    folded = fold(engine.total([engine.tanh(x * w) for x, w in zip(xs, ws)]))
    assert [(box.title, box.count) for box in folded.boxes] == [("leaf", 100), ("×", 50), ("tanh", 50), ("total", 1)]
    assert folded.edges == {(0, 1): 100, (1, 2): 50, (2, 3): 50}


@pytest.mark.parametrize("make", [chain, tangle])
def test_a_hundred_thousand_nodes_are_drawn_in_five_seconds(make):
    root = make(100_000)
    start = time.perf_counter()
    viz.svg(root)
    assert time.perf_counter() - start < 5


def test_names_fold():
    assert array_of("X[2,5]") == array_of("X[0, 1]") == "X"
    assert layer_of("layers.0.W") == "layers.0"


def test_a_lone_constant_is_a_box():
    assert len(fold((2.0 * Value(1.0)).parents[1]).boxes) == 1


def test_a_constant_that_many_neurons_read_is_counted_once():
    boxes = {box.title: box for box in fold(network_loss(samples=8)).boxes}
    assert boxes["layers.0"].constants == 8 * 64
