"""Watching: one run of a function, or a ``with`` block in which every node remembers who watched when it was made.

It costs nothing otherwise: Python calls nobody, and the operators are made from the rules a second time, with another
way to make a node, and put in the place of the first for as long as a ``with`` block lasts.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, FunctionType, MethodType
from typing import Any

from engine.graph import order
from engine.lines import author, place, said
from engine.methods import give
from engine.rules import RULES
from engine.value import OPERATORS, PlainNumber, Value
from engine.watching.origin import Origin
from engine.watching.watch import Frame, Known, LineTracer, Record
from engine.watching.words import NEVER, Words, first_uses


class Watched(Value):
    """A node that knows who watched when it was made; in all else it is a Value."""

    __slots__ = ("_line", "record")
    _line: tuple[str, int]  # where no line is watched: in another thread, or beyond the block's own function
    record: Record

    @property
    def place(self) -> tuple[str, int]:
        """The file and the number of the line that made it."""
        known = origin(self)
        return self._line if known is None else known.place


class _Local(threading.local):
    record: Record | None = None  # of the innermost block of this thread
    words: Words | None = None  # of the function that this thread runs watched


LOCAL = _Local()


def _watched(cls: type) -> Watched:
    node = object.__new__(Watched)
    record = LOCAL.record
    if record is not None:
        node.record = record
    if record is None or record.spots[-1][0].code is None:
        node._line = place()
    return node


_LOCK = threading.Lock()
_WATCHING: list[object] = []  # one entry for each block that is open, in whichever thread


def _make_nodes(new: Callable[[type], Any]) -> None:
    """Give Value the methods of every rule anew, which make their nodes with `new`."""
    for rule in RULES.values():
        give(Value, PlainNumber, OPERATORS, rule, new)


@contextmanager
def _remembered(record: Record) -> Iterator[None]:
    """Let nodes that are made inside the ``with`` block remember a record."""
    token, outer = object(), LOCAL.record
    with _LOCK:
        _WATCHING.append(token)
        if len(_WATCHING) == 1:
            _make_nodes(_watched)
    LOCAL.record = record
    try:
        yield
    finally:
        LOCAL.record = outer
        with _LOCK:
            _WATCHING.remove(token)
            if not _WATCHING:
                _make_nodes(object.__new__)


@contextmanager
def _traced(record: Record, frame: FrameType | None = None) -> Iterator[LineTracer]:
    """Trace this thread inside the ``with`` block: what is called there, and the frame that it is in."""
    before: Any = sys.gettrace()
    watch = LineTracer(record, before)
    outer: Any = None if frame is None else frame.f_trace
    beside = before if outer is None and _is_native(before) else outer
    here = None if frame is None else Frame(watch, frame, Known(frame.f_code, True), beside)
    if frame is not None:
        frame.f_trace = here
    sys.settrace(watch)
    try:
        yield watch
    finally:
        if here is not None and frame is not None:
            here.look(frame)
            _forget(frame)
        now: Any = sys.gettrace()
        watch.open = False
        if now is watch:  # else somebody else has begun to trace, and goes on
            sys.settrace(watch.beside)
            if frame is not None:
                frame.f_trace = beside
        record.end()


def _forget(frame: FrameType) -> None:
    """Empty the copy of a frame's variables that Python keeps once somebody has asked for it, until 3.13."""
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        frame.f_locals.clear()


def _is_native(tracer: Any) -> bool:
    """Whether a tracer is not written in Python, as one that measures coverage: it sees frames without asking."""
    return tracer is not None and not isinstance(tracer, (FunctionType, MethodType, LineTracer))


def run_watched(fn: Callable[..., Any], *arguments: Any) -> tuple[Any, Words]:
    """CallSite a function while its author's lines are watched, in this thread alone.

    Parameters
    ----------
    fn, arguments
        The function, and what it is called with.

    Returns
    -------
    result, words
        What it returns, and what its lines say of the nodes that they have made.

    Examples
    --------
    >>> def f(x):
    ...     squares = [u * u for u in x]
    ...     return squares[0] + squares[1]
    >>> result, words = run_watched(f, [Value(1.0), Value(2.0)])
    >>> [origin.name for node, origin in words.origins(result).items()]
    ['squares[0]', 'squares[1]', '']
    """
    record, outer = Record(), LOCAL.words
    with _traced(record) as watch:
        words = LOCAL.words = Words(record, watch)
        try:
            result = fn(*arguments)
        finally:
            LOCAL.words = outer
    return result, words


def variable_of(node: Value) -> str:
    """Return what a node is called in the function that is running watched; "" where none is, or nothing is known."""
    origin = None if LOCAL.words is None else LOCAL.words.origin(node)
    return "" if origin is None else origin.name


@contextmanager
def provenance() -> Iterator[Words]:
    """Let every node that is made inside the ``with`` block know the line that made it, and its author's names for it.

    Messages about the graph then say where, as `engine.find_nan` does, and pictures are in the author's words.

    Yields
    ------
    Words
        What is known of the nodes, also when the block has ended; see `engine.watching`.

    Examples
    --------
    >>> import engine
    >>> x = engine.Value(0.0, "x")
    >>> with engine.provenance():
    ...     loss = engine.log(x) * x
    >>> print(engine.find_nan(loss))
    log of 'x' = 0.0 is -inf, in <doctest engine.watching.context.provenance[2]>:2 'loss = engine.log(x) * x'
    """
    record = Record()
    frame = author(sys._getframe(2))
    with _remembered(record), _traced(record, frame) as watch:
        words = Words(record, watch)
        yield words


def origins_of(*roots: Value) -> dict[Value, Origin]:
    """Return what the nodes of a graph that were made in `provenance` blocks know of their origins."""
    if not any(isinstance(root, Watched) for root in roots):
        return {}
    nodes = order(*roots)
    used = first_uses(nodes)
    words: dict[int, Words] = {}
    known: dict[Value, Origin] = {}
    for node in nodes:
        record = getattr(node, "record", None)
        if record is not None:
            said_of = words.setdefault(id(record), Words(record, LineTracer(record, None)))
            origin_ = said_of.origin(node, used.get(node, NEVER))
            known |= {} if origin_ is None else {node: origin_}
    return known


def origin(node: Value) -> Origin | None:
    """Return what a node that was made in a `provenance` block knows of its origin; None of any other."""
    record = getattr(node, "record", None)
    return None if record is None else Words(record, LineTracer(record, None)).origin(node)


def line_of(node: Value) -> str:
    """Return the line that made a node; "" where nobody was watching."""
    return said(node.place) if isinstance(node, Watched) else ""
