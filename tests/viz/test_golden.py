"""Whole pictures of small graphs as DOT, to the letter: `python tests/viz/test_golden.py` writes them anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import engine
import nn
import viz
from engine import Value

GOLDEN = Path(__file__).parent / "golden"


def neuron():
    """Every kind of box: a weight, a bias, an input, a constant, a leaf of no kind, operations and the result."""
    w, x, b, c = Value(0.5, "w"), Value(2.0, "x"), Value(-1.5, "b"), Value(3.0, "speed")
    z = w * x + b
    z.label = "z"
    a = engine.tanh(z) * c / 4.0
    a.backward()
    return viz.draw(a, derivatives=True)


def xor():
    """Folded: a box for each neuron."""
    X, T = nn.xor()
    loss = nn.mean_loss(nn.MLP(2, [3, 1], seed=0), X, T, "mse")
    loss.backward()
    return viz.draw(loss)


def program():
    """A lifted program, lines that serve one result together."""
    model = nn.MLP(4, [3, 2], activation="tanh", seed=0)
    lifted = engine.lift(nn.sample_loss(model, "cross_entropy"), batch=True)
    rng = np.random.default_rng(0)
    lifted.value_and_grad(rng.normal(size=(5, 4)), rng.integers(0, 2, 5))
    return viz.draw(lifted, direction="TB")


PICTURES = {make.__name__: make for make in (neuron, xor, program)}


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_what_it_was(name):
    assert PICTURES[name]().source == (GOLDEN / f"{name}.dot").read_text("utf-8")


if __name__ == "__main__":
    for name, make in PICTURES.items():
        (GOLDEN / f"{name}.dot").write_text(make().source, "utf-8")
