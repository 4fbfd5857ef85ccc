"""Draw the README's pictures again: ``python -m nn.gallery [folder]``. Same program, same bytes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
import viz
from engine import Value
from nn.data import digits
from nn.gpt import GPT
from nn.losses import mean_loss, sample_loss
from nn.neuron import MLP

FOLDER = Path(viz.__file__).parent / "gallery"


def a_neuron() -> Value:
    """Return a neuron after its backward pass."""
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.5, "b")
    z = w * x + b
    z.label = "z"
    a: Value = engine.tanh(z)
    a.label = "a"
    a.backward()
    return a


def digits_network() -> tuple[Value, Any]:
    """Return the loss of a 64-32-10 network on 32 digits after its backward pass, and its lifted program."""
    X, T = digits()
    X, T = X[:32] / 16, T[:32]
    model = MLP(64, [32, 10])
    loss = mean_loss(model, X, T)
    loss.label = "loss"
    loss.backward()
    program = engine.lift(sample_loss(model, "cross_entropy"), batch=True)
    program.value_and_grad(X, T)
    return loss, program


def small_gpt() -> Value:
    """Return the loss of a small GPT on six tokens after its backward pass."""
    model = GPT(27, channels=16, heads=4, context=8)
    loss: Value = model.loss([0, 5, 13, 13, 1, 0])
    loss.label = "loss"
    loss.backward()
    return loss


def main(arguments: Sequence[str] = ()) -> None:
    """Write neuron.svg, digits.svg, program.svg and gpt.svg."""
    folder = Path(arguments[0]) if arguments else FOLDER
    loss, program = digits_network()
    viz.save(a_neuron(), folder / "neuron.svg", derivatives=True)
    viz.save(loss, folder / "digits.svg")
    viz.save(program, folder / "program.svg")
    viz.save(small_gpt(), folder / "gpt.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
