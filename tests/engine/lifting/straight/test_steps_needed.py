import numpy as np
import pytest

from engine import Value, tanh
from engine.lifting.straight.blocks import blocks
from engine.lifting.straight.runs import runs
from engine.lifting.straight.steps_needed import array_steps
from engine.lifting.straight.tape import tape
from engine.lifting.trace.record import record


def steps_of(fn, n):
    w = [Value(0.5 + 0.01 * k) for k in range(n)]
    trace = record([fn(w)], {})
    position = {v: k for k, v in enumerate(w)}
    written = tape(trace, np.array([position[v] for v in trace.parameters]), n, [])
    laid_out = blocks(written, runs(written.codes))
    return sum(array_steps(block, laid_out.readings) for block in laid_out.blocks)


def recurrence(w):
    s = w[0]
    for x in w[2:]:
        s = s * w[1] + x
    return s


def layers(w):
    for _ in range(20):
        w = [tanh(x * 0.5) for x in w]
    return sum(w)


def dots(w):
    return sum(sum(a * b for a, b in zip(w[:20], w[k:])) for k in range(20))


@pytest.mark.parametrize(
    ("fn", "steps"),
    [
        (recurrence, 38),  # a product and the sum that takes it in
        (lambda w: sum(x * x for x in w), 1),  # a sum that grows is one step
        (lambda w: sum(tanh(a * b) for a, b in zip(w, w[1:])), 3),
        (layers, 2 * 20),  # forty at once
        (lambda w: sum(tanh(x) if k % 3 else x * (x + 1.0) for k, x in enumerate(w[:11])), 4),  # what is not repeated
        (dots, 1),  # sums of products are one operation, all at once
    ],
)
def test_how_many_array_steps_it_would_be(fn, steps):
    assert steps_of(fn, 40) == pytest.approx(steps, abs=2)
