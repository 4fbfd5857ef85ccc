"""A rule's record, the table of all rules, and the decorator that enters one.

>>> from engine.rules import RULES, tanh
>>> RULES["tanh"].keeps, RULES["tanh"].doc
(('z',), 'Hyperbolic tangent; dz/dx = 1 - z**2.')
>>> RULES["tanh"].operation is tanh
True
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.dispatch import by_arity, ieee
from engine.node import NodeKind, Pullback

OPERANDS = ("x", "y")
Point = tuple[float, ...]
Kink = tuple[Point, Point, str]
Operation = Callable[..., Any]


@dataclass(eq=False, repr=False)
class Rule(NodeKind):
    """One operation: how it is computed, how it is differentiated, where it may be tested, how it prints.

    Attributes
    ----------
    name
        NumPy's name, which is the Value's `op`, its method and its emitted text.
    scalar, array
        The forward computation on floats and on arrays.
    pullback
        The flat rule: what it keeps, then the cotangent; returns one cotangent per parent.
    keeps
        What the pullback binds, read from its signature.
    operands
        Names of the parents; empty where there may be any number (`xs`).
    fixed
        Names of fixed numbers among what is kept, in order: an exponent, a slope.
    at
        Sample points inside the domain; a fixed number's value comes after the operands.
    operation
        What the decorated name is: the function of floats, arrays, Values and expressions.
    infix
        Symbol and precedence, where the operation prints as an operator.
    kinks
        Points without a derivative: the point, what is returned there, and why.
    differentiable
        False where the derivative is zero by definition (`sign`, comparisons).
    analytic
        Whether the array form, of complex numbers, is the function's continuation: a complex step then checks it.
    number
        Name of the rule that takes over where the last operand is a plain number.
    """

    name: str
    scalar: Callable[..., float]
    array: Callable[..., Any]
    pullback: Pullback
    keeps: tuple[str, ...]
    operands: tuple[str, ...]
    fixed: tuple[str, ...]
    at: Sequence[Point]
    operation: Operation
    infix: tuple[str, int] | None = None
    kinks: Sequence[Kink] = ()
    differentiable: bool = True
    analytic: bool | None = None
    number: str = ""

    def __post_init__(self) -> None:
        NodeKind.__init__(self, self.name, self.pullback, len(self.keeps), len(self.operands))
        self.at, self.kinks = tuple(map(tuple, self.at)), tuple(self.kinks)
        if self.analytic is None:
            self.analytic = self.differentiable and not self.kinks

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a name: the rule itself is the program's."""
        return _rule_named, (self.name,)

    @property
    def variadic(self) -> bool:
        """Whether the operation takes any number of operands."""
        return not self.operands

    @property
    def doc(self) -> str:
        """The rule's own sentence: what it is and its derivative."""
        return inspect.cleandoc(self.pullback.__doc__ or self.name).splitlines()[0]

    def bind(self, z: Any, xs: Sequence[Any], fixed: Sequence[float] = ()) -> Callable[[Any], tuple[Any, ...]]:
        """Return the local-derivative closure over any kind of number: cotangent -> cotangents of the parents.

        >>> RULES["multiply"].bind(6.0, [2.0, 3.0])(1.0)
        (3.0, 2.0)
        """
        residuals = self._residuals_of(z, xs, fixed)
        return partial(self.pullback, *residuals) if residuals else self.pullback

    def pull_anew(self, node: Any, g: Any) -> tuple[Any, ...]:
        """Pull a cotangent back by the node and its parents themselves, in place of the floats that it keeps."""
        fixed = self._fixed(node.rule.residuals(node)) if self.fixed else ()
        return self.pullback(*self._residuals_of(node, node.parents, fixed), g)

    def _residuals_of(self, z: Any, xs: Sequence[Any], fixed: Sequence[float]) -> list[Any]:
        if self.variadic:
            known = {"z": z, "xs": xs, "n": len(xs)}
            return [known[name] for name in self.keeps]
        numbers = (z, *xs, *fixed)
        names = ("z", *self.operands, *self.fixed)
        return [numbers[names.index(name)] for name in self.keeps]

    def _fixed(self, residuals: Sequence[Any]) -> list[float]:
        return [residuals[self.keeps.index(name)] for name in self.fixed]

    def fixed_of(self, pullback: Callable[..., Any]) -> list[float]:
        """Return the fixed numbers that a node's closure has kept.

        >>> from engine import Value
        >>> RULES["power_constant"].fixed_of((Value(2.0) ** 3).pullback)
        [3.0]
        """
        return self._fixed(getattr(pullback, "args", ()))


RULES: dict[str, Rule] = {}


def _rule_named(name: str) -> Rule:
    return RULES[name]


_FOLLOWERS: list[Callable[[Rule], object]] = []


