"""Losses of one sample: a network's outputs and a target in, one number out.

A batch's loss is their mean; `engine.lift` with ``batch=True`` takes it, `mean_loss` writes it as one graph.

>>> cross_entropy([0.0, 0.0], 1) == engine.log(2.0)
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import engine
from engine import Value
from engine.arguments import LARGEST, described, listed, number
from nn.samples import numbers, rows
from nn.training.outputs import check_model, inputs_of, outputs_of
from nn.training.targets import Targets, check_loss, check_values


def mse(y: Sequence[Any], t: Any) -> Any:
    """Mean over the outputs of (y - t)**2.

    >>> mse([1.0, 3.0], [0.0, 1.0])
    2.5
    """
    pairs = _pairs(y, t, "mse")
    return engine.total([(a - b) ** 2 for a, b in pairs]) * (1.0 / len(pairs))


def half_mse(y: Sequence[Any], t: Any) -> Any:
    """1 / (2 m) times the sum of (y - t)**2 over m outputs (note 004's J).

    >>> half_mse([1.0, 3.0], [0.0, 1.0])
    1.25
    """
    return 0.5 * mse(y, t)


def cross_entropy(z: Sequence[Any], t: Any) -> Any:
    """-sum of t_j * log softmax(z)_j, stable for any scores (note 000); `t` is a class, or one probability per score.

    >>> cross_entropy([1000.0, 0.0], 1), cross_entropy([0.0, 0.0], [0.5, 0.5]) == engine.log(2.0)
    (1000.0, True)
    """
    z = _listed(z, "scores", "cross_entropy")
    if isinstance(t, (int, np.integer)) or hasattr(t, "choose_from"):
        if isinstance(t, (int, np.integer)) and not 0 <= t < len(z):
            raise IndexError(f"cross_entropy: class {described(t)} is outside the {len(z)} scores; classes go from 0.")
        return engine.logsumexp(z) - engine.select(z, t)
    if isinstance(t, (float, Value, np.floating)):
        raise TypeError("cross_entropy needs an integer class or one probability per score; got one number.")
    pairs = _pairs(z, t, "cross_entropy")
    normaliser = engine.logsumexp(z)
    return engine.total([p * (normaliser - s) for s, p in pairs])


def binary_cross_entropy(z: Sequence[Any], t: Any) -> Any:
    """Mean over outputs of softplus(z) - t * z: the cross-entropy of sigmoid(z), stable for any score.

    >>> binary_cross_entropy([0.0], 1.0) == engine.log(2.0)
    True
    """
    pairs = _pairs(z, t, "binary_cross_entropy")
    return engine.total([engine.softplus(s) - p * s for s, p in pairs]) * (1.0 / len(pairs))


def hinge(y: Sequence[Any], t: Any) -> Any:
    """Mean over outputs of max(0, 1 - t * y), for targets of -1 and 1.

    >>> hinge([0.25], 1.0)
    0.75
    """
    pairs = _pairs(y, t, "hinge")
    return engine.total([engine.relu(1.0 - b * a) for a, b in pairs]) * (1.0 / len(pairs))


def l2(parameters: Iterable[Any], strength: float) -> Any:
    """0.5 * strength * sum of squares (note 001's regularisation).

    >>> l2([3.0, 4.0], 0.1)
    1.25
    """
    values = _listed(listed(parameters, "l2's parameters", "numbers and Values"), "parameters", "l2")
    number(strength, "strength", least=0.0)
    return (0.5 * strength) * engine.dot(values, values)


LOSSES: dict[str, Callable[[Sequence[Any], Any], Any]] = {
    "mse": mse,
    "half_mse": half_mse,
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "hinge": hinge,
}


def loss_named(name: str) -> Callable[[Sequence[Any], Any], Any]:
    """Return a loss by its name.

    Raises
    ------
    TypeError, ValueError
        If there is none of that name.
    """
    check_loss(name)
    return LOSSES[name]


def check_targets(T: Any, loss: str) -> None:
    """Refuse targets that a loss does not mean, whatever the network.

    >>> check_targets([0, 2], "hinge")
    Traceback (most recent call last):
    ValueError: loss='hinge' takes targets of -1 and 1; got 0 at [0].

    Raises
    ------
    TypeError, ValueError
        Naming the first target that does not fit, and where it is.
    """
    check_loss(loss)
    check_values(numbers(T, "T"), loss)


def weights_of(model: Any) -> list[Value]:
    """Return the parameters that L2 regularisation applies to: weights, not biases."""
    return [v for name, v in model.named_parameters() if name.split(".")[-1] != "b"]


def sample_loss(model: Any, loss: str, strength: float = 0.0) -> Callable[[Any, Any], Any]:
    """Return the loss of one sample, ``(x, t) -> number``, as it is lifted.

    Parameters
    ----------
    model, loss, strength
        As `nn.fit` takes them.

    Raises
    ------
    TypeError, ValueError
        If there is no such loss, or one of the others is none of what it may be.

    Examples
    --------
    >>> from nn import MLP
    >>> program = engine.lift(sample_loss(MLP(2, [2]), "cross_entropy"), batch=True)
    >>> round(program(np.zeros((3, 2)), np.array([0, 1, 1])), 4)
    0.6931
    """
    check_model(model, "sample_loss(model, loss)")
    strength = number(strength, "strength", least=0.0)
    function, weights = loss_named(loss), weights_of(model) if strength else []

    def of_one_sample(x: Any, t: Any) -> Any:
        value = function(outputs_of(model, x), t)
        return value + l2(weights, strength) if weights else value

    return of_one_sample


def mean_loss(model: Any, X: Any, T: Any, loss: str = "cross_entropy", strength: float = 0.0) -> Value:
    """Return the mean loss of a batch as one scalar graph.

    Parameters
    ----------
    model, X, T, loss, strength
        As `nn.fit` takes them.

    Raises
    ------
    TypeError, ValueError
        If the targets are not what the loss means, or not as many as there are samples.

    Examples
    --------
    >>> from nn import MLP
    >>> round(mean_loss(MLP(2, [2]), np.zeros((3, 2)), [0, 1, 1]).item(), 4)
    0.6931
    """
    check_model(model, "mean_loss(model, X, T)")
    strength = number(strength, "strength", least=0.0)
    function = loss_named(loss)
    outputs = [outputs_of(model, x) for x in rows(numbers(X, "X"), inputs_of(model)).tolist()]
    targets = Targets.read(T, loss, len(outputs[0]) if outputs else 0, samples=len(outputs))
    mean: Value = engine.total([function(y, t) for y, t in zip(outputs, targets.values.tolist())]) * (
        1.0 / len(outputs)
    )
    return mean + l2(weights_of(model), strength) if strength else mean


def _pairs(y: Sequence[Any], t: Any, name: str) -> list[tuple[Any, Any]]:
    outputs = _listed(y, "outputs", name)
    targets = list(t) if isinstance(t, (list, tuple)) or (isinstance(t, np.ndarray) and t.ndim) else [t]
    if len(targets) != len(outputs):
        raise ValueError(f"{name} needs one target per output; got {len(outputs)} outputs and {len(targets)} targets.")
    return list(zip(outputs, _listed(targets, "targets", name)))


def _listed(numbers_: Any, what: str, name: str) -> list[Any]:
    is_list = isinstance(numbers_, (list, tuple)) or (isinstance(numbers_, np.ndarray) and numbers_.ndim)
    if not is_list or not len(numbers_):
        raise TypeError(f"{name} takes {what} as a list of numbers; got {described(numbers_)}.")
    for v in numbers_:
        if v.__class__ is not float and not isinstance(v, (Value, float, int, np.floating, np.integer, np.bool_)):
            raise TypeError(f"{name} takes {what} as a list of numbers; one of them is {described(v)}.")
        if isinstance(v, int) and abs(v) > LARGEST:
            raise ValueError(f"{name} takes {what} as floats are; one of them is {described(v)}. Pass smaller numbers.")
    return list(numbers_)
