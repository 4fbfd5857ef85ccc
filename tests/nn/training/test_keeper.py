"""A training's checkpoint: kept after every epoch, by one process, and taken up to the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.files import OutputError
from nn.training.checkpoint import CheckpointError
from nn.training.keeper import Keeper
from nn.training.stepped import SteppedEpochs
from nn.training.steps import lifted_step
from nn.training.task import Task
from nn.training.vector import ParameterVector


def training(seed=1):
    model = nn.MLP(2, [4, 1], activation="tanh", seed=seed)
    task = Task.read(model, *nn.moons(40), "hinge")
    step = lifted_step(task.model, "hinge", 0.0)
    return SteppedEpochs(task, nn.Adam(), ParameterVector(model), 10, 0, step=step)


def test_what_is_kept_is_taken_up(tmp_path):
    first, path = training(), tmp_path / "checkpoint"
    keeper = Keeper(first, 0.0, None, path)
    for epoch in range(3):
        first.best.see(first.run(epoch), first.parameters.numbers)
        keeper.keep(epoch + 1)
    other = training(seed=9)
    assert Keeper(other, 0.0, path, None).begin() == (3, False)
    np.testing.assert_array_equal(other.parameters.numbers, first.parameters.numbers)
    assert (other.history, other.best.lowest) == (first.history, first.best.lowest)


def test_without_files_nothing_is_kept():
    keeper = Keeper(training(), 0.0, None, None)
    with keeper.alone():
        keeper.keep(1)
    assert keeper.begin() == (0, False)


def test_one_writer_and_no_other_file(tmp_path):
    path = tmp_path / "checkpoint"
    one, two = (Keeper(training(), 0.0, None, path) for _ in range(2))
    with one.alone(), pytest.raises(OutputError, match="another training is writing it"), two.alone():
        pass
    path.write_text("notes")
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        Keeper(training(), 0.0, None, path)
