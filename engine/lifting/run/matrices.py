"""Jacobians, Hessians, and one gradient for each sample, as programs: dense, or sparse where few entries can be other
than 0.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from engine import transforms
from engine.arguments import truth
from engine.errors import LiftError, MissingExtraError
from engine.lifting.passes.jacobians import Entries, hessian_entries, jacobian_entries
from engine.lifting.run.derivative import At, Derivative
from engine.lifting.run.derived import variables_of
from engine.lifting.run.saving_derivatives import OBJECTS, DerivativeFile
from engine.lifting.run.structured import Floats, arranged, split
from engine.lifting.verify.transformed import entries_differ
from engine.tree import LEAF

LARGE = 1_024  # entries from which a matrix may be sparse unasked
FILLED = 4  # one in so many entries, at most, can then be other than 0


class Matrix(Derivative):
    """A kind of derivative that is a matrix of numbers."""

    def __call__(self, *inputs: Any, argnums: int | None = None, parameters: Any = None, sparse: Any = None) -> Any:
        """Return the matrix; see `Program.jacobian`."""
        truth(sparse, f"{self.what}'s sparse", none=True)
        if self.is_eager(inputs, parameters):
            return self.eager(self.place(argnums, len(inputs)))(*inputs)
        at, matrix = self._found(inputs, argnums, parameters, sparse)
        self.is_sparse = _is_sparse(matrix)
        return matrix if self.is_sparse else self.arranged(at, matrix)

    def flat(self, *inputs: Any, parameters: Any = None) -> Any:
        """Return the matrix with a row for each result, or variable, and a column for each variable."""
        return self._found(inputs, None, parameters, None)[1]

    def _found(self, inputs: Sequence[Any], argnums: Any, parameters: Any, sparse: Any) -> tuple[At, Any]:
        for at in self.ways(inputs, parameters, argnums):
            matrix = self.matrix(at, sparse)
            if matrix is not None:
                return at, matrix
        raise AssertionError("the last way is an answer")

    @abstractmethod
    def eager(self, argnums: int) -> Any:
        """Return the scalar engine's derivative."""

    @abstractmethod
    def matrix(self, at: At, sparse: Any) -> Any:
        """Return the matrix of one trace, dense or SciPy's, or one for each sample; None if branches differ."""

    @abstractmethod
    def arranged(self, at: At, matrix: Floats) -> Any:
        """Return the matrix in the structures of results and variables."""

    def entries_of(self, at: At, entries: Entries) -> Floats | None:
        """Return the numbers of a matrix's entries, for each sample if there are any; None if branches differ."""
        program, directions = self.program, entries.directions
        derived = self.compiled(at, entries.trace, None if directions is None else directions.shape[1])
        if directions is not None:
            runner = self.runner(samples=True, reduction="none", direction=True)
            numbers = self.run(at.towards(directions)._replace(samples=len(directions)), runner, derived)
            return None if numbers is None else numbers.reshape(-1)[entries.at]
        runner = self.runner(samples=program.batch, reduction=program.reduction)
        numbers = self.run(at, runner, derived)
        return None if numbers is None else numbers[..., entries.at]

    def _refuse_mixed_samples(self, at: At) -> None:
        """Refuse derivatives by an argument that has an entry for each sample of one mean or sum."""
        program = self.program
        if program.batch and program.reduction != "none" and at.by is not None:
            raise LiftError(
                f"{self.what} of {program.name} by an argument has a matrix for each sample; "
                "lift it with reduction='none'."
            )


class Jacobian(Matrix):
    """The Jacobian of a program; see `Program.jacobian`."""

    what, function, answers = "the Jacobian", "jacobian", "the Jacobian"

    def eager(self, argnums: int) -> Any:
        """Return the scalar engine's Jacobian."""
        return transforms.jacobian(self.program, argnums)

    def matrix(self, at: At, sparse: Any) -> Any:
        """Return the Jacobian of one trace, a row for each result."""
        self._refuse_mixed_samples(at)
        entries = self._entries(at)
        values = self.entries_of(at, entries)
        return None if values is None else assembled(entries, values, sparse, _order(at), rows=False)

    def _entries(self, at: At) -> Entries:
        make = partial(jacobian_entries, samples=self.program.batch)
        entries: Entries = self.made(at, self.what, make, entries_differ)
        return entries

    def arranged(self, at: At, matrix: Floats) -> Any:
        """Return it in the structures of results and variables; by parameters, with a column for each of them."""
        if at.by is not None:
            return arranged(matrix, at.known.returns, at.known.specs[at.by])
        return matrix[..., 0, :] if at.known.returns.kind == LEAF else matrix

    def file_functions(self, file: DerivativeFile) -> Iterator[str]:
        """Yield the function of a saved file, and what it looks up."""
        entries, known, by = self._entries(file.at), file.at.known, file.at.by
        yield file.data_of(entries)
        lines = [*file.matrix(entries, rows=False)]
        if by is not None and not self.is_sparse:
            yield OBJECTS
            lines += file.arranged(known.returns, known.specs[by])
        else:
            lines.append(f"return _matrix{'[..., 0, :]' if known.returns.kind == LEAF and not self.is_sparse else ''}")
        yield file.function(lines)


