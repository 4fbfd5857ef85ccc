import numpy as np
import pytest

import engine
from nn.diagnosis.alterations.recorded import NotRecordedError, RecordedArray, mean, plain, record, total, var
from nn.diagnosis.alterations.sweep import Sweep

X = np.random.default_rng(1).uniform(0.5, 2.0, (4, 3))


def layer_norm(x):
    mu = x.mean(axis=1, keepdims=True)
    variance = np.var(x, axis=1, keepdims=True)
    xhat = (x - mu) / np.sqrt(variance + 1e-5)
    return (xhat**3).sum()


def assigned(x):
    y = x.copy()
    y[1:, 0] = y[:-1, 0] * 2.0
    return (y * y).sum()


PROGRAMS = {
    "layer norm": layer_norm,
    "in place": assigned,
    "softmax": lambda x: (np.exp(x - x.max(axis=1, keepdims=True)) ** 2).sum(),
    "norm": lambda x: np.linalg.norm(x, axis=0).sum() + np.linalg.norm(x),
    "moves": lambda x: (np.concatenate([x.T.reshape(2, 6), np.ones((1, 6))]) ** 2).sum() + np.roll(x, 1, 0)[0].sum(),
    "split": lambda x: sum((part * (k + 1.0)).sum() for k, part in enumerate(np.split(x, 2))),
    "choices": lambda x: (
        np.where(x > 1.0, x * x, 0.1 * x).sum() + np.clip(x, 0.7, 1.5).sum() + np.maximum(x, 1.1).std()
    ),
    "products": lambda x: np.dot(x, x.T).sum() + np.outer(x[0], x[1])[0].sum() + np.einsum("ij,ij->i", x, x).min(),
    "methods": lambda x: x.var(ddof=1) + x.std() + (1.0 / x).ravel().mean() + x.transpose(1, 0)[0] @ x[:, 1],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_recorded_gradient_is_the_engine_s(name):
    root, leaves = record(PROGRAMS[name], [("x", X)])
    wanted = engine.grad(PROGRAMS[name])(X)
    np.testing.assert_allclose(Sweep(root, leaves).gradients[0], wanted, rtol=1e-12, atol=1e-13)


def test_results_have_their_variables_names_and_lines():
    root, leaves = record(layer_norm, [("x", X)])
    steps = {step.name: step for step in Sweep(root, leaves).steps if step.name}
    assert {"x", "mu", "variance", "xhat"} == set(steps)
    assert steps["mu"].place[0][0] == "layer_norm"
    assert steps["mu"].place[0][1] + 2 == steps["xhat"].place[0][1]


def test_constants_have_their_names():
    def f(x):
        scale = np.arange(3.0)
        return (x * scale).sum()

    root, leaves = record(f, [("x", X)])
    assert [step.constants for step in Sweep(root, leaves).steps if step.op == "multiply"] == [{1: "scale"}]


@pytest.mark.parametrize(
    "f", [lambda x: float(x.sum()), lambda x: 3.0, lambda x: np.cumsum(x).sum(), lambda x: np.sum(x, where=X > 1)]
)
def test_what_is_not_recorded_is_refused(f):
    with pytest.raises((NotRecordedError, TypeError)):
        record(f, [("x", X)])


def test_sums_means_and_variances_are_numpy_s():
    def f(x):
        assert isinstance(x, RecordedArray)
        for recorded, of_numpy in ((total, np.sum), (mean, np.mean), (var, np.var)):
            np.testing.assert_allclose(plain(recorded(x, 1, keepdims=True)), of_numpy(X, 1, keepdims=True))
        return total(x)

    assert record(f, [("x", X)])[0].value == pytest.approx(X.sum())
