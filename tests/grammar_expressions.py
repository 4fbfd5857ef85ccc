"""Expressions of random programs: what can be written at a place in the function, from the names known there."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from grammar_words import BOUNDED, CONSTANTS, PAIRS, UNARY


@dataclass
class Expressions:
    """The names that are known at a place, and expressions drawn from them."""

    draw: random.Random
    counts: list[str] = field(default_factory=list)  # integer inputs that compute
    scalars: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    vectors: dict[str, int] = field(default_factory=dict)
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    indices: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)  # of one number, from the surroundings
    branches: bool = True  # whether a branch may depend on inputs

    def scalar(self, depth: int = 2) -> str:
        """Return an expression for a number."""
        draw = self.draw
        if depth <= 0 or draw.random() < 0.2:
            return self.leaf()
        makers = [
            self.binary, self.binary, self.binary, self.unary, self.unary, self.power, self.choice, self.where,
            self.reduction, self.reduction, self.quotient, self.pair, self.indicator, self.array,
        ]  # fmt: skip
        if self.indices:
            makers += [self.select, self.select]
        if self.functions:
            makers.append(self.captured)
        return draw.choice(makers)(depth - 1)

    def leaf(self) -> str:
        """Return a variable, an element or a constant."""
        draw = self.draw
        kind = draw.random()
        if kind < 0.12:
            return draw.choice(CONSTANTS)
        if kind < 0.4 and self.vectors:
            name = draw.choice(list(self.vectors))
            return f"{name}[{draw.randrange(self.vectors[name])}]"
        if kind < 0.5 and self.rows:
            name = draw.choice(list(self.rows))
            n, m = self.rows[name]
            return f"{name}[{draw.randrange(n)}][{draw.randrange(m)}]"
        return draw.choice(self.scalars)

    def variable(self) -> str:
        """Return a number that is no constant, so that comparing it is the program's."""
        return f"(0.0 + {self.draw.choice(self.scalars)})"

    # --- arithmetic and functions --------------------------------------------------------------------------------

    def binary(self, depth: int) -> str:
        """Return a sum, a difference or a product."""
        return f"({self.scalar(depth)} {self.draw.choice('+-**')} {self.scalar(depth)})"

    def quotient(self, depth: int) -> str:
        """Return a quotient whose divisor is not near zero."""
        return f"({self.scalar(depth)} / (1.5 + {self.scalar(depth)} ** 2))"

    def unary(self, depth: int) -> str:
        """Return a function of a number, which is bounded first where the function needs that."""
        draw, inside = self.draw, self.scalar(depth)
        if draw.random() < 0.25:
            return BOUNDED[draw.choice(list(BOUNDED))].format(x=inside)
        name = draw.choice(UNARY)
        return f"(-{inside})" if name == "negative" else f"engine.{name}({inside})"

    def pair(self, depth: int) -> str:
        """Return a function of two numbers."""
        return "engine." + self.draw.choice(PAIRS).format(a=self.scalar(depth), b=self.scalar(depth))

    def power(self, depth: int) -> str:
        """Return a power, whole or of a positive number."""
        draw = self.draw
        if draw.random() < 0.6:
            return f"({self.scalar(depth)}) ** {draw.choice(['2', '3', '0', '1', '2.0', '4', *self.counts])}"
        base = f"(1.0 + engine.sigmoid({self.scalar(depth)}))"
        return f"{base} ** {draw.choice(['0.5', '-1', '-2', '1.5', self.leaf(), self.leaf()])}"

    def captured(self, depth: int) -> str:
        """Return a call of a function from the surroundings."""
        return f"{self.draw.choice(self.functions)}({self.scalar(depth)})"

    # --- choices -------------------------------------------------------------------------------------------------

    def choice(self, depth: int) -> str:
        """Return the larger, the smaller, or a number held between bounds; ties are likely."""
        a, b = self.scalar(depth), self.scalar(depth)
        if self.draw.random() < 0.15:
            b = a
        kind = self.draw.randrange(4)
        if kind == 3:
            bounds = self.draw.choice(["-0.5, 1.0", "-1.0, 1", f"-1.0 - {b} ** 2, 0.5"])
            return f"engine.clip(1.0 * {a}, {bounds})"
        return f"engine.{'maximum' if kind else 'minimum'}({a}, {b})"

    def comparison(self, depth: int) -> str:
        """Return one comparison: of what varies with anything, or of an integer with one."""
        draw = self.draw
        if self.counts and draw.random() < 0.4:
            return f"({draw.choice(self.counts)} {draw.choice(['==', '!=', '<', '>='])} {draw.randrange(3)})"
        relation = draw.choice(["<", ">", "<=", ">=", "==", "!="])
        other = self.leaf() if relation in ("==", "!=") else self.scalar(depth)
        return f"({self.variable()} {relation} {other})"

    def condition(self, depth: int) -> str:
        """Return a comparison, or several."""
        draw = self.draw
        first = self.comparison(depth)
        if draw.random() < 0.7:
            return first
        return f"({first} {draw.choice('&|^')} {self.comparison(depth)})"

    def where(self, depth: int) -> str:
        """Return a choice that stays in the program."""
        return f"engine.where({self.condition(depth)}, {self.scalar(depth)}, {self.scalar(depth)})"

    def indicator(self, depth: int) -> str:
        """Return a condition in arithmetic, where it is 1.0 or 0.0: a zero of integers has no sign."""
        return f"(1.0 * {self.scalar(depth - 1)} * {self.comparison(depth - 1)})"

    def select(self, depth: int) -> str:
        """Return an entry of a table, or of a vector, that an integer chooses."""
        draw = self.draw
        index, long = draw.choice(self.indices), [name for name, n in self.vectors.items() if n >= 3]
        tall = [name for name, (n, _) in self.rows.items() if n >= 3]
        if tall and draw.random() < 0.4:
            name = draw.choice(tall)
            return f"engine.select({name}, {index})[{draw.randrange(self.rows[name][1])}]"
        if long and draw.random() < 0.5:
            return f"engine.select(list({draw.choice(long)}), {index})"
        return f"engine.select([{', '.join(self.scalar(depth - 1) for _ in range(3))}], {index})"

    # --- several numbers -----------------------------------------------------------------------------------------

    def items(self, depth: int) -> str:
        """Return a list, a vector or a comprehension over one."""
        draw = self.draw
        if self.vectors and draw.random() < 0.7:
            name = draw.choice(list(self.vectors))
            if draw.random() < 0.5:
                return f"list({name})" + draw.choice(["", "", "[::-1]"])
            bodies = ["{v} * {s}", "{v} + {s}", "engine.tanh({v} - {s})", "{v} * {v}", "{s} - {v}", "({v} - {s}) ** 2"]
            return f"[{draw.choice(bodies).format(v='q', s=self.scalar(depth - 1))} for q in {name}]"
        return f"[{', '.join(self.scalar(depth - 1) for _ in range(draw.choice([1, 2, 3])))}]"

    def equally_long(self) -> list[tuple[str, str]]:
        """Return pairs of vectors of one length."""
        return [(a, b) for a, n in self.vectors.items() for b, m in self.vectors.items() if n == m]

    def reduction(self, depth: int) -> str:
        """Return a sum, a dot, a log-sum-exp, or a part of a softmax."""
        draw, kind = self.draw, self.draw.randrange(7)
        pairs = self.equally_long()
        if kind == 0 and pairs:
            a, b = draw.choice(pairs)
            return f"engine.dot({a}, {b}{', ' + self.scalar(0) if draw.random() < 0.3 else ''})"
        if kind == 1:
            name = draw.choice(["logsumexp", "logsumexp", "largest", "smallest"])
            return f"engine.{name}([0.0 + q for q in {self.items(depth)}])"
        if kind == 2:
            return f"sum({self.items(depth)})"
        if kind == 3 and self.rows:
            name = draw.choice(list(self.rows))
            fits = [v for v, m in self.vectors.items() if m == self.rows[name][1]]
            if fits:
                return f"sum(engine.tanh(engine.dot(list(r), list({draw.choice(fits)}))) for r in {name})"
        if kind == 4:
            return f"engine.softmax([0.0 + q for q in {self.items(depth)}])[{draw.choice([0, -1])}]"
        if kind == 5 and pairs:
            a, b = draw.choice(pairs)
            body = draw.choice(["(p - q) ** 2", "p * q", "abs(p - q)", "engine.maximum(p, q)", "(p == q) * 1.0"])
            return f"sum({body} for p, q in zip({a}, {b}))"
        return f"engine.total({self.items(depth)})"

    def array(self, depth: int) -> str:
        """Return a number that an array of Values is made into."""
        draw, pairs = self.draw, self.equally_long()
        if not pairs:
            return self.binary(depth)
        a, b = [f"np.array(list({name}))" for name in draw.choice(pairs)]
        return draw.choice(
            [
                f"({a} * {b}).sum()",
                f"(({a} - {b}[::-1]) ** 2).mean()",
                f"({a}[:, None] * {b}[None, :]).sum()",
                f"np.cumsum({a})[-1]",
                f"({a}[1:] - {b}[:-1]).sum()",
                f"np.dot({a}, {b})",
                f"np.tanh({a} * {b}).sum()",
                f"np.prod({a})",
            ]
        )
