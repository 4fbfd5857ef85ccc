"""How a result gets its name on JAX: whole, or as a copy with a part changed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.emit.jax_bind import covers
from engine.lifting.emit.jax_text import JAX
from engine.lifting.emit.writer import Writer
from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source, View

X = Source("x", (2, 3), "input", batched=True)
R = Source("r", (4, 6), "value", batched=True)
ARRAY = np.random.default_rng(0).normal(size=(5, 2, 3))
PARTS = {
    "a corner": R.view[1:3, 2:5],
    "every second column": View(R, (2, 3), 0, (6, 2)),
    "transposed": View(R, (2, 3), 1, (1, 6)),
    "a diagonal": View(R, (2, 3), 0, (3, 7)),
    "rows that are axes": View(R, (2, 3), 6, (6, 1)),
}


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("case", PARTS)
def test_a_part_is_changed_and_the_rest_stays(case, accumulate):
    jax = pytest.importorskip("jax")
    steps = [Step("fill", R.view, (Literal(2.0),)), Step("exp", PARTS[case], (X.view,), accumulate=accumulate)]
    w = Writer(JAX, {}, set(), set())
    w.write(steps)
    with jax.enable_x64(True):
        space = {"np": np, "jax": jax, "jnp": jax.numpy, "lax": jax.lax, "dtype": np.float64, "N": 5}
        space |= {"constants": w.constants, "x": jax.numpy.asarray(ARRAY)}
        for line in [*w.build, *w.body]:
            exec(line, space)
    want = interpret(Steps(steps, []), {X: ARRAY}, 5)[R]
    np.testing.assert_allclose(np.asarray(space["r"]).reshape(5, 4, 6), want, rtol=1e-14)


def test_which_operands_leave_axes_to_broadcasting():
    row = Source("w", (3,), "parameter").view
    r = Source("r", (2, 3), "value", batched=True)
    assert covers(Step("add", r.view, (X.view, Literal(1.0))))
    assert not covers(Step("copy", r.view, (View(row.source, (2, 3), 0, (0, 1)),)))
    assert not covers(Step("fill", r.view, (Literal(1.0),)))


def test_what_is_constant_stops_gradients():
    r = Source("r", (2, 3), "value", batched=True)
    w = Writer(JAX, {}, set(), set())
    w.write([Step("exp", r.view, (X.view,), constant=True)])
    assert w.body == ["r = lax.stop_gradient(jnp.exp(x))"]
