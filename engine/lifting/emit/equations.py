"""Steps -> equations: each an array or its elements, with what is read once written where it is read.

An equation is open while more may be added to it, or while its result may be written where it is read; it is closed,
and gets its line, when something reads it that cannot hold it, or before something that it reads changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np

from engine.lifting.emit.addition import added
from engine.lifting.emit.elements import PRODUCTS, RUNS, Picked, Runs, of_elements, places, reading, reduces
from engine.lifting.emit.index_form import NoLoopsError, equation
from engine.lifting.emit.matrix_form import has_matrix_form, written_number
from engine.lifting.emit.notation import Notation
from engine.lifting.emit.step_sides import defines_all, sources_read, step_value, whole_side, zeros
from engine.lifting.expr import OVER, PYTHON, Expr, Spelling, show, without_sign
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Shape, Source, View

WrittenEquation: TypeAlias = "tuple[Expr, Expr, list[Expr]]"  # left, right, ranges

DEEPEST = 40  # operations inside one another in a formula: of a longer chain, nobody reads one line


class Line(NamedTuple):
    """One equation: where it stands, what it writes, by which sign, and what that is, over which ranges."""

    at: float
    left: Expr
    sign: str
    right: Expr
    ranges: Sequence[Expr] = ()

    def text(self, by: Spelling = PYTHON) -> str:
        """Return the line."""
        over = f"  for {', '.join([show(x, by) for x in self.ranges])}" if self.ranges else ""
        return f"{show(self.left, by)} {self.sign} {show(self.right, by)}{over}"

    def __str__(self) -> str:
        return self.text()


def equations(steps: Steps) -> tuple[list[Line], Notation, str]:
    """Return the equations of steps in order, the notation that they are in, and the name of the value."""
    everything = [*steps.forward, *steps.backward]
    last = {step.target.source: k for k, step in enumerate(everything)}
    read = Counter(source for step in everything for x in step.operands for source in x.sources)
    lists = frozenset(source for source in read if source.kind == "constant" and read[source] == 1)
    notation = Notation({source.name for source in steps.sources} | {"N"}, lists=lists)
    page = _Page(_read_once(steps), last, notation, {source for x in steps.roots for source in x.sources})
    for k, step in enumerate(everything):
        page.write(k, step)
    page.finish(steps)
    result = page.result(steps)
    return sorted(page.lines, key=lambda line: line.at), page.notation, result


def _read_once(steps: Steps) -> set[Source]:
    """Return the results that are written where they are read: of one reading, after all that writes them."""
    everything = [*steps.forward, *steps.backward]
    read = Counter(source for step in everything for x in step.operands for source in x.sources)
    reader = {source: k for k, step in enumerate(everything) for x in step.operands for source in x.sources}
    last = {step.target.source: k for k, step in enumerate(everything)}
    returned = {source for x in steps.roots for source in x.sources}
    return {
        source
        for source, k in last.items()
        if read[source] == 1
        and k < reader[source]
        and source.kind == "value"
        and source not in returned
        and not _in_the_notes(source)
    }


def _in_the_notes(source: Source) -> bool:
    """Whether this has a line of its own: a quantity of the notes, z, a, or dz, or a variable of the author's."""
    named = source.origin is not None and bool(source.origin.variable)
    return named or bool(source.role) or (source.of is not None and source.of.role == "z")


@dataclass
class _Open:
    """An equation that may still go on, or be written where its result is read.

    Attributes
    ----------
    at
        The number of the last step in it, which is where its line stands.
    steps
        What it is made of, which is added up.
    value
        A tree of readings, or an expression of whole arrays.
    by_element, defines, adds
        Which of the two; whether it is of all of its array; whether it adds to what lines before have put there.
    within, reads
        Equations that are written in it, and the sources that it reads with these.
    """

    at: int
    steps: list[Step]
    value: Expr
    by_element: bool
    defines: bool
    adds: bool
    within: list[tuple[Source, _Open]]

    reads: set[Source] = field(init=False)

    def __post_init__(self) -> None:
        own = {source for step in self.steps for source in sources_read(step)}
        self.reads = own.union(*[x.reads for _, x in self.within])

    @property
    def depth(self) -> int:
        """How many equations are within one another."""
        return 1 + max([x.depth for _, x in self.within], default=0)


