"""Blocks -> the module: `build`, and in it `forward` and `backward`, each block a loop over Python's floats.

    v                     every number that is looked for later: the caller's, the constants, then results
    g                     their cotangents; those of results are taken from its end when all has been added to them
    table1                where a body's operands are in `v`, a row each time
    kept1                 what a body's backward lines need of its forward ones, a tuple each time
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.lifting.emit.source import Emitted
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import printable
from engine.lifting.external import External
from engine.lifting.straight.blocks import Block, Blocks, Row
from engine.lifting.straight.body import Body, Line, backward_lines, body_of, differentiate_body, forward_lines
from engine.lifting.straight.printing import Printer
from engine.lifting.views import Indices, Source

INDENT = "    "


@dataclass
class _Text:
    """The lines so far.

    Attributes
    ----------
    blocks, printer
        What is written, and by what.
    derivable
        Of each slot, whether a derivative by what lies there is wanted.
    literals
        Slots whose numbers are written out.
    readings
        How often each slot is read.
    build, forward, backward
        Lines of the functions; those of `backward` block by block, the last block's first.
    constants
        The arrays that the module is handed.
    states
        What `forward` leaves for `backward`.
    operations
        How many lines compute something, forward and backward.
    """

    blocks: Blocks
    printer: Printer
    derivable: np.ndarray
    literals: dict[int, str]
    readings: Indices
    build: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    backward: list[list[str]] = field(default_factory=list)
    constants: list[np.ndarray] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["v"])
    operations: tuple[int, int] = (0, 0)

    def place(self, slot: int) -> str:
        """Return where a slot's number is, as text."""
        return str(int(self.blocks.places[slot]))

    def constant(self, array: np.ndarray, name: str, convert: str = "") -> str:
        """Hand an array to the module as a list; return what that is called."""
        self.constants.append(array)
        self.build.append(f"{name} = constants[{len(self.constants) - 1}]{convert}.tolist()")
        return name

    # --- one block ---------------------------------------------------------------------------------------------

    def write(self, number: int, block: Block) -> None:
        """Write a block's lines into both functions."""
        body = body_of(block, self.literals)
        self._differentiate(body)
        read_once = (self.readings[block.rows] == 1).all(0) if len(block.rows) else []
        body.once = {f"r{k}" for k, once in enumerate(read_once) if once}
        backward = backward_lines(body)
        forward = forward_lines(body)
        self.operations = self.operations[0] + len(forward), self.operations[1] + len(backward)
        table = ""
        if block.rows.shape[1]:
            table = self.constant(self.blocks.places[block.rows].squeeze(), f"table{number}")
        self._write_forward(number, body, forward, table)
        self.backward.append(self._written_backward(number, body, backward, table))

    def _differentiate(self, body: Body) -> None:
        """Say of which names a derivative is wanted; a row of a table may name results of the same block."""
        block, wanted = body.block, None
        while wanted != (wanted := set(self._wanted(body))):
            differentiate_body(body, wanted)
            own = {int(name[1:]) for name in body.differentiated if name[0] == "x"}
            self.derivable[block.slots[:, sorted(own & set(range(block.run.period)))]] = True

    def _wanted(self, body: Body) -> Iterator[str]:
        """Yield the names of what a body reads of which a derivative is wanted."""
        for x, name in body.names.items():
            slots = body.block.rows[:, x.number] if isinstance(x, Row) else [x.slot]
            if name[0] in "rbf" and self.derivable[slots].any():
                yield name

    def _write_forward(self, number: int, body: Body, lines: Sequence[Line], table: str) -> None:
        block, out = body.block, self.forward
        out += [f"{name} = v[{self.place(slot)}]" for name, slot in body.fixed()]
        out += [f"{name} = v[{self.place(x.slot)}]" for name, x in body.before()]
        kept = sorted(name for name in body.needed if name[0] != "f")
        repeated = block.run.count > 1
        inner = INDENT if repeated else ""
        if repeated:
            out.append(f"for {_indices(block)} in {table}:" if table else f"for _ in range({block.run.count}):")
        elif table:
            out.append(f"{_indices(block)} = {table}")
        out += [inner + line for line in self._computed(body, lines)]
        if kept:
            self.states.append(f"kept{number}")
            if repeated:
                self.forward.insert(0, f"kept{number} = []")
                out.append(f"{inner}kept{number}.append({tuple_text(kept)})")
            else:
                out.append(f"kept{number} = {tuple_text(kept)}")
        if repeated and body.before():
            out.append(f"{inner}{', '.join([n for n, _ in body.before()])} = {', '.join([f'x{x.column}' for _, x in body.before()])}")
        out += [f"put(x{k})" for k in block.last]

    def _computed(self, body: Body, lines: Sequence[Line]) -> Iterator[str]:
        """Yield the forward lines; what the table names is read when it is first used, which may be just computed."""
        from engine.lifting.straight.local_rules import names_in

        unread = {name for x, name in body.names.items() if isinstance(x, Row)}
        for name, sign, expr in lines:
            for row in dict.fromkeys(names_in(expr)):
                if row in unread:
                    unread.discard(row)
                    yield f"{row} = v[i{row[1:]}]"
            yield f"{name} {sign} {self.printer.text(expr)}"
            if int(name[1:]) in body.block.kept:
                yield f"put({name})"

    def _written_backward(self, number: int, body: Body, lines: Sequence[Line], table: str) -> list[str]:
        block, derived = body.block, body.differentiated
        kept = sorted(name for name in body.needed if name[0] != "f")
        before = [(name, x) for name, x in body.before() if name in derived]
        out, begun = list[str](), set[str]()
        for k in reversed(block.last):
            names = [name for name, x in before if x.column == k]
            begun.update(names[:1])
            out.append(f"h{names[0][1:]} = pop()" if names else "pop()")
        out += [f"h{name[1:]} = 0.0" for name, _ in before if name not in begun]
        fixed = [(name, slot) for name, slot in body.fixed() if name in derived]
        out += [f"e{name[1:]} = 0.0" for name, _ in fixed]
        out += [f"{name} = v[{self.place(slot)}]" for name, slot in body.fixed() if name in body.needed]
        inner = INDENT if block.run.count > 1 else ""
        indexed = any(target.startswith("g[") for target, _, _ in lines)
        out += _loop(block, number, kept, table if indexed else "")
        out += [inner + self._line(line) for line in lines]
        if not lines and inner:
            out.append(f"{inner}pass")
        out += [f"g[{self.place(slot)}] += e{name[1:]}" for name, slot in fixed]
        return out + [f"g[{self.place(x.slot)}] += h{name[1:]}" for name, x in before]

    def _line(self, line: Line) -> str:
        target, sign, expr = line
        text = ", ".join(map(self.printer.text, expr.args)) if expr.op == "tuple" else self.printer.text(expr)
        return f"{target} {sign} {text}" if target else text


