"""Where a trace's operations come from: the function is run once more, watched, when somebody first asks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import TraceError
from engine.graph import order
from engine.lifting.ir import Trace
from engine.lifting.trace.closure import Surroundings
from engine.lifting.trace.inputs import Array, Spec
from engine.lifting.trace.record import record
from engine.lifting.trace.run import run_on_values
from engine.lifting.trace.stand_in import copied
from engine.lifting.trace.watch import Recording
from engine.value import Value
from engine.watching import Origin, Words, origins_of, run_watched


def remembered_origins(root: Value) -> dict[int, Origin]:
    """Return the origin of each operation of a graph, by its number in the trace, as far as its nodes remember it."""
    known = origins_of(root)
    return {i: known[node] for i, node in enumerate(order(root)) if node in known} if known else {}


def retold(
    error: TraceError,
    fn: Callable[..., Any],
    name: str,
    names: Sequence[str],
    specs: Sequence[Spec],
    samples: Sequence[Array],
    around: Surroundings,
    choosing: bool = False,
) -> TraceError:
    """Return what a function was refused for in its author's words: it is run once more, watched.

    Parameters
    ----------
    error
        What it was refused for.
    fn, name, around
        The function, what to call it in messages, and its surroundings.
    names, specs, samples
        Of the input arrays, as `origins` takes them.
    choosing
        Whether algorithms choose where they could branch.
    """

    def observed(*arguments: Any) -> Any:
        return run_watched(fn, *arguments)[0]

    try:
        run_on_values(observed, name, names, specs, samples, _watch_of(around, choosing))
    except TraceError as again:
        return again
    except Exception:  # of somebody else's function, which this time meets another end
        return error
    return error


def origins(
    trace: Trace,
    fn: Callable[..., Any],
    names: Sequence[str],
    specs: Sequence[Spec],
    samples: Sequence[Array],
    around: Surroundings,
    choosing: bool = False,
) -> dict[int, Origin]:
    """Return the origin of each operation of a trace, by its number.

    Nothing is known where the function does not compute what it did, since what it sees has changed.

    Parameters
    ----------
    trace
        What the function computed.
    fn, around
        The function, and its surroundings.
    names, specs, samples
        Of the input arrays: what to call them, how arguments are built of them, and the numbers it was traced with.
    choosing
        Whether algorithms chose where they could branch.
    """
    seen: list[Words] = []

    def observed(*arguments: Any) -> Any:
        result, words = run_watched(computed, *arguments)
        seen.append(words)
        return result

    try:
        readings = list(around.readings.values())
        computed = copied(fn, readings, [around.seen.met[id(x.array)] for x in readings]) if readings else fn
        done = run_on_values(observed, "lift", names, specs, samples, _watch_of(around, choosing))
        again = record(done.roots, done.inputs)
    except Exception:  # of somebody else's function, whose surroundings may be others now
        return {}
    if (again.ops, again.operands, again.roots) != (trace.ops, trace.operands, trace.roots):
        return {}
    known = seen[0].origins(*done.roots)
    return {i: known[node] for i, node in enumerate(order(*done.roots)) if node.parents and node in known}


def _watch_of(around: Surroundings, choosing: bool) -> Callable[[], Recording]:
    return functools.partial(Recording, gradients=around.gradients, choosing=choosing)
