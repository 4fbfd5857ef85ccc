"""Where nodes come from: while somebody asks for it, each remembers the line of its author's code that made it.

It costs nothing otherwise: the operators are made from the rules a second time, with another way to make a node, and
put in the place of the first for as long as a ``with`` block lasts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.lines import place, said
from engine.methods import give
from engine.rules import RULES
from engine.value import OPERATORS, PlainNumber, Value


class Watched(Value):
    """A node that knows its line; in all else it is a Value."""

    __slots__ = ("place",)
    place: tuple[str, int]


def _watched(cls: type) -> Watched:
    node = object.__new__(Watched)
    node.place = place()
    return node


_LOCK = threading.Lock()
_WATCHING: list[object] = []  # one entry for each block that is open, in whichever thread


def _make_nodes(new: Callable[[type], Any]) -> None:
    """Give Value the methods of every rule anew, which make their nodes with `new`."""
    for rule in RULES.values():
        give(Value, PlainNumber, OPERATORS, rule, new)


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
        if len(_WATCHING) == 1:
            _make_nodes(_watched)
    try:
        yield
    finally:
        with _LOCK:
            _WATCHING.remove(token)
            if not _WATCHING:
                _make_nodes(object.__new__)


def line_of(node: Value) -> str:
    """Return the line that made a node; "" where nobody was watching."""
    return said(node.place) if hasattr(node, "place") else ""
