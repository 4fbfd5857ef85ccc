"""Which operations tell 0.0 from -0.0, and which pass the sign of a zero on: rules are asked, at zeros of either sign.

>>> tells_zeros_apart("divide", (), 2), tells_zeros_apart("add", (), 2)
([False, True], [False, False])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import product

from engine.lifting.exact import told_apart
from engine.rule import Rule
from engine.rules import RULES

MANY = frozenset(("select", "dot", "total", "logsumexp", "shift", "largest"))
"""Of these, only the first passes a zero on."""
PROBES = (1.0, -1.0, 2.5, 0.0, -0.0)


def tells_zeros_apart(op: str, fixed: tuple[float, ...], arity: int) -> Sequence[bool]:
    """Say of each operand whether an operation's value or slopes differ by more than a zero's sign at 0.0 and -0.0."""
    if op in MANY:
        return [False] * arity
    rule = RULES[op]
    return _probed(rule, told_apart(fixed), fixed, len(rule.operands) or max(arity, 1))[0]


def passes_zeros_on(op: str, fixed: tuple[float, ...], arity: int) -> Sequence[bool]:
    """Say of each operand whether the sign of its zero becomes that of a zero result."""
    if op in MANY:
        return [op == "select"] * (arity - 1) + [False]
    return _probed(RULES[op], told_apart(fixed), fixed, arity)[1]


@cache
def _probed(rule: Rule, key: object, fixed: tuple[float, ...], arity: int) -> tuple[list[bool], list[bool]]:
    """Try a rule at zeros of either sign: which operands' signs it tells apart, and which it passes on."""
    tells, passes = [False] * arity, [False] * arity
    if not rule.operands:  # of a rule of any number of operands, nothing is known of each
        return [True] * arity, [True] * arity
    for k, others in product(range(arity), product(PROBES, repeat=arity - 1)):
        plus, minus = [_outcome(rule, [*others[:k], zero, *others[k:]], fixed) for zero in (0.0, -0.0)]
        tells[k] |= any(x != y and not (x != x and y != y) for x, y in zip(plus, minus))
        passes[k] |= plus[0] == minus[0] and told_apart(plus[:1]) != told_apart(minus[:1])
    return tells, passes


def _outcome(rule: Rule, xs: list[float], fixed: tuple[float, ...]) -> tuple[float, ...]:
    """Return a rule's value and its cotangents; what it refuses is no number."""
    try:
        z = rule.scalar(*xs, *fixed)
        return (z, *rule.bind(z, xs, fixed)(1.0))
    except (ArithmeticError, ValueError):
        return (math.nan,) * (1 + len(xs))
