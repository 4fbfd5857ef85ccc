"""Blocks -> the module: `build`, and in it `forward` and `backward`, each block a loop over Python's floats.

conditions            of branches, where nothing is computed with them
v                     every number that is looked for later: the caller's, the constants, then results
g                     their cotangents; those of results are taken from its end when all has been added to them
table1                where a body's operands are in `v`, a row each time
kept1                 what a body's backward lines need of its forward ones, a tuple each time
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.lifting.emit.source import Emitted
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import printable
from engine.lifting.external import External
from engine.lifting.straight.block_text import INDENT, BlockText
from engine.lifting.straight.blocks import Blocks, Own, TableColumn, TapeBlock
from engine.lifting.straight.body import Body, BodyLine, backward_lines, body_of, differentiate_body, forward_lines
from engine.lifting.straight.local_rules import ONE
from engine.lifting.straight.phrase_text import backward_phrases, forward_phrases
from engine.lifting.straight.printing import Printer
from engine.lifting.views import Indices, Source

OWN_NAMES = re.compile(rf"({ONE}|kept|numbers|conditions|steps|table\d+)_*$")


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
    build, forward, backward
        Lines of the functions; those of `backward` block by block, in the order of the blocks.
    constants
        The arrays that the module is handed.
    states
        What `forward` leaves for `backward`.
    operations
        How many lines compute something, forward and backward.
    """

    blocks: Blocks
    printer: Printer
    derivable: npt.NDArray[np.bool_]
    literals: dict[int, str]
    build: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    backward: list[list[str]] = field(default_factory=list)
    constants: list[npt.NDArray[np.generic]] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["v"])
    operations: tuple[int, int] = (0, 0)

    def constant(self, array: npt.NDArray[np.generic], name: str, convert: str = "") -> str:
        """Hand an array to the module as a list; return what that is called."""
        self.constants.append(array)
        self.build.append(f"{name} = constants[{len(self.constants) - 1}]{convert}.tolist()")
        return name

    def write(self, number: int, block: TapeBlock) -> None:
        """Write a block's lines into both functions."""
        body = body_of(block, self.literals)
        self._differentiate(body)
        stack = f"kept{number}"
        text, forward, backward = self._lines(body, stack, f"table{number}" if block.rows.shape[1] else "")
        if body.kept():
            self.states.append(stack)
            self.forward += [f"{stack} = []"] if block.times > 1 else []
        self.forward += text.forward(forward)
        self.backward.append(text.backward(backward))

    def write_phrases(self, order: Indices) -> None:
        """Write all blocks, which come in this order, as one loop."""
        bodies = [body_of(block, self.literals) for block in self.blocks.blocks]
        known = -1
        while known != (known := int(self.derivable.sum())):  # what a phrase reads may be computed by a later one
            for body in bodies:
                self._differentiate(body)
        written = [self._lines(body, "", f"table{number}") for number, body in enumerate(bodies, 1)]
        rows = ", ".join([f"iter({text.table})" for text, _, _ in written])
        self.build.append(f"rows = [{rows}]")
        self.build.append(f"steps = [(phrase, next(rows[phrase])) for phrase in {self.constant(order, 'order')}]")
        self.states += ["kept1"] if any(body.kept() for body in bodies) else []
        self.forward += forward_phrases([(text, forward) for text, forward, _ in written], "kept1")
        self.backward.append(backward_phrases([(text, backward) for text, _, backward in written], "kept1"))

    def _lines(self, body: Body, stack: str, table: str) -> tuple[BlockText, list[BodyLine], list[BodyLine]]:
        """Return what writes a block, whose table, if it has one, is handed to the module, and its lines."""
        block, places = body.block, self.blocks.places
        once = (self.blocks.readings[block.rows] == 1).all(0).tolist()
        body.once.update([f"r{k}" for k, is_read_once in enumerate(once) if is_read_once])
        backward = backward_lines(body)
        forward = forward_lines(body)
        self.operations = self.operations[0] + len(forward), self.operations[1] + len(backward)
        rows = places[block.rows if block.rows.shape[1] != 1 or not stack else block.rows.reshape(-1)]
        named = self.constant(rows, table) if table else ""
        return BlockText(body, places, stack, named, self.printer), forward, backward

    def _differentiate(self, body: Body) -> None:
        """Say of which names a derivative is wanted; a row of a table may name results of the same block."""
        block, wanted = body.block, set[str]()
        while True:
            differentiate_body(body, wanted)
            own = {int(name[1:]) for name in body.differentiated if name[0] == "x"}
            self.derivable[block.slots[:, sorted(own & set(range(block.period)))]] = True
            known, wanted = wanted, set(self._wanted(body))
            if wanted == known:
                return

    def _wanted(self, body: Body) -> Iterator[str]:
        """Yield the names of what a body reads of which a derivative is wanted."""
        for x, name in body.names.items():
            assert not isinstance(x, Own)
            slots = body.block.rows[:, x.number] if isinstance(x, TableColumn) else np.array([x.slot])
            if self.derivable[slots].any():
                yield name


