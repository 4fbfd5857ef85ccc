"""Along a direction a gradient is right or off; the step of differences is what made them."""

import numpy as np
import pytest

from nn.agreement.differenced import WAYS, differences, off_along, step_of

RNG = np.random.default_rng(2)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))


def f(x, w):
    return float(np.sum(np.tanh(x @ w) ** 2) + np.sum(w**3))


def right(x, w):
    delta = 2.0 * np.tanh(x @ w) * (1.0 - np.tanh(x @ w) ** 2)
    return {0: delta @ w.T, 1: x.T @ delta + 3.0 * w**2}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("h", [0.05, 3e-3, -2e-4])
def test_the_step_that_made_differences_is_found(way, h):
    made = {k: differences(f, [X, W], k, way, h).reshape(x.shape) for k, x in enumerate((X, W))}
    assert step_of(f, [X, W], made, right(X, W), way) == pytest.approx(abs(h) if way.order == 2 else h, rel=1e-4)
    assert step_of(f, [X, W], {0: 1.1 * right(X, W)[0]}, right(X, W), way) == 0.0


def test_differences_leave_the_arrays_as_they_were_whatever_their_layout():
    for x in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2]):
        x.flags.writeable = False
        np.testing.assert_allclose(differences(f, [x, W], 0, WAYS[1], 1e-5), right(X, W)[0].ravel(), rtol=1e-6)


def test_a_direction_tells_a_right_gradient_from_a_wrong_one_and_from_none():
    gradients = right(X, W)
    assert off_along(f, [X, W], lambda: gradients) < 1e-9
    assert off_along(f, [X, W], lambda: {1: gradients[1]}) < 1e-9
    assert off_along(f, [X, W], lambda: gradients | {0: 1.01 * gradients[0]}) > 1e-4
    assert off_along(f, [X, W], lambda: gradients | {0: np.nan * gradients[0]}) == np.inf
    assert np.isnan(off_along(lambda x, w: np.nan, [X, W], lambda: gradients))
    assert np.isnan(off_along(f, [X, W[:2]], lambda: gradients))
    assert off_along(lambda x: float(np.sum(x**2)), [np.zeros(3)], lambda: {0: np.zeros(3)}) < 1e-9
