"""Statements of random programs: loops, folds, recurrences, closures, lists that change, layers, branches."""

from __future__ import annotations

from dataclasses import dataclass

from grammar_loops import Loops


@dataclass
class Scope(Loops):
    """What can be written at a place in the function, and what was written before it."""

    def statement(self) -> None:
        """Append one statement, which may define names."""
        makers = [
            self.assign, self.assign, self.nested, self.cumulative, self.closure, self.in_place, self.table, self.layer,
            self.branch, self.fold, self.recurrence, self.windows, self.recursion,
        ]  # fmt: skip
        self.draw.choice(self.loops() if self.draw.random() < 0.25 else makers)()

    def assign(self) -> None:
        """A local variable."""
        name, text = self.fresh(), self.scalar(3)
        self.lines.append(f"{name} = {text}")
        self.scalars.append(name)

    # --- loops ---------------------------------------------------------------------------------------------------

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
            f"    s = s {self.draw.choice('++-')} q * {self.scalar(1)}",
            f"    {name}.append(s)",
        ]
        self.vectors[name] = self.vectors[source]
        return None

    def fold(self) -> None:
        """One number that every element of a vector adds to, is taken from, multiplies or is compared with."""
        if not self.vectors:
            return self.assign()
        name, source = self.fresh(), self.draw.choice(list(self.vectors))
        step = self.draw.choice(
            [
                "{t} = {t} - q", "{t} -= q * {s}", "{t} = q - {t}", "{t} *= 1.0 + q",
                "{t} = engine.maximum({t}, q)", "{t} = {t} + q * q", "{t} += {s} - q", "{t} = {t} / (1.5 + q ** 2)",
                "{t} = engine.minimum({t}, q - {s})",
            ]
        )  # fmt: skip
        start = self.draw.choice(["0.0", "1.0", "0", self.scalar(1)])
        over = self.draw.choice([source, f"reversed(list({source}))"])
        self.lines += [
            f"{name} = 0.0 + {start}",
            f"for q in {over}:",
            f"    {step.format(t=name, s=self.scalar(0))}",
        ]
        self.scalars.append(name)
        return None

    def recurrence(self) -> None:
        """A state, or two, that run through a vector; every state is kept, or the last."""
        if not self.vectors:
            return self.assign()
        states, h, g = self.fresh(), self.fresh(), self.fresh()
        source = self.draw.choice(list(self.vectors))
        step = self.draw.choice(
            [
                "{h} = {a} * {h} + {b} * q",
                "{h} = engine.tanh({a} * {h} + q)",
                "{h}, {g} = {h} * 0.5 + {g}, {h} - q",
                "{h}, {g} = {g} + q, {h}",
                "{h} = {h} + (q - {h}) * engine.sigmoid({a})",
            ]
        )
        self.lines += [
            f"{states}, {h}, {g} = [], 0.0 + {self.scalar(0)}, {self.scalar(0)}",
            f"for q in {source}:",
            f"    {step.format(h=h, g=g, a=self.scalar(0), b=self.scalar(0))}",
            f"    {states}.append({h})",
        ]
        self.vectors[states] = self.vectors[source]
        self.scalars.append(f"(0.0 + {g})")
        return None

    def windows(self) -> None:
        """The windows of a vector, each times the same weights, or the differences of neighbours."""
        wide = [(v, n) for v, n in self.vectors.items() if n >= 2]
        if not wide:
            return self.assign()
        name, (source, n) = self.fresh(), self.draw.choice(wide)
        body = self.draw.choice(
            [
                f"engine.dot([{self.scalar(0)}, {self.scalar(0)}], list({source})[i:i + 2])",
                f"{source}[i + 1] - {source}[i]",
                f"engine.total(list({source})[i:i + 2]) * {self.scalar(0)}",
            ]
        )
        self.lines.append(f"{name} = [{body} for i in range({n - 1})]")
        self.vectors[name] = n - 1
        return None

    # --- functions, lists and dictionaries -----------------------------------------------------------------------

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

    def recursion(self) -> None:
        """A function inside the function that calls itself."""
        name, f = self.fresh(), self.fresh()
        self.lines += [
            f"def {f}(u, n):",
            f"    return u if n == 0 else {f}(engine.{self.draw.choice(['sin', 'tanh'])}(u) - {self.scalar(1)}, n - 1)",
            f"{name} = {f}(0.0 + {self.scalar(1)}, {self.draw.choice([1, 2, 3])})",
        ]
        self.scalars.append(name)

    def in_place(self) -> None:
        """A list that is changed after it was made, through another name for it."""
        name, alias = self.fresh(), self.fresh()
        self.lines += [
            f"{name} = [0.0 + q for q in {self.items(2)}]",
            f"{alias} = {name}",
            f"{alias}[0] = {alias}[-1] * {self.scalar(1)}",
            f"{name}[-1] {self.draw.choice('+-*')}= {self.scalar(1)}",
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

    # --- branches ------------------------------------------------------------------------------------------------

    def branch(self) -> None:
        """A branch: of one sample on anything, of a batch on parameters, or on a number from the surroundings."""
        name = self.fresh()
        on = self.condition(1) if self.branches else f"{self.draw.choice(self.parameters)} > 0.2"
        if self.draw.random() < 0.3:
            on = self.draw.choice(["K[0] > 1", "K[0] == 1", "MODE['k'] != 0"])
        self.lines += [
            f"if {on}:",
            f"    {name} = {self.scalar(2)}",
            "else:",
            f"    {name} = {self.scalar(2)}",
        ]
        self.scalars.append(name)
