"""Softmax as a word, and its gradient, over rows and over ragged runs; and what is none stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from formulas_run import compared
from lowering import lowering

import engine

X = np.random.default_rng(0).normal(size=(5, 4))


def attention(x):
    """Each position attends to those before it."""
    outputs = []
    for t in range(5):
        scores = engine.softmax([engine.dot(list(x[t]), list(x[s])) for s in range(t + 1)])
        outputs += [engine.tanh(engine.total([a * x[s][j] for s, a in enumerate(scores)])) for j in range(4)]
    return engine.total(outputs)


def test_rows_have_an_axis():
    text = compared(lowering(lambda x: engine.dot(engine.softmax(list(x)), [1.0, 2.0, -1.0, 0.5]), X, batch=True))
    assert "softmax(x, axis=-1)" in text
    assert ".sum(axis=-1)[:, None])" in text.splitlines()[-1]  # a * (da - sum(da * a))
    assert " exp(" not in text


def test_causal_attention_is_over_what_came_before():
    text = compared(lowering(attention, X))
    assert "softmax over j <= i of" in text or "softmax over i <= j of" in text
    assert "exp(" not in text and "at1" not in text


def read_twice(x):
    e = [engine.exp(v) for v in x]
    total = engine.total(e)
    return engine.total([v / total for v in e]) * total


def not_their_own_sum(x):
    e = [engine.exp(v - x[0]) for v in x]
    return engine.total([v / engine.total(e[:2]) for v in e])


@pytest.mark.parametrize("f", [read_twice, not_their_own_sum])
@pytest.mark.parametrize("batch", [False, True])
def test_what_is_none_is_written_out(f, batch):
    text = compared(lowering(f, X if batch else X[0], batch=batch))
    assert "softmax" not in text.partition("\n\n")[0]
