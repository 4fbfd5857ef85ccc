"""Check a rule at its sample points, for tests of ours and of whoever adds one.

>>> from engine.rules import RULES
>>> check_rule(RULES["tanh"])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.agreement import ANALYTIC, EPS, RELATIVE, agrees
from engine.differences import measured
from engine.rules import Rule
from engine.transforms import value_and_grad
from engine.value import Value

STEP = 1e-30  # of a complex step, which cancels nothing and may be as small as it likes


def call(rule: Rule, operands: Sequence[Any], fixed: Sequence[float] = ()) -> Any:
    """Apply a rule's operation to floats or Values.

    >>> from engine.rules import RULES
    >>> call(RULES["multiply"], [2.0, 3.0])
    6.0
    """
    if any(isinstance(x, Value) for x in operands):
        method = getattr(Value, rule.name)
        values = [x if isinstance(x, Value) else Value.constant(x) for x in operands]
        return method(values) if rule.variadic else method(*values, *fixed)
    return rule.scalar(list(operands)) if rule.variadic else rule.scalar(*operands, *fixed)


def split(rule: Rule, point: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return a sample point's operands and its fixed numbers.

    >>> from engine.rules import RULES
    >>> split(RULES["power_constant"], (2.0, 3.0))
    ([2.0], [3.0])
    """
    n = len(point) if rule.variadic else len(rule.operands)
    return list(point[:n]), list(point[n:])


def derivative(rule: Rule, point: Sequence[float], orders: Sequence[int]) -> float:
    """Return a mixed partial derivative of a rule's operation by its rule: `orders` lists the operands in turn.

    >>> from engine.rules import RULES
    >>> derivative(RULES["multiply"], (2.0, 3.0), [0, 1])
    1.0
    """
    operands, fixed = split(rule, point)

    def along(i: int, f: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
        return lambda xs: value_and_grad(lambda x: f([*xs[:i], x, *xs[i + 1 :]]))(xs[i])[1]

    f: Callable[[list[Any]], Any] = partial(call, rule, fixed=fixed)
    for i in orders:
        f = along(i, f)
    return float(f(operands))


def check_rule(rule: Rule, order: int = 2, rtol: float = RELATIVE) -> None:
    """Check a rule at its sample points: value, first derivatives by complex step where analytic, and differences.

    Parameters
    ----------
    rule, order
        The rule, and how often its derivative is differentiated: 1 or 2.
    rtol
        Relative to the derivative, on top of how far differences may be off (`engine.differences`).

    Raises
    ------
    AssertionError
        Naming the rule, the point, what the rule gives and what the independent computation gives.

    Examples
    --------
    >>> from engine.rules import RULES
    >>> check_rule(RULES["tanh"])
    """
    for point in rule.at:
        operands, _ = split(rule, point)
        for i in range(len(operands)):
            _check_first(rule, point, i, rtol)
            if order > 1:
                for j in range(len(operands)):
                    _check_next(rule, point, [i], j, rtol)


def _check_first(rule: Rule, point: Sequence[float], i: int, rtol: float) -> None:
    operands, fixed = split(rule, point)
    got = derivative(rule, point, [i])
    if not rule.differentiable:
        want, limit = 0.0, 0.0
    elif rule.analytic and (step := _complex_step(rule, operands, fixed, i)) is not None:
        want, limit = step, ANALYTIC * abs(step) + EPS
    else:
        want, limit = _difference(lambda xs: float(call(rule, xs, fixed)), operands, i, got, rtol)
    _compare(rule, point, f"d/dx{i}", got, want, limit)


def _complex_step(rule: Rule, operands: Sequence[float], fixed: Sequence[float], i: int) -> float | None:
    """Return the derivative along operand `i` by the array form of complex numbers; None if it has none of these.

    >>> from engine.rules import RULES
    >>> _complex_step(RULES["square"], [0.5], [], 0), _complex_step(RULES["erf"], [0.5], [], 0)
    (1.0, None)
    """
    stepped = np.array(operands, complex)
    stepped[i] += 1j * STEP
    try:
        z = rule.array(stepped) if rule.variadic else rule.array(*stepped, *fixed)
    except TypeError:
        return None
    return float(np.imag(z)) / STEP


def _check_next(rule: Rule, point: Sequence[float], first: Sequence[int], j: int, rtol: float) -> None:
    operands, fixed = split(rule, point)
    got = derivative(rule, point, [*first, j])
    want, limit = _difference(lambda xs: derivative(rule, (*xs, *fixed), first), operands, j, got, rtol)
    _compare(rule, point, f"d2/dx{first[0]}dx{j}", got, want, limit)


def _difference(
    f: Callable[[list[float]], float], xs: list[float], i: int, expected: float, rtol: float
) -> tuple[float, float]:
    """Return the derivative of `f` along operand `i` by differences, and how far it may be off."""
    seen = measured(lambda x: f([*xs[:i], x, *xs[i + 1 :]]), xs[i], rounding=8.0 * EPS * abs(f(xs)), expected=expected)
    if seen.kind == "jump":
        return 0.0, 0.0  # the operand decides: its derivative is 0 by definition
    return seen.value, rtol * max(abs(seen.value), abs(expected)) + seen.bound


def _compare(rule: Rule, point: Sequence[float], what: str, got: float, want: float, limit: float) -> None:
    if not agrees(got, want, limit):
        raise AssertionError(
            f"{rule.name}: {what} at {tuple(point)} is {got!r} by its rule, {want!r} independently. "
            "Its rule is in engine/rules.py."
        )
