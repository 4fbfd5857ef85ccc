"""Of which sign the zeros are that an operation of a trace can give, on the scalar engine and in NumPy's text.

>>> import engine
>>> program = engine.lift(lambda x: engine.exp(x) + x * x)
>>> _ = program(1.0)
>>> trace = program.latest.trace
>>> [Signs(trace).of(i) == WITHOUT_SIGN for i in range(len(trace.ops))]
[False, True, True, True]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from engine.lifting.ir import Trace

POSITIVE = 1  # a zero of the scalar engine's is 0.0
PLAIN = 2  # and so is one of the text's
UNSIGNED = 4  # it is never negative at all: 0.0, positive or NaN
WITHOUT_SIGN = POSITIVE | PLAIN | UNSIGNED
NONZERO, DROPPED = 8, 16  # of numbers that are written out: which tells operations on flags of one kind apart
BY_NODE = ("dot", "power_constant")  # whose flags depend on more than their operands' flags
SUMMING = ("add", "total")
SOMETIMES = ("multiply", "power_constant")  # that have flags whatever their operands have: squares


class Signs:
    """The flags of a trace's nodes, found where they are asked for."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.known: dict[int, int] = {}
        self._results: dict[tuple[Any, ...], int] = {}  # flags by an operation and the flags of its operands

    def of(self, root: int) -> int:
        """Return the flags of a node; without recursion, since chains are long."""
        known, ops, operands = self.known, self.trace.ops, self.trace.operands
        find = known.get
        stack = [] if root in known else [root]
        while stack:
            i = stack[-1]
            op, xs = ops[i], operands[i]
            flags = SETTLED.get(op, 0) if xs else self._of_leaf(i)
            if flags is None and op in SOMETIMES:
                flags = self._at_once(i, op, xs)
            if flags is None:
                key: tuple[Any, ...] = (op, *map(find, xs))
                if None in key:
                    stack += [j for j in xs if j not in known]
                    continue
                flags = self._results.get(key)
                if flags is None:
                    flags = _OF[op](self, i, key[1:]) & WITHOUT_SIGN
                    if op not in BY_NODE:
                        self._results[key] = flags
            known[i] = flags
            stack.pop()
        return known[root] & WITHOUT_SIGN

    def is_plain(self, i: int) -> bool:
        """Whether a node's zeros are 0.0 in the text; of a sum with a positive number nothing else is looked at.

        ``sqrt(x + 1e-5)`` and its like are asked for more than all others.
        """
        ops, operands = self.trace.ops, self.trace.operands
        while len(operands[i]) == 1 and _OF.get(ops[i]) is _any_of:
            (i,) = operands[i]
        return (ops[i] in SUMMING and any(map(self.positive, operands[i]))) or bool(self.of(i) & PLAIN)

    def _of_leaf(self, i: int) -> int:
        """Return the flags of a leaf."""
        role, _, _, number = self.trace.leaves[i]
        if role != "constant":
            return 0
        written = NONZERO if number != 0.0 else DROPPED
        if math.copysign(1.0, number) > 0.0:
            return WITHOUT_SIGN | written
        return POSITIVE | PLAIN | written if number != 0.0 else written

    def _at_once(self, i: int, op: str, xs: Sequence[int]) -> int | None:
        """Return the flags of a product or a power that do not depend on those of its operands; None of any other."""
        if op == "multiply":
            return WITHOUT_SIGN if xs[0] == xs[1] else None
        return None if self.trace.fixed[i][0] % 2.0 in (0.5, 1.0) else WITHOUT_SIGN

    def untied(self, i: int) -> bool:
        """Whether a maximum, a minimum or a clip never chooses between two zeros: each bound is another number."""
        return all(self.nonzero(j) for j in self.trace.operands[i][1:]) or (
            self.trace.ops[i] != "clip" and self.nonzero(self.trace.operands[i][0])
        )

    def nonzero(self, i: int) -> bool:
        """Whether a node is a number other than zero."""
        leaf = self.trace.leaves.get(i)
        return leaf is not None and leaf.role == "constant" and leaf.value != 0.0

    def positive(self, i: int) -> bool:
        """Whether a node is a number above zero."""
        leaf = self.trace.leaves.get(i)
        return leaf is not None and leaf.role == "constant" and leaf.value > 0.0

    def dropped(self, i: int) -> bool:
        """Whether a node is a 0.0 that a sum leaves out."""
        leaf = self.trace.leaves.get(i)
        return leaf is not None and leaf.role == "constant" and leaf.value == 0.0

    def product(self, i: int, j: int, x: int, y: int) -> int:
        """Return the flags of a product of two nodes."""
        return WITHOUT_SIGN if i == j else x & y if x & y & UNSIGNED else 0


