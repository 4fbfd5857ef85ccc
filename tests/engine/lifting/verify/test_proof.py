"""What the exact proof looks at: both sides of decisions, ties, every entry of a table."""

from __future__ import annotations

import numpy as np
import pytest
from wrong_texts import changed

import engine
from engine import LiftError, Value
from engine.lifting.verify import proof


def test_a_slope_at_ties_and_both_sides_of_a_decision_are_looked_at():
    for old, new in [("0.5", "0.25"), (" < ", " <= ")]:
        program = engine.lift(lambda x: engine.maximum(x[0], x[1]), strict=True)
        with pytest.raises(LiftError, match="the gradient of x"):
            changed(program, old, new).value_and_grad(np.array([1.0, 2.0]), wrt="inputs")


def test_points_are_taken_one_at_a_time_where_memory_is_short(monkeypatch):
    monkeypatch.setattr(proof, "LARGE", 3)
    assert engine.lift(lambda x: engine.relu(x[0]) * x[1], strict=True)(np.array([1.0, 2.0])) == 2.0
    with pytest.raises(LiftError, match="the gradient of x"):
        changed(engine.lift(lambda x: engine.maximum(x[0], x[1]), strict=True), "0.5", "0.25").value_and_grad(
            np.array([1.0, 2.0]), wrt="inputs"
        )


def test_every_entry_of_a_table_is_chosen_by_the_proof():
    for shape, most, n in [((), 3, 1), ((), 9, 3), ((4,), 5, 3), ((2, 3), 1, 3)]:
        drawn = [proof._spread(7, 0, most, shape, n, k) for k in range(proof.ROUNDS)]
        chosen = np.concatenate(drawn).reshape(proof.ROUNDS * n, -1)
        assert all(set(column.tolist()) == set(range(most)) for column in chosen.T)
    far = np.concatenate([proof._spread(7, 0, 1000, (4,), 3, k) for k in range(3)])
    assert (np.ptp(far, axis=0) > 700).all() and len(np.unique(far)) > 9


def test_an_entry_of_a_table_that_is_wrong_is_found():
    table = [Value(float(k), f"p{k}") for k in range(3)]
    for chosen in range(3):
        program = engine.lift(lambda x, n: engine.select(table, n) * x, strict=True)
        changed(program, "picked1_2 * ", "(picked1_2 + (n == 2)) * ")
        with pytest.raises(LiftError, match="differs from its scalar operations"):
            program.value_and_grad(1.5, chosen)


@pytest.mark.parametrize(
    ("old", "new"), [("np.less_equal(", "np.less("), ("np.equal(", "np.not_equal("), ("np.equal(", "np.less(")]
)
def test_ties_of_wide_sums_are_met(old, new):
    """Two layers of 48, whose pre-activations are sums of as many products."""
    W = [[Value(0.1 * ((3 * i + 5 * j) % 7 - 3), f"W[{i}, {j}]") for j in range(48)] for i in range(48)]

    def f(x):
        h = [engine.relu(engine.dot(w, list(x))) for w in W]
        return engine.total([engine.maximum(engine.dot(w, h), engine.dot(v, h)) for w, v in zip(W, W[1:])])

    program = changed(engine.lift(f, strict=True), old, new)
    with pytest.raises(LiftError, match="differs from its scalar operations"):
        program.value_and_grad(np.linspace(-1.0, 1.0, 48))


def _leaky(x):
    return engine.leaky_relu(x, 0.1)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    ("f", "wide"),
    [
        (lambda x, p, q: _leaky(x[0]) * p, False),
        (lambda x, p, q: _leaky(x[0]) * p**2 * q, False),
        (lambda x, p, q: engine.total([_leaky(v) for v in x]) * p * q, True),
        (lambda x, p, q: engine.total([_leaky(v) for v in x[1:]]) * p * x[0], True),
    ],
)
def test_a_tie_is_seen_behind_factors_that_are_zero_at_many_points(f, wide, batch, monkeypatch):
    """The other side of a tie is taken; of 20 proofs one at most does not see it, of whatever points."""
    p, q = Value(0.7, "p"), Value(-0.4, "q")
    believed, x = 0, np.linspace(-1.0, 1.0, 32).reshape(4, 8)
    for seed in range(20):
        monkeypatch.setenv("LIFTGRAD_SEED", str(seed))
        program = engine.lift(lambda x: f(x, p, q), batch=batch, strict=True)
        old, new = ("np.less_equal(", "np.less(") if wide or batch else (" <= ", " < ")
        changed(program, old, new, times=-1)
        try:
            program.value_and_grad(x if batch else x[0], wrt="all")
            believed += 1
        except LiftError:
            pass
    assert believed <= 1
