"""Random programs as text: scalar functions of the kinds that people write, with the surroundings that they read.

A program is a module that defines Values, numbers and containers, a function `f` of one sample, and `change`, which
alters what the function reads. Names are now and then those that a compiler might want for itself.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from grammar_statements import Scope
from grammar_surroundings import surroundings
from grammar_words import ARGUMENT_NAMES


@dataclass(frozen=True)
class Argument:
    """One input: "number", "vector", "matrix", "nested", "dict", "index" (an integer), "count" (one that computes)."""

    name: str
    kind: str
    shape: tuple[int, ...] = ()


@dataclass
class Source:
    """A program: its text, what it is called with, and how it is lifted."""

    text: str
    arguments: list[Argument]
    batch: bool
    reduction: str
    table: int  # entries of the tables that index inputs choose from


KINDS = ["number", "vector", "vector", "matrix", "nested", "dict", "index", "count"]


def generate(seed: int, hostile: bool = False) -> Source:
    """Return the program of a seed; where names are to be `hostile`, all arguments and labels have such."""
    draw = random.Random(seed)
    batch = draw.random() < 0.55
    reduction = draw.choice(["mean", "mean", "mean", "sum", "sum", "none"]) if batch else "mean"
    width = draw.choice([1, 2, 2, 3, 4])
    arguments = _arguments(draw, width, batch, hostile)
    scope = Scope(draw, counts=[a.name for a in arguments if a.kind == "count"], branches=not batch)
    before = surroundings(scope, width, hostile)
    for argument in arguments:
        _enter(scope, argument)
    for _ in range(draw.choice([1, 2, 3, 4])):
        scope.statement()
    result = " + ".join(scope.scalar(2) for _ in range(draw.choice([1, 2, 3])))
    if draw.random() < 0.5:
        result += draw.choice([" + ", " - "]) + "0.5 * " + scope.scalars[-1]
    body = [*scope.lines, f"return 0.0 + {result}"]
    header = f"def f({', '.join(a.name for a in arguments)}):"
    text = "\n".join([*before, "", "", header, *[f"    {line}" for line in body], ""])
    return Source(text, arguments, batch, reduction, 3)


def _arguments(draw: random.Random, width: int, batch: bool, hostile: bool) -> list[Argument]:
    """Return what the function takes, something of it real."""
    names = [f"x{k}" for k in range(4)]
    if draw.random() < 0.35 or hostile:
        names = draw.sample(ARGUMENT_NAMES, 4)
    kinds = draw.choices(KINDS, k=draw.choice([1, 2, 2, 3]))
    if all(kind in ("index", "count") for kind in kinds):
        kinds[0] = "vector"
    rows = draw.choice([2, 3])
    shapes = {"vector": (width,), "nested": (width,), "dict": (width,), "matrix": (rows, width)}
    return [
        Argument(name, "vector" if kind == "nested" and batch else kind, shapes.get(kind, ()))
        for name, kind in zip(names, kinds)
    ]


def _enter(scope: Scope, argument: Argument) -> None:
    """Make an argument's numbers known."""
    name, kind, shape = argument.name, argument.kind, argument.shape
    if kind == "number":
        scope.scalars.append(name)
    elif kind in ("vector", "nested"):
        scope.vectors[name] = shape[0]
        scope.scalars.append(f"{name}[0]")
    elif kind == "matrix":
        scope.rows[name] = (shape[0], shape[1])
        scope.scalars.append(f"{name}[1][0]")
    elif kind == "dict":
        scope.vectors[f"{name}['v']"] = shape[0]
        scope.scalars.append(f"{name}['k']")
    elif kind == "index":
        scope.indices.append(name)
    else:
        scope.scalars += [f"(1.0 * {name})", f"(({name} + 1) ** -1)", f"(0.0 + {name} * {name} - 1)"]
