"""A body's operations as expressions, forward and backward: what each line computes, under the names of one body.

x0, x1 ...     results            d0, d1 ...   their cotangents (s0, s1 ...: shares in them)
r0, r1 ...     from the table     i0, i1 ...   where these lie
b0, b1 ...     of the time before h0, h1 ...   their cotangents, for the time before
f0, f1 ...     the same each time e0, e1 ...   the sums of their cotangents
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.lifting.exact import ARITHMETIC
from engine.lifting.expr import Expr
from engine.lifting.straight.blocks import Before, Fixed, OperandPlace, Own, TableColumn, TapeBlock
from engine.lifting.straight.choices import CHOICES
from engine.lifting.straight.local_rules import ONE, PIECES, local, names_in, shared, substituted
from engine.lifting.straight.tape import Kind

LONGEST = 8  # operations of an expression that is written inside another
TWICE = ("divide", *CHOICES)

BodyLine: TypeAlias = "tuple[str, str, Expr]"  # what is assigned, by which sign, and what to it


@dataclass(frozen=True)
class Operation:
    """One operation of a body in small: a rule of a fixed number of operands, which it names."""

    name: int
    kind: Kind
    operands: Sequence[str]


@dataclass
class Body:
    """What is written of a body.

    Attributes
    ----------
    block
        Whose body it is.
    operations
        Its operations, those of any number of operands in pieces.
    names
        Of each operand that is none of its results, its name.
    differentiated
        The names that a derivative is wanted of.
    needed
        The names whose numbers the backward lines read.
    once
        The names of what nothing else reads: nothing is added to what it gets.
    """

    block: TapeBlock
    operations: list[Operation]
    names: dict[OperandPlace, str]
    differentiated: set[str] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)
    once: set[str] = field(default_factory=set)

    def fixed(self) -> list[tuple[str, Fixed]]:
        """Return the names of what is the same each time."""
        return [(name, x) for x, name in self.names.items() if isinstance(x, Fixed)]

    def before(self) -> list[tuple[str, Before]]:
        """Return the names of results of the time before."""
        return [(name, x) for x, name in self.names.items() if isinstance(x, Before)]

    def kept(self) -> list[str]:
        """Return the names of what is kept for the backward lines: what is the same each time, they find again."""
        return sorted([name for name in self.needed if name[0] != "f"])


def body_of(block: TapeBlock, literals: dict[int, str]) -> Body:
    """Return a block's body; what some slots hold is written out, where that is not the start of more such numbers."""
    body = Body(block, [], {})
    extra = len(block.columns)
    for j, (kind, operands) in enumerate(block.columns):
        if j in block.known:
            continue
        written = [isinstance(x, Fixed) and x.slot in literals for x in operands]
        out = literals if kind.op in ARITHMETIC and not all(written) else {}
        xs = [_name(body, x, out) for x in operands]
        pieces = PIECES[kind.op](kind.arity) if kind.op in PIECES else [(kind.op, tuple(range(kind.arity)))]
        numbers = [*range(extra, extra + len(pieces) - 1), j]
        extra += len(pieces) - 1
        for number, (op, read) in zip(numbers, pieces):
            names = [repr(k) if isinstance(k, float) else xs[k] if k >= 0 else f"x{numbers[-k - 1]}" for k in read]
            body.operations.append(Operation(number, kind if kind.op not in PIECES else Kind(op, len(names)), names))
    return body


def _name(body: Body, x: OperandPlace, literals: dict[int, str]) -> str:
    """Return an operand's name."""
    if isinstance(x, Own):
        return f"x{x.column}"
    if isinstance(x, TableColumn):
        return body.names.setdefault(x, f"r{x.number}")
    if isinstance(x, Fixed) and x.slot in literals:
        return literals[x.slot]
    return body.names.setdefault(x, f"{'b' if isinstance(x, Before) else 'f'}{len(body.names)}")


def differentiate_body(body: Body, wanted: set[str]) -> None:
    """Say which names of a body a derivative is wanted of, where some of what it reads are such."""
    carried = [(f"x{x.column}", name) for name, x in body.before()]  # one result may have begun as several numbers
    named = set(wanted)
    while True:
        for operation in body.operations:
            if not named.isdisjoint(operation.operands) and local(operation.kind)[1]:
                named.add(f"x{operation.name}")
        more = {before for x, before in carried if x in named} - named
        if not more:
            break
        named |= more
    body.differentiated = named


# --- forward -------------------------------------------------------------------------------------------------------


def forward_lines(body: Body) -> list[BodyLine]:
    """Return what the body computes, in order; what is used once is written where it is used."""
    values = [(f"x{op.name}", op, local(op.kind)[0]) for op in body.operations]
    uses: Counter[str] = Counter()
    for _, op, value in values:
        uses.update([op.operands[int(x[1:])] for x in names_in(value) if x != ONE])
    block = body.block
    rows = Counter([x for op in body.operations for x in op.operands if x[0] == "r"])
    written: dict[str, Expr] = {x: Expr(f"v[i{x[1:]}]") for x in rows if rows[x] == 1 and x not in body.needed}
    named = body.needed | {f"x{k}" for k in (*block.kept, *block.last)} | {f"x{x.column}" for _, x in body.before()}
    weight: dict[str, int] = {}
    lines: list[BodyLine] = []
    for name, op, value in values:
        leaves = {f"x{k}": written.get(x) or Expr(x) for k, x in enumerate(op.operands)}
        expr = substituted(value, leaves)
        weight[name] = _weight(value) + sum([weight.get(x, 0) for x in op.operands])
        if name not in named and uses[name] <= 1 and weight[name] <= LONGEST:
            written[name] = expr
        else:
            lines.append((name, "=", expr))
            weight[name] = 0
    return lines


