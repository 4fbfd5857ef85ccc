"""Random programs as text: scalar functions of the kinds that people write, with the surroundings that they read.

A program is a module that defines Values, numbers and containers, a function `f` of one sample, and `change`, which
alters what the function reads. Names are now and then those that a compiler might want for itself.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

HOSTILE = [
    "N", "np", "theta", "gradient", "seed", "constants", "forward", "backward", "strided", "dx", "dw", "dt", "z1", "a1",
    "s1", "value", "loss", "scale", "dtype", "build", "out", "x_view", "ones_N", "jnp", "lax", "jax", "program",
    "index", "dtheta", "d_theta", "c1", "erf", "list", "max", "print", "t", "d", "g1", "W", "b", "x", "dz1", "losses",
    "picked",
]  # fmt: skip
LABELS = [
    *HOSTILE, "7*7", "0_1", "1-2", "a b", "layers.0.W", "class", "w[0]", "w[1]", "lambda", "é", "", "", "x.y", "w",
]  # fmt: skip
UNARY = ["tanh", "sin", "cos", "sigmoid", "relu", "softplus", "abs", "exp", "arctan", "square", "sign", "erf"]
CONSTANTS = ["0.0", "1.0", "2.0", "-1.0", "0.5", "0.1", "3", "0", "1", "-0.25"]


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


@dataclass
class Scope:
    """What can be written at a place in the function."""

    draw: random.Random
    arguments: list[Argument]
    scalars: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    vectors: dict[str, int] = field(default_factory=dict)
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    indices: list[str] = field(default_factory=list)
    branches: bool = True  # whether a branch may depend on inputs
    lines: list[str] = field(default_factory=list)
    made: int = 0

    def fresh(self) -> str:
        """Return a name that nothing has."""
        self.made += 1
        return f"v{self.made}"

    # --- expressions ---------------------------------------------------------------------------------------------

    def scalar(self, depth: int = 2) -> str:
        """Return an expression for a number."""
        draw = self.draw
        if depth <= 0 or draw.random() < 0.2:
            return self.leaf()
        makers = [
            self.binary, self.binary, self.binary, self.unary, self.unary, self.power, self.choice, self.where,
            self.reduction, self.reduction, self.quotient,
        ]  # fmt: skip
        if self.indices:
            makers.append(self.select)
        return draw.choice(makers)(depth - 1)

    def leaf(self) -> str:
        """Return a variable, an element or a constant."""
        draw = self.draw
        found = draw.random()
        if found < 0.12:
            return draw.choice(CONSTANTS)
        if found < 0.4 and self.vectors:
            name = draw.choice(list(self.vectors))
            return f"{name}[{draw.randrange(self.vectors[name])}]"
        if found < 0.5 and self.rows:
            name = draw.choice(list(self.rows))
            n, m = self.rows[name]
            return f"{name}[{draw.randrange(n)}][{draw.randrange(m)}]"
        return draw.choice(self.scalars)

    def binary(self, depth: int) -> str:
        """Return a sum, a difference or a product."""
        return f"({self.scalar(depth)} {self.draw.choice('+-**')} {self.scalar(depth)})"

    def quotient(self, depth: int) -> str:
        """Return a quotient whose divisor is not near zero."""
        return f"({self.scalar(depth)} / (1.5 + {self.scalar(depth)} ** 2))"

    def unary(self, depth: int) -> str:
        """Return a function of a number; the exponential of one that is bounded."""
        name = self.draw.choice(UNARY)
        inside = self.scalar(depth)
        return f"engine.exp(engine.sin({inside}))" if name == "exp" else f"engine.{name}({inside})"

    def power(self, depth: int) -> str:
        """Return a power, whole or of a positive number."""
        draw = self.draw
        if draw.random() < 0.6:
            return f"({self.scalar(depth)}) ** {draw.choice(['2', '3', '0', '1', '2.0'])}"
        base = f"(1.0 + engine.sigmoid({self.scalar(depth)}))"
        return f"{base} ** {draw.choice(['0.5', '-1', '-2', '1.5', self.leaf()])}"

    def choice(self, depth: int) -> str:
        """Return the larger, the smaller, or a number held between bounds; ties are likely."""
        a, b = self.scalar(depth), self.scalar(depth)
        if self.draw.random() < 0.15:
            b = a
        kind = self.draw.randrange(4)
        if kind == 3:
            return f"engine.clip(1.0 * {a}, -0.5, 1.0)"
        return f"engine.{'maximum' if kind else 'minimum'}({a}, {b})"

    def condition(self, depth: int) -> str:
        """Return a comparison, or several."""
        draw = self.draw
        first = f"({self.variable()} {draw.choice(['<', '>', '<=', '>='])} {self.scalar(depth)})"
        counts = [a.name for a in self.arguments if a.kind == "count"]
        if counts and draw.random() < 0.5:
            first = f"({draw.choice(counts)} {draw.choice(['==', '!='])} {draw.randrange(3)})"
        if draw.random() < 0.75:
            return first
        return f"({first} {draw.choice('&|')} ({self.variable()} < {self.scalar(depth)}))"

    def variable(self) -> str:
        """Return a number that is no constant, so that comparing it is the program's."""
        return f"(0.0 + {self.draw.choice(self.scalars)})"

    def where(self, depth: int) -> str:
        """Return a choice that stays in the program."""
        return f"engine.where({self.condition(depth)}, {self.scalar(depth)}, {self.scalar(depth)})"

    def select(self, depth: int) -> str:
        """Return an entry of a table that an integer chooses."""
        index = self.draw.choice(self.indices)
        return f"engine.select([{', '.join(self.scalar(depth - 1) for _ in range(3))}], {index})"

    def items(self, depth: int) -> str:
        """Return a list, a vector or a comprehension over one."""
        draw = self.draw
        if self.vectors and draw.random() < 0.7:
            name = draw.choice(list(self.vectors))
            if draw.random() < 0.5:
                return f"list({name})"
            body = draw.choice(["{v} * {s}", "{v} + {s}", "engine.tanh({v} - {s})", "{v} * {v}"])
            return f"[{body.format(v='q', s=self.scalar(depth - 1))} for q in {name}]"
        return f"[{', '.join(self.scalar(depth - 1) for _ in range(draw.choice([1, 2, 3])))}]"

    def reduction(self, depth: int) -> str:
        """Return a sum, a dot, or a log-sum-exp."""
        draw, kind = self.draw, self.draw.randrange(5)
        pairs = [(a, b) for a, n in self.vectors.items() for b, m in self.vectors.items() if n == m]
        if kind == 0 and pairs:
            a, b = draw.choice(pairs)
            return f"engine.dot({a}, {b}{', ' + self.scalar(0) if draw.random() < 0.3 else ''})"
        if kind == 1:
            return f"engine.logsumexp([0.0 + q for q in {self.items(depth)}])"
        if kind == 2:
            return f"sum({self.items(depth)})"
        if kind == 3 and self.rows:
            name = draw.choice(list(self.rows))
            fits = [v for v, m in self.vectors.items() if m == self.rows[name][1]]
            if fits:
                return f"sum(engine.tanh(engine.dot(list(r), list({draw.choice(fits)}))) for r in {name})"
        return f"engine.total({self.items(depth)})"

    # --- statements ----------------------------------------------------------------------------------------------

    def statement(self) -> None:
        """Append one statement, which may define names."""
        draw = self.draw
        makers = [self.assign, self.assign, self.nested, self.cumulative, self.closure, self.in_place, self.table,
                  self.layer, self.branch]  # fmt: skip
        draw.choice(makers)()

    def assign(self) -> None:
        """A local variable."""
        name, text = self.fresh(), self.scalar(3)
        self.lines.append(f"{name} = {text}")
        self.scalars.append(name)

    def nested(self) -> None:
        """Two loops, one inside the other, that accumulate."""
        name, n, m = self.fresh(), self.draw.choice([1, 2, 3]), self.draw.choice([2, 3])
        start, step = self.scalar(1), self.scalar(1)
        factor = self.draw.choice(["0.5", "1.0", f"engine.tanh({name})"])
        self.lines += [
            f"{name} = {start}",
            f"for i in range({n}):",
            f"    for j in range({m}):",
            f"        {name} = {name} * {factor} + {step} * (i + j)",
        ]
        self.scalars.append(name)

    def cumulative(self) -> None:
        """Running sums, all of which are kept."""
        if not self.vectors:
            return self.assign()
        name, source = self.fresh(), self.draw.choice(list(self.vectors))
        start = self.draw.choice(["0.0", "0", self.scalar(1)])
        self.lines += [
            f"{name}, s = [], {start}",
            f"for q in {source}:",
            f"    s = s + q * {self.scalar(1)}",
            f"    {name}.append(s)",
        ]
        self.vectors[name] = self.vectors[source]
        return None

    def closure(self) -> None:
        """A function inside the function, called more than once."""
        name, f = self.fresh(), self.fresh()
        body = self.scalar(1)
        self.lines += [
            f"def {f}(u, k={self.draw.choice(['2.0', '1', self.leaf()])}):",
            f"    return engine.{self.draw.choice(['sin', 'tanh', 'sigmoid'])}(u * {body}) + k",
            f"{name} = {f}({self.scalar(1)}) * {f}({self.scalar(1)}, {self.scalar(0)})",
        ]
        self.scalars.append(name)

    def in_place(self) -> None:
        """A list that is changed after it was made, through another name for it."""
        name, alias = self.fresh(), self.fresh()
        self.lines += [
            f"{name} = [0.0 + q for q in {self.items(2)}]",
            f"{alias} = {name}",
            f"{alias}[0] = {alias}[-1] * {self.scalar(1)}",
            f"{name}[-1] += {self.scalar(1)}",
            f"{alias}.append({self.scalar(1)})",
        ]
        self.scalars.append(f"sum({name})")
        self.scalars.append(f"{name}[0]")

    def table(self) -> None:
        """A dictionary that is filled and read."""
        name = self.fresh()
        self.lines += [
            f"{name} = {{'a': {self.scalar(1)}}}",
            f"{name}['b'] = {name}['a'] * {self.scalar(1)}",
            f"{name}['a'] = {self.scalar(1)}",
        ]
        self.scalars.append(f"sum({name}.values())")
        self.scalars.append(f"{name}['b']")

    def layer(self) -> None:
        """A layer of neurons."""
        fits = [(W, v) for W, (_, m) in self.rows.items() for v, n in self.vectors.items() if n == m]
        if not fits:
            return self.assign()
        name, (W, v) = self.fresh(), self.draw.choice(fits)
        act = self.draw.choice(["tanh", "relu", "sigmoid"])
        self.lines.append(
            self.draw.choice(
                [
                    f"{name} = [engine.{act}(engine.dot(list(r), list({v}))) for r in {W}]",
                    f"{name} = [engine.{act}(sum(p * q for p, q in zip(r, {v})) + {self.scalar(0)}) for r in {W}]",
                    f"{name} = [engine.{act}(1.0 * q) for q in np.array([list(r) for r in {W}]) @ np.array(list({v}))]",
                ]
            )
        )
        self.vectors[name] = self.rows[W][0]
        return None

    def branch(self) -> None:
        """A branch: of one sample on anything, of a batch on parameters, or on a number from the surroundings."""
        name = self.fresh()
        on = self.condition(1) if self.branches else f"{self.draw.choice(self.parameters)} > 0.2"
        if self.draw.random() < 0.3:
            on = "K[0] > 1"
        self.lines += [
            f"if {on}:",
            f"    {name} = {self.scalar(2)}",
            "else:",
            f"    {name} = {self.scalar(2)}",
        ]
        self.scalars.append(name)


