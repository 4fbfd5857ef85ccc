"""Steps of few elements by Python's floats, beside those by arrays: which numbers are newer where, and what moves.

    np.dot(x, w, out=z)            an array step
    e = exp(z.item(0) + b)         a scalar step reads an element, once
    dz[0] = e * g                  what it gives goes to the array when an array step reads that

A number is computed once and never changes: a sum that grows is another number each time. So it may be written where
it is used, and the backward pass finds those of the forward pass that it needs in `kept`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.lifting.emit.expressions import SYMBOLS, SingleNumber, StoreLine, written_out
from engine.lifting.emit.numpy_store import make_room
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import NAMES, Writer
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Operand, Source, View

WIDTH = 100  # characters of a line of names


@dataclass
class Scalars:
    """The numbers of a text.

    Attributes
    ----------
    writer
        Of the text.
    scalar
        The steps that are written as expressions.
    known
        The number of each element of a source, where there is one.
    newer
        Which of these the array does not have.
    filled
        Arrays that hold one number in every element that is not known.
    unwritten
        The fills of these that no array step has needed so far.
    met
        The sources of scalar steps.
    every
        All numbers that are no literals, in the order in which they are computed.
    crossing
        Those of the forward pass that the backward pass reads.
    """

    writer: Writer
    scalar: frozenset[Step]
    known: dict[Source, dict[int, SingleNumber]] = field(default_factory=dict)
    newer: dict[Source, set[int]] = field(default_factory=dict)
    filled: dict[Source, SingleNumber] = field(default_factory=dict)
    unwritten: dict[Source, Step] = field(default_factory=dict)
    met: set[Source] = field(init=False)
    every: list[SingleNumber] = field(default_factory=list)
    crossing: dict[SingleNumber, str] = field(default_factory=dict)
    done: dict[tuple[object, ...], SingleNumber] = field(default_factory=dict)
    literals: dict[str, SingleNumber] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    backward: bool = False

    def __post_init__(self) -> None:
        self.met = {source for step in self.scalar for x in (*step.operands, step.target) for source in x.sources}

    def write_arrays(self, step: Step) -> None:
        """Write an array step, once all that it reads is in arrays."""
        target = step.target.source
        read = [source for x in step.operands for source in x.sources]
        if self.met.isdisjoint(read) and target not in self.met:
            self.writer.write([step])
            return
        for source in read:
            self.store(source)
        whole = step.target.is_whole() and not step.accumulate
        if not whole:
            self.store(target)
        for state in (self.known, self.newer, self.filled, self.unwritten):
            state.pop(target, None)
        if step.op == "fill" and whole:
            self.filled[target] = self.literal(step.operands[0])
        if step.op == "fill" and whole and target.kind == "value" and target in self.met:
            self.unwritten[target] = step
        else:
            self.writer.write([step])

    def store(self, source: Source) -> None:
        """Put the elements that are newer as numbers into their array."""
        if source in self.unwritten:
            self.writer.write([self.unwritten.pop(source)])
        places = self.newer.pop(source, None)
        if not places:
            return
        make_room(self.writer, source)
        name, known = self.writer.variable(source), self.known[source]
        for k in sorted(places):
            index = ", ".join([str(int(i)) for i in np.unravel_index(k, source.shape)]) if source.shape else "()"
            self.writer.body.append(StoreLine(f"{name}[{index}]", self.used(known[k])))

    def finish(self) -> None:
        """Put what the caller gets into the caller's arrays."""
        for source in list(self.newer):
            if source.kind != "value":
                self.store(source)

    # --- numbers -----------------------------------------------------------------------------------------------

    def used(self, number: SingleNumber) -> SingleNumber:
        """Return a number, one use of which is written."""
        number.uses += 1
        if self.backward and not number.backward and not number.literal and (number.op or number.own_line):
            self.crossing.setdefault(number, "")
        return number

    def literal(self, x: Operand) -> SingleNumber:
        """Return a number that is written out, or is computed of the number of samples."""
        assert isinstance(x, Literal)
        text = self.writer.literal(x)
        if text not in self.literals:
            self.literals[text] = SingleNumber(text, literal=not x.batch_power)
        return self.literals[text]

    def element(self, source: Source, k: int) -> SingleNumber:
        """Return one element of a source."""
        known = self.known.setdefault(source, {})
        if k not in known:
            if source.value is not None:
                known[k] = self.literal(Literal(float(source.value.reshape(-1)[k])))
            elif source in self.filled:
                known[k] = self.filled[source]
            else:
                place = str(k) if source.size > 1 else ""
                known[k] = SingleNumber(
                    f"{self.writer.variable(source)}.item({place})",
                    hint=called(source, k),
                    own_line=True,
                    backward=self.backward,
                )
                self.every.append(known[k])
                self.writer.body.append(known[k])
        return known[k]

    def set(self, source: Source, k: int, number: SingleNumber, accumulate: bool = False) -> None:
        """Give an element a number, or add it to the one that is there."""
        if accumulate:
            before = self.element(source, k)
            number = number if _is_zero(before) else self.operate("add", (before, number), called(source, k))
        self.known.setdefault(source, {})[k] = number
        self.newer.setdefault(source, set()).add(k)

    def operate(self, op: str, args: tuple[SingleNumber, ...], hint: str) -> SingleNumber:
        """Return the number that an operation gives, which is computed once."""
        if op == "square":
            op, args = "multiply", (args[0], args[0])
        same = _same(op, args)
        if same is not None:
            return same
        op, args = _without_signs(op, args)
        if op == "negative" and args[0].op == "negative":
            return args[0].args[0]
        if op == "multiply" and "negative" in (args[0].op, args[1].op):
            x, y = (arg.args[0] if arg.op == "negative" else arg for arg in args)
            product = self.operate("multiply", (x, y), f"{hint}_positive")
            return product if args[0].op == args[1].op else self.operate("negative", (product,), hint)
        if args[0].literal and args[-1].literal:
            args = self._computed(args)
        key = (op, *args)
        if key not in self.done:
            if op != "float" and op not in SYMBOLS and op != "negative":
                self._function(op)
            elif op == "divide" and not _divides(args[1]):
                op = "divided"
                self._function("divided", "divide")
            number = SingleNumber(op=op, args=tuple(map(self.used, args)), hint=hint, backward=self.backward)
            self.every.append(number)
            self.writer.body.append(number)
            self.done[key] = number
        return self.done[key]

    def _computed(self, args: tuple[SingleNumber, ...]) -> tuple[SingleNumber, ...]:
        """Return numbers of which one is computed: between literals nothing is folded here."""
        if not all(arg.literal for arg in args):
            return args
        text = f"{self.writer.call('full', '()', args[0].text, 'dtype')}.item()"
        return (SingleNumber(self.writer.hoist(text, "number", "number")), *args[1:])

    def _function(self, op: str, rule: str = "") -> None:
        if op not in self.functions:
            rule = rule or op
            self.functions[op] = self.writer.fresh(NAMES.get(rule, rule))
            self.writer.scalar_forms[rule] = self.functions[op]

    def newest(self, x: Operand) -> SingleNumber | None:
        """Return the number of an operand of one element that its array does not have."""
        if not isinstance(x, View) or x.size != 1 or x.offset not in self.newer.get(x.source, ()):
            return None
        return self.known[x.source][x.offset]

    # --- lines that are known at the end -----------------------------------------------------------------------

    def named(self, number: SingleNumber) -> str:
        """Return the name of a number that is returned."""
        self.used(number)
        if number.op or number.own_line:
            number.name = number.name or self.writer.fresh(number.hint)
            return number.name
        return number.text

    def settle(self) -> tuple[list[str], list[str]]:
        """Give all numbers their text; return the last lines of `forward` and the first of `backward`."""
        for number in self.crossing:
            number.name = number.name or self.writer.fresh(number.hint)
        written_out(self.every, self.functions, self.writer.fresh)
        if not self.crossing:
            return [], []
        stack = self.writer.fresh("kept")
        self.writer.build.append(f"{stack} = []")
        first, *rest = _lines([number.name for number in self.crossing])
        *start, last = first, *rest
        return [f"{stack}[:] = {first}", *rest], [*start, f"{last} = {stack}"]


