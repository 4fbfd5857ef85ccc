"""Graphs that fold, with labels and without."""

from __future__ import annotations

import random

import engine
import nn
from engine import Value
from nn.gpt import GPT


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


def gpt_loss(tokens):
    return GPT(27, channels=16, heads=4, context=16).loss(tokens)
