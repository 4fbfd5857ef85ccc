"""What a module that is no `MLP` does with one sample: how many outputs it has, of what, and from which parameters.

>>> from engine import Value
>>> class Line(Module):
...     def __init__(self):
...         self.w = Value(2.0)
...     def __call__(self, x):
...         return [self.w * x[0]]
>>> Probe.of(Line(), np.array([[1.0], [2.0]])).outputs
1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import Value
from engine.value import is_constant
from nn.module import Module
from nn.neuron import MLP
from nn.samples import Array
from nn.training.outputs import kinds_of, outputs_of
from nn.training.targets import REACH

SIZES = (1.0, 10.0, 100.0, 1e3, 1e6, 1e9)  # of parameters with which outputs are looked at again
SLACK = 0.01  # by which outputs from 0 to 1 may lie outside, as where a little is added before a logarithm


@dataclass(frozen=True)
class Probe:
    """What was seen.

    Attributes
    ----------
    outputs
        How many there are.
    activation
        The last operation of all of them, if its name is an activation's; else "sigmoid" if they lie between 0 and 1
        whatever the parameters, and "identity" if not.
    tokens
        Whether samples must be integers, since they choose from a table.
    probabilities
        Whether the outputs sum to 1.
    bounded
        Whether they were seen to lie between 0 and 1 whatever the parameters, however that is written.
    """

    outputs: int
    activation: str
    tokens: bool = False
    probabilities: bool = False
    bounded: bool = False

    @classmethod
    def of(cls, model: Module, X: Array) -> Probe:
        """Return what a model does with the first samples; of an `MLP` it is known.

        Raises
        ------
        TypeError
            If it does not return a list of numbers that depend on its parameters.
        ValueError
            If it uses Values that ``parameters()`` does not find.
        """
        kinds = kinds_of(model)
        if kinds is not None and isinstance(model, MLP):
            return cls(model.sizes[-1], kinds[-1])
        tokens, seen = _called(model, X[:2] if len(X) > 1 else X[[0, 0]])
        _check_parameters(model, seen)
        numbers = np.array([[float(v) for v in y] for y in seen])
        ops = {v.op if isinstance(v, Value) else "" for y in seen for v in y}
        last = ops.pop() if len(ops) == 1 else ""
        elsewhere = _elsewhere(model, X[:2] if tokens else X[:2].astype(float)) if _within(numbers) else []
        bounded = bool(elsewhere) and all(map(_within, elsewhere))
        alike = bounded and numbers.shape[1] > 1 and all(map(_sums_to_1, [numbers, *elsewhere]))
        activation = last if last in REACH else "sigmoid" if bounded else "identity"
        return cls(len(seen[0]), activation, tokens, alike, bounded and last not in REACH)

    def check(self, loss: str) -> None:
        """Refuse probabilities where a loss takes scores.

        Raises
        ------
        ValueError
            If the outputs sum to 1, or lie between 0 and 1, and the loss is a cross-entropy.
        """
        if loss not in ("cross_entropy", "binary_cross_entropy"):
            return
        if self.probabilities:
            raise ValueError(
                f"the model's outputs sum to 1, as a softmax's do, but loss={loss!r} takes scores, of which it takes "
                "the softmax itself: return the scores."
            )
        if self.bounded:
            itself = "softmax" if loss == "cross_entropy" else "sigmoid"
            raise ValueError(
                "the model's outputs lie between 0 and 1 whatever its parameters, as a sigmoid's do, but "
                f"loss={loss!r} takes scores, of any size and sign, of which it takes the {itself} itself: return the "
                "scores."
            )


def _called(model: Module, X: Array) -> tuple[bool, list[list[Any]]]:
    """Return the outputs for some samples, and whether they had to be integers for it."""
    try:
        return False, [outputs_of(model, x) for x in X.astype(float).tolist()]
    except TypeError:
        if X.dtype.kind != "i":
            raise
        return True, [outputs_of(model, x) for x in X.tolist()]


def _within(numbers: Array) -> bool:
    known = numbers[~np.isnan(numbers)]
    return bool(((known >= -SLACK) & (known <= 1.0 + SLACK)).all())


def _sums_to_1(numbers: Array) -> bool:
    known = numbers[~np.isnan(numbers).any(axis=1)]
    return bool((np.abs(known.sum(axis=1) - 1.0) <= SLACK).all())


def _elsewhere(model: Module, X: Array) -> list[Array]:
    """Return outputs with other parameters of several sizes, each drawn and negated, until one is not from 0 to 1.

    Parameters at which the model cannot be computed say nothing.
    """
    parameters, rng = model.parameters(), np.random.default_rng(0)
    before, outputs = [value.data for value in parameters], list[Array]()
    try:
        for size in SIZES:
            drawn = size * rng.normal(size=len(parameters))
            for numbers in (drawn, -drawn):
                _write(parameters, numbers.tolist())
                try:
                    y = np.array([[float(v) for v in outputs_of(model, x)] for x in X.tolist()])
                except (ArithmeticError, ValueError):
                    continue
                outputs += [y] if not np.isnan(y).all() else []
                if not _within(y):
                    return outputs
    finally:
        _write(parameters, before)
    return outputs


def _write(parameters: list[Value], numbers: list[float]) -> None:
    for value, number in zip(parameters, numbers):
        value.data = number


def _check_parameters(model: Module, seen: list[list[Any]]) -> None:
    name, parameters = type(model).__name__, set(map(id, model.parameters()))
    if not parameters:
        raise ValueError(f"{name} has no parameters: there is nothing to train.")
    used = [_leaves(y) for y in seen]
    if not any(key in parameters for key in used[0]):
        raise ValueError(f"the outputs of {name} do not depend on its parameters: there is nothing to train.")
    for key, value in used[0].items():
        if key not in parameters and all(key in leaves for leaves in used):  # not one that is made in every call
            which = f"the Value {value.label!r}" if value.label else f"a Value of {value.data:g}"
            raise ValueError(
                f"{name} computes with {which} that its parameters() does not find, so that it would be neither "
                "trained nor saved: keep it in an attribute (or say engine.stop_gradient where a constant is meant)."
            )


def _leaves(outputs: list[Any]) -> dict[int, Value]:
    """Return the Values that outputs depend on and that somebody made, without those behind a stop_gradient."""
    leaves: dict[int, Value] = {}
    waiting = [v for v in outputs if isinstance(v, Value)]
    seen = set(map(id, waiting))
    while waiting:
        node = waiting.pop()
        if not node.parents and not is_constant(node):
            leaves[id(node)] = node
        for parent in node.parents if node.op != "stop_gradient" else ():
            if id(parent) not in seen:
                seen.add(id(parent))
                waiting.append(parent)
    return leaves
