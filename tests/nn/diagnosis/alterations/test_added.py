import numpy as np
import pytest

import nn

RNG = np.random.default_rng(4)
X, Y, W = RNG.normal(size=(7, 4)), RNG.normal(size=7), RNG.normal(size=4)


def residuals(w):
    return np.sum((X @ w - Y) ** 2)


@pytest.mark.parametrize("strength", [0.1, -0.37, 2.0])
def test_a_penalty_of_the_gradient_alone_has_a_name(strength):
    said = nn.diagnose_function(residuals, W, lambda w: 2 * X.T @ (X @ w - Y) + strength * w)
    assert said.names == ["term-added"] and "* x" in said.findings[0].sentence + said.findings[0].found


def test_a_derivative_of_another_step_that_is_there_already_has_a_name():
    logp = np.log(np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]))
    kept = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    said = nn.check_backward(lambda lp: -np.sum(lp * kept), lambda dout, lp: dout * (np.exp(lp) - kept), logp)
    assert said.names == ["term-added"] and "exp(lp)" in said.findings[0].sentence


def test_noise_is_no_term():
    noise = RNG.normal(size=4)
    said = nn.diagnose_function(residuals, W, lambda w: 2 * X.T @ (X @ w - Y) + 0.1 * noise)
    assert "term-added" not in said.names
