import numpy as np

from nn.diagnosis.alterations.alteration import scaled
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import Target, bits, proves

X = np.random.default_rng(2).normal(size=(3, 4))


def target(given):
    return Target(Sweep(*record(lambda x: np.tanh(x).sum(), [("x", X)])), [given])


RIGHT = 1 - np.tanh(X) ** 2


def test_the_effect_that_is_sought():
    wrong = target(-RIGHT)
    (edge,) = [edge for edge in wrong.sweep.edges if edge.step.op == "tanh"]
    turned, halved = (wrong.effect(scaled((edge,), c, "factor")) for c in (-1.0, 0.5))
    assert wrong.agreeing(np.array([halved, turned])).tolist() == [1]
    ((which, factor),) = wrong.multiples(np.zeros((2, 4)), np.array([turned[::-1], halved]))
    assert which == 1 and abs(factor - 4.0) < 1e-12 and wrong.is_nothing(0.0 * turned)


def test_some_leaves_alone():
    x, w = np.array([1.0, 2.0, 0.5]), np.array([3.0, -1.0, 0.7])
    both = Target(Sweep(*record(lambda x, w: np.tanh(x) @ w, [("x", x), ("w", w)])), [-w, np.tanh(x)])
    assert not both.is_right and both.of((1,)).is_right and not both.of((0,)).is_right
    assert both.of((0,)).is_met([-w, w]) and len(both.residual) == 2 * len(both.of((1,)).residual)


def test_entries_that_are_round_or_the_same_prove_little():
    assert bits([np.zeros(4)]) == bits([np.array([1.0, 2.0, 0.0, -1.0])]) < bits([X[0]])
    assert bits([np.full(4, 0.1234567)]) < bits([X[0]])
    assert bits([X], 1e-5) < bits([X]) / 2 and bits([X], 0.5) == 0
    assert proves([X], 2, 1) and not proves([X[0, :1]], 1, 1) and not proves([np.ones(3)], 1)