@dataclass
class _Page:
    """The equations written so far, and those that are open."""

    once: set[Source]
    last: dict[Source, int]  # the number of the step that writes each last
    notation: Notation
    returned: set[Source]
    lines: list[Line] = field(default_factory=list)
    open: dict[Source, _Open] = field(default_factory=dict)
    zeros: dict[Source, float] = field(default_factory=dict)  # arrays of zeros, and where they were made
    begun: set[Source] = field(default_factory=set)
    zeroed: int | None = None  # where all named arrays were
    picked: dict[Source, _Open] = field(default_factory=dict)  # elements of other arrays, which have no line

    def write(self, k: int, step: Step) -> None:
        """Write a step, or open an equation with it."""
        source = step.target.source
        if step.op == "fill" and source.kind == "gradient":  # of all named arrays
            self.zeroed = k
            return
        if step.op == "fill" and step.target.is_whole() and step.operands[0] == Literal(0.0):
            self.zeros[source] = k
            return
        if source.kind in ("parameter", "slot") and self.zeroed is not None:
            self.zeros.setdefault(source, self.zeroed)
        by_element = self._by_element(step)
        within = self._within(k, step, by_element)
        inlined = {s: x.value for s, x in within}
        equation_ = _Open(
            k, [step], step_value(step, by_element, inlined), by_element, defines_all(step), step.accumulate, within
        )
        for other in [s for s, x in self.open.items() if s is not source and source in x.reads]:
            self.close(other)
        if by_element and self._only_picks(equation_):
            self.picked[source] = equation_
        else:
            self._put(source, equation_)

    def _only_picks(self, new: _Open) -> bool:
        """Whether a step only picks elements, which are named wherever they are read, and stay as they are."""
        source, picked = new.steps[0].target.source, new.value.leaf
        stays = all(self.last.get(s, -1) < new.at for s in new.reads) and self.last[source] == new.at
        first = source not in self.begun and source.kind == "value" and source not in self.returned
        return isinstance(picked, Picked) and picked.chooser is None and stays and first and new.defines

    def _within(self, k: int, step: Step, by_element: bool) -> list[tuple[Source, _Open]]:
        """Return the equations that are written in that of a step; close those of all else that it reads."""
        sources = dict.fromkeys(sources_read(step))
        return [(source, x) for source in sources if (x := self._taken(source, k, step, by_element)) is not None]

    def _by_element(self, step: Step) -> bool:
        """Whether a step is written element by element."""
        known = [*sources_read(step), step.target.source]
        for s in sources_read(step):
            equation = self.open.get(s)
            if equation is not None and equation.by_element and (s not in self.once or step.op in PRODUCTS):
                self.close(s)
        if not has_matrix_form(step) or any(self.notation.table(s) is not None or s in self.picked for s in known):
            return True
        read = [self.open[s] for s in sources_read(step) if s in self.open and s in self.once]
        return step.op not in PRODUCTS and any(x.by_element and x.defines for x in read)

    def _taken(self, source: Source, k: int, step: Step, by_element: bool) -> _Open | None:
        """Return the equation of a source that is to be written where a step reads it; close any other."""
        self._begin(source, k)
        equation = self.picked.get(source, self.open.get(source))
        if equation is None:
            return None
        chosen = any(isinstance(x, Gather) and x.chosen is not None and x.source is source for x in step.operands)
        if source in self.picked:
            if not chosen:
                return equation
            self.open[source] = self.picked.pop(source)
        size = sum(
            x.size if isinstance(x, View) else int(np.prod(x.shape)) for x in step.operands if source in x.sources
        )
        runs = by_element and reduces(equation.value)
        fits = not (by_element and chosen) and not (
            runs and (size > source.size or step.op in (*PRODUCTS, *RUNS, "repeat"))
        )
        if (
            source in self.once
            and equation.defines
            and not equation.adds
            and equation.by_element == by_element
            and fits
            and equation.depth < DEEPEST
        ):
            return self.open.pop(source)
        self.close(source)
        return None

    def _begin(self, source: Source, k: float) -> None:
        """Say that an array is zero, before step k reads it or adds to parts of it."""
        if source in self.zeros and not any(source in known for known in (self.begun, self.open, self.picked)):
            self.begun.add(source)
            table = self.notation.table(source)
            shape = source.shape if table is None else tuple([int(column.max()) + 1 for column in table])
            self.lines.append(Line(k - 0.5, Expr(source.name), "=", zeros(source, shape)))

    def _put(self, source: Source, new: _Open) -> None:
        """Open an equation, or go on with the one that is open."""
        known = self.open.get(source)
        if known is None and source not in self.begun:
            new.adds = new.adds and source not in self.zeros
            if not new.defines:
                if self._as_sum(source, new):
                    return
                self.zeros.setdefault(source, new.at)
                self._begin(source, new.at)
                new.adds = new.steps[0].accumulate
        elif new.adds and known is not None and known.defines and new.defines and known.by_element == new.by_element:
            known.value = added(known.value, new.value)
            known.at = new.at
            known.steps += new.steps
            known.within += new.within
            known.reads |= new.reads
            return
        elif known is not None:
            self.close(source)
        self.open[source] = new
        self.begun.add(source)
        if not new.defines:
            self.close(source)

    # --- lines -------------------------------------------------------------------------------------------------

    def close(self, source: Source) -> None:
        """Write the line of an equation."""
        equation = self.open.pop(source)
        left, right, ranges = (self._by_elements if equation.by_element else self._by_arrays)(source, equation)
        positive = without_sign(right) if equation.adds else None
        sign = "=" if not equation.adds else "+=" if positive is None else "-="
        self.lines.append(Line(equation.at, left, sign, right if positive is None else positive, ranges))

    def _as_sum(self, source: Source, new: _Open) -> bool:
        """Write what is added to an array of zeros as its elements' sums, if each has terms, and loops count them."""
        step, where = new.steps[0], places(new.steps[0])
        counts = np.bincount(where.at, minlength=source.size)
        if not (new.by_element and new.adds) or step.op != "scatter" or where.chooser is not None or not counts.all():
            return False
        if reduces(new.value):
            return False
        terms = of_elements(new.value, np.argsort(where.at, kind="stable"))
        total = Expr(Runs(counts, (), step.batched is False and step.operands[1].batched), "sum" + OVER, (terms,))
        notation = self.notation.copied()
        try:
            whole = Picked(source, np.arange(source.size))
            left, right, ranges = equation(notation, whole, total, source.shape, True)
        except NoLoopsError:
            return False
        if len(notation.constants) > len(self.notation.constants):
            return False
        self.notation = notation
        self.begun.add(source)
        self.lines.append(Line(new.at, left, "=", right, ranges))
        return True

    def _by_arrays(self, source: Source, equation: _Open) -> tuple[Expr, Expr, Sequence[Expr]]:
        return whole_side(source, equation.steps[0], equation.defines), equation.value, ()

    def _by_elements(self, source: Source, equation: _Open) -> tuple[Expr, Expr, Sequence[Expr]]:
        step = equation.steps[0]
        where = Picked(source, np.arange(source.size)) if equation.defines else places(step)
        shape = source.shape if equation.defines else step.gather().shape if step.op == "scatter" else step.target.shape
        defines = equation.defines and not equation.adds
        try:
            return self._equation(where, equation.value, shape, defines)
        except NoLoopsError:
            for inner, x in equation.within:
                self.picked.pop(inner, None)
                self.open[inner] = x
                self.close(inner)
            values = [step_value(step, True, {}) for step in equation.steps]
            value = values[0]
            for more in values[1:]:
                value = added(value, more)
            return self._equation_or_table(where, value, shape, defines)

    def _equation_or_table(self, where: Picked, value: Expr, shape: Shape, defines: bool) -> WrittenEquation:
        """Return an equation by its elements, whose places are tables where no loops count them."""
        try:
            return self._equation(where, value, shape, defines)
        except NoLoopsError:
            return equation(self.notation, where, value, shape, defines, tabled=True)

    def _equation(self, where: Picked, value: Expr, shape: Shape, defines: bool) -> WrittenEquation:
        """Return an equation by its elements; the notation grows only if there is one."""
        notation = self.notation.copied()
        result = equation(notation, where, value, shape, defines)
        self.notation = notation
        return result

    def finish(self, steps: Steps) -> None:
        """Write what is open, and the arrays that stay zero."""
        for source in list(self.open):
            self.close(source)
        for source in self.zeros:
            if source.kind != "value":
                self._begin(source, len(steps.forward) + len(steps.backward))

    def result(self, steps: Steps) -> str:
        """Return the name of the value, which gets a line if it is not what a line defines."""
        root = steps.roots[0]
        if isinstance(root, View) and root.is_whole() and root.source.kind == "value":
            return root.source.name
        name = next(x for x in ("loss", "value", *[f"value{k}" for k in range(99)]) if x not in self.notation.taken)
        shape = root.shape
        source = Source(name, shape, "value", root.batched)
        value = written_number(root) if isinstance(root, Literal) else reading(root, shape, {})
        whole = Picked(source, np.arange(source.size))
        left, right, ranges = self._equation_or_table(whole, value, shape, bool(shape))
        self.lines.append(Line(len(steps.forward) - 0.25, left, "=", right, ranges))
        return name
