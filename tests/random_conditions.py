"""Random functions that are mostly choices: conditions that entries share, combined, gathered, and as numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import engine

NUMBERS = ["0.0", "1.0", "-0.5", "2.0"]
RELATIONS = ["<", "<=", ">", ">=", "==", "!="]


def opposite(condition: Any) -> Any:
    """Return what holds where a condition does not; Python's ``~True`` is -2."""
    return not condition if isinstance(condition, bool) else ~condition


@dataclass
class Choices:
    """The lines of a function of `size` numbers, and the names that they define."""

    draw: random.Random
    size: int
    lines: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    vectors: list[str] = field(default_factory=lambda: ["list(x)"])

    def number(self) -> str:
        """Return a number that is computed, or a plain one."""
        return self.draw.choice(self.numbers + NUMBERS)

    def condition(self) -> str:
        """Return a comparison, or what conditions are combined to, plain bools and numbers among them."""
        draw = self.draw
        if not self.conditions or draw.random() < 0.3:
            return f"({self.number()} {draw.choice(RELATIONS)} {draw.choice(self.numbers)})"
        a, b = draw.choice(self.conditions), draw.choice([*self.conditions, "True", "False"])
        return draw.choice(
            [
                a,
                f"({a} {draw.choice('&|^')} {b})",
                f"({a} {draw.choice('&|')} ({self.number()} != 0.0))",
                f"opposite({a})",
                f"({a} == {b})",
                f"({a} < {draw.choice(self.numbers)})",
                f"(({a} * 1.0 + {b}) > 0.5)",
            ]
        )

    def define(self, k: int) -> None:
        """Append a line, and remember its name."""
        draw, kind = self.draw, self.draw.randrange(7)
        if kind == 0:
            self._named(self.conditions, f"c{k}", self.condition())
        elif kind == 1:
            self._named(self.numbers, f"z{k}", f"engine.where({self.condition()}, {self.number()}, {self.number()})")
        elif kind == 2:
            a, b, c = self.number(), draw.choice(self.numbers), draw.choice(self.numbers)
            self._named(self.numbers, f"z{k}", f"{a} * {b} + {c}")
        elif kind == 3:
            other = draw.choice(["-q", "q * q", self.number()])
            body = f"[engine.where({self.condition()}, q, {other}) for q in {draw.choice(self.vectors)}]"
            self._named(self.vectors, f"v{k}", body)
            self.numbers.append(f"v{k}[{draw.randrange(self.size)}]")
        elif kind == 4:
            chosen = f"engine.where(q > {self.number()}, {self.number()}, q)"
            self._named(self.numbers, f"z{k}", f"engine.total([{chosen} for q in {draw.choice(self.vectors)}])")
        elif kind == 5 and self.conditions:
            c, d = draw.choice(self.conditions), draw.choice(self.conditions)
            self._named(self.numbers, f"z{k}", f"{c} * {draw.choice(self.numbers)} + {d}")
        else:
            self._gathered(k)

    def _gathered(self, k: int) -> None:
        """Compare two vectors, and choose by these conditions in another order, one of them perhaps a plain bool."""
        a, b, c = [self.draw.choice(self.vectors) for _ in range(3)]
        self._named([], f"d{k}", f"[p > q for p, q in zip({a}, {b})]")
        order = self.draw.choice(["", "[::-1]", "[1:] + [True]", f"[1:] + [d{k}[0]]"])
        self._named(self.vectors, f"v{k}", f"[engine.where(c, p, {self.number()}) for c, p in zip(d{k}{order}, {c})]")
        self.conditions.append(f"d{k}[{self.draw.randrange(self.size)}]")

    def _named(self, names: list[str], name: str, text: str) -> None:
        self.lines.append(f"    {name} = {text}")
        names.append(name)


def choices(seed: int) -> tuple[Callable[[Any], Any], str, int]:
    """Return a random function, its text, and how many numbers it takes."""
    draw = random.Random(seed)
    size = draw.choice([2, 3, 4])
    made = Choices(draw, size, numbers=[f"x[{i}]" for i in range(size)])
    for k in range(draw.randrange(3, 9)):
        made.define(k)
    last = ", ".join([draw.choice([*made.conditions, "True"]) for _ in range(size)])
    chosen = f"engine.total([engine.where(c, 1.0, q) for c, q in zip([{last}], {draw.choice(made.vectors)})])"
    result = f"engine.total({draw.choice(made.vectors)}) * {draw.choice(made.numbers)} + {chosen}"
    text = "\n".join(["def f(x):", *made.lines, f"    return {result}"])
    space: dict[str, Any] = {"engine": engine, "opposite": opposite}
    exec(compile(text, "<random choices>", "exec"), space)
    return space["f"], text, size
