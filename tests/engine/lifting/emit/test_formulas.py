"""Formulas: what they say is what is computed, axes and parts included."""

from __future__ import annotations

import numpy as np
import pytest
from formulas_run import compared
from long_run import shortened
from lowering import lowering, random_lowering

import engine
import nn
from engine import Value
from nn.gpt import GPT


def lines(program) -> list[str]:
    return program.formulas().splitlines()


def dense(inputs, widths, batch):
    model = nn.MLP(inputs, widths, activation="tanh", seed=0)
    X, T = nn.moons(6)
    if batch:
        program = engine.lift(nn.sample_loss(model, "hinge"), batch=True, parameters=model.parameters())
        program.value_and_grad(X, T)
    else:
        program = engine.lift(nn.mean_loss(model, X, T, "hinge"))
        program.value_and_grad()
    return program


def test_a_bias_is_summed_over_the_axis_that_it_is_summed_over():
    """A graph of six samples, not a batch: the samples are the first axis, as the text has it."""
    program = dense(2, [3, 1], batch=False)
    assert "db1 = dz1.sum(axis=0)" in lines(program)
    assert "ones_6.dot(da1, db1)  # the sum over rows" in program.source()


def test_a_column_of_weights_is_a_column():
    for batch in (False, True):
        text = dense(2, [3, 1], batch).formulas()
        assert "a1 @ W2[:, 0]" in text, text
        assert "W2.T" not in text


def test_equations_run_as_numpy():
    """Where nothing is left to broadcasting, a formula is Python that computes what the program does."""
    model = nn.MLP(3, [4, 2], activation="tanh", seed=1)
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    program = engine.lift(nn.sample_loss(model, "mse"), batch=True, parameters=model.parameters())
    value, gradient = program.value_and_grad(X, T)
    names = {p.variable: p.of(program.pull()) for p in program.traces.parameters.arrays}
    space = {**names, "x": X, "t": T, "N": len(X), "tanh": np.tanh}
    space |= dict(zip(program.inputs, (X, T)))
    exec(program.formulas(), space)
    np.testing.assert_allclose(space["losses"].mean(), value, rtol=1e-12)
    for p in program.traces.parameters.arrays:
        np.testing.assert_allclose(space[f"d{p.variable}"], gradient.named()[p.name], rtol=1e-12)


def test_runs_that_are_read_once_are_written_where_they_are_read():
    w = [Value(0.1 * k, f"w[{k}]") for k in range(4)]

    def f(t):
        return engine.total([engine.softmax(w[: n + 1])[0] for n in range(4)]) * t

    program = engine.lift(f)
    program.value_and_grad(2.0)
    text = program.formulas()
    read = {
        name for name in text.replace("(", " ").replace("[", " ").split() if name[0] in "tes" and name[1:].isdigit()
    }
    assigned = {line.split(" ")[0].split("[")[0] for line in text.splitlines()}
    assert read <= assigned, text


NETWORKS = {
    "64-32-10": (32, [64, 32, 10], "cross_entropy"),
    "64-32-10, one sample": (1, [64, 32, 10], "cross_entropy"),
    "2-16-16-1": (20, [2, 16, 16, 1], "hinge"),
    "3-4-2": (7, [3, 4, 2], "mse"),
}


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_what_their_formulas_say(name, activation):
    n, sizes, loss = NETWORKS[name]
    rng = np.random.default_rng(0)
    model = nn.MLP(sizes[0], sizes[1:], activation=activation, seed=0)
    targets = {"cross_entropy": rng.integers(0, sizes[-1], n), "hinge": np.sign(rng.normal(size=n))}
    T = targets.get(loss, rng.normal(size=(n, sizes[-1])))
    f = nn.sample_loss(model, loss)
    compared(lowering(f, rng.normal(size=(n, sizes[0])), T, batch=True, parameters=model.parameters()))


@pytest.mark.parametrize("tokens", shortened([[1, 5, 3, 2, 7, 4], [1, 5, 3]], 1))
def test_a_transformer_is_what_its_formulas_say(tokens):
    model = GPT(9, channels=8, heads=2, context=8)
    text = compared(lowering(model.loss, tokens, parameters=model.parameters()))
    assert "sum over l <= i of" in text or len(tokens) < 5
    assert "[...]" not in text


FUNCTIONS = {
    "windows": lambda x: engine.total([x[i] * x[i + 1] * x[i + 2] for i in range(5)]),
    "every other": lambda x: engine.dot(x[::2], x[1::2]) + engine.dot(x[::-1], x[:]),
    "pairs": lambda x: engine.total([engine.tanh(x[i] - x[j]) for i in range(7) for j in range(i)]),
    "triangles": lambda x: engine.total([engine.softmax([x[i] * v for v in x[: i + 1]])[0] for i in range(7)]),
    "runs of one": lambda x: engine.total([engine.logsumexp([x[0]]), engine.softmax([x[1]])[0] * x[2]]),
    "one row": lambda x: engine.total([engine.exp(x[0] * v) for v in x]),
    "places of no pattern": lambda x: engine.total([engine.sin(x[i] * x[j]) for i, j in ((3, 2), (0, 2), (5, 6))]),
    "a power of each place": lambda x: engine.total([x[i] ** (i + 1.0) for i in range(7)]) / 7.0,
    "a third of negative zero": lambda x: engine.arctan2(-0.0 * x[0], x[1]) / 3.0,
}


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_what_their_formulas_say(name, batch):
    x = np.random.default_rng(1).normal(size=(4, 8) if batch else 8)
    compared(lowering(FUNCTIONS[name], x, batch=batch))


@pytest.mark.parametrize("seed", shortened(range(0, 300, 10), 3))
def test_random_programs_are_what_their_formulas_say(seed):
    for k in range(seed, seed + 10):
        case = random_lowering(k)
        if case is not None:
            compared(case)


CHAINS = {
    "activations": lambda x: engine.tanh(x * 1.01 + 0.1),
    "quotients": lambda x: 1.0 / (x + 1.5),
    "signs": lambda x: -x * 1.01,
    "powers": lambda x: (x * x + 1.0) ** 0.5,
    "choices": lambda x: engine.where(x > 0.0, x * 0.5, x),
    "exponentials": lambda x: engine.exp(-x),
}


@pytest.mark.parametrize("kind", shortened(CHAINS, 3))
@pytest.mark.parametrize("batch", shortened([False, True], 1))
def test_a_long_chain_has_lines_that_end(kind, batch):
    def f(x):
        for _ in range(205):  # more than the parentheses that Python reads one inside another
            x = CHAINS[kind](x)
        return x

    program = engine.lift(f, batch=batch, verify=False)
    value, _ = program.value_and_grad(np.array([0.5]) if batch else 0.5, wrt="all")
    assert value == pytest.approx(f(0.5), rel=1e-9)
    assert max(map(len, program.formulas().splitlines())) < 2_000
