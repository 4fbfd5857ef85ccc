"""Compare scalar, lifted and hand-derived gradients, entry by entry, in units of rounding.

One unit is what rounding may move an entry, by the error analysis of `nn.agreement.units`.  Right
gradients differ by about one unit; how many are allowed is argued in `engine.agreement`, which decides.

>>> from nn import MLP
>>> network = MLP(3, [4, 2], activation="tanh")
>>> report = compare_gradients(network, np.ones((5, 3)), np.array([0, 1, 0, 1, 1]))
>>> report.ok, [row.parameter for row in report.rows][:2]
(True, ['layers.0.W', 'layers.0.W'])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import engine
from engine.agreement import allowed
from engine.arguments import described, finite, number
from engine.collector import collector_paused
from nn import matrix
from nn.agreement.report import Report, Row
from nn.agreement.tolerance import Limits
from nn.agreement.units import rounding_units
from nn.losses import mean_loss, sample_loss
from nn.neuron import MLP
from nn.samples import Array, numbers, samples
from nn.training.outputs import check_model
from nn.training.targets import Targets

FINEST = 1e-9
COMPARED = "gradients are compared where all numbers are finite"


def compare_gradients(
    model: MLP,
    X: Array,
    T: Array,
    loss: str = "cross_entropy",
    *,
    strength: float = 0.0,
    candidate: Mapping[str, Array] | None = None,
) -> Report:
    """Compare the gradients of a network's mean loss: scalar graph and lifted program against the equations by hand.

    Parameters
    ----------
    model
        An `MLP` with any activation; of one that standardises, the gradients are those of its layers, for standardised
        samples and targets.
    X, T
        Samples as rows (N, D); classes (N,) or targets (N, C).
    loss
        A name from `nn.losses`.
    strength
        Of 0.5 * strength * sum(W * W).
    candidate
        Somebody's gradients, named as the matrix path names them; they are compared in place of the other two paths.

    Raises
    ------
    ValueError
        If shapes do not fit the network, or a sample, a target, a parameter or a gradient by hand is not finite.
    """
    check_model(model, "compare_gradients(model, X, T)", MLP)
    strength = number(strength, "strength", least=0.0)
    if candidate is not None:
        candidate = candidate_of(candidate)
    X = samples(X, model.sizes[0])
    model, X, T = model.as_trained(X, Targets.read(T, loss, model.sizes[-1], samples=len(X)).values)
    value, limits = _by_hand(model, X, T, loss, strength)
    if candidate is None:
        paths = {"scalar": _scalar(model, X, T, loss, strength), "lifted": _lifted(model, X, T, loss, strength)}
    else:
        paths = {"candidate": dict(candidate)}
    rows = [_row(name, path, limits, gradients.get(name)) for name in limits.right for path, gradients in paths.items()]
    return Report(tuple(rows), value)


def _by_hand(model: MLP, X: Array, T: Array, loss: str, strength: float) -> tuple[float, Limits]:
    """Return the loss and the gradients by hand, with what rounding may do to them."""
    params = model.arrays()
    for name, array in {"X": X, "T": T, **params}.items():
        finite(array, name, COMPARED)
    value, by_hand = matrix.value_and_gradients(
        params, X, T, activation=model.activation, output=model.output, loss=loss, l2=strength
    )
    for name, array in by_hand.items():
        finite(array, f"the gradient by hand of {name}", COMPARED)
    units = rounding_units(params, X, T, model.activation, model.output, loss, strength)
    return value, Limits({name: by_hand[name] for name in params}, units, allowed(max(len(X), *model.sizes)))


def candidate_of(gradients: Any) -> dict[str, Any]:
    """Return somebody's gradients as arrays of numbers by name; None stays, for one that is missing.

    Raises
    ------
    TypeError, ValueError
        If it is no dict, or one of them is no array of numbers.
    """
    if not isinstance(gradients, Mapping):
        raise TypeError(f"candidate must be a dict of arrays, {{'layers.0.W': dW, ...}}; got {described(gradients)}.")
    return {name: x if x is None else numbers(x, f"candidate[{name!r}]") for name, x in gradients.items()}


def _scalar(model: MLP, X: Array, T: Array, loss: str, strength: float) -> dict[str, Array]:
    before = [v.grad for v in model.parameters()]
    model.zero_grad()
    with collector_paused():
        mean_loss(model, X, T, loss, strength).backward()
    gradients: dict[str, Array] = model.arrays("grad")
    for value, grad in zip(model.parameters(), before):
        value.grad = grad
    return gradients


def _lifted(model: MLP, X: Array, T: Array, loss: str, strength: float) -> dict[str, Array]:
    program = engine.lift(sample_loss(model, loss, strength), batch=True, parameters=model.parameters())
    return program.value_and_grad(X, T)[1].named()


def _row(name: str, path: str, limits: Limits, gradient: Array | None) -> Row:
    right, limit = limits.right[name], limits.allowed * limits.units[name]
    unresolved = int(np.sum((right != 0.0) & (FINEST * np.abs(right) <= limit)))
    if gradient is None or np.shape(gradient) != right.shape:
        problem = "missing" if gradient is None else f"has shape {np.shape(gradient)}"
        return Row(name, right.shape, path, np.inf, np.inf, np.inf, limits.allowed, (), unresolved, problem)
    gradient = np.asarray(gradient, dtype=float)
    error, units = limits.errors(name, gradient)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(error == 0.0, 0.0, error / np.abs(right))
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(units)), right.shape))
    largest = (float(error.max()), float(relative.max()), float(units.max()))
    verdict = "agrees" if limits.agrees(name, gradient) else "DIFFERS"
    return Row(name, right.shape, path, *largest, limits.allowed, worst, unresolved, verdict)
