"""Somebody's own parameters and gradients: what they are called, how they lie, and the same as `nn.matrix` has them.

>>> own = Own.of({"W1": np.ones((4, 3)), "b1": np.ones((4, 1)), "W2": np.ones((1, 4)), "b2": 0.5}, "coursera", 3)
>>> own.layout, own.names["layers.1.b"], own.rows()["layers.0.W"].shape
('coursera', 'b2', (3, 4))
>>> gradients = {"dW1": np.ones((4, 3)), "dZ1": np.ones((4, 7)), "db2": 0.5}
>>> {name: x.shape for name, x in own.gradients(gradients).items()}
{'layers.0.W': (4, 3), 'layers.1.b': (1, 1)}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nn import matrix
from nn.diagnosis.dialects import DIALECTS, Dialect
from nn.diagnosis.held import by_layer, is_bias, is_plain, is_weight, parameters_of
from nn.samples import Array, numbers

PREFIX = re.compile(r"^(grad_|g_|nabla_|[dD][A-Za-z]{0,4}_d|d_|d|g|∂)")
OTHER_WAY = {"rows": "torch", "torch": "rows", "columns": "coursera", "coursera": "columns"}
"""The convention that differs in how weights lie, and not in how samples do."""


@dataclass(frozen=True)
class Own:
    """How somebody's parameters are called and lie.

    Attributes
    ----------
    dialect
        What was declared.
    layout
        The convention of `nn.matrix` in which they lie: the dialect's, or that with weights the other way round, where
        their shapes say so.
    arrays
        The parameters by the names of `nn.matrix`, as they are.
    names
        What they are called, by the names of `nn.matrix`.
    holder
        The object that they are attributes of, if they are.
    """

    dialect: Dialect
    layout: str
    arrays: Mapping[str, Array]
    names: Mapping[str, str]
    holder: Any = None

    @classmethod
    def by_default(cls, rows: Mapping[str, Array], convention: str) -> Own:
        """Return parameters of the rows convention as a dialect calls and lays them."""
        dialect = DIALECTS[convention]
        names = {name: dialect.parameter(name[-1], int(name.split(".")[1])) for name in rows}
        return cls(dialect, dialect.layout, matrix.from_rows(rows, dialect.layout), names)

    @classmethod
    def of(cls, model: Any, convention: str, inputs: int) -> Own:
        """Return parameters that somebody holds in a dictionary, lists, an array or an object.

        Parameters
        ----------
        model
            Whatever holds them.
        convention
            The word of the dialect.
        inputs
            How many numbers a sample has.

        Raises
        ------
        TypeError
            If there are no weights in it.
        ValueError
            If they do not fit each other.
        """
        dialect = DIALECTS[convention]
        held = {name: numbers(x, name) for name, x in parameters_of(model, dialect).items()}
        names = by_layer(held)
        lost = [own for own in held if own not in names.values()]
        if lost:
            raise ValueError(f"nothing says which weights {lost[0]!r} belongs to; call them alike: W1, b1.")
        arrays = {name: held[own] for name, own in names.items()}
        fitting = (layout for layout in (dialect.layout, OTHER_WAY[dialect.layout]) if _fits(arrays, layout, inputs))
        layout = next(fitting, None)
        if layout is None:
            shapes = ", ".join(f"{names[name]} {x.shape}" for name, x in arrays.items())
            X = "(inputs, samples)" if dialect.layout in matrix.OF_COLUMNS else "(samples, inputs)"
            raise ValueError(
                f"parameters do not fit each other or X, whichever way weights lie: {shapes}; in {convention} X is "
                f"{X}, and has {inputs} inputs."
            )
        return cls(dialect, layout, arrays, names, None if is_plain(model) else model)

    @cached_property
    def canonical(self) -> dict[str, str]:
        """The names of `nn.matrix` by what somebody calls them."""
        return {own: name for name, own in self.names.items()}

    def called(self, kind: str) -> list[str]:
        """Return what the weights, kind "W", or the biases, kind "b", are called, layer by layer."""
        return [own for name, own in self.names.items() if name.endswith(kind)]

    @property
    def absent(self) -> frozenset[str]:
        """Biases that there are not."""
        weights = [name for name in self.arrays if name.endswith("W")]
        return frozenset(f"{name[:-1]}b" for name in weights if f"{name[:-1]}b" not in self.arrays)

    @property
    def of_vectors(self) -> bool:
        """Whether biases have one axis, so that one sample has one too; without biases it has two."""
        biases = [x for name, x in self.arrays.items() if name.endswith("b")]
        return bool(biases) and all(x.ndim == 1 for x in biases)

    def rows(self) -> dict[str, Array]:
        """Return all parameters in the rows convention; biases that there are not are zero."""
        rows = matrix.to_rows({name: self._laid(name, x) for name, x in self.arrays.items()}, self.layout)
        count = sum(name.endswith("W") for name in rows)
        ordered: dict[str, Array] = {}
        for layer in range(count):
            W = ordered[f"layers.{layer}.W"] = rows[f"layers.{layer}.W"].astype(float)
            bias = rows.get(f"layers.{layer}.b")
            ordered[f"layers.{layer}.b"] = np.zeros(W.shape[1]) if bias is None else bias.astype(float)
        return ordered

    def _laid(self, name: str, x: Array) -> Array:
        """Return a parameter, or its gradient, as the layout has it: a bias of any shape, a weight of one axis."""
        if name.endswith("W"):
            return x.reshape(-1, 1) if x.ndim < 2 and x.shape == self.arrays[name].shape else x
        wanted = (-1, 1) if self.layout == "coursera" else (-1,)
        return x.reshape(wanted) if x.shape == self.arrays[name].shape else x

    def handed(self, params: Mapping[str, Array]) -> Parameters:
        """Return parameters as the layout has them as somebody holds them, by their own names."""
        own = Parameters(self._answering())
        for name, x in params.items():
            like = self.arrays[name]
            if name.endswith("W"):
                own[self.names[name]] = x if like.ndim == 2 else x.reshape((-1,) if like.ndim else ())
            else:
                shape = tuple(x.size if n == like.size else 1 for n in like.shape)
                own[self.names[name]] = float(x.ravel()[0]) if like.ndim == 0 else x.reshape(shape)
        return own

    def _answering(self) -> dict[str, str]:
        """Return the other name of every parameter by each name that it answers to."""
        either = {**self.canonical, **self.names}
        if len(self.arrays) <= 2:  # of one layer
            either |= dict.fromkeys(("w", "W", "theta", "W1", "w1"), self.names["layers.0.W"])
            either |= {name: self.names.get("layers.0.b", "") for name in ("b", "bias", "b1")}
        for name, own in self.names.items() if self.dialect.also else ():
            either[self.dialect.also[name.endswith("b")].format(*_counts(name))] = own
        return either

    def gradients(self, returned: Any) -> dict[str, Any]:
        """Return what somebody calls gradients by the names of `nn.matrix`, as the layout has them.

        Raises
        ------
        TypeError, ValueError
            If it cannot be told which is whose.
        """
        own = self._by_name(returned) if isinstance(returned, Mapping) else self._in_order(returned)
        return {name: self._laid(name, _array(x)) if name in self.arrays else x for name, x in own.items()}

    def _by_name(self, returned: Mapping[Any, Any]) -> dict[str, Any]:
        named = {str(key): self.resolved(str(key)) for key in returned}
        if not any(named.values()):  # by other names than the parameters: the first weight is the first layer's
            alike = {key: np.empty(0) for key in named if is_bias(key) or is_weight(key)}
            named |= {own: name for name, own in by_layer(alike).items() if name in self.arrays} if alike else {}
        wanted = [key for key, name in named.items() if name is not None]
        others = [key for key in named if named[key] is None and not self._is_intermediate(key)]
        gradients = {named[str(key)] or str(key): x for key, x in returned.items() if str(key) in (*wanted, *others)}
        return gradients

    def resolved(self, key: str) -> str | None:
        """Return the name in `nn.matrix` of the parameter that a gradient's name speaks of, if it speaks of one."""
        for name in (key, PREFIX.sub("", key)):
            if name in self.arrays or name in self.canonical:
                return self.canonical.get(name, name)
        alike = {own.lower(): name for own, name in self.canonical.items()}
        return alike.get(key.lower()) or alike.get(PREFIX.sub("", key.lower()))

    def _is_intermediate(self, key: str) -> bool:
        """Whether a course returns it beside the gradients of parameters: of pre-activations and activations."""
        return self.dialect.is_course and bool(re.fullmatch(r"(d|grad_)?([AaZzXxHh]|scores)\d*", key))

    def _in_order(self, returned: Any) -> dict[str, Any]:
        present = list(self.arrays)
        flat = list(returned) if isinstance(returned, (list, tuple)) else [returned]
        if flat and all(isinstance(x, (list, tuple)) or (np.ndim(x) and _array(x).dtype.kind == "O") for x in flat):
            flat = [x for several in flat for x in several]
        if len(flat) != len(present):
            wanted = ", ".join(self.dialect.gradient.format(own) for own in self.names.values())
            raise ValueError(f"there are {len(flat)} gradients; pass {wanted}, in a dictionary or in this order.")
        shapes = [numbers(x, f"gradient {k}").shape for k, x in enumerate(flat)]
        for order in self._orders(present):
            if [self.arrays[name].shape for name in order] == shapes:
                return dict(zip(order, flat))
        places = {name: [k for k, s in enumerate(shapes) if s == self.arrays[name].shape] for name in present}
        if all(len(fitting) == 1 for fitting in places.values()):
            return {name: flat[fitting[0]] for name, fitting in places.items()}
        return dict(zip(present, flat))

    def are_ordered(self, returned: Any) -> bool:
        """Whether these are arrays of the parameters' shapes, in an order in which gradients are returned."""
        shapes = [_array(x).shape for x in returned] if isinstance(returned, (list, tuple)) else []
        return any([self.arrays[name].shape for name in order] == shapes for order in self._orders(list(self.arrays)))

    def _orders(self, present: Sequence[str]) -> Iterator[list[str]]:
        """Yield the orders in which gradients are returned: layer by layer, and all of one kind first."""
        yield list(present)
        for kinds in ("Wb", "bW"):
            yield [name for kind in kinds for name in present if name.endswith(kind)]


