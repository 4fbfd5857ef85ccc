"""A rule's record, the table of all rules, and the decorator that enters one.

>>> from engine.rules import RULES
>>> RULES["tanh"].keeps, RULES["tanh"].doc
(('z',), 'Hyperbolic tangent; dz/dx = 1 - z**2.')
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import engine.functions as fn
from engine.functions import FORWARD

OPERANDS = ("x", "y")
Point = tuple[float, ...]
Kink = tuple[Point, Point, str]


@dataclass(frozen=True)
class Rule:
    """One operation: how it is computed, how it is differentiated, where it may be tested, how it prints.

    Attributes
    ----------
    name
        NumPy's name, which is the Value's `op`, its method and its emitted text.
    scalar, array
        The forward computation on floats and on arrays.
    pullback
        The flat rule: what it keeps, then the cotangent; returns one cotangent a parent.
    keeps
        What the pullback binds, read from its signature.
    operands
        Names of the parents; empty where there may be any number (`xs`).
    fixed
        Names of fixed numbers among what is kept, in order: an exponent, a slope.
    infix
        Symbol and precedence, where the operation prints as an operator.
    at
        Sample points inside the domain; a fixed number's value comes after the operands.
    kinks
        Points without a derivative: the point, what is returned there, and why.
    differentiable
        False where the derivative is zero by definition (`sign`, comparisons).
    """

    name: str
    scalar: Callable[..., float]
    array: Callable[..., Any]
    pullback: Callable[..., tuple[Any, ...]]
    keeps: tuple[str, ...]
    operands: tuple[str, ...]
    fixed: tuple[str, ...]
    at: tuple[Point, ...]
    infix: tuple[str, int] | None = None
    kinks: tuple[Kink, ...] = field(default=())
    differentiable: bool = True

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
        known = {
            "z": z,
            "xs": xs,
            "n": len(xs),
            **dict(zip(self.operands, xs)),
            **dict(zip(self.fixed, fixed)),
        }
        kept = [known[name] for name in self.keeps]
        return partial(self.pullback, *kept) if kept else self.pullback

    def fixed_of(self, pullback: Callable[..., Any]) -> list[float]:
        """Return the fixed numbers that a node's closure has kept.

        >>> from engine import Value
        >>> RULES["power_constant"].fixed_of((Value(2.0) ** 3).pullback)
        [3.0]
        """
        kept: tuple[float, ...] = getattr(pullback, "args", ())
        return [kept[self.keeps.index(name)] for name in self.fixed]


RULES: dict[str, Rule] = {}
_on_new_rule: list[Callable[[Rule], None]] = []  # operators.py installs operators and methods through this


def rule(
    name: str,
    scalar: Callable[..., float] | None = None,
    array: Callable[..., Any] | None = None,
    *,
    at: Sequence[Point],
    infix: tuple[str, int] | None = None,
    kinks: Sequence[Kink] = (),
    operands: tuple[str, ...] | None = None,
    differentiable: bool = True,
) -> Callable[[Callable[..., tuple[Any, ...]]], Callable[..., tuple[Any, ...]]]:
    """Record a pullback as the derivative rule of `name` and give Values the method.

    `scalar` and `array` may be left out for what `engine.functions` already computes.  A scalar form that
    raises ValueError, OverflowError or ZeroDivisionError falls back to the array form's IEEE 754 answer.

    Raises
    ------
    ValueError
        If there is no sample point to test the rule at, or the name is taken.
    """
    if not at:
        raise ValueError(f"Rule '{name}' has no sample points; give at=[(x, ...), ...] inside its domain.")
    if name in RULES:
        raise ValueError(f"There is already a rule named '{name}'; choose another name.")

    def record(pullback: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        keeps = tuple(inspect.signature(pullback).parameters)[:-1]
        varied = len({len(point) for point in at}) > 1  # any number of operands
        names = () if varied else operands or _operands(keeps, len(at[0]))
        fixed = tuple(k for k in keeps if k not in ("z", "xs", *(("n",) if varied else ()), *names))
        forward = FORWARD.get(name)
        if scalar is not None and array is not None:
            forward = fn.Forward(fn.ieee(scalar, array), array)
        if forward is None:
            raise ValueError(f"Rule '{name}' needs its scalar and array forms: @rule(name, scalar, array, ...).")
        RULES[name] = made = Rule(
            name, forward.scalar, forward.array, pullback, keeps, names, fixed,
            tuple(tuple(p) for p in at), infix, tuple(kinks), differentiable,
        )  # fmt: skip
        for install in _on_new_rule:
            install(made)
        return pullback

    return record


def _operands(keeps: tuple[str, ...], width: int) -> tuple[str, ...]:
    fixed = [k for k in keeps if k not in ("z", *OPERANDS)]
    return OPERANDS[: width - len(fixed)]


def table() -> str:
    r"""Return the table of rules that the documentation shows: what each is, and its derivative as the rule prints it.

    >>> print(*table().splitlines()[:3], sep="\n")
    | operation | what it is; its derivative | kinks |
    |---|---|---|
    | `add` | Sum; dz/dx = 1, dz/dy = 1. | |
    """
    lines = ["| operation | what it is; its derivative | kinks |", "|---|---|---|"]
    for made in RULES.values():
        kinks = "; ".join(f"at {_numbers(p)}: {_numbers(d)} ({why})" for p, d, why in made.kinks)
        lines.append(f"| `{made.name}` | {made.doc.replace('|', chr(92) + '|')} | {kinks} |".replace("|  |", "| |"))
    return "\n".join(lines)


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{x:g}" for x in values)