def straight_text(title: str, blocks: Blocks, external: External, wrt: str) -> tuple[Emitted, tuple[int, int]]:
    """Write the module; return it, and how many lines compute something forward and backward."""
    tape = blocks.tape
    derivable = np.zeros(len(blocks.places), bool)
    derivable[: tape.cells] = wrt in ("parameters", "all")
    first = tape.cells + sum(tape.inputs)
    derivable[tape.cells : first] = wrt in ("inputs", "all")
    text = _Text(blocks, Printer(set(external.taken)), derivable, tape.literals)
    if blocks.order is not None:
        text.write_phrases(blocks.order)
    else:
        for number, block in enumerate(blocks.blocks, 1):
            text.write(number, block)
    forward, takes = _forward(text, external)
    backward, gives = _backward(text, external, wrt)
    functions = [*_function("forward", external, takes, forward), *_function("backward", external, gives, backward)]
    one = f"{ONE} = np.full((), 1.0, dtype).item()"
    body = [*text.build, one, "kept = []", "", *functions, "return forward, backward"]
    module = f'"""{printable(title)}"""\n\nimport numpy as np\n\n{text.printer.imports()}\n\n'
    module += "def build(N=1, dtype=np.float64, constants=()):\n"
    module += "".join(f"{INDENT}{line}\n" if line else "\n" for line in body)
    arguments = external.arguments(takes), external.arguments(gives)
    return Emitted(module, tuple(text.constants), *arguments, {}, _branches(blocks)), text.operations


def _function(name: str, external: External, takes: set[Source], body: Sequence[str]) -> list[str]:
    """Return the lines of a function."""
    arguments = ", ".join([_called(argument.name) for argument in external.arguments(takes)])
    return [f"def {name}({arguments}):", *[INDENT + line for line in body], ""]


def _called(name: str) -> str:
    """Return what the text calls an argument: not as it calls what both functions find in `build`."""
    return f"{name}_" if OWN_NAMES.match(name) else name


def _forward(text: _Text, external: External) -> tuple[list[str], set[Source]]:
    """Return the lines of `forward`, and what it takes."""
    tape = text.blocks.tape
    takes = {*([external.theta] if tape.cells else []), *external.numbers}
    begin = [f"{external.theta.name}.tolist()"] if tape.cells else []
    begin += [f"{_called(x.name)}.reshape(-1).tolist()" for x in external.numbers]
    if len(tape.constants):
        begin.append(text.constant(tape.constants, "numbers", ".astype(dtype)"))
    value, *conditions = text.blocks.places[tape.roots].tolist()
    lines = [f"v = {' + '.join(begin) or '[]'}", "put = v.append", *text.forward]
    returned = f"v[{value}]"
    if text.blocks.told.any():
        lines[2:2] = ["conditions = []", "tell = conditions.append"]
        returned += ", conditions"
    elif conditions:
        returned += f", [v[i] for i in {text.constant(np.array(conditions), 'conditions')}]"
    return [*lines, f"kept[:] = {tuple_text(text.states)}", f"return {returned}"], takes


def _branches(blocks: Blocks) -> Indices | None:
    """Return which of the conditions that are told is that of each branch; None where they are in order."""
    if not blocks.told.any():
        return None
    places: Indices = np.cumsum(blocks.told)[blocks.tape.roots[1:]] - 1
    return None if np.array_equal(places, np.arange(blocks.told.sum())) else places


def _backward(text: _Text, external: External, wrt: str) -> tuple[list[str], set[Source]]:
    """Return the lines of `backward`, and what it takes."""
    tape, places = text.blocks.tape, text.blocks.places
    lines = [f"{tuple_text(text.states)} = kept", f"g = [0.0] * {text.blocks.length}", "pop = g.pop"]
    lines.append(f"g[{int(places[tape.roots[0]])}] += {ONE}")
    lines += [line for block in reversed(text.backward) for line in block]
    gives: list[Source] = []
    if wrt in ("parameters", "all") and tape.cells:
        gives.append(external.gradient)
        lines.append(f"{external.gradient.name}[...] = g[:{tape.cells}]")
    if wrt in ("inputs", "all"):
        start = tape.cells
        for slot, size in zip(external.slots, tape.inputs):
            gives.append(slot)
            lines.append(f"{_called(slot.name)}.reshape(-1)[...] = g[{start}:{start + size}]")
            start += size
    return lines, set(gives)
