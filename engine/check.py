"""Check derivatives against what owes nothing to a rule: central differences and complex steps.

>>> check_gradients(lambda x: x[0] * x[0] * x[1], [2.0, 3.0]).ok
True
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.rules import Rule
from engine.transforms import value_and_grad
from engine.tree import flatten, unflatten
from engine.value import Value

STEP = 6.055454452393343e-06  # cube root of the unit of rounding: balances truncation against cancellation


@dataclass(frozen=True)
class Entry:
    """One derivative: where it is, what the rules give, and what differences give."""

    path: str
    derivative: float
    difference: float
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether the two agree as well as differences can tell."""
        both_nan = self.derivative != self.derivative and self.difference != self.difference
        return (
            both_nan or self.derivative == self.difference or abs(self.derivative - self.difference) <= self.tolerance
        )


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradients` found: `.ok`, `.entries`, and a printed form that names the worst entries."""

    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        """Whether every derivative agrees."""
        return all(entry.ok for entry in self.entries)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        wrong = [e for e in self.entries if not e.ok]
        if not wrong:
            return f"all {len(self.entries)} derivatives agree with central differences"
        lines = [f"{len(wrong)} of {len(self.entries)} derivatives disagree with central differences"]
        lines += [f"  {e.path}: the rules give {e.derivative!r}, differences {e.difference!r}" for e in wrong[:10]]
        return "\n".join(lines)


def check_gradients(f: Callable[..., Any], *args: Any, step: float = STEP, rtol: float = 1e-6) -> GradientCheck:
    """Compare the gradient of a scalar function, argument by argument, with central differences.

    Parameters
    ----------
    f
        Takes numbers or nested structures of them, and returns one number.
    args
        Where to check; every number in them is one derivative.
    step
        Relative step of the differences.
    rtol
        Relative tolerance, on top of the rounding error of the differences themselves.

    Examples
    --------
    >>> from engine import Value, tanh
    >>> print(check_gradients(lambda x: tanh(x) * x, 0.7))
    all 1 derivatives agree with central differences
    """
    value, gradients = value_and_grad(f, tuple(range(len(args))))(*args)
    derivatives = flatten(tuple(gradients))[0]
    leaves, structure = flatten(tuple(args), "args")
    paths = list(structure.paths("args"))
    entries = []
    for i, (x, derivative) in enumerate(zip(leaves, derivatives)):
        x = float(x)
        h = step * max(1.0, abs(x))
        high, low = [float(f(*unflatten(structure, [*leaves[:i], Value(x + d), *leaves[i + 1 :]]))) for d in (h, -h)]
        difference = (high - low) / ((x + h) - (x - h))
        noise = 4 * math.ulp(max(abs(high), abs(low), abs(float(value)))) / h
        entries.append(Entry(paths[i], float(derivative), difference, noise + rtol * max(1.0, abs(difference))))
    return GradientCheck(tuple(entries))


# --- checks of a rule, for tests of ours and of whoever adds one -------------------------------------------------

COMPLEX: dict[str, Callable[..., complex]] = {
    name: getattr(cmath, python)
    for name, python in {
        "exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin",
        "arccos": "acos", "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh",
        "arccosh": "acosh", "arctanh": "atanh",
    }.items()
}  # fmt: skip
COMPLEX |= {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: cmath.exp(y * cmath.log(x)),
    "power_constant": lambda x, n: x**n,
    "negative": lambda x: -x,
    "reciprocal": lambda x: 1 / x,
    "square": lambda x: x * x,
    "expm1": lambda x: cmath.exp(x) - 1,
    "log1p": lambda x: cmath.log(1 + x),
    "logaddexp": lambda x, y: cmath.log(cmath.exp(x) + cmath.exp(y)),
    "sigmoid": lambda x: 1 / (1 + cmath.exp(-x)),
    "softplus": lambda x: cmath.log(1 + cmath.exp(x)),
    "hypot": lambda x, y: cmath.sqrt(x * x + y * y),
    "identity": lambda x: x,
    "total": lambda *xs: sum(xs),
    "logsumexp": lambda *xs: cmath.log(sum(cmath.exp(x) for x in xs)),
}


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


def check_rule(rule: Rule, order: int = 2, rtol: float = 2e-6) -> None:
    """Check a rule at its sample points: value, first derivatives by complex step where analytic, and differences.

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
        want = 0.0
    elif rule.name in COMPLEX:
        h = 1e-30
        stepped = [complex(x, h if k == i else 0.0) for k, x in enumerate(operands)]
        want = COMPLEX[rule.name](*stepped, *fixed).imag / h
        rtol = 1e-12
    else:
        want = _difference(lambda xs: float(call(rule, xs, fixed)), operands, i)
    _compare(rule, point, f"d/dx{i}", got, want, rtol)


def _check_next(rule: Rule, point: Sequence[float], first: Sequence[int], j: int, rtol: float) -> None:
    operands, fixed = split(rule, point)
    got = derivative(rule, point, [*first, j])
    want = _difference(lambda xs: derivative(rule, (*xs, *fixed), first), operands, j)
    _compare(rule, point, f"d2/dx{first[0]}dx{j}", got, want, rtol)


def _difference(f: Callable[[list[float]], float], xs: list[float], i: int) -> float:
    h = STEP * max(1.0, abs(xs[i]))
    high, low = ([*xs[:i], xs[i] + d, *xs[i + 1 :]] for d in (h, -h))
    return (f(high) - f(low)) / (high[i] - low[i])


def _compare(rule: Rule, point: Sequence[float], what: str, got: float, want: float, rtol: float) -> None:
    if not abs(got - want) <= rtol * max(1.0, abs(want)):
        raise AssertionError(
            f"{rule.name}: {what} at {tuple(point)} is {got!r} by its rule, {want!r} independently. "
            "Its rule is in engine/rules.py."
        )
