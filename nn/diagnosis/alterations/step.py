"""One array operation of a function, and the edges along which a cotangent returns to its operands.

>>> x = ArrayStep(np.array([1.0, 2.0]), name="x")
>>> y = ArrayStep(np.exp(x.value), "exp", (x,))
>>> edge = Edge(y, 0, lambda g, saved: g * saved, lambda t, saved: t * saved, y.value, "local")
>>> edge.parent is x, edge.pull(np.ones(2), edge.saved).round(2).tolist()
(True, [2.72, 7.39])
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from nn.samples import Array

_NUMBERS = itertools.count()
Place: TypeAlias = tuple[tuple[str, int], ...]
Linear: TypeAlias = Callable[[Array, Any], Array]


class ArrayStep:
    """An array that was computed, or a leaf.

    Attributes
    ----------
    value
        The numbers.
    op, operands
        The operation ("" of a leaf), and what it was given: steps, and arrays that are constant.
    depends
        Whether it changes with a leaf.
    edges
        One per operand that is a step.
    again
        The same operation on other operands.
    name, place, site, line
        The author's variable; the lines that led here, functions and line numbers, innermost first; the calls in them,
        which tell two operations of one line apart; and the innermost of these that are the author's.
    note, index
        What belongs to the operation and is no operand, an index: as text, and itself.
    constants
        Names of the constant operands, by their position.
    number
        Higher than that of every step computed before it: what a sweep visits first need not be of the last time.
    """

    again: Callable[..., ArrayStep]

    def __init__(self, value: Any, op: str = "", operands: tuple[Any, ...] = (), name: str = "") -> None:
        self.value: Array = np.asarray(value, float)
        self.op, self.operands, self.name = op, operands, name
        self.depends = not op or any(isinstance(x, ArrayStep) for x in operands)
        self.edges: list[Edge] = []
        self.place: Place = ()
        self.site: tuple[object, ...] = ()
        self.line: tuple[object, ...] = ()
        self.note = ""
        self.index: Any = None
        self.constants: dict[int, str] = {}
        self.number = next(_NUMBERS)

    def linked(self, again: Callable[..., ArrayStep], *edges: Edge) -> ArrayStep:
        """Return this step with its edges, and what repeats it."""
        self.again, self.edges = again, list(edges)
        return self

    def called(self, name: str) -> ArrayStep:
        """Return this step with a name."""
        self.name = name
        return self

    def described_as(self, other: ArrayStep) -> ArrayStep:
        """Return this step with the words that another has."""
        self.name, self.place, self.site, self.line = other.name, other.place, other.site, other.line
        self.note, self.index, self.constants, self.number = other.note, other.index, other.constants, other.number
        return self


class Edge:
    """The way of a cotangent from a step to one of its operands.

    Attributes
    ----------
    step, operand
        Where it begins, and which operand it leads to.
    pull, push, saved
        ``pull(g, saved)`` is the operand's share; ``push(t, saved)`` is what a change of the operand does to the step;
        `saved` is the array that the local derivative needs, if any.
    instead
        What it hands on after an alteration.
    kind
        "local" (elementwise: `saved` is the local derivative), "product" (`saved` is the other factor), "sum", "move".
    """

    def __init__(self, step: ArrayStep, operand: int, pull: Linear, push: Linear, saved: Any, kind: str) -> None:
        self.step, self.operand, self.pull, self.push, self.saved, self.kind = step, operand, pull, push, saved, kind
        self.parent: ArrayStep = step.operands[operand]
        self.instead: Callable[[Array], Array] | None = None

    def right(self, g: Array) -> Array:
        """Return what this edge hands on, as it should be; or as an alteration before has left it."""
        return self.pull(g, self.saved) if self.instead is None else self.instead(g)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same way, whatever it hands on."""
        return isinstance(other, Edge) and self.step is other.step and self.operand == other.operand

    def __hash__(self) -> int:
        return hash((id(self.step), self.operand))

    def handing_on(self, pull: Callable[[Edge, Array], Array]) -> Edge:
        """Return the edge as it is for another alteration, after one that hands on something else."""
        saved = pull.saved(self) if isinstance(pull, Saving) else self.saved
        altered = Edge(self.step, self.operand, self.pull, self.push, saved, self.kind)
        altered.instead = partial(pull, self)
        return altered


def last_first(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return edges in the order of time turned round: those of the step that was computed last are the first."""
    return tuple(sorted(edges, key=lambda edge: -edge.step.number))


class Saving:
    """What an edge hands on where its local derivative is computed with something else, which others see as well.

    Attributes
    ----------
    saved
        Of an edge, what stands in place of what it saved.
    """

    def __init__(self, saved: Callable[[Edge], Any]) -> None:
        self.saved = saved

    def __call__(self, edge: Edge, g: Array) -> Array:
        """Return what an edge hands on."""
        return edge.pull(g, self.saved(edge))


def value_of(x: Any) -> Array:
    """Return the numbers of an operand."""
    return x.value if isinstance(x, ArrayStep) else np.asarray(x, float)
