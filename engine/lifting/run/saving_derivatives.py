"""A derivative as a file of its own, which runs with NumPy alone: `Derivative.save`.

The file is that of a program (`saving`), of the derivative's own text, and in place of ``value`` one function that is
called as the derivative is, ``hessian(x, parameters=None)``, with arrays for inputs; directions and answers are nested
as the derivative has them. Where the derivative answered with SciPy's sparse matrix, so does the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arguments import path as as_path
from engine.lifting.emit.writer import printable
from engine.lifting.passes.jacobians import Entries
from engine.lifting.run.file_text import (
    function_text,
    items_text,
    numbers_text,
    results_text,
    variables_text,
)
from engine.lifting.run.saving import ProgramFile, write_whole
from engine.tree import LEAF, Structure

if TYPE_CHECKING:
    from engine.lifting.run.derivative import At, Derivative
    from engine.lifting.run.program import Derived

JOINED = '''
def _joined(arrays, shapes, samples):
    """Return a direction's arrays as one vector, or one for each sample."""
    rows = [np.asarray(array, float) for array in arrays]
    for array, shape in zip(rows, shapes):
        if array.shape != samples + shape:
            raise ValueError(f"the direction has an array of shape {array.shape} where {samples + shape} is needed.")
    return np.concatenate([array.reshape(samples + (-1,)) for array in rows], axis=-1)'''
OBJECTS = '''
def _objects(items):
    """Return a flat array of objects."""
    array = np.empty(len(items), object)
    for k, item in enumerate(items):
        array[k] = item
    return array'''


def save_derivative(derivative: Derivative, path: str | os.PathLike[str]) -> None:
    """Write a derivative that was called as a file of its own; see `Derivative.save`."""
    target = Path(as_path(path, "save's path", f"{derivative.function}.py"))
    write_whole(target, DerivativeFile(derivative, *derivative.latest_call("save")).text())


class DerivativeFile(ProgramFile):
    """The text of a saved derivative.

    Attributes
    ----------
    derivative, at
        Of which kind, and of which trace of the function and by what.
    direction
        The name of the direction among the inputs; "" where there is none.
    plain
        The names of the other inputs.
    """

    def __init__(self, derivative: Derivative, runner: Derived, at: At, wrt: str) -> None:
        derived = runner.require_trace("save")
        super().__init__(runner, derived, runner.compiled_for(derived, wrt), wrt)
        self.derivative, self.at = derivative, at
        names = [source.name for source in self.inputs]
        self.plain = names if runner.direction is None else names[:-1]
        self.direction = "" if runner.direction is None else names[-1]
        self.lead = runner.batch and runner.reduction == "none"  # whether a result has an axis for samples
        self.samples = derivative.program.batch  # whether the function has

    # --- what it says of itself ------------------------------------------------------------------------------

    def _docstring(self) -> str:
        name, needs = printable(self.program.name), "SciPy" if self.derivative.is_sparse else "NumPy alone"
        lines = [f"{name}, as a program of {needs}, written by liftgrad.", ""]
        lines.append(f"    {self.derivative.function}({self.takes()})  # {self.derivative.answers}")
        lines += ["", *self._inputs_said()]
        if self.derivative.takes_direction:
            lines.append(f"    {self.direction}: {self.derivative.direction_said}, nested as these are")
        lines += self._parameters_said()
        return "\n".join(lines).rstrip() + "\n"

    def takes(self, direction: str = "") -> str:
        """Return what the file's function takes."""
        direction = self.direction if self.derivative.takes_direction else direction
        names = [*self.plain, *([direction] if direction else [])]
        return ", ".join([*names, *([f"{self.keyword}=None"] if self.has_parameters else [])])

    def passed(self, direction: str = "") -> str:
        """Return what the function before it is called with."""
        names = [*self.plain, *([direction or self.direction] if self.direction else [])]
        return ", ".join([*names, *([self.keyword] if self.has_parameters else [])])

    def said_of(self) -> Sequence[tuple[Any, Any]]:
        """Return the inputs that the file's function takes as arrays."""
        return [*zip(self.inputs, self.specs)][: len(self.plain)]

    # --- the functions ---------------------------------------------------------------------------------------

    def _imports_and_forms(self) -> Iterator[str]:
        yield from super()._imports_and_forms()
        if self.derivative.is_sparse:
            yield "from scipy.sparse import csr_array"

    def _functions(self) -> Iterator[str]:
        yield self._forward()
        yield from self.derivative.file_functions(self)

    def function(self, lines: Sequence[str], name: str = "", takes: str = "") -> str:
        """Return the function that the file is for, or another."""
        doc = f"Return {self.derivative.answers}."
        return function_text(name or self.derivative.function, takes or self.takes(), doc, lines)

    def found(self, direction: str = "") -> Iterator[str]:
        """Yield the lines that compute the numbers of a trace's results, along the last axis."""
        results = self.specialisation.trace.results
        yield f"_result, *_ = _forward({self.passed(direction)})"
        yield f"_found = np.reshape(_result, {f'(-1, {results})' if self.lead else f'({results},)'})"

    # --- directions and answers ------------------------------------------------------------------------------

    def joined(self, structure: Structure, *, samples: bool) -> Iterator[str]:
        """Yield the line that makes a vector, or one for each sample, of a direction in some structure."""
        parts = [(keys, part) for keys, part in structure.parts() if part.kind != "static"]
        places = [self.direction + "".join([f"[{key!r}]" for key in keys]) for keys, _ in parts]
        shapes = [part.keys if part.kind != LEAF else () for _, part in parts]
        lead = f"np.shape({self.plain[0]})[:1]" if samples else "()"
        yield f"{self.direction} = _joined([{', '.join(places)}], {shapes}, {lead})"

    def tangent(self) -> Iterator[str]:
        """Yield the lines that make a vector, or one for each sample, of a direction of the variables."""
        if self.at.by is not None:
            yield from self.joined(self.at.known.specs[self.at.by], samples=self.samples)
            return
        yield "_cells = np.zeros(len(CELLS))"
        yield f"_cells[ORDER] = _joined([{self.direction}], [({self.flat.size},)], ())"
        yield f"{self.direction} = _cells"

    def variables(self, numbers: str) -> str:
        """Return an expression for a number for each variable, along the last axis, as the variables are nested."""
        if self.at.by is None:
            return f"{numbers}[..., ORDER]"
        return variables_text(self.at.known.specs[self.at.by], numbers)

    def results(self, numbers: str, *, lead: bool) -> str:
        """Return an expression for numbers along the last axis as the function nests its results."""
        return results_text(self.at.known.returns, numbers, lead=lead)

    # --- matrices --------------------------------------------------------------------------------------------

    def data_of(self, entries: Entries) -> str:
        """Return the places of a matrix's entries, and the directions along which they are found."""
        places: dict[str, Any] = {"AT": entries.at}
        places |= {"COLUMNS": entries.columns, "STARTS": entries.starts} if self.derivative.is_sparse else {}
        places |= {} if self.derivative.is_sparse else {"PLACES": entries.places}
        places |= {} if entries.directions is None else {"DIRECTIONS": entries.directions}
        return "\n".join([f"{name} = {numbers_text(np.asarray(x))}" for name, x in places.items()])

    def matrix(self, entries: Entries, *, rows: bool) -> Iterator[str]:
        """Yield the lines that compute a matrix of entries; with `rows`, its rows are variables too."""
        m, n = entries.shape
        yield from self.found("" if entries.directions is None else "DIRECTIONS")
        yield f"_values = _found{'[..., AT]' if entries.directions is None else '.reshape(-1)[AT]'}"
        if self.derivative.is_sparse:
            yield f"_matrix = csr_array((_values, COLUMNS.copy(), STARTS.copy()), shape=({m}, {n}))"
        else:
            yield f"_matrix = np.zeros(_values.shape[:-1] + ({m * n},), _values.dtype)"
            yield "_matrix[..., PLACES] = _values"
            yield f"_matrix = _matrix.reshape(_values.shape[:-1] + ({m}, {n}))"
        yield from self.in_order(rows=rows)

    def in_order(self, *, rows: bool) -> Iterator[str]:
        """Yield the lines that put columns, and rows, of parameters in the vector's order."""
        if self.at.by is None and self.flat.order is not None:
            every = "" if self.derivative.is_sparse else "..., "
            yield f"_matrix = _matrix[{every or ':, '}ORDER]"
            yield from [f"_matrix = _matrix[{every}ORDER, :]"] if rows else []

    def arranged(self, outer: Structure, inner: Structure) -> Iterator[str]:
        """Yield the lines that return a matrix in the structures of results and variables."""
        plain = [structure.kind in ("array", LEAF) for structure in (outer, inner)]
        if all(plain) or self.lead:
            keys = [structure.keys if is_plain else (-1,) for structure, is_plain in zip((outer, inner), plain)]
            shape = (*keys[0], *keys[1])
            matrix = f"_matrix.reshape(_matrix.shape[:-2] + {shape})"
            yield f"return {matrix}" if shape or self.lead else "return float(_matrix[0, 0])"
            return
        yield f"_rows = [{variables_text(inner, '_row')} for _row in _matrix]"
        yield f"return {items_text(outer, '_rows')}"

    # --- products --------------------------------------------------------------------------------------------

    def times(self) -> str:
        """Return a function that multiplies a vector by the Hessian: the trace, or its gradient for sums of samples."""
        lines = [*self.found(), "return _found"]
        if self.wrt:
            lines = [f"{self.keeps()} = _forward({self.passed()})", *self.gradients(), f"return {self._gradient()}"]
        return self.function(lines, "_times", self.passed())

    def _gradient(self) -> str:
        """Return an expression for a gradient as a vector, or one for each sample."""
        if self.at.by is None:
            return "_gradient"
        counts = [len([*spec.arrays("")]) for spec in self.at.known.specs[: self.at.by + 1]]
        names = self.plain[sum(counts[:-1]) : sum(counts)]
        return f"np.concatenate([{', '.join([f'_d_{name}.reshape(len({name}), -1)' for name in names])}], axis=1)"

    def rows(self, count: int) -> Iterator[str]:
        """Yield the lines that compute a Hessian as its products with unit vectors."""
        units = f"np.eye({count})"
        units = units if self.at.by is None else f"np.repeat({units}[:, None], len({self.plain[0]}), axis=1)"
        yield f"_rows = [_times({self.passed('_unit')}) for _unit in {units}]"
        yield "_matrix = np.stack(_rows, axis=-2)"
        yield from self.in_order(rows=True)
