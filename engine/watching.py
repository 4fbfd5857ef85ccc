"""Where nodes come from: while somebody asks for it, each remembers the line of its author's code that made it.

It costs nothing otherwise: the operators call one function to make a node, and it is exchanged for as long as a
``with`` block lasts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine import operators
from engine.lines import place, said
from engine.value import Value


class Watched(Value):
    """A node that knows its line; in all else it is a Value."""

    __slots__ = ("place",)
    place: tuple[str, int]


def _watched(data: float, parents: tuple[Value, ...], op: str, pullback: Callable[[Any], tuple[Any, ...]]) -> Value:
    node: Watched = object.__new__(Watched)
    node._data, node.grad, node.parents, node.op, node._label, node.pullback = data, 0.0, parents, op, "", pullback
    node.place = place()
    return node


_LOCK = threading.Lock()
_WATCHING: list[object] = []  # one entry for each block that is open, in whichever thread
_ORDINARY = operators.node_maker


@contextmanager
def provenance() -> Iterator[None]:
    """Let every node that is made inside the ``with`` block remember the line that made it.

    Messages about the graph then say where: `engine.find_nan` does.  A watched operation takes about ten times as long.

    Examples
    --------
    >>> import engine
    >>> x = engine.Value(0.0, "x")
    >>> with engine.provenance():
    ...     loss = engine.log(x) * x
    >>> print(engine.find_nan(loss))
    log of 'x' = 0.0 is -inf, in <doctest engine.watching.provenance[2]>:2 'loss = engine.log(x) * x'
    """
    token = object()
    with _LOCK:
        _WATCHING.append(token)
        operators.node_maker = _watched
    try:
        yield
    finally:
        with _LOCK:
            _WATCHING.remove(token)
            if not _WATCHING:
                operators.node_maker = _ORDINARY


def line_of(node: Value) -> str:
    """Return the line that made a node; "" where nobody was watching."""
    return said(node.place) if isinstance(node, Watched) else ""
