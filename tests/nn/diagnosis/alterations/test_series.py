import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.alteration import gradients_of
from nn.diagnosis.alterations.candidates import phases
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.search import alterations_of
from nn.diagnosis.alterations.series import in_series, interleaved
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import Target

X, W = np.random.default_rng(3).normal(size=(2, 4, 4))


def layers(x):
    a = np.tanh(x @ W)
    return (np.exp(a @ W) * a).sum()


def tried(target):
    several = [(c, e) for c in phases(target.sweep)[0] if (e := target.effect(c.alteration)) is not None]
    return [c for c, _ in several], np.array([e for _, e in several])


def test_the_second_is_sought_in_the_sweep_that_the_first_made():
    sweep = Sweep(*record(layers, [("x", X)]))
    dz2 = np.exp(np.tanh(X @ W) @ W)  # the factor a is left out, and the slope of tanh as well
    given = (dz2 @ W.T + dz2) @ W.T
    target = Target(sweep, [given])
    pairs = [pair for _, pair in in_series([target], *tried(target))]
    assert any({c.alteration.kind for c in pair} == {"factor-missing", "slope-missing"} for pair in pairs)
    for pair in pairs:
        np.testing.assert_allclose(gradients_of(alterations_of(pair), sweep)[0], given, rtol=1e-7)


def test_two_lines_of_a_loop():
    def looped(w):
        h, c = np.ones(4), np.ones(4)
        for t in range(3):
            c = np.tanh(h @ w) + c * (X[t] @ w)
            h = np.tanh(c)
        return (h * X[0]).sum()

    sweep = Sweep(*record(looped, [("w", W)]))
    loops = [c for c in tried(Target(sweep, sweep.gradients))[0] if len(c.alteration.edges) > 1]
    gone = [c for c in loops if c.alteration.kind == "path-missing"][:2]
    target = Target(sweep, gradients_of(tuple(c.alteration for c in gone), sweep))
    pairs = list(interleaved(target, *tried(target)))
    assert any(target.is_met(gradients_of(alterations_of(pair), sweep)) for pair in pairs)


@pytest.mark.slow
def test_alterations_whose_arrays_do_not_go_together_are_left_out():
    rng = np.random.default_rng(2)

    def forward(e, A):
        a = e[0]
        for t in range(1, 3):
            s = a[:, None] + A
            m = np.max(s, axis=0)
            a = m + np.log(np.sum(np.exp(s - m), axis=0)) + e[t]
        m = np.max(a)
        return m + np.log(np.sum(np.exp(a - m))) - sum(e[t, 1] for t in range(3)) - A[1, 1]

    noise = rng.normal(size=(3, 3))
    said = nn.check_backward(forward, lambda dout, e, A: (dout * e, dout * noise), rng.normal(size=(3, 3)), noise.T)
    assert said.verdict == "unnamed"
