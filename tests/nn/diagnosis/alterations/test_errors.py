import numpy as np
import pytest

from nn.diagnosis.alterations.errors import of_errors
from nn.diagnosis.alterations.explain import Point, explained
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

Z = np.random.default_rng(3).normal(size=(5, 3))
Y, ROWS = np.array([0, 2, 2, 2, 0]), np.arange(5)
T = np.eye(3)[Y]


def loss(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[ROWS, Y]).sum() / 5


P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (P - 1.0, "is p - 1, not"),
        (P - T.any(axis=0), "of every sample, not"),
        (P - np.roll(T, 1, axis=1), "one class further, not"),
        (np.sin(P) - T, ""),
    ],
)
def test_what_stands_for_probabilities_less_targets(error, text):
    paths = explained(Point(loss, [("z", Z)], [error / 5]))[0]
    assert [[f.name for f in path] for path in paths] == ([["wrong-error"]] if text else [])
    assert text in "".join(path[0].sentence for path in paths)


def test_a_function_without_a_target_has_no_error():
    assert not list(of_errors(Sweep(*record(lambda z: np.tanh(z).sum(), [("z", Z)]))))
