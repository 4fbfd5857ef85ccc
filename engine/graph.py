"""Walking a computation graph: iterative, so that no depth is too deep, by where nodes keep their parents.

>>> from engine import Value
>>> x = Value(3.0, "x")
>>> z = x * x + 1.0
>>> [v.op or v.label for v in order(z)]
['constant', 'x', 'multiply', 'add']
>>> count(z)
4
"""

from __future__ import annotations

import operator
from collections.abc import Container, Iterator
from typing import Any, TypeVar

from engine.parents import MANY

T = TypeVar("T")


def order(*roots: T, known: Container[T] = ()) -> list[T]:
    """Return every node that the roots depend on, operands before what uses them (a topological order).

    The order is that of a depth-first walk, with leaves as soon as they are met: it depends on the graph alone.
    Interior nodes that are `known` are left out, and what only they depend on with them.
    """
    done: set[T] = set()
    result: list[T] = []
    stack: list[Any] = list(reversed(roots))
    note, keep = done.add, result.append
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        waiting: list[Any] = []
        x, y = node._x, node._other
        for parent in x if y is MANY else (x, y):
            if parent is not None and parent not in done:
                if parent._x is None:
                    note(parent)
                    keep(parent)
                elif parent not in known:
                    waiting.append(parent)
        if waiting:
            waiting.reverse()
            stack += waiting
        else:
            stack.pop()
            note(node)
            keep(node)
    return result


def latest_first(*roots: Any, since: float = 0.0) -> list[Any]:
    """Return what the roots were computed from, leaves left out, each node before its operands.

    A node is younger than its operands, so that births are a topological order.  Nodes up to a birth `since` are left
    out, and what only they depend on with them.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> z = y + 1.0
    >>> [v.op for v in latest_first(z)], [v.op for v in latest_first(z, since=y.born)]
    (['add', 'multiply'], ['add'])
    """
    stack = [root for root in dict.fromkeys(roots) if root._x is not None and root.born > since]
    nodes, seen = list(stack), set(stack)
    note, keep, push, pop = seen.add, nodes.append, stack.append, stack.pop
    while stack:  # in depth first: what was made together lies together in memory
        node = pop()
        x, y = node._x, node._other
        for parent in x if y is MANY else (x, y):
            if parent is not None and parent._x is not None and parent not in seen and parent.born > since:
                note(parent)
                push(parent)
                keep(parent)
    nodes.sort(key=_birth, reverse=True)
    return nodes


_birth = operator.attrgetter("born")


def walk(*roots: T) -> Iterator[T]:
    """Yield every node the roots depend on once, in no particular order; cheaper than `order`."""
    seen: set[T] = set(roots)
    stack: list[Any] = list(dict.fromkeys(roots))
    while stack:
        node = stack.pop()
        yield node
        x, y = node._x, node._other
        for parent in x if y is MANY else (x, y):
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)


def count(*roots: T) -> int:
    """Return how many different nodes the roots depend on, themselves included."""
    return sum(1 for _ in walk(*roots))


def leaves(*roots: T) -> list[T]:
    """Return the nodes without operands, in topological order."""
    nodes: list[Any] = order(*roots)
    return [node for node in nodes if node._x is None]
