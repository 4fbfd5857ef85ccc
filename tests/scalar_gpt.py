"""A GPT in plain scalar Python, its weights in a dictionary of nested lists, unlabelled, as people write it to learn.

`loss_of` reads its tokens as Python reads integers; `of_select` chooses by them, so that they may be a program's input.
"""

from __future__ import annotations

import random

import engine
from engine import Value

VOCABULARY, CHANNELS, HEADS, POSITIONS = 7, 8, 2, 5
PER_HEAD = CHANNELS // HEADS

_rng = random.Random(42)


def matrix(rows, columns):
    return [[Value(_rng.gauss(0, 0.3)) for _ in range(columns)] for _ in range(rows)]


state_dict = {
    "wte": matrix(VOCABULARY, CHANNELS),
    "wpe": matrix(POSITIONS, CHANNELS),
    "layer0.attn_wq": matrix(CHANNELS, CHANNELS),
    "layer0.attn_wk": matrix(CHANNELS, CHANNELS),
    "layer0.attn_wv": matrix(CHANNELS, CHANNELS),
    "layer0.attn_wo": matrix(CHANNELS, CHANNELS),
    "layer0.mlp_fc1": matrix(2 * CHANNELS, CHANNELS),
    "layer0.mlp_fc2": matrix(CHANNELS, 2 * CHANNELS),
    "lm_head": matrix(VOCABULARY, CHANNELS),
}
tokens = [0, 3, 1, 6, 4, 2]  # five predictions; the last token is read as a target alone

# Every parameter, and how many of its numbers a program of these tokens reads.
PARAMETERS = {name: len(table) * len(table[0]) for name, table in state_dict.items()}
PARAMETERS["wte"] -= 2 * CHANNELS  # two rows are of tokens that nothing follows, or that there are none of

# What its author calls results, and the functions that make them.
NAMES = {
    "q": ["mean_loss", "gpt"],
    "k": ["mean_loss", "gpt"],
    "v": ["mean_loss", "gpt"],
    "attn_logits": ["mean_loss", "gpt"],
    "attn_weights": ["mean_loss", "gpt", "softmax"],
    "head_out": ["mean_loss", "gpt"],
    "ms": ["mean_loss", "gpt", "rmsnorm"],
    "scale": ["mean_loss", "gpt", "rmsnorm"],
    "probs": ["mean_loss", "softmax"],
}


def linear(x, w):
    return [sum(wi * xi for wi, xi in zip(row, x)) for row in w]


def softmax(logits):
    return engine.softmax(logits)


def rmsnorm(x):
    ms = sum(xi * xi for xi in x) / len(x)
    scale = (ms + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def gpt(token_row, position, keys, values):
    x = [t + p for t, p in zip(token_row, state_dict["wpe"][position])]
    x = rmsnorm(x)
    x_residual = x
    x = rmsnorm(x)
    q = linear(x, state_dict["layer0.attn_wq"])
    k = linear(x, state_dict["layer0.attn_wk"])
    v = linear(x, state_dict["layer0.attn_wv"])
    keys.append(k)
    values.append(v)
    x_attn = []
    for h in range(HEADS):
        hs = h * PER_HEAD
        q_h = q[hs : hs + PER_HEAD]
        k_h = [ki[hs : hs + PER_HEAD] for ki in keys]
        v_h = [vi[hs : hs + PER_HEAD] for vi in values]
        attn_logits = [sum(q_h[j] * k_h[t][j] for j in range(PER_HEAD)) / PER_HEAD**0.5 for t in range(len(k_h))]
        attn_weights = softmax(attn_logits)
        head_out = [sum(attn_weights[t] * v_h[t][j] for t in range(len(v_h))) for j in range(PER_HEAD)]
        x_attn.extend(head_out)
    x = linear(x_attn, state_dict["layer0.attn_wo"])
    x = [a + b for a, b in zip(x, x_residual)]
    x_residual = x
    x = rmsnorm(x)
    x = linear(x, state_dict["layer0.mlp_fc1"])
    x = [xi.relu() for xi in x]
    x = linear(x, state_dict["layer0.mlp_fc2"])
    x = [a + b for a, b in zip(x, x_residual)]
    return linear(x, state_dict["lm_head"])


def mean_loss(tokens, row_of, loss_at):
    keys, values, losses = [], [], []
    for position in range(len(tokens) - 1):
        logits = gpt(row_of(state_dict["wte"], tokens[position]), position, keys, values)
        probs = softmax(logits)
        loss_t = -loss_at(probs, tokens[position + 1]).log()
        losses.append(loss_t)
    return (1 / len(losses)) * sum(losses)


def loss_of(tokens):
    return mean_loss(tokens, lambda table, i: table[i], lambda probs, i: probs[i])


def of_select(tokens):
    return mean_loss(tokens, engine.select, engine.select)
