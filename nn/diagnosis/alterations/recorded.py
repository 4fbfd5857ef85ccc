"""Functions run as they are, on arrays that record what NumPy does with them: NumPy's functions, and what records each.

>>> root, (x,) = record(lambda x: (np.exp(x) * x).mean(), [("x", np.array([0.0, 1.0]))])
>>> root.op, float(root.value).__round__(3), x.name
('divide', 1.359, 'x')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from engine.arrays.axes import axes_of
from nn.diagnosis.alterations import matrices, primitives
from nn.diagnosis.alterations.author_run import read_numbers, run_author
from nn.diagnosis.alterations.captured import attempted_with
from nn.diagnosis.alterations.composed import COMPOSED
from nn.diagnosis.alterations.recorded_array import (
    NUMPYS,
    NotRecordedError,
    RecordedArray,
    moved_array,
    plain,
    recorded_step,
)
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.buffers import buffers
from nn.samples import Array


def _moving(function: Any) -> Callable[..., Any]:
    """Record a function that moves the elements of its first argument."""
    return lambda x, *args, **kwargs: moved_array(function.__name__, lambda v: function(v, *args, **kwargs), x)


def _of_each(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *xs: function(xs[0]) if len(xs) == 1 else tuple(function(x) for x in xs)


def _broadcast(*xs: Any, subok: bool = False) -> Any:
    shape = np.broadcast_shapes(*map(np.shape, xs))
    return tuple(np.broadcast_to(x, shape) for x in xs)


def _joining(function: Any) -> Callable[..., Any]:
    """Record a function that joins a sequence of arrays."""
    return lambda xs, *args, **kwargs: moved_array(function.__name__, lambda *vs: function(vs, *args, **kwargs), *xs)


def _splitting(function: Any) -> Callable[..., Any]:
    def split(x: Any, *args: Any, **kwargs: Any) -> list[Any]:
        count = len(function(x.value, *args, **kwargs))
        return [moved_array(function.__name__, lambda v, k=k: function(v, *args, **kwargs)[k], x) for k in range(count)]

    return split


def total(
    x: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = 0.0, where: Any = True
) -> Any:
    """Record a sum."""
    x = x if where is True or where is np._NoValue else np.where(where, x, 0.0)
    sums = recorded_step(lambda x: primitives.summed(x, tuple(axes_of(axis, x.value.ndim)), _true(keepdims)), [x])
    return sums if initial is np._NoValue or not np.any(plain(initial)) else sums + initial


def _extreme(function: Any, of_two: Any) -> Callable[..., Any]:
    def recorded(x: Any, axis: Any = None, keepdims: Any = False, initial: Any = np._NoValue, where: Any = True) -> Any:
        x = x if where is True or where is np._NoValue else np.where(where, x, initial)
        found = recorded_step(
            lambda x: primitives.extreme(function, x, tuple(axes_of(axis, x.value.ndim)), _true(keepdims)), [x]
        )
        return found if initial is np._NoValue else of_two(found, initial)

    return recorded


def _true(keepdims: Any) -> bool:
    return keepdims is not np._NoValue and bool(keepdims)


def _where(condition: Any, *choices: Any) -> Any:
    if not choices:
        return np.nonzero(plain(condition))
    return recorded_step(primitives.chosen, (np.asarray(plain(condition), bool), *choices))


def _einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    text, several = primitives.explicit(str(subscripts), operands)
    return recorded_step(lambda *xs: primitives.contracted(text, *xs), several)


def _slogdet(x: Any) -> tuple[Any, Any]:
    return np.linalg.slogdet(x.value)[0], recorded_step(matrices.logarithm_of_determinant, [x])


def _plainly(function: Any) -> Callable[..., Any]:
    """Compute what has no derivative from the numbers."""
    return lambda *args, **kwargs: function(*map(plain, args), **{name: plain(x) for name, x in kwargs.items()})


def _filled(function: Any) -> Callable[..., Any]:
    """Make a constant into which may be written; as whole numbers or truths, it is an array of these."""

    def make(*args: Any, **kwargs: Any) -> Any:
        held = function(*map(plain, args), **kwargs)
        return constant(held) if held.dtype.kind == "f" else held

    return make


def constant(x: Array, name: str = "") -> RecordedArray:
    """Return an array of numbers that nothing is differentiated by, and that is recorded once it is filled."""
    return RecordedArray(ArrayStep(x, "constant", name=name))


def joined(x: Any, copied: bool = True) -> Any:
    """Return lists of recorded arrays, and of lists of some, as one; None of what has none in it."""
    if isinstance(x, RecordedArray):
        return np.copy(x) if copied else x
    several = [joined(item) for item in x] if isinstance(x, (list, tuple)) else []
    if all(item is None for item in several):
        return None
    return np.stack([constant(np.asarray(item, float)) if y is None else y for item, y in zip(x, several)])


def _strided(original: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Any:
    if not isinstance(x, RecordedArray):
        return original(x, *args, **kwargs)
    return moved_array("as_strided", lambda v: original(v, *args, **kwargs), x)


def _vectorized(original: Callable[..., Any], vectorized: Any, *xs: Any, **kwargs: Any) -> Any:
    if kwargs or vectorized.signature or not any(isinstance(x, RecordedArray) for x in xs):
        return original(vectorized, *xs, **kwargs)
    wide = _broadcast(*xs)
    several = [vectorized.pyfunc(*[x[place] for x in wide]) for place in np.ndindex(wide[0].shape)]
    return np.reshape(np.array(several), wide[0].shape)


INSTEAD = {(np.lib.stride_tricks, "as_strided"): _strided, (np.vectorize, "__call__"): _vectorized}
MOVES = (
    np.reshape, np.transpose, np.swapaxes, np.moveaxis, np.ravel, np.squeeze, np.expand_dims, np.repeat, np.tile,
    np.roll, np.flip, np.broadcast_to, np.take, np.pad, np.diag, np.diagonal, np.rollaxis, np.copy, np.take_along_axis,
    np.lib.stride_tricks.sliding_window_view, np.tril, np.triu, np.rot90,
    np.delete, np.fliplr, np.flipud, np.insert, np.resize, np.diagflat, np.compress, np.extract,
)  # fmt: skip
OF_EACH = (np.atleast_1d, np.atleast_2d, np.atleast_3d)
JOINS = (np.concatenate, np.stack, np.hstack, np.vstack, np.column_stack, np.dstack)
SPLITS = (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit)
WITHOUT_DERIVATIVE = (
    np.argmax, np.argmin, np.argsort, np.shape, np.ndim, np.size, np.any, np.all, np.nonzero, np.round, np.around,
    np.isclose, np.allclose, np.array_equal, np.count_nonzero, np.flatnonzero, np.argwhere, np.searchsorted,
    np.digitize, np.unique, np.isin, np.may_share_memory, np.shares_memory, np.result_type, np.iscomplexobj,
    np.isrealobj, np.unravel_index, np.lexsort, np.argpartition, np.fix, np.linalg.matrix_rank, np.nanargmax,
    np.nanargmin, np.array2string, np.array_repr, np.array_str, np.min_scalar_type, np.can_cast,
)  # fmt: skip
NUMPYS |= {
    **COMPOSED,
    **{f: _moving(f) for f in MOVES},
    **{f: _of_each(_moving(f)) for f in OF_EACH},
    np.broadcast_arrays: _broadcast,
    **{f: _joining(f) for f in JOINS},
    **{f: _splitting(f) for f in SPLITS},
    **{f: _plainly(f) for f in WITHOUT_DERIVATIVE},
    **{f: _filled(f) for f in (np.zeros_like, np.ones_like, np.full_like)},
    np.empty_like: _filled(np.zeros_like),
    np.sum: total,
    **{f: _extreme(f, np.maximum) for f in (np.max, np.amax)},
    **{f: _extreme(f, np.minimum) for f in (np.min, np.amin)},
    np.where: _where,
    np.einsum: _einsum,
    np.linalg.inv: lambda x: recorded_step(matrices.inverse, [x]),
    np.linalg.slogdet: _slogdet,
    np.linalg.cholesky: lambda x: recorded_step(matrices.triangle, [x]) if x.ndim == 2 else NotImplemented,
}


REFUSALS = (TypeError, ValueError, AttributeError)


def record(f: Callable[..., Any], arguments: Sequence[tuple[str, Any]]) -> tuple[ArrayStep, list[ArrayStep]]:
    """Run a function of arrays on recorded ones.

    Returns
    -------
    tuple
        The step of what it returns, and the leaves.

    Raises
    ------
    NotRecordedError
        If it does not return a recorded array, or computes with a number that it took out of one.
    """
    with np.errstate(all="ignore"):
        with suppress(*REFUSALS):
            return _attempt(arguments, f)
        with buffers(constant, joined, INSTEAD):
            return attempted_with(partial(_attempt, arguments), f, constant, REFUSALS)


def _attempt(arguments: Sequence[tuple[str, Any]], f: Callable[..., Any]) -> tuple[ArrayStep, list[ArrayStep]]:
    leaves = [ArrayStep(x, name=name) for name, x in arguments]
    with read_numbers() as read:
        result = run_author(f, *map(RecordedArray, leaves))
    if any(step.depends for step in read):
        raise NotRecordedError("a recorded number was turned into a float.")
    if not isinstance(result, RecordedArray):
        raise NotRecordedError("the function returns something else than what was recorded.")
    return result.step, leaves


def recorded_or_none(
    f: Callable[..., Any], arguments: Sequence[tuple[str, Any]]
) -> tuple[ArrayStep, list[ArrayStep]] | None:
    """Return what `record` does, or None where the function cannot be recorded."""
    try:
        return record(f, arguments)
    except (NotRecordedError, TypeError, ValueError, IndexError, AttributeError):
        return None
