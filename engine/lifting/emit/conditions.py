"""The conditions of a function's branches, as `forward` returns them: an array's together, whichever branch came first.

A comparison of arrays is one operation, and its results are looked at as one array. Their order is the array's, not
that of the author's branches, so it is said which of what is returned belongs to each branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from engine.lifting.emit.numpy_scalars import Scalars
from engine.lifting.emit.views import tuple_text
from engine.lifting.views import Gather, Indices, Literal, Operand, Source, View

TOGETHER = 4  # conditions of one array that are returned as one
ELSEWHERE = 4  # places that do not follow one another in an array, above which all are gathered


def conditions_text(scalars: Scalars, guards: Sequence[Operand], *, in_batch: bool) -> tuple[str, Indices | None]:
    """Return the expression for the guards' conditions, and the place of each guard's among what that is made of.

    Of a batch, where there may be one for each sample, they are in the guards' order and each by itself: None.
    """
    if in_batch:
        return tuple_text(list(_in_batch(scalars, guards))), None
    single, arrays = _apart(scalars, guards)
    texts: list[str] = [_text(scalars, guards[k]) for k in single]
    places = np.empty(len(guards), np.int64)
    places[single] = np.arange(len(single))
    count = len(single)
    for source, numbers in arrays.items():
        offsets, at = np.unique([_offset(guards[k]) for k in numbers], return_inverse=True)
        texts += _of_array(scalars, source, offsets)
        places[numbers] = count + at.reshape(-1)
        count += len(offsets)
    return tuple_text(texts), None if np.array_equal(places, np.arange(len(guards))) else places


def by_guard(conditions: Sequence[Any], count: int, places: Indices | None) -> Sequence[Any]:
    """Return the conditions that `forward` returned, one for each of `count` guards.

    >>> by_guard((True, np.array([3.0, 0.0])), 4, np.array([2, 1, 0, 2])) == [0.0, 3.0, True, 0.0]
    True
    """
    if places is None and len(conditions) == count:
        return conditions
    flat = list(chain.from_iterable([x if getattr(x, "ndim", 0) else [x] for x in conditions]))
    return flat if places is None else [flat[k] for k in places.tolist()]


def _apart(scalars: Scalars, guards: Sequence[Operand]) -> tuple[list[int], dict[Source, list[int]]]:
    """Return the guards that are single numbers, and for each array those that are read of it, if they are several."""
    arrays: dict[Source, list[int]] = {}
    single: list[int] = []
    for k, guard in enumerate(guards):
        if isinstance(guard, View) and guard.size == 1 and scalars.newest(guard) is None:
            arrays.setdefault(guard.source, []).append(k)
        else:
            single.append(k)
    few = [numbers for numbers in arrays.values() if len(numbers) < TOGETHER]
    single = sorted([*single, *chain.from_iterable(few)])
    return single, {source: numbers for source, numbers in arrays.items() if len(numbers) >= TOGETHER}


def _of_array(scalars: Scalars, source: Source, offsets: Indices) -> Iterator[str]:
    """Yield what is returned of an array: runs of evenly spaced elements, or where these are many a gather."""
    writer, runs = scalars.writer, _runs(offsets)
    if len(runs) > ELSEWHERE:
        whole = writer.text(View(source, (source.size,), 0, (1,)), whole=True)
        yield f"{whole}.take({writer.index(offsets, 'branches')})"
        return
    for run in runs:
        step = int(run[1] - run[0]) if len(run) > 1 else 1
        yield writer.text(View(source, (len(run),), int(run[0]), (step,)), whole=True)


def _runs(offsets: Indices) -> list[Indices]:
    """Return sorted numbers as runs of equal distance.

    >>> _runs(np.array([0, 2, 4, 5, 6, 7]))
    [array([0, 2, 4]), array([5, 6, 7])]
    """
    runs, start = [], 0
    while start < len(offsets):
        step = np.diff(offsets[start:])
        differs = np.flatnonzero(step != step[0]) if len(step) else np.zeros(0, np.int64)
        stop = start + 1 + int(differs[0]) if len(differs) else len(offsets)
        runs.append(offsets[start:stop])
        start = stop
    return runs


def _in_batch(scalars: Scalars, guards: Sequence[Operand]) -> Iterator[str]:
    """Yield each guard's condition; several that follow one another in an array are unpacked from a view of it."""
    run: list[View] = []
    for guard in (*guards, None):
        if isinstance(guard, View) and scalars.newest(guard) is None and _goes_on(run, guard):
            run.append(guard)
            continue
        if len(run) >= TOGETHER:
            row = View(run[0].source, (len(run),), run[0].offset, (run[1].offset - run[0].offset,))
            yield f"*{scalars.writer.text(row, whole=True)}"
        else:
            yield from [_text(scalars, x) for x in run]
        run = [guard] if isinstance(guard, View) else []
        if isinstance(guard, (Literal, Gather)):
            yield scalars.writer.text(guard)


def _goes_on(run: Sequence[View], guard: View) -> bool:
    """Whether a number lies as far behind the last of a run as that lies behind the one before."""
    last = run[-1] if run else None
    if last is None or guard.source is not last.source or guard.batched or guard.size != 1 or last.size != 1:
        return False
    step = guard.offset - last.offset
    return step != 0 and (len(run) == 1 or step == last.offset - run[-2].offset)


def _offset(guard: Operand) -> int:
    assert isinstance(guard, View)
    return guard.offset


def _text(scalars: Scalars, x: Operand) -> str:
    """Return a condition as an expression: a number where it is one."""
    number = scalars.newest(x)
    return scalars.writer.text(x) if number is None else scalars.named(number)