# --- backward ------------------------------------------------------------------------------------------------------


@dataclass
class _Sweep:
    """The lines so far, and the cotangents that are not written yet."""

    body: Body
    lines: list[BodyLine] = field(default_factory=list)
    pending: dict[str, Expr] = field(default_factory=dict)  # by the name of what it is the cotangent of
    begun: set[str] = field(default_factory=set)

    def add(self, name: str, g: Expr) -> None:
        """Add to the cotangent of a name."""
        if name[0] == "r":
            self.lines.append((f"g[i{name[1:]}]", "=" if name in self.body.once else "+=", g))
        elif name[0] == "f":
            self.lines.append((f"e{name[1:]}", "+=", g))
        elif name in self.begun:
            self.lines.append((_cotangent(name), "=", Expr(None, "add", (Expr(_cotangent(name)), g))))
        elif name in self.pending:
            self.pending[name] = Expr(None, "add", (self.pending[name], g))
            if _weight(g) + _weight(self.pending[name]) > 2 * LONGEST:
                _name_it(self, name)
        else:
            self.pending[name] = g

    def taken(self, name: str) -> Expr | None:
        """Return the whole cotangent of a name; None if there is none."""
        return Expr(_cotangent(name)) if name in self.begun else self.pending.get(name)


def _cotangent(name: str) -> str:
    """Return what the cotangent of a result, or what is summed up for the time before, is called."""
    return f"{'d' if name[0] == 'x' else 'n'}{name[1:]}"


def backward_lines(body: Body) -> list[BodyLine]:
    """Return what hands the cotangents on, in order; numbers of the forward lines that these read are `needed`.

    Cotangents of what was put where it can be found are the last of their list, ``pop()``.
    """
    sweep, block = _Sweep(body), body.block
    for name, x in body.before():
        if name in body.differentiated:
            sweep.add(f"x{x.column}", Expr(f"h{name[1:]}"))
    for operation in reversed(body.operations):
        name = f"x{operation.name}"
        if operation.name in block.kept:
            if name in body.differentiated:
                known = sweep.taken(name)
                sweep.begun.discard(name)
                sweep.pending[name] = Expr("pop()") if known is None else Expr(None, "add", (known, Expr("pop()")))
                _name_it(sweep, name)
            else:
                sweep.lines.append(("", "", Expr("pop()")))
        g = sweep.taken(name)
        if g is not None and name in body.differentiated:
            _pull(sweep, operation, g)
    _hand_on(sweep)
    return sweep.lines


def _name_it(sweep: _Sweep, name: str) -> Expr:
    """Give a cotangent a line of its own."""
    if name not in sweep.begun:
        sweep.lines.append((_cotangent(name), "=", sweep.pending.pop(name)))
        sweep.begun.add(name)
    return Expr(_cotangent(name))


def _pull(sweep: _Sweep, operation: Operation, g: Expr) -> None:
    """Hand the cotangent of a result on to its operands."""
    pulled = [(x, c) for x, c in zip(operation.operands, local(operation.kind)[1]) if x in sweep.body.differentiated]
    pulled = [(x, c) for x, c in pulled if c.number() != 0.0]
    used = [name for _, c in pulled for name in names_in(c)]
    if g.op and (used.count("g") > 1 or _weight(g) >= LONGEST):
        g = _name_it(sweep, f"x{operation.name}")
    leaves = {f"x{k}": Expr(x) for k, x in enumerate(operation.operands)} | {"z": Expr(f"x{operation.name}"), "g": g}
    common = shared(operation.kind)
    if common is not None and pulled:
        sweep.lines.append((f"s{operation.name}", "=", _reading(sweep.body, substituted(common, leaves))))
        leaves["g"] = Expr(f"s{operation.name}")
    for x, c in pulled:
        sweep.add(x, _reading(sweep.body, substituted(c, leaves)))


def _reading(body: Body, expr: Expr) -> Expr:
    """Return an expression of the backward lines, whose names are needed there."""
    body.needed.update([name for name in names_in(expr) if name[0] in "xrbf" and name[1:].isdigit()])
    return expr


def _weight(expr: Expr) -> int:
    """Return how long an expression is: parts of a quotient and of a choice are written twice."""
    return (LONGEST // 2 if expr.op in TWICE else 1) + sum(map(_weight, expr.args)) if expr.op else 0


def _hand_on(sweep: _Sweep) -> None:
    """Give what the time before gets its names, all at once: one may be computed of another."""
    names = [name for name, _ in sweep.body.before() if name in sweep.body.differentiated]
    handed = {f"h{name[1:]}": sweep.taken(name) or Expr("0.0") for name in names}
    handed = {name: expr for name, expr in handed.items() if expr.leaf != name}
    if handed:
        sweep.lines.append((", ".join(handed), "=", Expr(None, "tuple", tuple(handed.values()))))
