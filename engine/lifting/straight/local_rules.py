"""Rules on expressions of one body: an operation of any number of operands in pieces, each with its pullback.

>>> forward, backward = local(Kind("divide", 2))
>>> print(*map(show, (forward, *backward)), sep="; ")
x0 / x1; g / x1; -g * (z / x1)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from engine.lifting.expr import Expr, show
from engine.lifting.ops import COMPARISONS, operation
from engine.lifting.straight.tape import Kind
from engine.rules import RULES

MOST_OPERANDS = 64  # operands of an operation that is written in pieces
SHARED = ("largest",)  # whose operands' cotangents have a part in common, which is computed first
ONE = "one"  # what the text calls 1.0 where it is a number of the program's kind, as the proof needs of operands
Piece = tuple[str, "tuple[int | float, ...]"]  # an operation, and its operands: -k is the k-th piece, a float itself
Local = tuple[Expr, "tuple[Expr, ...]"]


@lru_cache(maxsize=1024)
def local(kind: Kind) -> Local:
    """Return an operation's value and its operands' cotangents, of ``x0, x1 ...``, of its value z and its own g."""
    if kind.op in SHARED:
        return _largest_of(kind.arity)
    rule = RULES[kind.op]
    xs = [Expr(f"x{k}") for k in range(kind.arity)]
    forward = rule.array(*xs, *kind.fixed)
    if not isinstance(forward, Expr) or forward.number() is not None:  # a power of zero
        number = forward if isinstance(forward, Expr) else Expr(float(forward))
        forward = number * Expr(ONE)
    if kind.op in COMPARISONS:
        forward = Expr(None, "float", (forward,))
    if not rule.differentiable:
        return forward, ()
    pulled = rule.bind(Expr("z"), xs, kind.fixed)(Expr("g"))
    return forward, tuple([g if isinstance(g, Expr) else Expr(float(g)) for g in pulled])


def is_local(kind: Kind) -> bool:
    """Whether an operation can be written in this way."""
    return kind.arity <= MOST_OPERANDS and (kind.op in PIECES or operation(kind.op) is not None)


def shared(kind: Kind) -> Expr | None:
    """Return what the cotangents of all operands are made of, in place of g; None where that is g itself."""
    if kind.op not in SHARED:
        return None
    xs = [Expr(f"x{k}") for k in range(1, kind.arity)]
    handed = RULES[kind.op].bind(Expr("z"), xs, ())(Expr("g"))[0]
    assert isinstance(handed, Expr)  # where(x1 < z, 0.0, share)
    return handed.args[2]


def _largest_of(n: int) -> Local:
    """Return the first operand, which is the largest of the others, and what is handed to these: g is a share."""
    z, g = Expr("z"), Expr("g")
    handed = [(Expr(f"x{k}") < z).where(0.0, g) for k in range(1, n)]
    return Expr(None, "add", (Expr("x0"), Expr(0.0))), (Expr(0.0), *handed)


def _chain(op: str, operands: Sequence[int], first: int) -> list[Piece]:
    """Return the pieces that put operands together one by one, where so many pieces are there already."""
    pieces: list[Piece] = []
    so_far = operands[0]
    for x in operands[1:]:
        pieces.append((op, (so_far, x)))
        so_far = -(first + len(pieces))
    return pieces


def _total(n: int) -> list[Piece]:
    return _chain("add", range(n), 0) if n > 1 else [("identity", (0,))]


def _shift(n: int) -> list[Piece]:
    return [*(_chain("maximum", range(n), 0) if n > 1 else []), ("stop_gradient", (1 - n or 0,))]


def _dot(n: int) -> list[Piece]:
    half = n // 2
    if n == 1:
        return [("identity", (0,))]
    pieces: list[Piece] = [("multiply", (k, half + k)) for k in range(half)]
    return pieces + _chain("add", [*[-k - 1 for k in range(half)], *([n - 1] if n % 2 else [])], half)


def _logsumexp(n: int) -> list[Piece]:
    """Return log(exp(x - m) + exp(y - m) + ...) + m, where m, the largest, passes no derivative."""
    pieces = _shift(n)
    m = -len(pieces)
    exponentials = []
    for k in range(n):
        pieces += [("subtract", (k, m)), ("exp", (-len(pieces) - 1,))]
        exponentials.append(-len(pieces))
    pieces += _chain("add", exponentials, len(pieces))
    return [*pieces, ("log", (-len(pieces),)), ("add", (-len(pieces) - 1, m))]


def _largest(n: int) -> list[Piece]:
    """Return the largest as a constant, and then itself: as many as are as large have a share in its cotangent."""
    constant = _shift(n)
    return [*constant, ("largest", (-len(constant), *range(n)))]


def _select(n: int) -> list[Piece]:
    """Return the entry that the last operand says as choices: the first, unless that is the second's number, ..."""
    pieces: list[Piece] = [("identity", (0,))]
    for k in range(1, n - 1):
        pieces.append(("equal", (n - 1, float(k))))
        pieces.append(("where", (-len(pieces), k, 1 - len(pieces))))
    return pieces


PIECES: dict[str, Callable[[int], list[Piece]]] = {
    "total": _total,
    "dot": _dot,
    "shift": _shift,
    "logsumexp": _logsumexp,
    "largest": _largest,
    "select": _select,
}
CHAINED = ("total", "dot", "shift", "logsumexp")  # of which each piece has few operands, however many there are


def substituted(expr: Expr, leaves: dict[str, Expr]) -> Expr:
    """Return an expression with others in the places of its names; the square of a name is a product."""
    if not expr.op:
        return leaves.get(expr.leaf, expr) if isinstance(expr.leaf, str) else expr
    args = tuple([substituted(arg, leaves) for arg in expr.args])
    if expr.op == "square" and not args[0].op:
        return Expr(None, "multiply", (args[0], args[0]))
    return Expr(None, expr.op, args)


def names_in(expr: Expr) -> list[str]:
    """Return the names in an expression, each as often as it stands there."""
    if not expr.op:
        return [expr.leaf] if isinstance(expr.leaf, str) else []
    return [name for arg in expr.args for name in names_in(arg)]


__all__ = ["PIECES", "Kind", "Local", "Piece", "is_local", "local", "names_in", "show", "substituted"]
