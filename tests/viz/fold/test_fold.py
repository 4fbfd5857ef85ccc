"""Any graph folds into at most forty boxes that hold every node, and soon."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from folding import chain, gpt_loss, network_loss, tangle

import engine
import nn
import viz
from viz.dot import picture_of
from viz.fold.fold import LIMIT, fold
from viz.nodes import kind


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [lambda: chain(100_000), lambda: tangle(150_000), lambda: network_loss(700)], ids=["chain", "tangle", "net"]
)
def test_a_hundred_thousand_nodes_are_drawn_in_five_seconds(make):
    root = make()
    assert engine.graph.count(root) > 100_000
    start = time.process_time()  # other work on the machine does not count
    viz.svg(root)
    assert time.process_time() - start < 5


MILLION = """
import gc, resource
gc.disable()  # for time, not for memory: nothing here is a cycle
resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
import engine, viz
v = [engine.Value(0.1 * i) for i in range(1000)]
for _ in range(500):
    v = [engine.tanh(a) for a in v]
    v = [a * b for a, b in zip(v, v[1:] + v[:1])]
root = engine.total(v)
picture = viz.svg(root)
print(engine.graph.count(root), picture.count('class="node'), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_a_million_nodes_are_drawn_within_four_gibibytes():
    environment = {**os.environ, "PYTHONPATH": str(Path(viz.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", MILLION], capture_output=True, text=True, check=True, env=environment)
    nodes, boxes, kibibytes = map(int, done.stdout.split())
    assert nodes == 1_001_001
    assert 4 <= boxes <= LIMIT  # values, tanhs of products, products of tanhs, the sum
    assert kibibytes < 4 << 20


@pytest.mark.parametrize("tokens", [[1, 2], [0, 5, 13, 13, 1, 0], list(range(17))], ids=len)
def test_a_gpt_block_is_a_page_whose_norms_and_softmaxes_are_a_box_each(tokens):
    loss = gpt_loss(tokens)
    loss.backward()
    picture = picture_of(loss)
    titles = [card.titles[0] for card in picture.cards]
    assert picture.direction == "TB"
    assert len(titles) <= 20
    assert (
        titles.count("dot, × 0.0625, + 1e-05, ** -0.5, ×") + titles.count("+, dot, × 0.0625, + 1e-05, ** -0.5, ×") == 3
    )
    assert "shift, −, exp, total, ÷, dot" in titles or len(tokens) == 2
    assert {"wte", "wpe", "wq", "wk", "wv", "wo", "fc1", "fc2", "lm_head"} <= set(titles)
    wide, high = size_of(viz.svg(loss))
    assert wide < 700
    assert high < 1300


def size_of(picture):
    """Width and height of an SVG, in points."""
    return [float(x) for x in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', picture).groups()]


def test_gradients_are_left_out_before_a_backward_pass():
    loss = network_loss()
    assert "mean |grad|" in viz.draw(loss).source
    for node in engine.graph.order(loss):
        node.grad = 0.0
    assert "grad" not in viz.draw(loss).source
