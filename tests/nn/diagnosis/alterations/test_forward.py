import numpy as np
import pytest

import engine
from nn.diagnosis.alterations.alteration import attempted
from nn.diagnosis.alterations.forward import of_functions
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

RNG = np.random.default_rng(7)
X, G, W = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4)), RNG.normal(size=4)
MASK = np.tril(np.ones((4, 4), bool))


def attention(x, mask=MASK):
    scores = np.where(mask, x @ x.T, -30.0)
    e = np.exp(scores)
    return (G * (e / e.sum(axis=1, keepdims=True))).sum()


def norm(x, eps=0.1, outside=False, w=W, axis=1):
    var = ((x - x.mean(axis=axis, keepdims=True)) ** 2).sum(axis=axis, keepdims=True) / 4.0
    return (G * x * w / (np.sqrt(var) + eps if outside else np.sqrt(var + eps))).sum()


CASES = {
    "mask-left-out": (attention, lambda x: attention(x, np.ones((4, 4), bool))),
    "constant-moved": (attention, lambda x: attention(x, np.tril(np.ones((4, 4), bool), 1))),
    "constant-elsewhere": (norm, lambda x: norm(x, outside=True)),
    "factor-dropped": (norm, lambda x: norm(x, w=1.0)),
    "term-dropped": (norm, lambda x: norm(x, eps=0.0)),
    "step-twice": (lambda x: (G * np.tanh(x)).sum(), lambda x: (G * np.tanh(np.tanh(x))).sum()),
    "step-left-out": (lambda x: (G * np.exp(np.tanh(x))).sum(), lambda x: (G * np.exp(x)).sum()),
    "tile-for-repeat": (
        lambda x: (G * np.repeat(x[:, :2], 2, axis=1) ** 2).sum(), lambda x: (G * np.tile(x[:, :2], (1, 2)) ** 2).sum()
    ),
    "operands-exchanged": (lambda x: (G * 3.0 ** (x * x)).sum(), lambda x: (G * (x * x) ** 3.0).sum()),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_another_function_is_differentiated_rightly(kind):
    f, other = CASES[kind]
    sweep = Sweep(*record(f, [("x", X)]))
    wanted = engine.grad(other)(X)
    made = [attempted((a,), sweep)[0] for a in of_functions(sweep) if a.kind == kind]
    assert any(np.allclose(x, wanted, rtol=1e-9) for x in made)


def test_all_repeats_are_one_mistake():
    def twice(repeated):
        return lambda x: (G * repeated(x[:, :2]) * np.exp(repeated(x[:, 2:]))).sum()

    right, wrong = twice(lambda x: np.repeat(x, 2, axis=1)), twice(lambda x: np.tile(x, (1, 2)))
    here, there = (Sweep(*record(g, [("x", X)])) for g in (right, wrong))
    made = [attempted((a,), here)[0] for a in of_functions(here) if a.kind == "tile-for-repeat"]
    assert any(np.allclose(x, there.gradients[0]) for x in made)
