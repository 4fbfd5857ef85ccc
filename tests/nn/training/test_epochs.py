"""Epochs and the best of them."""

from __future__ import annotations

import numpy as np

import nn
from nn.training.epochs import Best
from nn.training.stepped import SteppedEpochs
from nn.training.steps import lifted_step
from nn.training.task import Task
from nn.training.vector import ParameterVector


def training(step=None, patience=None, **how):
    model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
    task = Task.read(model, *nn.moons(40), "hinge", **how)
    step = step or lifted_step(task.model, "hinge", 0.0)
    return SteppedEpochs(task, nn.SGD(lr=0.1), ParameterVector(model), 10, 0, patience, step=step)


def test_the_best_is_the_lowest_and_patience_runs_out():
    best = Best(2, np.zeros(1))
    losses = [3.0, 2.0, 2.5, 2.5]
    over = [best.see({"epoch": k, "loss": loss}, np.full(1, k)) for k, loss in enumerate(losses, 1)]
    assert over == [False, False, False, True]
    assert (best.lowest, best.epoch, best.theta.tolist()) == (2.0, 2, [2.0])


def test_a_validation_loss_comes_before_the_loss():
    best = Best(None, np.zeros(1))
    best.see({"epoch": 1, "loss": 1.0, "val_loss": 5.0}, np.ones(1))
    best.see({"epoch": 2, "loss": 2.0, "val_loss": 4.0}, np.ones(1))
    assert best.lowest == 4.0


def test_the_best_comes_back_only_where_there_is_one():
    epochs = training()
    epochs.run(0)
    last = epochs.parameters.numbers.copy()
    assert epochs.end(restore_best=True) == ""
    np.testing.assert_array_equal(epochs.parameters.numbers, last)
    epochs = training(patience=1)
    for epoch in range(2):
        epochs.best.see(epochs.run(epoch) | {"loss": float(epoch)}, epochs.parameters.numbers)
    assert epochs.end(restore_best=True) == "the weights of epoch 1 come back: loss 0, the lowest"
