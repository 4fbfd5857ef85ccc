"""Matrices: values are NumPy's, derivatives those of the engine's own arrays, pushed and pulled alike."""

import numpy as np
import pytest

import engine
from nn import check_backward
from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.sweep import Sweep

RNG = np.random.default_rng(5)
A, B = RNG.normal(size=(3, 3)) + 2.0 * np.eye(3), RNG.normal(size=(3, 2))
FUNCTIONS = {
    "inv": lambda x: (np.linalg.inv(x) @ B).sum(),
    "stack": lambda x: (np.linalg.inv(np.stack([x, x.T @ x])) ** 2).sum(),
    "solve": lambda x: np.sum(np.linalg.solve(x, B) ** 2),
    "vector": lambda x: np.sum(np.linalg.solve(x, x[0]) ** 2),
    "stacks": lambda x: np.sum(np.linalg.solve(np.stack([x, x.T]), np.stack([x[:, :2], x[:, 1:]])) ** 3),
    "det": lambda x: np.linalg.det(x) ** 2,
    "slogdet": lambda x: np.linalg.slogdet(x)[1] * np.linalg.slogdet(x)[0],
    "cholesky": lambda x: (np.linalg.cholesky(x @ x.T + np.eye(3)) * A).sum(),
    "triangle": lambda x: np.sum(np.log(np.diag(np.linalg.cholesky(np.tril(x) + np.tril(x).T + 9.0 * np.eye(3))))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_are_the_engines(name):
    sweep = Sweep(*record(FUNCTIONS[name], [("x", A)]))
    np.testing.assert_allclose(sweep.gradients[0], engine.grad(FUNCTIONS[name])(A), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_pushed_is_what_is_pulled(name):
    for edge in Sweep(*record(FUNCTIONS[name], [("x", A)])).edges:
        t, g = RNG.normal(size=edge.parent.value.shape), RNG.normal(size=edge.step.value.shape)
        assert np.isclose(np.sum(edge.push(t, edge.saved) * g), np.sum(edge.right(g) * t), rtol=1e-9)


def test_a_transpose_forgotten_in_a_system_has_a_name():
    def backward(dout, a, b):
        x, back = np.linalg.solve(a, b), np.linalg.solve(a, dout)  # of the transpose
        return -back @ x.T, np.linalg.solve(a.T, dout)

    said = check_backward(np.linalg.solve, backward, A, B)
    assert [row.verdict for row in said.parameters] == ["named", "right"]


def test_the_sign_of_a_gaussian_s_log_determinant_has_a_name():
    def forward(cov, r):
        return -0.5 * (np.linalg.slogdet(cov)[1] + r @ np.linalg.solve(cov, r))

    def backward(dout, cov, r):
        inverse = np.linalg.inv(cov)
        y = inverse @ r
        return dout * 0.5 * (inverse.T + np.outer(inverse.T @ r, y)), -0.5 * dout * (y + inverse.T @ r)

    said = check_backward(forward, backward, A, B[:, 0])
    assert said.names == ["sign"] and "slogdet" in said.findings[0].sentence
