"""Metrics and the validation loss on devices: those of the host, for every loss and kind of target."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.training.forward import outputs_at
from nn.training.metrics import mean_loss_of, measure
from nn.training.task import Task
from nn.training.vector import ParameterVector

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")

from nn.training.device_measures import DeviceMeasures  # noqa: E402
from nn.training.mesh import Mesh  # noqa: E402
from nn.training.placed import Placed  # noqa: E402

rng = np.random.default_rng(0)
CLASSES, NUMBERS = rng.integers(0, 3, 20), rng.normal(size=(20, 3))
CASES = {
    "classes": ("cross_entropy", CLASSES, None),
    "probabilities": ("cross_entropy", np.eye(3)[CLASSES], None),
    "labels": ("binary_cross_entropy", (NUMBERS > 0).astype(float), ("label_accuracy",)),
    "hinge": ("hinge", 2.0 * np.eye(3)[CLASSES] - 1.0, ("accuracy", "label_accuracy")),
    "numbers": ("mse", NUMBERS, None),
    "one constant": ("half_mse", NUMBERS * [1.0, 0.0, 1.0], ("r2",)),
}


def measures(case, count=1, **how):
    loss, T, metrics = CASES[case]
    model = nn.MLP(2, [4, 3], activation="tanh")
    task = Task.read(model, rng.normal(size=(20, 2)), T, loss, metrics=metrics, **how)
    vector, mesh = ParameterVector(model), Mesh.of(count)
    with mesh.computing():
        return task, vector, mesh, DeviceMeasures(task, Placed(task.X, task.targets.values, mesh), vector, mesh)


def seen(found, mesh, numbers):
    """Return the measures as one compiled function gives them, and outputs that are not finite."""
    with mesh.computing():
        theta, parts = mesh.place(numbers), {part: placed.samples for part, placed in found.parts.items()}
        at_once = [float(x) for x in mesh.jit(found.at)(theta, parts)]
        np.testing.assert_allclose(found.in_portions(theta), at_once, rtol=1e-12)
        return found.record(at_once, theta)


def counted(case, count):
    """A case on so many devices: in the default run classes and numbers on several, the others on one."""
    short = (count > 1) == (case in ("classes", "one constant")) or len(jax.devices()) == 1
    return pytest.param(case, count, marks=[] if short else pytest.mark.slow)


@pytest.mark.parametrize(
    ("case", "count"), [counted(case, count) for case in CASES for count in sorted({1, len(jax.devices())})]
)
def test_measures_are_the_hosts(case, count):
    task, vector, mesh, found = measures(case, count, validation=0.35)
    record, bad = seen(found, mesh, vector.numbers)
    (X, targets), outputs = task.held, outputs_at(task.model, vector)
    want = {name: measure(name, outputs(task.X), task.targets) for name in task.metrics}
    want |= {f"val_{name}": measure(name, outputs(X), targets) for name in task.metrics}
    want["val_loss"] = mean_loss_of(outputs(X), targets)
    assert list(record) == list(want)
    assert record == pytest.approx(want, rel=1e-12)
    assert bad == []


def test_outputs_that_are_not_finite_are_returned():
    _, vector, mesh, found = measures("classes", validation=0.35)
    _, bad = seen(found, mesh, np.full_like(vector.numbers, np.nan))
    assert [(part, Y.shape) for part, Y in bad] == [("", (13, 3)), ("validation ", (7, 3))]


def test_where_nothing_is_measured_nothing_is_computed():
    _, vector, mesh, found = measures("classes")
    assert found.names == ["accuracy"]
    loss, T, _ = CASES["classes"]
    task = Task.read(nn.MLP(2, [3]), rng.normal(size=(20, 2)), T, loss, metrics=())
    found = DeviceMeasures(task, Placed(task.X, task.targets.values, mesh), vector, mesh)
    assert (found.parts, found.names, found.at(None, {})) == ({}, [], [])
