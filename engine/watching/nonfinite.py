"""Which node was the first to become NaN or infinite, in the forward pass or in the sweep back."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.arguments import described
from engine.graph import order
from engine.tracing import refuse_where_lifted
from engine.value import Value, is_constant
from engine.watching.context import line_of

MOST = 6  # operands that are shown


@dataclass(frozen=True)
class NonFinite:
    """The first node that became NaN or infinite.

    Attributes
    ----------
    node
        It; its operands are finite, unless somebody wrote an infinite number there.
    operand
        None if it is the node's number that is not finite; else the operand to which it handed back a gradient that is
        not.
    line
        The line of its author's code that made it; "" where nobody was watching (see `engine.provenance`).
    """

    node: Value
    operand: Value | None
    line: str

    def __str__(self) -> str:
        place = f", in {self.line}" if self.line else ""
        called = f" ('{self.node.label}')" if self.node.label and self.node.parents else ""
        if not self.node.parents:
            return f"{_named(self.node)} is a leaf{place}"
        what = f"{self.node.op}{called} of {', '.join(map(_named, self.node.parents[:MOST]))}"
        what += f" and {len(self.node.parents) - MOST} more" * (len(self.node.parents) > MOST)
        if self.operand is None:
            return f"{what} is {self.node._data}{place}"
        return f"{what} hands back a gradient of {self.operand.grad} to {_named(self.operand)}{place}"


def find_nan(root: Value) -> NonFinite | None:
    """Return the first node of a graph that became NaN or infinite; None if all are finite.

    Parameters
    ----------
    root
        A result, such as a loss. If its numbers are finite, the gradients that `backward` left are looked at, from the
        root on.

    Returns
    -------
    NonFinite or None
        The node; printed, its operation, its operands with their labels and numbers, and, if it was made in a ``with
        engine.provenance()`` block, the line.

    Raises
    ------
    TypeError
        If `root` is no Value.
    TraceError
        If it runs inside a function that is being lifted: what it finds depends on numbers.

    Examples
    --------
    >>> p = Value(0.0, "p")
    >>> print(find_nan(3.0 * p.log() * p))
    log of 'p' = 0.0 is -inf
    >>> print(find_nan(p * 2.0))
    None
    """
    if not isinstance(root, Value):
        raise TypeError(f"find_nan looks through the graph of a Value; got {described(root)}.")
    refuse_where_lifted(root, "what find_nan says of its numbers")
    nodes = order(root)
    if not math.isfinite(root._data):
        return _found(_origin(root))
    for node in nodes:
        if _became(node) and all(math.isfinite(p._data) for p in node.parents):
            return _found(node)
    for node in reversed(nodes):
        bad = next((p for p in node.parents if not math.isfinite(p.grad or 0.0)), None)
        if bad is not None and math.isfinite(node.grad or 0.0):
            return NonFinite(node, bad, line_of(node))
    return None


def _became(node: Value) -> bool:
    """Whether a node's number is not finite, and nobody wrote it so."""
    return not math.isfinite(node._data) and not is_constant(node)


def _origin(node: Value) -> Value:
    """Walk up from a node that is not finite to the first that became so, along NaN rather than along inf."""
    while True:
        causes = [p for p in node.parents if _became(p)]
        if not causes:
            return node
        node = next((p for p in causes if math.isnan(p._data)), causes[0])


def _found(node: Value) -> NonFinite:
    return NonFinite(node, None, line_of(node))


def _named(node: Value) -> str:
    return f"'{node.label}' = {node._data!r}" if node.label else repr(node._data)
