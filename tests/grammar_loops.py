"""Loops of random programs, as numerical people write them: steps of time, relaxations, trees, pairs, mutable state.

They are long enough now and then that the body of one stands in the lifted text once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from grammar_expressions import Expressions

STEPS = [3, 4, 5, 6, 9, 14, 40]


@dataclass
class Loops(Expressions):
    """What was written before a place in the function, and loops that can be written there."""

    lines: list[str] = field(default_factory=list)
    count: int = 0

    def fresh(self) -> str:
        """Return a name that nothing has."""
        self.count += 1
        return f"v{self.count}"

    def loops(self) -> list[Callable[[], None]]:
        """Return what writes each of them."""
        return [
            self.march, self.march, self.multistep, self.relaxation, self.tree, self.pairs, self.state, self.branching
        ]  # fmt: skip

    def march(self) -> None:
        """Steps of time of one number or two, each of the last; what a step computes may be used twice."""
        x, v, s = self.fresh(), self.fresh(), self.fresh()
        step = self.draw.choice(
            [
                "{x}, {v} = {x} + 0.1 * {v}, {v} - 0.1 * ({a} * engine.sin({x}) + {b} * {v})",
                "{x} = {x} + 0.1 * engine.sin({x} * {a}) - 0.05 * engine.sin({a} * {x}) * {b}",
                "{x}, {v} = {x} - 0.1 * ({v} - {x}), engine.tanh({x} - {v}) - 0.01 * {m}",
                "{x} = engine.maximum({x} - 0.1 * {a}, engine.minimum({b}, 0.9 * {x}))",
                "{x} = {x} / (1.5 + {v} ** 2) + (1.0 - {a}) * 0.1",
                "{x} = engine.where({x} > {b}, 0.5 * {x} - {a}, {x} + 0.25 * {b})",
            ]
        )
        a, b = f"engine.tanh({self.scalar(0)})", f"engine.sin({self.scalar(0)})"
        self.lines += [
            f"{x}, {v}, {s} = engine.tanh({self.scalar(1)}), engine.sin({self.scalar(0)}), 0.0",
            f"for m in range({self.draw.choice(STEPS)}):",
            f"    {step.format(x=x, v=v, m='m', a=a, b=b)}",
            f"    {s} = {s} {self.draw.choice('+-')} {self.draw.choice([x, v, f'{x} * {v}', f'{x} ** 2'])}",
        ]
        self.scalars += [x, f"(0.1 * {s})"]

    def multistep(self) -> None:
        """A function of the last places but one and two, which were computed in the steps before."""
        ys, f = self.fresh(), self.fresh()
        last = f"0.05 * {f}({ys}[-2]) {self.draw.choice('+-')} 0.01 * {f}({ys}[m])"
        self.lines += [
            f"{ys} = [engine.tanh({self.scalar(1)}), engine.sin({self.scalar(0)}), 0.5]",
            f"def {f}(y):",
            f"    return engine.tanh({self.scalar(0)}) * y - y * y",
            f"for m in range({self.draw.choice(STEPS)}):",
            f"    {ys}.append({ys}[-1] + 0.1 * {f}({ys}[-1]) - {last})",
        ]
        total = self.draw.choice(
            ["engine.total({y})", "engine.logsumexp({y})", "engine.dot({y}, {y}[::-1])", "{y}[-1]"]
        )
        self.scalars.append(f"(0.1 * {total.format(y=ys)})")

    def relaxation(self) -> None:
        """Sweeps over a list that is changed in place, each entry of those beside it."""
        u, n = self.fresh(), self.draw.choice([3, 4, 6])
        new = self.draw.choice(
            [
                "0.5 * ({u}[i - 1] + {u}[i + 1])",
                "{u}[i] + {w} * ({u}[i - 1] - 2.0 * {u}[i] + {u}[i + 1])",
                "(1.0 - {w}) * {u}[i] + {w} * engine.tanh({u}[i - 1] - {u}[i + 1])",
                "engine.maximum({u}[i - 1], {u}[i]) - {w} * {u}[i + 1]",
            ]
        )
        w = f"engine.sigmoid({self.scalar(0)})"
        self.lines += [
            f"{u} = [engine.tanh({self.scalar(1)}) - 0.1 * i for i in range({n})]",
            f"for m in range({self.draw.choice(STEPS[:5])}):",
            f"    for i in range(1, {n - 1}):",
            f"        {u}[i] = {new.format(u=u, w=w)}",
        ]
        self.vectors[u] = n

    def tree(self) -> None:
        """Folds of neighbours until one is left, as options are priced."""
        v, n = self.fresh(), self.draw.choice([2, 4, 7])
        body = self.draw.choice(
            [
                "0.9 * ({s} * p + (1 - {s}) * q)",
                "engine.maximum({s} * p + 0.5 * q, p - q)",
                "p - {s} * q",
                "engine.logaddexp(p, q)",
            ]
        )
        self.lines += [
            f"{v} = [engine.tanh({self.scalar(1)}) + 0.1 * i for i in range({n})]",
            f"while len({v}) > 1:",
            f"    {v} = [{body.format(s=f'engine.sigmoid({self.scalar(0)})')} for p, q in zip({v}, {v}[1:])]",
        ]
        self.scalars.append(f"{v}[0]")

    def pairs(self) -> None:
        """What is between any two: added to the one, taken from the other."""
        f, x, n = self.fresh(), self.fresh(), self.draw.choice([2, 3, 5])
        between = self.draw.choice(
            [
                "({x}[i] - {x}[j]) * engine.exp(-({x}[i] - {x}[j]) ** 2)",
                "({x}[i] - {x}[j]) / (1.5 + ({x}[j] - {x}[i]) ** 2)",
                "engine.sin({x}[i] - {x}[j])",
            ]
        )
        self.lines += [
            f"{x} = [engine.tanh({self.scalar(1)} - 0.2 * i) for i in range({n})]",
            f"{f} = [0.0] * {n}",
            f"for i in range({n}):",
            f"    for j in range(i + 1, {n}):",
            f"        r = {between.format(x=x)}",
            f"        {f}[i] = {f}[i] - r",
            f"        {f}[j] {self.draw.choice('+-')}= r",
        ]
        self.vectors[f] = n

    def state(self) -> None:
        """An object whose attributes are changed by its methods, step after step."""
        c, s = self.fresh(), self.fresh()
        force = self.draw.choice(["engine.sin({s}.x)", "{s}.x * {s}.v", "engine.tanh({a}) - {s}.x"])
        self.lines += [
            f"class {c}:",
            "    def __init__(self, x, v):",
            "        self.x, self.v = x, v",
            "    def step(self, force):",
            f"        self.v {self.draw.choice('+-')}= 0.1 * force",
            "        self.x += 0.1 * self.v",
            f"{s} = {c}(engine.tanh({self.scalar(1)}), {self.scalar(0)})",
            f"for m in range({self.draw.choice(STEPS)}):",
            f"    {s}.step({force.format(s=s, a=self.scalar(0))})",
        ]
        self.scalars.append(f"{s}.x")

    def branching(self) -> None:
        """Steps each of which goes one way or another; of a batch, as parameters have it."""
        x, limit = self.fresh(), self.draw.choice(["0.1", "0.5", "-0.2"])
        on = f"{x} > {limit}" if self.branches else f"{self.draw.choice(self.parameters)} > {limit} - 0.1 * m"
        one, other = self.draw.sample([f"{x} * 0.5 - 0.1", f"{x} + 0.3", f"engine.sin({x})", f"-{x}"], 2)
        third = [f"    elif {x} < -0.5:", f"        {x} = {x} * {x}"]
        self.lines += [
            f"{x} = engine.tanh({self.scalar(1)})",
            f"for m in range({self.draw.choice(STEPS[:6])}):",
            f"    if {on}:",
            f"        {x} = {one}",
            *(third if self.branches and self.draw.random() < 0.3 else []),
            "    else:",
            f"        {x} = {other} - 0.1 * engine.tanh({self.scalar(0)})",
        ]
        self.scalars.append(x)
