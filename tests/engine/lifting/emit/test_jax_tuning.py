"""Forms that XLA does faster compute what the plain ones do."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.emit.jax_text import JAX
from engine.lifting.emit.jax_tuning import FULLEST, column_sums, pays, picked
from engine.lifting.emit.writer import Writer


@pytest.fixture
def run():
    jax = pytest.importorskip("jax")

    def evaluated(w, text, **arrays):
        with jax.enable_x64(True):
            space = {"np": np, "jnp": jax.numpy, "N": 4, "dtype": np.float64, "constants": w.constants}
            space |= {name: jax.numpy.asarray(x) for name, x in arrays.items()}
            for line in w.build:
                exec(line, space)
            return np.asarray(eval(text, space))

    return evaluated


def test_padding_pays_up_to_a_bound():
    assert pays(FULLEST * 10, 10)
    assert not pays(FULLEST * 10 + 1, 10)


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("counts", [[3, 3], [3, 1]])
def test_sums_of_columns_leave_padding_out(run, counts, largest):
    w, x = Writer(JAX, {}, set(), set()), -1.0 - np.arange(6.0).reshape(3, 2)
    text = column_sums(w, "x", np.array(counts), 0, largest=largest)
    columns = [x[:n, k] for k, n in enumerate(counts)]
    np.testing.assert_allclose(run(w, text, x=x), [c.max() if largest else c.sum() for c in columns])


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("at", [[2, 0], [2, 0, 1, 1, 2, 0, 2]])
def test_elements_that_are_picked_again_and_again(run, at, batched):
    w, x = Writer(JAX, {}, set(), set()), np.arange(12.0).reshape(4, 3) if batched else np.arange(3.0)
    text = picked(w, "x", np.array(at), 3, batched, "at")
    assert ("broadcast_to" in text) == (len(at) > 3)
    np.testing.assert_array_equal(run(w, text, x=x), x[..., at])
