"""Somebody's gradients as they can be compared, and what their shapes give away before any number is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn import matrix
from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.equations import Array, Problem
from nn.diagnosis.mistakes import MISTAKES, Suspect
from nn.samples import numbers


@dataclass
class Candidate:
    """Gradients that were given for a problem.

    Attributes
    ----------
    arrays
        What can be compared, by parameter, in the rows convention.
    suspects
        Mistakes that a shape gives away, by parameter.
    notes
        By parameter, what is wrong with those that cannot be compared.
    remarks
        What else was noticed.
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    suspects: dict[str, Suspect] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, problem: Problem, gradients: Mapping[str, Any], convention: str) -> Candidate:
        """Return gradients, given in a convention of the weights, as a candidate."""
        candidate = cls()
        there = {name: problem.params[name] for name in problem.present}
        known = ", ".join(there)
        unknown = [name for name in gradients if name not in there]
        candidate.remarks += [f"{name!r} is no parameter: names are {known}" for name in unknown]
        for name, value in there.items():
            shape = matrix.from_rows({name: value}, convention)[name].shape
            try:
                array = numbers(gradients.get(name), name).astype(float)
            except (TypeError, ValueError):
                candidate.notes[name] = "missing" if gradients.get(name) is None else "holds no numbers"
                continue
            fitting = candidate._in_shape(name, array, shape, problem)
            if fitting is not None:
                candidate.arrays[name] = matrix.to_rows({name: fitting}, convention)[name]
        return candidate

    def _in_shape(self, name: str, array: Array, shape: tuple[int, ...], problem: Problem) -> Array | None:
        """Return an array in the shape of its parameter, if it can be; note what its own shape gives away."""
        if array.shape == shape:
            return array
        if array.ndim == 0 and np.isnan(array):
            self.notes[name] = "missing"
            return None
        samples = len(problem.X)
        other, is_bias = f"shape {array.shape}, not {shape}", name.endswith("b")
        if not is_bias and array.shape == shape[::-1]:
            self._suspect("weights-transposed", name, other, problem)
            transposed: Array = array.T
            return transposed
        if is_bias and array.shape in ((samples, shape[0]), (shape[0], samples)) and samples > 1:
            self._suspect("bias-not-summed", name, other, problem)
            return matrix.bias_gradient(array if array.shape[0] == samples else array.T).reshape(shape)
        if is_bias and array.size == shape[0]:
            self.remarks.append(f"{name} has {other}: its numbers are compared")
            return array.reshape(shape)
        if is_bias and array.size == 1:
            self.remarks.append(f"{name} has {other}: one number for all of them")
            return np.full(shape, array.item())
        self.notes[name] = f"has {other}"
        return None

    def _suspect(self, mistake: str, name: str, shapes: str, problem: Problem) -> None:
        where, nothing = name.rsplit(".", 1)[0], BackwardAlteration(mistake, ())
        self.suspects[name] = Suspect.of(problem, MISTAKES[mistake], where, shapes, nothing)
