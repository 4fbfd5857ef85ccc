"""A training that diverges says in which sample, which operation and which line it began."""

from __future__ import annotations

import numpy as np
import pytest

import engine
import nn
from nn.training.epochs import TrainingError
from nn.training.origin import origin


class Ratio(nn.Module):
    """x / (w - 1), whose pole lies on the way of the training."""

    def __init__(self):
        self.w = engine.Value(1.0, "w")

    def __call__(self, x):
        gap = self.w - 1.0
        return [x[0] / gap]


def test_the_sample_the_operation_and_the_line_are_said():
    X, T = np.array([[0.5], [2.0], [0.0]]), np.array([[1.0], [0.0], [1.0]])
    line = Ratio.__call__.__code__.co_firstlineno + 2
    assert origin(Ratio(), "mse", X, T) == (
        f"sample 0: divide of 0.5, `gap` = 0.0 is inf, in test_origin.py:{line} 'return [x[0] / gap]'"
    )
    model = Ratio()
    model.w.data = 3.0
    assert origin(model, "mse", X, T) == ""


def test_fit_says_it():
    with pytest.raises(
        TrainingError, match=r"the loss is .* at step 0 .* In this batch, sample \d: divide of .*test_origin"
    ):
        nn.fit(
            Ratio(), np.array([[0.5], [2.0], [1.0]]), np.array([1.0, 0.0, 1.0]), loss="mse", epochs=1, standardise=False
        )


def test_a_gradient_of_none_is_no_gradient_to_an_optimiser_and_to_arrays():
    model = nn.MLP(2, [1], activation="tanh")
    nn.mean_loss(model, np.ones((1, 2)), np.ones(1), "mse").backward()
    before = model.arrays()
    for value in model.parameters():
        value.grad = None
    assert not np.any(model.arrays("grad")["layers.0.W"])
    for optimizer in (nn.SGD(lr=0.1, momentum=0.9), nn.Adam(), nn.AdamW(weight_decay=0.0)):
        optimizer.step(model.parameters())
    for name, array in model.arrays().items():
        np.testing.assert_array_equal(array, before[name])