def _lines(names: Sequence[str]) -> list[str]:
    """Return a tuple of names as lines."""
    if sum(map(len, names)) + 2 * len(names) < WIDTH:
        return [tuple_text(names)]
    lines = ["(", ""]
    for name in names:
        if len(lines[-1]) + len(name) > WIDTH:
            lines.append("")
        lines[-1] += f" {name}," if lines[-1] else f"    {name},"
    return [*lines, ")"]


def called(source: Source, k: int) -> str:
    """Return what an element of a source would be called."""
    return source.name if source.size == 1 else f"{source.name}_{k}"


def _without_signs(op: str, args: tuple[SingleNumber, ...]) -> tuple[str, tuple[SingleNumber, ...]]:
    """Return a sum or difference of numbers without their signs: x + -y is x - y, to the sign of a zero."""
    if op in ("add", "subtract"):
        x, y = args
        if y.op == "negative":
            op, y = "subtract" if op == "add" else "add", y.args[0]
        if op == "add" and x.op == "negative":
            op, x, y = "subtract", y, x.args[0]
        args = (x, y)
    return op, args


def _is_zero(x: SingleNumber) -> bool:
    return x.literal and x.text == "0.0"


def _divides(x: SingleNumber) -> bool:
    """Whether a divisor cannot be zero."""
    return x.literal and x.text not in ("0.0", "-0.0")


def _same(op: str, args: tuple[SingleNumber, ...]) -> SingleNumber | None:
    """Return the operand that an operation gives back as it is, to the sign of a zero."""
    if op == "multiply":
        return args[1] if args[0].text == "1.0" else args[0] if args[1].text == "1.0" else None
    return args[0] if op == "subtract" and args[1].text == "0.0" else None
