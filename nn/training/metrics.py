"""Metrics: how right a network's outputs are, by names whose meaning does not change with the data.

| metric         | for                                             | what                                              |
|----------------|-------------------------------------------------|---------------------------------------------------|
| accuracy       | one class per sample                            | part of samples: highest score, or side of border |
| label_accuracy | yes or no for each output, several yes a sample | part of labels on the right side of the border    |
| r2             | numbers                                         | 1 - squared error / squared error of the mean     |

The border between no and yes is 0 for scores (cross-entropies, hinge) and 0.5 for squared errors of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arguments import described
from nn import matrix
from nn.module import Module
from nn.samples import Array
from nn.training.outputs import check_model, predict
from nn.training.targets import ONE_OUTPUT, SQUARED, Targets, border, check_enough_outputs, check_loss


def accuracy(model: Module, X: Any, T: Any, loss: str | None = None) -> float:
    """Return the part of samples classified rightly: the highest score, or for one output its side of the border.

    Parameters
    ----------
    model, X, T
        A model, samples (N, D), and one class per sample: as `fit` takes them.
    loss
        What the network was trained with; for several outputs by default cross-entropy.

    Raises
    ------
    TypeError, ValueError
        If the targets are not what the loss means, or are not one class per sample.

    Examples
    --------
    >>> from nn import MLP
    >>> network = MLP(1, [1])
    >>> network.load_state_dict({"layers.0.W": np.ones((1, 1)), "layers.0.b": np.zeros(1)})
    >>> accuracy(network, np.array([[2.0], [-1.0]]), np.array([1.0, 1.0]), "hinge")
    0.5
    """
    return _measured("accuracy", model, X, T, loss)


def label_accuracy(model: Module, X: Any, T: Any, loss: str = "binary_cross_entropy") -> float:
    """Return the part of labels (N, C) that the outputs, one per label, say rightly.

    Parameters
    ----------
    model, X, T
        A model, samples (N, D), and yes or no for every label, (N, C): as `fit` takes them.
    loss
        What the network was trained with.

    Raises
    ------
    TypeError, ValueError
        If the targets are not what the loss means.

    Examples
    --------
    >>> from nn import MLP
    >>> network = MLP(1, [2])
    >>> network.load_state_dict({"layers.0.W": np.ones((1, 2)), "layers.0.b": np.zeros(2)})
    >>> label_accuracy(network, [[2.0], [-1.0]], [[1, 1], [0, 1]])
    0.75
    """
    return _measured("label_accuracy", model, X, T, loss)


def r2(model: Module, X: Any, T: Any) -> float:
    """Return the part of the targets' variance that the outputs explain: 1 is all, 0 what their mean would.

    Over several outputs it is the mean of each one's; of targets that are all the same it is 1 if the outputs are
    exact, else 0.

    Parameters
    ----------
    model, X, T
        A model, samples (N, D), and numbers, one per output: as `fit` takes them.

    Raises
    ------
    TypeError, ValueError
        If the targets are not numbers, one per output.

    Examples
    --------
    >>> from nn import MLP
    >>> network = MLP(1, [1])
    >>> network.load_state_dict({"layers.0.W": np.ones((1, 1)), "layers.0.b": np.zeros(1)})
    >>> r2(network, [[1.0], [3.0]], [2.0, 3.0])
    -1.0
    """
    return _measured("r2", model, X, T, "mse")


def evaluate(model: Module, X: Any, T: Any, loss: str) -> float:
    """Return the mean loss over samples, without regularisation.

    >>> from nn import MLP, moons
    >>> evaluate(MLP(2, [1], init="uniform"), *moons(10), "hinge") > 0.0
    True
    """
    check_model(model, "evaluate(model, X, T, loss)")
    check_loss(loss)
    scores, targets = _looked_at(model, X, T, loss)
    return mean_loss_of(scores, targets)


def check_metrics(metrics: Any, targets: Targets) -> tuple[str, ...]:
    """Return names of metrics that targets can be measured by; by default those that suit them.

    Raises
    ------
    TypeError, ValueError
        If a name is not known, or says something that the targets do not.
    """
    if metrics is None:
        return targets.metrics()
    if isinstance(metrics, (str, bytes)) or not isinstance(metrics, Sequence):
        raise TypeError(f"metrics={described(metrics)}: pass a tuple of names, such as ('accuracy',).")
    for name in metrics:
        if not isinstance(name, str) or name not in METRICS:
            raise ValueError(f"metric {described(name)} is not known; use one of {', '.join(METRICS)}.")
        _check(name, targets)
    return tuple(metrics)


def measure(name: str, scores: Array, targets: Targets) -> float:
    """Return a metric of outputs (N, C) for targets that `check_metrics` has let pass."""
    return float(METRICS[name](scores, targets, np))


def mean_loss_of(scores: Array, targets: Targets) -> float:
    """Return the mean loss of outputs (N, C)."""
    return float(matrix.LOSSES[targets.loss].values(scores, targets.rows()).mean())


# Each computes with an array library, which is that of the outputs and targets: NumPy's, or JAX's on a device.


def _accuracy(scores: Array, targets: Targets, xp: Any) -> Any:
    T = targets.values
    if scores.shape[1] > 1:
        return (scores.argmax(axis=1) == (T if targets.are_classes else T.argmax(axis=1))).mean(dtype=float)
    return _label_accuracy(scores, targets, xp)


def _label_accuracy(scores: Array, targets: Targets, xp: Any) -> Any:
    middle = 0.5 if targets.loss in SQUARED else 0.0
    return ((scores > middle) == (targets.values.reshape(scores.shape) > border(targets.loss))).mean(dtype=float)


def _r2(scores: Array, targets: Targets, xp: Any) -> Any:
    T = targets.rows()
    left, total = ((T - scores) ** 2).sum(axis=0), ((T - T.mean(axis=0)) ** 2).sum(axis=0)
    varies = total > 0.0
    return xp.where(varies, 1.0 - left / xp.where(varies, total, 1.0), left == 0.0).mean(dtype=float)


METRICS: dict[str, Callable[[Array, Targets, Any], Any]] = {
    "accuracy": _accuracy,
    "label_accuracy": _label_accuracy,
    "r2": _r2,
}


def _check(name: str, targets: Targets) -> None:
    loss, T = targets.loss, targets.values
    if name == "r2":
        if loss not in SQUARED:
            raise ValueError(f"metric 'r2' is for numbers; loss={loss!r} has classes: use {targets.metrics()[0]!r}.")
        return
    if loss in SQUARED and not np.isin(T, (0, 1)).all():
        raise ValueError(f"metric {name!r} with loss={loss!r} is for targets of 0 and 1; use 'r2' for numbers.")
    if name == "label_accuracy" and loss == "cross_entropy":
        raise ValueError(
            "metric 'label_accuracy' is for several labels per sample; loss='cross_entropy' has one class."
        )
    if name == "accuracy" and targets.outputs > 1 and loss != "cross_entropy" and not targets.one_class_each:
        raise ValueError(
            "metric 'accuracy' is for one class per sample, and these targets have several labels in some rows or none"
            "; use 'label_accuracy'."
        )


def _measured(name: str, model: Module, X: Any, T: Any, loss: str | None) -> float:
    scores, targets = _looked_at(model, X, T, loss, name)
    _check(name, targets)
    return measure(name, scores, targets)


def _looked_at(model: Module, X: Any, T: Any, loss: str | None, name: str = "evaluate") -> tuple[Array, Targets]:
    check_model(model, f"{name}(model, X, T)")
    scores = predict(model, X)
    if loss is None and scores.shape[1] == 1:
        raise ValueError(f"{name} of one output needs the loss that it was trained with: {ONE_OUTPUT}.")
    loss = "cross_entropy" if loss is None else loss
    check_loss(loss)
    check_enough_outputs(loss, scores.shape[1])
    return scores, Targets.read(T, loss, scores.shape[1], samples=len(scores))
