import numpy as np
import pytest

import engine
from nn.diagnosis.alterations.recorded import constant, joined, record, total
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray, plain
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.buffers import buffers

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


def summed_in_a_loop(x):
    loss, squares = 0.0, 0.0
    for row in x:
        for number in row:
            loss += number**2
            before = loss
            loss *= 1.1
            squares += before
    return loss + squares


def in_place(x):
    y, z = x.copy(), np.zeros((4, 3))
    y += 1.0
    y[0] *= x[1]
    z += y
    z[:, 1] -= x[:, 0]
    y **= 2
    np.add.at(z, [0, 0], y[:2])
    return (y * z).sum() + np.exp(x, out=z).sum()


def listed(x):
    rows = np.array([np.tanh(row) * k for k, row in enumerate(x)])
    joined = np.c_[np.ones((4, 1)), rows, np.asarray([[float(k)] for k in range(4)])]
    return (joined @ joined.T).trace() + np.asarray(x).flatten()[3] + x.astype(float).max()


def filled(x):
    out = np.zeros((4, 2))
    for k in range(4):
        out[k, 1] = x[k].sum() ** 2
    return (out**2).sum()


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
    "cumulated": lambda x: (np.cumsum(x, axis=1) ** 2).sum() + np.prod(x, axis=0).sum() + np.cumsum(x)[3],
    "contracted": lambda x: np.tensordot(x, x, axes=([0], [0]))[0, 1] + np.tensordot(x, x.T, 1).sum(),
    "a sigmoid by hand": lambda x: (x / (1 + np.exp(-x))).sum() + (1.0 / (np.exp(-x) + 1.0)).prod(),
    "filled": filled,
    "summed in a loop": summed_in_a_loop,
    "operations in place": in_place,
    "lists": listed,
    "outer": lambda x: (
        (np.subtract.outer(x[0], x[1]) ** 3).sum() + np.amax(x, axis=(0, 1)) * np.einsum("ij,jk", x, x.T)[0, 1]
    ),
    "methods": lambda x: x.var(ddof=1) + x.std() + (1.0 / x).ravel().mean() + x.transpose(1, 0)[0] @ x[:, 1],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_recorded_gradient_is_the_engine_s(name):
    root, leaves = record(PROGRAMS[name], [("x", X)])
    with buffers(engine.array):
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
    "f",
    [
        lambda x: float(x.sum()),
        lambda x: 3.0,
        lambda x: np.percentile(x, 30.0).sum(),
        lambda x: x.sum() * float(x[0, 0]),
    ],
)
def test_what_is_not_recorded_is_refused(f):
    with pytest.raises((NotRecordedError, TypeError)):
        record(f, [("x", X)])


def test_sums_means_and_variances_are_numpy_s():
    def f(x):
        assert isinstance(x, RecordedArray)
        for f in (np.sum, np.mean, np.var):
            np.testing.assert_allclose(plain(f(x, 1, keepdims=True)), f(X, 1, keepdims=True))
        return total(x)

    assert record(f, [("x", X)])[0].value == pytest.approx(X.sum())


def test_a_sigmoid_by_hand_is_one_operation():
    steps = Sweep(*record(lambda x: (1 / (1 + np.exp(-x))).sum(), [("x", X)])).steps
    assert [step.op for step in steps if step.op] == ["sum", "sigmoid"]


def test_a_constant_does_not_depend_on_the_leaves():
    assert not constant(X).step.depends


def test_what_is_added_at_indices_is_added_as_often_as_they_come():
    def f(x):
        sums = np.zeros_like(x)
        np.add.at(sums, np.array([0, 0, 3]), x[:3] ** 2)
        return (sums * X).sum()

    root, leaves = record(f, [("x", X)])
    np.testing.assert_allclose(Sweep(root, leaves).gradients[0][:3], 2 * X[:3] * X[[0, 0, 3]], rtol=1e-14)


def test_a_number_that_is_read_is_not_recorded():
    with pytest.raises(NotRecordedError, match="turned into a float"):
        record(lambda x: (x * float(x[0])).sum(), [("x", X[0])])


def test_lists_of_recorded_arrays_are_joined():
    assert joined([1.0, [2.0]]) is None
    assert joined([constant(np.ones(2)), [1.0, 2.0]]).value.tolist() == [[1.0, 1.0], [1.0, 2.0]]