class Parameters(dict[str, Any]):
    """Parameters by somebody's names, which answer to other names as well: `either` has the one name by the other."""

    def __init__(self, either: Mapping[str, str]) -> None:
        super().__init__()
        self._other = either

    def __missing__(self, key: str) -> Any:
        if self.answers(key):
            return self[self._other[key]]
        raise KeyError(key)

    def answers(self, key: str) -> bool:
        """Whether there is a parameter of this or of another name."""
        return key in self or self._other.get(key) in self


def _array(x: Any) -> Array:
    """Return an array of whatever it is; of what is ragged, an array of objects."""
    try:
        return np.asarray(x)
    except ValueError:
        return np.empty(len(x), dtype=object)


def _counts(name: str) -> tuple[int, int, int]:
    layer = int(name.split(".")[1])
    return layer, layer + 1, 2 * layer


def _fits(arrays: Mapping[str, Array], layout: str, inputs: int) -> bool:
    """Whether weights and biases of these shapes make a network that takes samples of so many numbers."""
    width = inputs
    for name, x in arrays.items():
        if name.endswith("W"):
            shape = (x.size, 1) if x.ndim < 2 else x.shape
            if len(shape) != 2:
                return False
            taken, width_above = shape[::-1] if layout in matrix.TURNED else shape
            if taken != width or (x.ndim < 2 and layout in matrix.TURNED):
                return False
            width = width_above
        elif x.size != width:
            return False
    return True
