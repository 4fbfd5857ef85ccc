"""Draw the README's pictures again: ``python -m viz.gallery [folder]``. Same program, same bytes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine
from engine import Value
from viz.render import save


def neuron() -> Value:
    """Return a neuron after its backward pass."""
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.5, "b")
    z = w * x + b
    z.label = "z"
    a: Value = engine.tanh(z)
    a.label = "a"
    a.backward()
    return a


def digits() -> tuple[Value, Any]:
    """Return the loss of a 64-32-10 network on 32 digits after its backward pass, and its lifted program."""
    nn = importlib.import_module("nn")  # by name: viz knows graphs, not networks, and only this picture shows one
    X, T = nn.digits()
    X, T = X[:32] / 16, T[:32]
    model = nn.MLP(64, [32, 10])
    loss = nn.mean_loss(model, X, T)
    loss.label = "loss"
    loss.backward()
    program = engine.lift(nn.sample_loss(model, "cross_entropy"), batch=True)
    program.value_and_grad(X, T)
    return loss, program


def gpt() -> Value:
    """Return the loss of a small GPT on six tokens after its backward pass."""
    model = importlib.import_module("nn.gpt").GPT(27, channels=16, heads=4, context=8)
    loss: Value = model.loss([0, 5, 13, 13, 1, 0])
    loss.label = "loss"
    loss.backward()
    return loss


def main(arguments: Sequence[str] = ()) -> None:
    """Write neuron.svg, digits.svg, program.svg and gpt.svg."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    loss, program = digits()
    save(neuron(), folder / "neuron.svg", derivatives=True)
    save(loss, folder / "digits.svg")
    save(program, folder / "program.svg")
    save(gpt(), folder / "gpt.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