def generate(seed: int) -> Source:
    """Return the program of a seed."""
    draw = random.Random(seed)
    batch = draw.random() < 0.55
    reduction = draw.choice(["mean", "mean", "mean", "sum", "sum", "none"]) if batch else "mean"
    names = [f"x{k}" for k in range(4)]
    if draw.random() < 0.35:
        names = draw.sample([h for h in HOSTILE if h not in ("np", "list", "max", "print")], 4)
    width = draw.choice([1, 2, 2, 3, 4])
    kinds = draw.choices(
        ["number", "vector", "vector", "matrix", "nested", "dict", "index", "count"], k=draw.choice([1, 2, 2, 3])
    )
    if all(kind in ("index", "count") for kind in kinds):
        kinds[0] = "vector"
    arguments = []
    for name, kind in zip(names, kinds):
        shape = {"vector": (width,), "nested": (width,), "dict": (width,), "matrix": (draw.choice([2, 3]), width)}.get(
            kind, ()
        )
        arguments.append(Argument(name, "vector" if kind == "nested" and batch else kind, shape))
    scope = Scope(draw, arguments, branches=not batch)
    before = _surroundings(scope, width)
    for a in arguments:
        _enter(scope, a)
    for _ in range(draw.choice([1, 2, 3, 4])):
        scope.statement()
    result = " + ".join(scope.scalar(2) for _ in range(draw.choice([1, 2, 3])))
    if draw.random() < 0.5:
        result += " + 0.5 * " + scope.scalars[-1]
    body = [*scope.lines, f"return 0.0 + {result}"]
    header = f"def f({', '.join(names[: len(arguments)])}):"
    text = "\n".join([*before, "", "", header, *[f"    {line}" for line in body], ""])
    return Source(text, arguments, batch, reduction, 3)


