"""Which node was the first to become NaN or infinite, in the forward pass or in the sweep back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.arguments import described
from engine.graph import order
from engine.tracing import refuse_where_lifted
from engine.value import Value, is_constant
from engine.watching.context import line_of, origins_of
from engine.watching.origin import Origin

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
    origins
        What is known of it and of its operands: their author's variables, functions and lines.
    """

    node: Value
    operand: Value | None
    line: str
    origins: Mapping[Value, Origin] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        called = f" ('{self.node.label}')" if self.node.label and self.node.parents else ""
        if not self.node.parents:
            return f"{self._named(self.node)} is a leaf{self._place()}"
        what = f"{self.node.op}{called} of {', '.join(map(self._named, self.node.parents[:MOST]))}"
        what += f" and {len(self.node.parents) - MOST} more" * (len(self.node.parents) > MOST)
        if self.operand is None:
            return f"{what} is {self.node._data}{self._place()}"
        return f"{what} hands back a gradient of {self.operand.grad} to {self._named(self.operand)}{self._place()}"

    def _place(self) -> str:
        """Return the author's name for the node, with its function, and the line."""
        if not self.line:
            return ""
        origin = self.origins.get(self.node)
        if origin is None or not origin.variable:
            return f", in {self.line}"
        function = f" in {origin.chain[-1].function}" if origin.chain else ""
        return f", `{origin.name}`{function}, {self.line}"

    def _named(self, node: Value) -> str:
        if node.label:
            return f"'{node.label}' = {node._data!r}"
        origin = self.origins.get(node)
        return f"`{origin.name}` = {node._data!r}" if origin is not None and origin.variable else repr(node._data)


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
    >>> import engine
    >>> with engine.provenance():
    ...     ms = p * p
    ...     scale = ms**-0.5
    >>> print(find_nan(scale))
    power_constant of `ms` = 0.0 is inf, `scale`, <doctest engine.watching.nonfinite.find_nan[3]>:3 'scale = ms**-0.5'
    >>> print(find_nan(p * 2.0))
    None
    """
    if not isinstance(root, Value):
        raise TypeError(f"find_nan looks through the graph of a Value; got {described(root)}.")
    refuse_where_lifted(root, "what find_nan says of its numbers")
    nodes = order(root)
    if not math.isfinite(root._data):
        return _found(_origin(root), root)
    for node in nodes:
        if _became(node) and all(math.isfinite(p._data) for p in node.parents):
            return _found(node, root)
    for node in reversed(nodes):
        bad = next((p for p in node.parents if not math.isfinite(p.grad or 0.0)), None)
        if bad is not None and math.isfinite(node.grad or 0.0):
            return _found(node, root, bad)
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


def _found(node: Value, root: Value, operand: Value | None = None) -> NonFinite:
    known = origins_of(root)
    return NonFinite(node, operand, line_of(node), {x: known[x] for x in (node, *node.parents) if x in known})
