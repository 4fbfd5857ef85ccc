"""What may stand in place of one expression of a function, from the simplest on.

>>> from nn.diagnosis.mending.instrumented import Node
>>> node = Node(0, "value", ast.parse("d * x", mode="eval").body, ast.Pass())
>>> Edit("sign", node, "-v", 1).make(lambda x: 2.0 * x, (3.0,), {}, {})
-6.0
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from nn.diagnosis.mending import tables
from nn.diagnosis.mending.instrumented import Node
from nn.diagnosis.mending.source import is_authors, is_formula
from nn.samples import Array

SCALED, BACKWARDS = "c * v", type(reversed(range(0)))
NEAR = 0.01  # of a constant, what its digits may be off


@dataclass(frozen=True, eq=False)
class Edit:
    """One expression that stands in place of another.

    Attributes
    ----------
    kind
        The name of the mistake.
    node, text
        What is replaced, and by what: a text of `nn.diagnosis.mending.tables`.
    rank
        How far what is written is from that: of several that fit, those of the least are believed.
    uses, number
        What `u` and `c` are in the text.
    keywords
        The arguments by name that a call has instead.
    also
        Other expressions that are written alike, in whose places it stands too.
    """

    kind: str
    node: Node
    text: str
    rank: int
    uses: str = ""
    number: float | None = None
    keywords: Mapping[str, Any] | None = None
    also: tuple[Node, ...] = ()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The expressions in whose places it stands."""
        return (self.node, *self.also)

    @property
    def is_fitted(self) -> bool:
        """Whether a number is to be found first."""
        return "c" in _names(self.text) and self.number is None

    def with_number(self, number: float) -> Edit:
        """Return it with a number."""
        return replace(self, number=number)

    def further(self, times: float, value: Any) -> float:
        """Return the number with which it changes a value, that is written there, as many times as much."""
        now = {SCALED: 1.0, "c": value}.get(self.text, 0.0)
        return float(now + times * (self.number - now)) if self.number is not None else now

    def make(
        self, do: Callable[..., Any], operands: Sequence[Any], keywords: Mapping[str, Any], at_hand: Mapping[str, Any]
    ) -> Any:
        """Return the value of what belongs there, where the operands and arrays at hand are these."""
        names, arguments = _names(self.text), keywords if self.keywords is None else self.keywords
        values: dict[str, Any] = {"np": np, "c": self.number}
        if self.node.form == "call":
            values |= {"f": operands[0], "all": operands[1:], "keywords": arguments, **dict(zip("ab", operands[1:]))}
        else:
            values |= dict(zip("ab", operands))
        if "v" in names:
            values["v"] = operands[0] if self.node.form == "store" else do(*operands, **keywords)
        if "old" in names:
            values["old"] = operands[1]()
        if "u" in names:
            values["u"] = at_hand[self.uses] if self.uses in at_hand else operands[0].__globals__[self.uses]
        return eval(_code(self.text), values)


@lru_cache(maxsize=1024)
def _code(text: str) -> CodeType:
    return compile(text, "<edit>", "eval")


@lru_cache(maxsize=1024)
def _names(text: str) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name))


def edits(node: Node, operands: Sequence[Any], keywords: Mapping[str, Any], value: Any) -> Iterator[Edit]:
    """Yield what may stand in place of an expression by itself, without another array.

    Parameters
    ----------
    node
        The expression.
    operands, keywords, value
        What it was computed of when it was first, and what it was.
    """
    if node.form == "store":
        rows = tables.ADDED if isinstance(node.statement, ast.AugAssign) else tables.STORED
        yield from _of(rows, node, 2) if len(operands) > 1 else ()
    elif node.form == "constant":
        yield from _constants(node, value)
    elif is_whole(value):
        yield from _of(tables.INDEX, node, 2)
        op = node.tree.op if isinstance(node.tree, ast.BinOp) else None
        yield from _of(tables.BINARY.get(type(op), ()) if op else (), node, 2)
    elif node.form == "binary" and isinstance(node.tree, ast.BinOp):
        yield from _of(tables.BINARY.get(type(node.tree.op), ()), node, 1)
    elif node.form == "comparison":
        yield from _of(tables.COMPARISON, node, 1) if not any(isinstance(x, str) for x in operands) else ()
    elif node.form == "unary":
        yield Edit("sign", node, "a", 1)
    elif node.form == "index" and is_float(value) and isinstance(operands[0], np.ndarray):
        yield from _of(tables.PART, node, 2)
    elif isinstance(value, (range, BACKWARDS)):
        yield Edit("wrong-index", node, "v[::-1]" if isinstance(value, range) else "a", 2)
    elif node.form == "call":
        yield from _calls(node, operands, keywords, value)
    if is_float(value) and node.form not in ("store", "constant"):
        yield from _values(node, np.asarray(value))


