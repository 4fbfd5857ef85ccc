"""The sweep back through a graph: what `Value.backward` does, in three loops over its nodes.

>>> from engine import Value
>>> x = Value(3.0)
>>> sweep(x * x, 1.0)
>>> x.grad
6.0
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from engine.collector import collector_paused
from engine.parents import MANY


def sweep(root: Any, seed: float) -> None:
    """Add d(root)/d(leaf) * seed to every leaf's `grad`; every other node's becomes its own gradient."""
    with collector_paused():
        nodes = _latest_first(root)
        root.grad = seed
        remaining = iter(nodes)
        while (stopped := _spread(remaining)) is not None:
            _resume(stopped)


def _latest_first(root: Any) -> list[Any]:
    """Return `graph.latest_first` of one root, in less time, and with gradients of 0.0: these mark what was seen."""
    zero = root.grad = float("0")  # an object of its own, which no other gradient is
    nodes: list[Any] = []
    waiting = [root]
    keep, wait, next_one = nodes.append, waiting.append, waiting.pop
    while waiting:
        node = next_one()
        while node is not None:  # in depth first: what was made together lies together in memory
            keep(node)
            x, y, node = node._x, node._other, None
            if y is MANY:
                for parent in x:
                    if parent._x is not None and parent.grad is not zero:
                        parent.grad = zero
                        wait(parent)
                break
            if x._x is not None and x.grad is not zero:
                x.grad = zero
                node = x
            if y is not None and y._x is not None and y.grad is not zero:
                y.grad = zero
                if node is not None:
                    wait(node)
                node = y  # the younger, most often
    nodes.sort(key=_birth, reverse=True)
    return nodes


_birth = operator.attrgetter("born")


def _spread(nodes: Iterator[Any]) -> Any:
    """Hand the gradients of nodes to their parents; return the node that found a parent's to be None, if one did."""
    node = None
    try:
        for node in nodes:
            node.rule.spread(node)
    except TypeError:
        if node is None or all(parent.grad is not None for parent in node.parents):
            raise
        return node
    return None


def _resume(node: Any) -> None:
    """Add up what is left of a node's cotangents, from the first parent on whose gradient is None."""
    stopped = next(i for i, parent in enumerate(node.parents) if parent.grad is None)
    for parent, cotangent in list(zip(node.parents, node.rule.pull(node, node.grad)))[stopped:]:
        parent.grad = (parent.grad or 0.0) + cotangent