def on_new_rule(follow: Callable[[Rule], object]) -> None:
    """Call a function with every rule, those to come as well: what is made from rules follows them through this."""
    _FOLLOWERS.append(follow)
    for entry in RULES.values():
        follow(entry)


def rule(
    name: str | Callable[..., Any] | None = None,
    scalar: Callable[..., Any] | None = None,
    array: Callable[..., Any] | None = None,
    *,
    at: Sequence[Point],
    infix: tuple[str, int] | None = None,
    kinks: Sequence[Kink] = (),
    operands: tuple[str, ...] | None = None,
    differentiable: bool = True,
    analytic: bool | None = None,
    number: str = "",
    calls: Callable[[Operation], Operation] = lambda plain: plain,
) -> Callable[[Pullback], Operation]:
    """Make a pullback the derivative rule of an operation, and return the operation.

    Parameters
    ----------
    name
        May be left out, ``@rule(math.tanh, np.tanh, at=...)``, where it is the pullback's own.
    scalar, array
        How one float, and arrays, are computed.  Where the scalar form raises ValueError, OverflowError or
        ZeroDivisionError, the answer is the array form's, by IEEE 754.  Of any number of operands, each takes a list.
    at, infix, kinks, operands, differentiable, number
        See `Rule`; operands are read from the pullback's signature, where it names x and y.
    analytic
        By default, whether it is differentiable and has no kinks.
    calls
        Makes of the plain operation what people call, where their arguments need another look.

    Returns
    -------
    callable
        The operation, over floats, arrays, Values and expressions.  From the record follow the method of Value, NumPy's
        function of the same name, ``engine.<name>``, pictures, lifted programs and tests.

    Raises
    ------
    ValueError
        If there is no sample point to test the rule at, a form is missing, or the name is taken.
    """
    if callable(name):
        name, scalar, array = None, name, scalar
    _check(name, at)

    def record(pullback: Pullback) -> Operation:
        called = name or pullback.__name__
        if scalar is None or array is None:
            raise ValueError(f"Rule '{called}' needs its scalar and array forms: @rule(name, scalar, array, ...).")
        _check(called, at)
        keeps, names, fixed = _parameters(pullback, at, operands)
        safe = ieee(scalar, array, len(names) + len(fixed))
        operation = calls(by_arity(len(names) + len(fixed))(called, safe, array))
        parts = (safe, array, pullback, keeps, names, fixed, at, operation)
        return _entered(Rule(called, *parts, infix, kinks, differentiable, analytic, number))

    return record


def _check(name: str | None, at: Sequence[Point]) -> None:
    if not at:
        raise ValueError(f"Rule '{name or '?'}' has no sample points; give at=[(x, ...), ...] inside its domain.")
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        raise ValueError(f"A rule is named as a method is; '{name}' is not such a name. Choose another.")
    if name in RULES:
        raise ValueError(f"There is already a rule named '{name}'; choose another name.")


def _parameters(
    pullback: Pullback, at: Sequence[Point], operands: tuple[str, ...] | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the names of what a pullback keeps, of the operands, none if there may be any number, and of numbers."""
    keeps = tuple(inspect.signature(pullback).parameters)[:-1]
    if len({len(point) for point in at}) > 1:
        return keeps, (), ()
    if operands is None:
        others = [k for k in keeps if k not in ("z", *OPERANDS)]
        operands = OPERANDS[: len(at[0]) - len(others)]
    return keeps, operands, tuple(k for k in keeps if k not in ("z", *operands))


def _entered(entry: Rule) -> Operation:
    """Put a rule into the table, and give an operation that was made here its name and place, so that it is found."""
    operation, pullback = entry.operation, entry.pullback
    if "<locals>" in operation.__qualname__:
        operation.__name__, operation.__qualname__ = entry.name, pullback.__qualname__
        operation.__module__, operation.__doc__ = pullback.__module__, operation.__doc__ or pullback.__doc__
    RULES[entry.name] = entry
    for follow in _FOLLOWERS:
        follow(entry)
    return operation


def table() -> str:
    r"""Return the table of rules that the documentation shows: what each is, and its derivative as the rule prints it.

    >>> print(*table().splitlines()[:3], sep="\n")
    | operation | what it is; its derivative | kinks |
    |---|---|---|
    | `add` | Sum; dz/dx = 1, dz/dy = 1. | |
    """
    lines = ["| operation | what it is; its derivative | kinks |", "|---|---|---|"]
    for entry in RULES.values():
        kinks = "; ".join(f"at {_numbers(p)}: {_numbers(d)} ({why})" for p, d, why in entry.kinks)
        lines.append(f"| `{entry.name}` | {entry.doc.replace('|', chr(92) + '|')} | {kinks} |".replace("|  |", "| |"))
    return "\n".join(lines)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{x:g}" for x in values)
