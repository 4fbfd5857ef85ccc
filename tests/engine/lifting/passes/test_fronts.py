"""What is read at one place of several arrays is a view of one array with a frame, where that is regular."""

from __future__ import annotations

import numpy as np
import pytest
from grids import grid, heat
from lowering import lowering

import engine
from engine.lifting.passes import wavefronts as passes_wavefronts

X = np.linspace(0.3, 0.9, 40)


@pytest.fixture(autouse=True)
def always(monkeypatch):
    monkeypatch.setattr(passes_wavefronts, "FEWEST", 0)
    monkeypatch.setattr(passes_wavefronts, "FEWER", 0)


def operations(f):
    """How many array operations of each kind a function is."""
    steps = lowering(lambda x: f(list(x)), X).steps().forward
    return {op: sum(step.op == op for step in steps) for op in {step.op for step in steps}}


@pytest.mark.parametrize("order", ["rows", "columns", "when asked for"])
def test_a_regular_front_is_read_by_views(order):
    counts = operations(lambda x: grid(x, 8, 8, "one after the other", "one number", order))
    assert counts.get("gather", 0) <= 16  # of the parameters that cells read, in an order of their own


def test_a_frame_serves_all_that_read_it():
    """Both neighbours and, a front later, the corner are views of one array."""
    counts = operations(lambda x: grid(x, 8, 8, "nearest", "one number", "rows"))
    assert 0 < counts["copy"] <= 6 * 15  # the frame's three pieces, and a row for each of what is chosen from


def test_a_stencil_reads_a_frame_at_each_time():
    def f(x):
        u = x
        for _ in range(10):
            u = [0.5, *[engine.sin(u[i - 1] * u[i]) + u[i + 1] for i in range(1, len(u) - 1)], 0.25]
        return engine.total([v * v for v in u])

    counts = operations(f)
    assert "gather" not in counts and 0 < counts["copy"] <= 5 * 10


def test_what_goes_on_irregularly_is_gathered_and_right():
    def f(x):
        u = [engine.sin(v) for v in x[:12]]
        for _ in range(4):
            u = [engine.cos(u[(i * 5) % 12] if i % 3 else 0.5 * x[i]) * u[i] for i in range(12)]
        return engine.total(u)

    program = engine.lift(lambda x: f(list(x)), strict=True)
    assert program(X) == pytest.approx(float(f(list(X))), rel=1e-12)
    assert operations(f).get("gather")


def test_the_same_place_cannot_be_two_things():
    """A row that is read with one edge by some and with another edge by others has no one frame."""

    def f(x):
        u = [engine.sin(v) for v in x[:8]]
        a = [(u[i - 1] if i else 0.25) * (u[i - 1] if i else 0.75) for i in range(8)]
        return engine.total([engine.tanh(v) for v in a])

    program = engine.lift(lambda x: f(list(x)), strict=True)
    assert program(X) == pytest.approx(float(f(list(X))), rel=1e-12)


def test_samples_have_frames_of_their_own():
    rows = np.linspace(0.1, 0.9, 60).reshape(3, 20)
    program = engine.lift(lambda x: heat(list(x), 4), batch=True, reduction="none", strict=True)
    assert np.allclose(program(rows), [float(heat(list(row), 4)) for row in rows], rtol=1e-12)
