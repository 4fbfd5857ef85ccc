"""What is emitted for a two-layer network, to the letter; `python tests/engine/lifting/test_golden.py` writes it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

import engine
import nn
from nn import matrix

GOLDEN = Path(__file__).parent / "golden"


def two_layers():
    """4-3-2 with tanh and softmax cross-entropy, written as neurons."""
    model = nn.MLP(4, [3, 2], activation="tanh", seed=0)

    def loss(X, t):
        return nn.cross_entropy(model(X), t)

    program = engine.lift(loss, batch=True, parameters=model.parameters())
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(5, 4)), rng.integers(0, 2, 5)
    program.value_and_grad(X, t)
    return model, program, X, t


def test_the_source_is_what_one_would_have_written():
    assert two_layers()[1].source() == (GOLDEN / "two_layers.py").read_text()


def test_the_formulas_are_the_batch_equations():
    text = two_layers()[1].formulas()
    assert text == (GOLDEN / "two_layers.txt").read_text()
    for equation in (
        "z1 = X @ W1 + b1",
        "dz1 = dz2 @ W2.T * (1 - a1 * a1)",  # BP2b
        "db1 = dz1.sum(axis=0)",  # BP3b
        "dW1 = X.T @ dz1",  # BP4b
        "dW2 = a1.T @ dz2",
    ):
        assert equation in text.splitlines()


def test_the_golden_text_runs_by_itself_and_is_right():
    model, _, X, t = two_layers()
    spec = importlib.util.spec_from_file_location("two_layers", GOLDEN / "two_layers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    forward, backward = module.build(len(X))
    p = model.arrays()
    W1, b1, W2, b2 = p.values()
    value = forward(W1, b1, W2, b2, X, t)
    got = {k: np.empty_like(v) for k, v in p.items()}
    backward(W2, X, t, *got.values())
    want_value, want = matrix.value_and_gradients(p, X, t, activation="tanh")
    assert abs(value - want_value) < 1e-15
    for name in p:
        np.testing.assert_allclose(got[name], want[name], rtol=1e-13, atol=1e-16)


def test_the_same_graph_gives_the_same_text():
    assert two_layers()[1].source() == two_layers()[1].source()


def test_every_stage_prints_itself(monkeypatch):
    monkeypatch.setenv("LIFTGRAD_CHECK", "1")
    _, program, _, _ = two_layers()
    assert "matmul" in "\n".join(step.text + step.op for step in program.steps)
    assert program.stats.scalar_nodes == 39
    assert "39 scalar nodes -> 13 array operations" in str(program.stats)


if __name__ == "__main__":
    program = two_layers()[1]
    (GOLDEN / "two_layers.py").write_text(program.source())
    (GOLDEN / "two_layers.txt").write_text(program.formulas())
    (GOLDEN / "two_layers_jax.py").write_text(program.to_jax().source())  # needs JAX
