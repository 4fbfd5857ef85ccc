"""Jacobians, Hessians, and one gradient for each sample, as programs: dense, or sparse where few entries can be other
than 0.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from engine import transforms
from engine.arguments import truth
from engine.errors import LiftError, MissingExtraError
from engine.lifting.passes.jacobians import Entries, hessian_entries, jacobian_entries
from engine.lifting.run.derivative import Derivative
from engine.lifting.run.derived import variables_of
from engine.lifting.run.executable import Specialisation
from engine.lifting.run.structured import Floats, arranged, split
from engine.lifting.trace.inputs import Array
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
            return self.eager(self.place(argnums))(*inputs)
        specialisation, by, matrix = self._found(inputs, argnums, parameters, sparse)
        return matrix if _is_sparse(matrix) else self.arranged(specialisation, by, matrix)

    def flat(self, *inputs: Any, parameters: Any = None) -> Any:
        """Return the matrix with a row for each result, or variable, and a column for each variable."""
        return self._found(inputs, None, parameters, None)[2]

    def _found(
        self, inputs: Sequence[Any], argnums: Any, parameters: Any, sparse: Any
    ) -> tuple[Specialisation, int | None, Any]:
        for specialisation, arrays, n in self.ways(inputs, parameters):
            by = self.by(specialisation, argnums)
            matrix = self.matrix(specialisation, by, arrays, n, parameters, sparse)
            if matrix is not None:
                return specialisation, by, matrix
        raise AssertionError("the last way is an error")

    def eager(self, argnums: int) -> Any:
        """Return the scalar engine's derivative."""
        raise NotImplementedError

    def matrix(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, parameters: Any, sparse: Any
    ) -> Any:
        """Return the matrix of one trace, dense or SciPy's, or one for each sample; None if branches differ."""
        raise NotImplementedError

    def arranged(self, specialisation: Specialisation, by: int | None, matrix: Floats) -> Any:
        """Return the matrix in the structures of results and variables."""
        raise NotImplementedError

    def entries_of(
        self, entries: Entries, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, theta: Any
    ) -> Floats | None:
        """Return the numbers of a matrix's entries, for each sample if there are any; None if branches differ."""
        program, directions = self.program, entries.directions
        derived = self.compiled(
            specialisation, (self.what, by), entries.trace, None if directions is None else directions.shape[1]
        )
        if directions is not None:
            runner = self.runner(samples=True, reduction="none", direction=True)
            found = self.run(runner, derived, [*arrays, directions], theta, len(directions))
            return None if found is None else found.reshape(-1)[entries.at]
        runner = self.runner(samples=program.batch, reduction=program.reduction)
        found = self.run(runner, derived, arrays, theta, n)
        return None if found is None else found[..., entries.at]

    def _refuse_mixed_samples(self, by: int | None) -> None:
        """Refuse derivatives by an argument that has an entry for each sample of one mean or sum."""
        program = self.program
        if program.batch and program.reduction != "none" and by is not None:
            raise LiftError(
                f"{self.what} of {program.name} by an argument has a matrix for each sample; "
                "lift it with reduction='none'."
            )


class Jacobian(Matrix):
    """The Jacobian of a program; see `Program.jacobian`."""

    what = "the Jacobian"

    def eager(self, argnums: int) -> Any:
        """Return the scalar engine's Jacobian."""
        return transforms.jacobian(self.program, argnums)

    def matrix(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, parameters: Any, sparse: Any
    ) -> Any:
        """Return the Jacobian of one trace, a row for each result."""
        self._refuse_mixed_samples(by)
        make = partial(jacobian_entries, samples=self.program.batch)
        entries = self.made(specialisation, self.what, by, make, entries_differ)
        values = self.entries_of(entries, specialisation, by, arrays, n, parameters)
        return None if values is None else assembled(entries, values, sparse, _order(specialisation, by), rows=False)

    def arranged(self, specialisation: Specialisation, by: int | None, matrix: Floats) -> Any:
        """Return it in the structures of results and variables; by parameters, with a column for each of them."""
        if by is not None:
            return arranged(matrix, specialisation.returns, specialisation.specs[by])
        return matrix[..., 0, :] if specialisation.returns.kind == LEAF else matrix


class Hessian(Matrix):
    """The Hessian of a program of one number; see `Program.hessian`."""

    what = "the Hessian"

    def eager(self, argnums: int) -> Any:
        """Return the scalar engine's Hessian."""
        return transforms.hessian(self.program, argnums)

    def matrix(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, parameters: Any, sparse: Any
    ) -> Any:
        """Return the Hessian of one trace."""
        specialisation.require_number("hessian")
        self._refuse_mixed_samples(by)
        make = partial(hessian_entries, samples=self.program.batch)
        entries = self.made(specialisation, self.what, by, make, entries_differ, of_gradient=True)
        if entries is None:
            return self._row_by_row(specialisation, by, arrays, n, parameters)
        values = self.entries_of(entries, specialisation, by, arrays, n, parameters)
        return None if values is None else assembled(entries, values, sparse, _order(specialisation, by), rows=True)

    def _row_by_row(
        self, specialisation: Specialisation, by: int | None, arrays: list[Array], n: int, parameters: Any
    ) -> Any:
        """Return the Hessian of a program with samples as its products with unit vectors."""
        units: Any = np.eye(variables_of(specialisation, by).count)
        if by is not None:
            units = np.repeat(units[:, None], n, axis=1)
        rows: list[Any] = []
        for unit in units:
            rows.append(self.program.hvp.times(specialisation, by, arrays, n, unit, parameters))
            if rows[-1] is None:
                return None
        return _in_columns(np.stack(rows, axis=-2), _order(specialisation, by), rows=True)

    def arranged(self, specialisation: Specialisation, by: int | None, matrix: Floats) -> Any:
        """Return it in the variables' structure, twice."""
        return matrix if by is None else arranged(matrix, specialisation.specs[by], specialisation.specs[by])


class SampleGradients(Derivative):
    """One gradient for each sample of a batch; see `Program.sample_gradients`."""

    what = "the samples' gradients"

    def __call__(self, *inputs: Any, argnums: int | None = None, parameters: Any = None) -> Any:
        """Return the gradients, with an axis for the samples; see `Program.sample_gradients`."""
        if not self.program.batch:
            raise LiftError(f"{self.program.name} has no samples; lift the function of one sample with batch=True.")
        for specialisation, arrays, n in self.ways(inputs, parameters):
            specialisation.require_number("sample_gradients")
            by = self.by(specialisation, argnums)
            trace, _ = self.gradient(specialisation, by)
            derived = self.compiled(specialisation, (self.what, by), trace, None)
            found = self.run(self.runner(samples=True, reduction="none"), derived, arrays, parameters, n)
            if found is not None:
                if by is not None:
                    return split(found, specialisation.specs[by])
                order = _order(specialisation, by)
                return found if order is None else found[:, order]
        raise AssertionError("the last way is an error")


def _order(specialisation: Specialisation, by: int | None) -> Any:
    """Return the cell of each parameter where these lie in another order; None where they do not."""
    return specialisation.parameters.flat.order if by is None else None


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
