"""Text for JAX is proven before it is handed out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from wrong_texts import X, neuron

import engine
from engine import LiftError, Value


def test_integers_that_compute_go_to_jax_in_their_order():
    pytest.importorskip("jax")
    table = [Value(1.0 + k, f"p{k}") for k in range(4)]

    def f(k, x, m, n):
        chosen = [engine.select(table, i) for i in (k, m, n)]
        return k * 100.0 + m * 10.0 + n + engine.dot(chosen, [x, x, x])

    program = engine.lift(f, batch=True)
    inputs = np.array([0, 1, 3]), np.array([0.5, -1.0, 2.0]), np.array([3, 2, 1]), np.array([1, 1, 0])
    value = program(*inputs)
    assert float(program.to_jax()(program.pull(), *inputs)[0]) == pytest.approx(value, rel=1e-5)


@pytest.fixture
def ordinary(monkeypatch):
    """Outside the project's tests, not every program is proven."""
    monkeypatch.delenv("LIFTGRAD_CHECK")


def test_text_for_jax_is_proven(ordinary):
    pytest.importorskip("jax")
    program = neuron(verify="exact")
    value = program.value_and_grad(X)[0]
    assert float(program.to_jax()(program.pull(), X)[0]) == pytest.approx(value, rel=1e-5)
    compile_right = program.compile_for_jax
    for old, new in [("jnp.tanh(", "jnp.cos("), ("jnp.add(z1, b)", "z1 * b"), ("seed * ", "2.0 * seed * ")]:

        def compile_wrong(*given, old=old, new=new):
            made = compile_right(*given)
            assert old in made.text, made.text
            return replace(made, text=made.text.replace(old, new, 1))

        program.compile_for_jax = compile_wrong
        for gradients in ("lifted", "jax"):
            with pytest.raises(
                LiftError, match="for JAX, differs from its scalar operations: .*use the program on NumPy"
            ):
                program.to_jax(gradients=gradients)
    program.verify = False
    program.to_jax()
