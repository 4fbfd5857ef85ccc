"""Epochs on the host: the record of each, and what is written when."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.training.epochs import TrainingError
from nn.training.stepped import SteppedEpochs
from nn.training.steps import lifted_step
from nn.training.task import Task
from nn.training.vector import ParameterVector


def training(step=None, **how):
    model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
    task = Task.read(model, *nn.moons(40), "hinge", **how)
    step = step or lifted_step(task.model, "hinge", 0.0)
    return SteppedEpochs(task, nn.SGD(lr=0.1), ParameterVector(model), 10, 0, step=step)


@pytest.mark.parametrize("watched", [False, True])
def test_an_epoch_returns_its_record_and_writes_values_where_own_code_looks(watched):
    epochs = training(validation=0.25)
    epochs.optimizer = nn.SGD(lr=(lambda step: 0.1) if watched else 0.1)
    before = [value.data for value in epochs.parameters.values]
    record = epochs.run(0)
    assert list(record) == ["epoch", "loss", "accuracy", "val_accuracy", "val_loss"]
    after = epochs.parameters.numbers.tolist()
    assert before != after
    assert [value.data for value in epochs.parameters.values] == (after if watched else before)


def test_a_loss_that_is_no_number_names_its_step():
    def step(theta, X, T):
        return float("nan"), np.zeros_like(theta)

    with pytest.raises(TrainingError, match=r"the loss is nan at step 0 \(epoch 1\), learning rate 0.1"):
        training(step).run(0)


def test_the_vector_is_one_array_from_the_first_step_to_the_last():
    seen = []

    def step(theta, X, T):
        seen.append(theta)
        return 1.0, np.ones_like(theta)

    epochs = training(step)
    for epoch in range(2):
        epochs.see(epochs.run(epoch))
    assert len(seen) == 8
    assert all(theta is epochs.parameters.numbers for theta in seen)
