"""A character-level GPT, one scalar at a time: embeddings, RMSNorm, causal attention, a ReLU MLP, Adam.

    liftgrad gpt --data names.txt

The model below knows numbers only; `engine.lift` runs it as matrix products, one program for each length of name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

import engine
from engine import Label, Value, zero_grad
from engine.collector import collector_paused
from nn.module import Module
from nn.optim import Adam, linear
from nn.samples import Array

Gradient: TypeAlias = Callable[[Array, list[int]], tuple[float, Array]]

BETAS = (0.9, 0.95)


class GPT(Module):
    """One layer by default; every weight is a Value."""

    def __init__(self, vocabulary: int, channels: int = 16, heads: int = 4, context: int = 16, seed: int = 0) -> None:
        self.heads, self.context, rng = heads, context, np.random.default_rng(seed)

        def matrix(name: str, rows: int, columns: int) -> list[list[Value]]:
            drawn = rng.normal(0.0, 0.08, (rows, columns)).tolist()
            return [
                [Value(v, Label(f"{name}.{i}.{j}", name, (i, j))) for j, v in enumerate(row)]
                for i, row in enumerate(drawn)
            ]

        self.wte, self.wpe = matrix("wte", vocabulary, channels), matrix("wpe", context, channels)
        self.wq, self.wk, self.wv, self.wo = (matrix(n, channels, channels) for n in ("wq", "wk", "wv", "wo"))
        self.fc1, self.fc2 = matrix("fc1", 4 * channels, channels), matrix("fc2", channels, 4 * channels)
        self.lm_head = matrix("lm_head", vocabulary, channels)

    def logits(self, token: Any, position: int, keys: list[list[Any]], values: list[list[Any]]) -> list[Any]:
        """Scores of the next token; the keys and values of this position join those of the past."""
        x = [t + p for t, p in zip(engine.select(self.wte, token), self.wpe[position])]
        h = rmsnorm(x)
        q = linear_map(self.wq, h)
        keys.append(linear_map(self.wk, h))
        values.append(linear_map(self.wv, h))
        size, attended = len(q) // self.heads, []
        for head in range(0, len(q), size):
            part = slice(head, head + size)
            a = engine.softmax([engine.dot(q[part], k[part]) * size**-0.5 for k in keys])
            attended += [engine.dot(a, [v[j] for v in values]) for j in range(head, head + size)]
        x = [a + b for a, b in zip(x, linear_map(self.wo, attended))]
        h = [engine.relu(z) for z in linear_map(self.fc1, rmsnorm(x))]
        x = [a + b for a, b in zip(x, linear_map(self.fc2, h))]
        return linear_map(self.lm_head, rmsnorm(x))

    def loss(self, tokens: Sequence[Any]) -> Any:
        """Mean cross-entropy of every next token."""
        keys: list[list[Any]] = []
        values: list[list[Any]] = []
        losses = []
        for position in range(len(tokens) - 1):
            z = self.logits(tokens[position], position, keys, values)
            losses.append(engine.logsumexp(z) - engine.select(z, tokens[position + 1]))
        return engine.total(losses) * (1.0 / len(losses))


def linear_map(W: list[list[Value]], x: list[Any]) -> list[Any]:
    """One dot per row."""
    return [engine.dot(row, x) for row in W]


def rmsnorm(x: list[Any]) -> list[Any]:
    """X over the root of its mean square."""
    scale = (engine.dot(x, x) * (1.0 / len(x)) + 1e-5) ** -0.5
    return [v * scale for v in x]


def train(
    model: GPT,
    documents: list[list[int]],
    steps: int,
    lifted: bool = True,
    lr: float = 1e-2,
    *,
    losses: list[float] | None = None,
    optimizer: Adam | None = None,
    after: Callable[[Any, list[float]], None] | None = None,
    verify: bool | str = True,
) -> list[float]:
    """Adam on one document per step; return the losses.

    Given the `losses` of steps made before, and their `optimizer`, it goes on from there; `after` is called after every
    step with the parameters and the losses; `verify` is as in `engine.lift`.
    """
    gradient = _lifted(model, verify) if lifted else _eager(model)
    theta = np.array([value.data for value in model.parameters()])
    losses = list(losses or [])
    optimizer = optimizer or Adam(linear(lr, steps), betas=BETAS)
    try:
        for step in range(len(losses), steps):
            tokens = documents[step % len(documents)][: model.context + 1]
            value, slope = gradient(theta, tokens)
            optimizer.update(theta, slope)
            losses.append(value)
            if after is not None:
                after(theta, losses)
    finally:
        _push(model.parameters(), theta)
    return losses


def _lifted(model: GPT, verify: bool | str) -> Gradient:
    """Return the loss of a document and its gradient by matrices, each time in the same memory."""
    program = engine.lift(model.loss, parameters=model.parameters(), verify=verify)
    out = np.empty(len(program.pull()))

    def gradient(theta: Array, tokens: list[int]) -> tuple[float, Array]:
        value, _ = program.value_and_grad(np.array(tokens), parameters=theta, out=out)
        return value, out

    return gradient


def _eager(model: GPT) -> Gradient:
    """Return the same one scalar at a time."""
    values = model.parameters()

    def gradient(theta: Array, tokens: list[int]) -> tuple[float, Array]:
        _push(values, theta)
        zero_grad(values)
        with collector_paused():
            root = model.loss(tokens)
            root.backward()
        return root.data, np.array([value.grad for value in values])

    return gradient


def _push(values: list[Value], theta: Array) -> None:
    for value, number in zip(values, theta.tolist()):
        value.data = number


def sample(model: GPT, letters: str, rng: np.random.Generator) -> str:
    """Draw a name, letter by letter."""
    token, drawn = len(letters), ""
    keys: list[list[Any]] = []
    values: list[list[Any]] = []
    for position in range(model.context):
        p = np.array([float(v) for v in engine.softmax(model.logits(token, position, keys, values))])
        token = int(rng.choice(len(p), p=p / p.sum()))
        if token == len(letters):
            break
        drawn += letters[token]
    return drawn