def _surroundings(scope: Scope, width: int) -> list[str]:
    """Write what the function captures, and the function that changes it."""
    draw = scope.draw
    labels = (lambda: draw.choice(LABELS)) if draw.random() < 0.4 else (lambda: "")
    number = lambda: round(draw.uniform(-1.5, 1.5), 3)  # noqa: E731 - a name for the draw
    lines = [f"K = [{draw.choice(['2.0', '1', '0.5', '0', '3'])}]"]
    for k in range(draw.choice([1, 2, 3])):
        lines.append(f"p{k} = {_value(number(), labels() or f'p{k}')}")
        scope.scalars.append(f"p{k}")
        scope.parameters.append(f"p{k}")
    if draw.random() < 0.7:
        numbered = draw.random() < 0.6
        entries = [_value(number(), f"u[{i}]" if numbered else labels()) for i in range(width)]
        lines.append(f"pu = [{', '.join(entries)}]")
        scope.vectors["pu"] = width
    if draw.random() < 0.6:
        n = draw.choice([1, 2, 3])
        tied = draw.random() < 0.15  # the same Values in every row
        rows = [f"[{', '.join(_value(number(), f'W[{i}, {j}]') for j in range(width))}]" for i in range(n)]
        lines.append(f"pW = [{rows[0]}] * {n}" if tied else f"pW = [{', '.join(rows)}]")
        scope.rows["pW"] = (n, width)
    kind = draw.randrange(5)
    changes = {
        0: ["K[0] = K[0] + 1"],
        1: ["p0.data = p0.data + 0.25"],
        2: [f"K[0] = {draw.choice(CONSTANTS)}", "p0.data = -p0.data"],
        3: ["global p0", f"p0 = Value({number()}, 'again')"],
        4: ["pass"],
    }[kind]
    return [*lines, "", "", "def change():", *[f"    {line}" for line in changes]]


def _value(number: float, label: str) -> str:
    return f"Value({number}, {label!r})"


def _enter(scope: Scope, a: Argument) -> None:
    """Make an argument's numbers known."""
    if a.kind == "number":
        scope.scalars.append(a.name)
    elif a.kind in ("vector", "nested"):
        scope.vectors[a.name] = a.shape[0]
        scope.scalars.append(f"{a.name}[0]")
    elif a.kind == "matrix":
        scope.rows[a.name] = (a.shape[0], a.shape[1])
        scope.scalars.append(f"{a.name}[1][0]")
    elif a.kind == "dict":
        scope.vectors[f"{a.name}['v']"] = a.shape[0]
        scope.scalars.append(f"{a.name}['k']")
    elif a.kind == "index":
        scope.indices.append(a.name)
    else:
        scope.scalars.append(f"(1.0 * {a.name})")