class Hessian(Matrix):
    """The Hessian of a program of one number; see `Program.hessian`."""

    what, function, answers = "the Hessian", "hessian", "the Hessian"

    def eager(self, argnums: int) -> Any:
        """Return the scalar engine's Hessian."""
        return transforms.hessian(self.program, argnums)

    def matrix(self, at: At, sparse: Any) -> Any:
        """Return the Hessian of one trace."""
        at.known.require_number("hessian")
        self._refuse_mixed_samples(at)
        entries = self._entries(at)
        if entries is None:
            return self._row_by_row(at)
        values = self.entries_of(at, entries)
        return None if values is None else assembled(entries, values, sparse, _order(at), rows=True)

    def _entries(self, at: At) -> Entries | None:
        make = partial(hessian_entries, samples=self.program.batch)
        entries: Entries | None = self.made(at, self.what, make, entries_differ, of_gradient=True)
        return entries

    def _row_by_row(self, at: At) -> Any:
        """Return the Hessian of a program with samples as its products with unit vectors."""
        units: Any = np.eye(variables_of(at.known, at.by).count)
        if at.by is not None:
            units = np.repeat(units[:, None], at.samples, axis=1)
        rows: list[Any] = []
        for unit in units:
            rows.append(self.program.hvp.times(at, unit))
            if rows[-1] is None:
                return None
        if self.program.hvp.latest is not None and not at.known.lone:
            self.ran_last(at, *self.program.hvp.latest_program())
        return _in_columns(np.stack(rows, axis=-2), _order(at), rows=True)

    def arranged(self, at: At, matrix: Floats) -> Any:
        """Return it in the variables' structure, twice."""
        if at.by is None:
            return matrix
        spec = at.known.specs[at.by]
        return arranged(matrix, spec, spec)

    def file_functions(self, file: DerivativeFile) -> Iterator[str]:
        """Yield the functions of a saved file, and what they look up."""
        entries, at = self._entries(file.at), file.at
        if entries is None:
            yield file.times()
            lines = [*file.rows(variables_of(at.known, at.by).count)]
        else:
            yield file.data_of(entries)
            lines = [*file.matrix(entries, rows=True)]
        if at.by is None or self.is_sparse:
            yield file.function([*lines, "return _matrix"])
            return
        spec = at.known.specs[at.by]
        yield OBJECTS
        yield file.function([*lines, *file.arranged(spec, spec)])


class SampleGradients(Derivative):
    """One gradient for each sample of a batch; see `Program.sample_gradients`."""

    what, function, answers = "the samples' gradients", "sample_gradients", "one gradient for each sample"

    def __call__(self, *inputs: Any, argnums: int | None = None, parameters: Any = None) -> Any:
        """Return the gradients, with an axis for the samples; see `Program.sample_gradients`."""
        if not self.program.batch:
            raise LiftError(f"{self.program.name} has no samples; lift the function of one sample with batch=True.")
        for at in self.ways(inputs, parameters, argnums):
            at.known.require_number("sample_gradients")
            trace, _ = self.gradient(at)
            derived = self.compiled(at, trace, None)
            numbers = self.run(at, self.runner(samples=True, reduction="none"), derived)
            if numbers is not None:
                if at.by is not None:
                    return split(numbers, at.known.specs[at.by])
                order = _order(at)
                return numbers if order is None else numbers[:, order]
        raise AssertionError("the last way is an answer")

    def file_functions(self, file: DerivativeFile) -> Iterator[str]:
        """Yield the function of a saved file."""
        yield file.function([*file.found(), f"return {file.variables('_found')}"])


def _order(at: At) -> Any:
    """Return the cell of each parameter where these lie in another order; None where they do not."""
    return at.known.parameters.flat.order if at.by is None else None


def assembled(entries: Entries, values: Floats, sparse: Any, order: Any, *, rows: bool) -> Any:
    """Return entries as a matrix: SciPy's where that is asked for, or where few can be other than 0.

    Parameters
    ----------
    entries, values
        Where they are, and what; values have an axis in front for samples, if there are any.
    sparse
        True or False; None where it is to be found out.
    order
        The columns of the variables; None where they are in order.
    rows
        Whether the rows are variables too.
    """
    m, n = entries.shape
    if sparse and values.ndim > 1:
        raise LiftError("There is a matrix for each sample, and a sparse one is one alone; leave out sparse=True.")
    few = m * n >= LARGE and FILLED * len(entries.at) <= m * n and values.ndim == 1
    if sparse or (sparse is None and few and _scipy_sparse() is not None):
        return _in_columns(_csr(entries, values), order, rows)
    matrix = np.zeros((*values.shape[:-1], m * n), values.dtype)
    matrix[..., entries.places] = values
    return _in_columns(matrix.reshape((*values.shape[:-1], m, n)), order, rows)


def _in_columns(matrix: Any, order: Any, rows: bool) -> Any:
    if order is None:
        return matrix
    matrix = matrix[..., order] if isinstance(matrix, np.ndarray) else matrix[:, order]
    return matrix if not rows else matrix[..., order, :] if isinstance(matrix, np.ndarray) else matrix[order, :]


def _csr(entries: Entries, values: Floats) -> Any:
    sparse = _scipy_sparse()
    if sparse is None:
        raise MissingExtraError("A sparse matrix needs SciPy: pip install scipy, or leave out sparse=True.")
    return sparse.csr_array((values, entries.columns.copy(), entries.starts.copy()), shape=entries.shape)


@cache
def _scipy_sparse() -> Any:
    """Return SciPy's sparse matrices; None where SciPy is not installed."""
    try:
        return importlib.import_module("scipy.sparse")
    except ImportError:
        return None


def _is_sparse(matrix: Any) -> bool:
    return not isinstance(matrix, np.ndarray)