def edits_with(node: Node, value: Any, text: str, *, is_unread: bool = False) -> Iterator[Edit]:
    """Yield what may stand in place of an expression, with another array, or for an index another one, in it.

    What was computed and is not read was meant to be: the simplest are tried first with that.
    """
    if np.asarray(value).dtype.kind != "f":
        yield Edit("wrong-operand" if is_float(value) else "wrong-index", node, "u", 2, text)
        yield from (Edit(kind, node, row, 3, text) for kind, row in (tables.INDEX_WITH if is_whole(value) else ()))
        return
    for rank, rows in tables.OTHERS:
        nearer = int(is_unread and rank == tables.SIMPLE)
        yield from (Edit(kind, node, row, rank - nearer, text) for kind, row in rows)


def is_alike(value: Any, other: Any) -> bool:
    """Whether something may have been meant in place of a value: an array for numbers, an index for an index."""
    kind, another = np.asarray(value).dtype.kind, np.asarray(other).dtype.kind
    if kind == "f":
        return another in "fb" and bool(np.ndim(other))
    return kind == another and bool(np.ndim(value)) == bool(np.ndim(other))


def _of(rows: Sequence[tables.Row], node: Node, rank: int) -> Iterator[Edit]:
    return (Edit(kind, node, text, rank) for kind, text in rows)


def _constants(node: Node, value: Any) -> Iterator[Edit]:
    """Yield a number that is fitted, and others of the same type; other axes of an axis."""
    kind = f"wrong-{node.role or 'constant'}"
    if node.role == "axis":
        yield from (Edit(kind, node, repr(axis), 1) for axis in tables.AXES)
        return
    yield Edit(kind, node, "c", 1)
    others = [-value, *[value + x for x in tables.BESIDE], 2 * value, value / 2, *([1 / value] if value else []), 0, 1]
    others += [x for x in tables.ROUNDED if 0.0 < abs(x - abs(value)) < NEAR * x]
    of_type = [type(value)(x) for x in others if x == type(value)(x)]
    yield from (Edit(kind, node, repr(x), 1) for x in dict.fromkeys(of_type))


def _calls(node: Node, operands: Sequence[Any], keywords: Mapping[str, Any], value: Any) -> Iterator[Edit]:
    """Yield another function of NumPy's, the same along other axes, its argument, and its arguments exchanged."""
    function, first = operands[0], operands[1] if len(operands) > 1 else None
    name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
    is_method = isinstance(owner, np.ndarray)
    if is_method or getattr(np, name, None) is function:
        holder = "f.__self__" if is_method else "np"
        for other in tables.FUNCTIONS.get(name, ()):
            kind = tables.EXCHANGED.get((name, other), "wrong-operation")
            yield Edit(kind, node, f"{holder}.{other}(*all, **keywords)", 1)
        for along in _axes(owner if is_method else first) if name in tables.ALONG_AXES else ():
            yield Edit("wrong-axis", node, f"f({'' if is_method else 'a, '}**keywords)", 1, keywords=along)
    for other in _beside(node.tree.func, function) if isinstance(node.tree, ast.Call) else ():
        yield Edit("wrong-operation", node, "u(*all, **keywords)", 2, other)
    if is_float(first) and is_float(value):
        if name in ("cumsum", "cumprod") and not is_method:
            axis = keywords.get("axis", 0)
            yield Edit("wrong-operation", node, f"np.flip(f(np.flip(a, {axis}), **keywords), {axis})", 1)
        yield Edit("wrong-operation", node, "a", 2)
        if len(operands) == 3:
            yield Edit("operands-exchanged", node, "f(b, a, **keywords)", 2)


def _beside(called: ast.expr, function: Any) -> Iterator[str]:
    """Yield the names of its author's other formulas of as many arguments, in its module."""
    if isinstance(called, ast.Name) and is_authors(function):
        for name, other in function.__globals__.items():
            is_like = is_authors(other) and other.__code__.co_argcount == function.__code__.co_argcount
            if is_like and name != called.id and is_formula(other):
                yield name


def _axes(x: Any) -> Iterator[dict[str, Any]]:
    for axis in (*range(np.ndim(x)), None):
        yield {"axis": axis}
        yield {"axis": axis, "keepdims": True}


def _values(node: Node, value: Array) -> Iterator[Edit]:
    """Yield changes of a number or an array, whatever it is computed of."""
    yield from _of(tables.BY_DIMENSIONS.get(value.ndim, ()), node, 2)
    if value.dtype == bool:
        return
    yield from _of(tables.VALUE, node, 2 if node.form == "parameter" else 1)
    if node.form == "parameter":
        return
    yield from _of(tables.MAPPED, node, 3)
    for axis in (*range(value.ndim), None) if value.ndim else ():
        yield from _of([(kind, text.format(axis=axis)) for kind, text in tables.ALONG], node, 3)


def is_float(x: Any) -> bool:
    """Whether something is a number, a truth value of an array, or an array of some: no index."""
    return isinstance(x, (float, np.floating)) or (isinstance(x, np.ndarray) and x.dtype.kind in "fb")


def is_whole(x: Any) -> bool:
    """Whether something is a whole number."""
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)