def _indices(block: Block) -> str:
    """Return the variables of a table's row."""
    return ", ".join([f"i{k}" for k in range(block.rows.shape[1])])


def _loop(block: Block, number: int, kept: Sequence[str], table: str) -> list[str]:
    """Return the line that begins a backward loop, the last time first."""
    names = tuple_text(kept) if kept else ""
    if block.run.count == 1:
        lines = [f"{names} = kept{number}"] if kept else []
        return [*lines, *([f"{_indices(block)} = {table}"] if table else [])]
    if kept and table:
        indices = _indices(block) if block.rows.shape[1] == 1 else f"({_indices(block)})"
        return [f"for {names}, {indices} in zip(reversed(kept{number}), reversed({table})):"]
    if table:
        return [f"for {_indices(block)} in reversed({table}):"]
    return [f"for {names} in reversed(kept{number}):" if kept else f"for _ in range({block.run.count}):"]


def straight_text(title: str, blocks: Blocks, external: External, wrt: str) -> tuple[Emitted, tuple[int, int]]:
    """Write the module; return it, and how many lines compute something forward and backward."""
    tape = blocks.tape
    derivable = np.zeros(len(blocks.places), bool)
    derivable[: tape.cells] = wrt in ("parameters", "all")
    first = tape.cells + sum(tape.inputs)
    derivable[tape.cells : first] = wrt in ("inputs", "all")
    literals = {first + k: repr(x) for k, x in enumerate(tape.constants.tolist()) if math.isfinite(x)}
    readings = np.bincount(np.append(tape.reads, tape.roots), minlength=len(blocks.places))
    text = _Text(blocks, Printer(set(external.taken)), derivable, literals, readings)
    for number, block in enumerate(blocks.blocks, 1):
        text.write(number, block)
    forward, takes = _forward(text, external)
    backward, gives = _backward(text, external, wrt)
    body = [*text.build, "one = np.full((), 1.0, dtype).item()", "kept = []", "", *forward, "", *backward, "", "return forward, backward"]
    module = f'"""{printable(title)}"""\n\nimport numpy as np\n\n{text.printer.imports()}\n\n'
    module += "def build(N=1, dtype=np.float64, constants=()):\n"
    module += "".join(f"{INDENT}{line}\n" if line else "\n" for line in body)
    arguments = external.arguments(takes), external.arguments(gives)
    return Emitted(module, tuple(text.constants), *arguments, {}), text.operations


def _forward(text: _Text, external: External) -> tuple[list[str], set[Source]]:
    """Return the lines of `forward`, and what it takes."""
    blocks, tape = text.blocks, text.blocks.tape
    takes = {*([external.theta] if tape.cells else []), *external.numbers}
    begin = [f"{external.theta.name}.tolist()"] if tape.cells else []
    begin += [f"{x.name}.reshape(-1).tolist()" for x in external.numbers]
    if len(tape.constants):
        begin.append(text.constant(tape.constants, "numbers", ".astype(dtype)"))
    value, *conditions = blocks.places[tape.roots].tolist()
    returned = f"v[{value}]"
    if conditions:
        returned += f", [v[i] for i in {text.constant(np.array(conditions), 'conditions')}]"
    names = [a.name for a in external.arguments(takes)]
    lines = [f"v = {' + '.join(begin) or '[]'}", "put = v.append", *text.forward]
    lines += [f"kept[:] = {tuple_text(text.states)}", f"return {returned}"]
    return [f"def forward({', '.join(names)}):", *[INDENT + line for line in lines]], takes


def _backward(text: _Text, external: External, wrt: str) -> tuple[list[str], set[Source]]:
    """Return the lines of `backward`, and what it takes."""
    blocks, tape = text.blocks, text.blocks.tape
    lines = [f"{tuple_text(text.states)} = kept", f"g = [0.0] * {blocks.length}", "pop = g.pop"]
    lines.append(f"g[{int(blocks.places[tape.roots[0]])}] = one")
    for block in reversed(text.backward):
        lines += block
    gives: list[Source] = []
    if wrt in ("parameters", "all") and tape.cells:
        gives.append(external.gradient)
        lines.append(f"{external.gradient.name}[...] = g[:{tape.cells}]")
    if wrt in ("inputs", "all"):
        start = tape.cells
        for slot, size in zip(external.slots, tape.inputs):
            gives.append(slot)
            lines.append(f"{slot.name}.reshape(-1)[...] = g[{start}:{start + size}]")
            start += size
    names = [a.name for a in external.arguments(set(gives))]
    return [f"def backward({', '.join(names)}):", *[INDENT + line for line in lines]], set(gives)