def _add(signs: Signs, i: int, flags: Sequence[int]) -> int:
    """A sum is -0.0 only where all its terms are; the text leaves out what is 0.0."""
    some, every = reduce(or_, flags), reduce(and_, flags)
    plain = some & PLAIN
    if plain and some & POSITIVE:
        plain = max([x & PLAIN for j, x in zip(signs.trace.operands[i], flags) if not signs.dropped(j)], default=0)
    return some & POSITIVE | (plain if some & POSITIVE else 0) | every & UNSIGNED


def _total(signs: Signs, i: int, flags: Sequence[int]) -> int:
    return POSITIVE | _add(signs, i, flags)


def _dot(signs: Signs, i: int, flags: Sequence[int]) -> int:
    """The scalar engine starts from 0.0, and so does a matrix product; a product of one factor each does not."""
    xs, half = signs.trace.operands[i], len(flags) // 2
    terms = [
        signs.product(*of) for of in zip(xs[:half], xs[half : 2 * half], flags[:half], flags[half : 2 * half])
    ] + list(flags[2 * half :])
    plain = PLAIN if any(x & PLAIN for x in terms) else 0
    return POSITIVE | plain | (UNSIGNED if all(x & UNSIGNED for x in terms) else 0)


def _subtract(signs: Signs, i: int, flags: Sequence[int]) -> int:
    """A difference is -0.0 only where -0.0 loses 0.0."""
    if signs.nonzero(signs.trace.operands[i][1]):
        return POSITIVE | PLAIN
    return flags[0] & (POSITIVE | PLAIN)


def _multiply(signs: Signs, i: int, flags: Sequence[int]) -> int:
    return signs.product(*signs.trace.operands[i], *flags)


def _divide(signs: Signs, i: int, flags: Sequence[int]) -> int:
    return flags[0] & flags[1] if flags[0] & flags[1] & UNSIGNED else 0


def _power_constant(signs: Signs, i: int, flags: Sequence[int]) -> int:
    """Only odd powers have a sign; the text's square root of -0.0 is -0.0, its power is not."""
    n = signs.trace.fixed[i][0]
    if n == 0.5:
        return POSITIVE | UNSIGNED | (flags[0] & PLAIN)
    return flags[0] if n % 2.0 == 1.0 else WITHOUT_SIGN


def _maximum(signs: Signs, i: int, flags: Sequence[int]) -> int:
    x, y = flags
    if any(signs.nonzero(j) and f & UNSIGNED for j, f in zip(signs.trace.operands[i], flags)):
        return WITHOUT_SIGN
    unsigned = (x | y) & UNSIGNED
    return (x & y) | unsigned | (POSITIVE if unsigned else 0)


def _relu(signs: Signs, i: int, flags: Sequence[int]) -> int:
    return POSITIVE | UNSIGNED | (flags[0] & PLAIN)


def _any_of(signs: Signs, i: int, flags: Sequence[int]) -> int:
    """What gives any of its operands, or something of the same sign, has the flags that all of them have."""
    return reduce(and_, flags)


def _where(signs: Signs, i: int, flags: Sequence[int]) -> int:
    return flags[1] & flags[2]


def _select(signs: Signs, i: int, flags: Sequence[int]) -> int:
    return reduce(and_, flags[:-1])


ALWAYS = {
    **dict.fromkeys(
        ("exp", "exp2", "sigmoid", "softplus", "cosh", "hypot", "abs", "square", "less", "less_equal", "equal",
         "arccos"), WITHOUT_SIGN),
    **dict.fromkeys(("log", "log2", "log10", "sign", "logsumexp"), POSITIVE | PLAIN),
    "largest": POSITIVE,
}  # fmt: skip
_OF: dict[str, Callable[[Signs, int, Sequence[int]], int]] = {
    **dict.fromkeys(
        ("identity", "stop_gradient", "sqrt", "tanh", "sinh", "expm1", "arctan", "cbrt", "arcsinh", "arctanh", "arcsin",
         "log1p", "erf", "minimum"), _any_of),
    "add": _add, "subtract": _subtract, "total": _total, "dot": _dot, "multiply": _multiply, "divide": _divide,
    "power_constant": _power_constant, "maximum": _maximum, "relu": _relu, "where": _where, "select": _select,
}  # fmt: skip
SETTLED: dict[str, int | None] = {**dict.fromkeys(_OF), **ALWAYS}
"""The flags of operations that always have the same ones; None where they depend on the operands'. Of others: none."""
