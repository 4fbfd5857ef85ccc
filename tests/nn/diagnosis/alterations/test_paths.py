import numpy as np
import pytest

from nn.diagnosis.alterations.alteration import gradients_of
from nn.diagnosis.alterations.paths import cut, joined, not_carried, of_paths, overwritten, unsummed
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

RNG = np.random.default_rng(5)
XS, W, U, G = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3)), 0.7 * RNG.normal(size=(3, 3)), RNG.normal(size=(4, 3))


def rnn(u):
    h, loss = np.zeros(3), 0.0
    for x, g in zip(XS, G):
        h = np.tanh(x @ W + h @ u)
        loss = loss + (g * h).sum()
    return loss


def truncated(most):
    """Backpropagation through time by hand: each loss goes back through at most so many transitions."""
    hs = [np.zeros(3)]
    for x in XS:
        hs.append(np.tanh(x @ W + hs[-1] @ U))
    du = np.zeros((3, 3))
    for t in range(4):
        dz = G[t] * (1 - hs[t + 1] ** 2)
        for k in range(t, max(-1, t - most - 1), -1):
            du += np.outer(hs[k], dz)
            dz = (dz @ U.T) * (1 - hs[k] ** 2)
    return du


SWEEP = Sweep(*record(rnn, [("u", U)]))


def made(alterations, kind):
    return [gradients_of((a,), SWEEP)[0] for a in alterations if a.kind == kind]


@pytest.mark.parametrize("most", [1, 2])
def test_time_that_is_truncated_for_each_loss(most):
    assert any(np.allclose(x, truncated(most), rtol=1e-9) for x in made(cut(SWEEP), "truncated"))


def test_the_last_contribution_stays():
    hs = [np.zeros(3)]
    for x in XS:
        hs.append(np.tanh(x @ W + hs[-1] @ U))
    last = np.outer(hs[3], G[3] * (1 - hs[4] ** 2))
    assert any(np.allclose(x, last, rtol=1e-9) for x in made(overwritten(SWEEP), "overwritten"))


def test_a_slope_that_is_not_carried_down():
    sweep = Sweep(*record(lambda x, w: (G * np.tanh(np.exp(x) @ w)).sum(), [("x", XS), ("w", W)]))
    (only,) = [a for a in not_carried(sweep) if a.edges[0].step.op == "matmul" and a.edges[0].operand == 0]
    dx, dw = gradients_of((only,), sweep)
    np.testing.assert_allclose(dx, (G @ W.T) * np.exp(XS), rtol=1e-9)
    np.testing.assert_allclose(dw, sweep.gradients[1], rtol=1e-9)
    alone = Sweep(*record(lambda x: (G * np.tanh(np.exp(x) @ W)).sum(), [("x", XS)]))
    assert not list(not_carried(alone))  # there the slope is left out


def test_sums_that_are_not_taken_and_paths_taken_for_one():
    f = lambda x: (G * x / np.exp(x).sum(axis=1, keepdims=True)).sum() + (W[:1] * np.tanh(x)).sum()  # noqa: E731
    sweep = Sweep(*record(f, [("x", XS)]))
    assert {a.kind for a in unsummed(sweep)} == {"unsummed", "wrong-axis"}
    two = Sweep(*record(lambda x: ((G * np.tanh(x)) + G[::-1] * x).sum(), [("x", XS)]))
    wanted = (G + G[::-1]) * (1 - np.tanh(XS) ** 2)
    assert any(np.allclose(gradients_of((a,), two)[0], wanted) for a in joined(two))
    assert {"unsummed", "wrong-axis", "slope-not-carried"} >= {a.kind for a in of_paths(sweep)} - {"wrong-path"}
