"""Metrics: each name means one thing, equals scikit-learn's, and is refused where the targets are something else."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.training.metrics import METRICS, check_metrics, measure
from nn.training.targets import Targets

rng = np.random.default_rng(0)
SCORES = {outputs: rng.normal(size=(40, outputs)) for outputs in (1, 2, 3)}
CLASSES = rng.integers(0, 3, 40)


def identity(outputs=1, inputs=None):
    """A network whose outputs are its inputs."""
    model = nn.MLP(inputs or outputs, [outputs])
    model.load_state_dict({"layers.0.W": np.eye(outputs), "layers.0.b": np.zeros(outputs)})
    return model


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_r2_is_scikit_learns(outputs):
    metrics = pytest.importorskip("sklearn.metrics")
    T = SCORES[outputs] + rng.normal(size=(40, outputs))
    assert nn.r2(identity(outputs), SCORES[outputs], T) == pytest.approx(
        metrics.r2_score(T, SCORES[outputs]), rel=1e-12
    )


def test_accuracies_are_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    want = metrics.accuracy_score(CLASSES, SCORES[3].argmax(axis=1))
    for T in (CLASSES, np.eye(3)[CLASSES], CLASSES[:, None], CLASSES.tolist()):
        assert nn.accuracy(identity(3), SCORES[3], T) == pytest.approx(want)
    for loss, T in (("hinge", 2 * np.eye(3)[CLASSES] - 1), ("binary_cross_entropy", np.eye(3)[CLASSES])):
        assert nn.accuracy(identity(3), SCORES[3], T, loss) == pytest.approx(want)
        yes = np.eye(3)[CLASSES] > 0.5
        assert nn.label_accuracy(identity(3), SCORES[3], T, loss) == pytest.approx((yes == (SCORES[3] > 0)).mean())


def test_constant_targets_have_an_r2():
    assert nn.r2(identity(), [[1.0], [1.0]], [1.0, 1.0]) == 1.0
    assert nn.r2(identity(), [[1.0], [1.5]], [1.0, 1.0]) == 0.0


@pytest.mark.parametrize("rows", [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]])
def test_a_metric_does_not_change_with_the_samples_at_hand(rows):
    """Labels of which some rows happen to be one class: the part of labels is the mean over any rows, always."""
    T, scores = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 2.0], [1.0, -1.0], [-3.0, 4.0]])
    each = ((scores > 0) == (T > 0.5)).mean(axis=1)
    got = nn.label_accuracy(identity(2), scores[rows], T[rows])
    assert got == pytest.approx(each[rows].mean())
    if rows == [0]:
        assert nn.accuracy(identity(2), scores[rows], T[rows], "binary_cross_entropy") == 0.0
    else:
        with pytest.raises(ValueError, match=r"'accuracy' is for one class per sample, .* use 'label_accuracy'"):
            nn.accuracy(identity(2), scores[rows], T[rows], "binary_cross_entropy")


@pytest.mark.parametrize(
    ("loss", "outputs", "T", "name", "message"),
    [
        (
            "mse",
            1,
            [0.5, 2.0],
            "accuracy",
            "'accuracy' with loss='mse' is for targets of 0 and 1; use 'r2' for numbers",
        ),
        ("mse", 1, [-1.0, 1.0], "accuracy", "is for targets of 0 and 1"),
        ("hinge", 1, [-1, 1], "r2", "'r2' is for numbers; loss='hinge' has classes: use 'accuracy'"),
        ("cross_entropy", 2, [0, 1], "label_accuracy", "loss='cross_entropy' has one class"),
        ("mse", 1, [0, 1], "f1", "metric 'f1' is not known; use one of accuracy, label_accuracy, r2"),
    ],
)
def test_a_metric_that_the_targets_do_not_have(loss, outputs, T, name, message):
    with pytest.raises(ValueError, match=message):
        check_metrics([name], Targets.read(T, loss, outputs))


@pytest.mark.parametrize("metrics", ["accuracy", 3, {"accuracy"}, [3]])
def test_metrics_are_names_in_a_tuple(metrics):
    with pytest.raises((TypeError, ValueError), match=r"metric"):
        check_metrics(metrics, Targets.read([0, 1], "cross_entropy", 2))


def test_one_output_needs_its_loss():
    with pytest.raises(
        ValueError, match="accuracy of one output needs the loss that it was trained with: 'binary_cross"
    ):
        nn.accuracy(identity(), [[1.0]], [1])
    with pytest.raises(ValueError, match="loss='cross_entropy' is 0 over one output"):
        nn.accuracy(identity(), [[1.0]], [0], "cross_entropy")


def test_every_metric_is_measured_by_its_name():
    targets = Targets.read([0.0, 1.0, 1.0], "mse", 1)
    got = {name: measure(name, np.array([[0.2], [0.7], [0.4]]), targets) for name in METRICS}
    assert got == {"accuracy": pytest.approx(2 / 3), "label_accuracy": pytest.approx(2 / 3), "r2": pytest.approx(0.265)}


def test_the_mean_loss_is_the_graphs():
    model = nn.MLP(3, [4, 3], seed=2)
    for loss, T in (("cross_entropy", CLASSES), ("mse", SCORES[3]), ("hinge", np.sign(SCORES[3]))):
        want = nn.mean_loss(model, SCORES[3], T, loss).data
        assert nn.evaluate(model, SCORES[3], T, loss) == pytest.approx(want, rel=1e-12)
