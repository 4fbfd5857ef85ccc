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
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine import Value
from engine.value import is_constant
from nn.module import Module
from nn.neuron import MLP
from nn.outputs import kinds_of, outputs_of
from nn.targets import REACH

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Probe:
    """What was seen.

    Attributes
    ----------
    outputs
        How many there are.
    activation
        The last operation of all of them, if its name is an activation's; else "identity".
    tokens
        Whether samples must be integers, since they choose from a table.
    probabilities
        Whether the outputs sum to 1.
    """

    outputs: int
    activation: str
    tokens: bool = False
    probabilities: bool = False

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
        alike = bool((numbers >= 0.0).all() and np.allclose(numbers.sum(axis=1), 1.0, rtol=0.0, atol=1e-9))
        ops = {v.op if isinstance(v, Value) else "" for y in seen for v in y}
        activation = ops.pop() if len(ops) == 1 else ""
        activation = activation if activation in REACH else "identity"
        return cls(len(seen[0]), activation, tokens, alike and numbers.shape[1] > 1)

    def check(self, loss: str) -> None:
        """Refuse probabilities where a loss takes scores.

        Raises
        ------
        ValueError
            If the outputs sum to 1 and the loss is a cross-entropy.
        """
        if self.probabilities and loss in ("cross_entropy", "binary_cross_entropy"):
            raise ValueError(
                f"the model's outputs sum to 1, as a softmax's do, but loss={loss!r} takes scores, of which it takes "
                "the softmax itself: return the scores."
            )


def _called(model: Module, X: Array) -> tuple[bool, list[list[Any]]]:
    """Return the outputs for some samples, and whether they had to be integers for it."""
    try:
        return False, [outputs_of(model, x) for x in X.astype(float).tolist()]
    except TypeError:
        if X.dtype.kind != "i":
            raise
        return True, [outputs_of(model, x) for x in X.tolist()]


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
    found: dict[int, Value] = {}
    waiting = [v for v in outputs if isinstance(v, Value)]
    seen = set(map(id, waiting))
    while waiting:
        node = waiting.pop()
        if not node.parents and not is_constant(node):
            found[id(node)] = node
        for parent in node.parents if node.op != "stop_gradient" else ():
            if id(parent) not in seen:
                seen.add(id(parent))
                waiting.append(parent)
    return found
