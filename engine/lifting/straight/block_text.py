"""One block as lines of Python: a loop where its body is computed several times, else the body alone.

for i0, i1 in table1:                           for r1, i0, i1 in zip(reversed(kept1), reversed(table1)):
    r1 = v[i1]                                      d0 = pop()
    x0 = v[i0] * r1                                 g[i0] += d0 * r1
    put(x0)                                         ...
    kept1.append(r1)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.lifting.emit.views import tuple_text
from engine.lifting.straight.blocks import Before, TableColumn
from engine.lifting.straight.body import Body, BodyLine
from engine.lifting.straight.local_rules import names_in
from engine.lifting.straight.printing import Printer
from engine.lifting.views import Indices

INDENT = "    "


@dataclass(frozen=True)
class BlockText:
    """What writes a block.

    Attributes
    ----------
    body, places
        What is written, and where each slot's number is found.
    kept, table
        What the text calls what is kept for the backward lines, and the table of places; "" where there is none.
    printer
        Of expressions.
    """

    body: Body
    places: Indices
    kept: str
    table: str
    printer: Printer

    @property
    def _repeated(self) -> bool:
        return self.body.block.times > 1

    def indices(self) -> list[str]:
        """Return the variables of a table's row."""
        return [f"i{k}" for k in range(self.body.block.rows.shape[1])]

    def at(self, array: str, slot: int) -> str:
        """Return the number of a slot, or its cotangent."""
        return f"{array}[{int(self.places[slot])}]"

    def _looped(self, head: str, lines: Sequence[str]) -> list[str]:
        """Return lines as a loop's, where they are computed several times."""
        return [head, *[INDENT + line for line in lines or ["pass"]]] if self._repeated else [*lines]

    # --- forward -----------------------------------------------------------------------------------------------

    def forward(self, lines: Sequence[BodyLine]) -> list[str]:
        """Return the lines of `forward`."""
        body, block, inner = self.body, self.body.block, list[str]()
        read = [f"{name} = {self.at('v', x.slot)}" for name, x in body.fixed()]
        read += [f"{name} = {self.at('v', x.slot)}" for name, x in body.before()]
        inner += self.computed(lines)
        residuals = body.kept()
        if residuals and self._repeated:
            inner.append(f"{self.kept}.append({tuple_text(residuals)})")
        elif residuals:
            inner.append(f"{self.kept} = {tuple_text(residuals)}")
        if body.before():
            names, results = zip(*[(name, f"x{x.column}") for name, x in body.before()])
            inner.append(f"{', '.join(names)} = {', '.join(results)}")
        head = f"for {', '.join(self.indices())} in {self.table}:" if self.table else f"for _ in range({block.times}):"
        return [*read, *self._looped(head, inner), *[f"put(x{k})" for k in block.last]]

    def computed(self, lines: Sequence[BodyLine]) -> Iterator[str]:
        """Yield what is computed; what the table names is read when it is first used, which may be just computed."""
        unread = {name for x, name in self.body.names.items() if isinstance(x, TableColumn)}
        for name, sign, expr in lines:
            for row in dict.fromkeys(names_in(expr)):
                if row in unread:
                    unread.discard(row)
                    yield f"{row} = v[i{row[1:]}]"
            if int(name[1:]) in self.body.block.told:
                yield f"tell({self.printer.text(expr.args[0] if expr.op == 'float' else expr)})"
                continue
            yield f"{name} {sign} {self.printer.text(expr)}"
            if int(name[1:]) in self.body.block.kept:
                yield f"put({name})"

    # --- backward ----------------------------------------------------------------------------------------------

    def backward(self, lines: Sequence[BodyLine]) -> list[str]:
        """Return the lines of `backward`."""
        body = self.body
        before = [(name, x) for name, x in body.before() if name in body.differentiated]
        fixed = [(name, x) for name, x in body.fixed() if name in body.differentiated]
        out = [*self._begun(before), *[f"e{name[1:]} = 0.0" for name, _ in fixed]]
        out += [f"{name} = {self.at('v', x.slot)}" for name, x in body.fixed() if name in body.needed]
        out += self._unpacked(any(target.startswith("g[") for target, _, _ in lines), [*map(self.line, lines)])
        out += [f"{self.at('g', x.slot)} += e{name[1:]}" for name, x in fixed]
        return out + [f"{self.at('g', x.slot)} += h{name[1:]}" for name, x in before]

    def _begun(self, before: Sequence[tuple[str, Before]]) -> Iterator[str]:
        """Yield what the last time's results get: what was put last is taken first."""
        begun: set[str] = set()
        for k in reversed(self.body.block.last):
            names = [name for name, x in before if x.column == k]
            begun.update(names[:1])
            yield f"h{names[0][1:]} = pop()" if names else "pop()"
        yield from [f"h{name[1:]} = 0.0" for name, _ in before if name not in begun]

    def _unpacked(self, indexed: bool, lines: list[str]) -> list[str]:
        """Return a body's lines with what they read: what was kept, and the table's places; the last time first."""
        residuals, table = self.body.kept(), self.table if indexed else ""
        if not self._repeated:
            return [f"{tuple_text(residuals)} = {self.kept}", *lines] if residuals else lines
        indices = tuple_text(self.indices()) if len(self.indices()) > 1 else "".join(self.indices())
        read = [(tuple_text(residuals), self.kept)] if residuals else []
        read += [(indices, table)] if table else []
        if not lines:
            return []
        names, lists = ", ".join([name for name, _ in read]), ", ".join([f"reversed({x})" for _, x in read])
        whole = f"zip({lists})" if len(read) > 1 else lists
        head = f"for {names} in {whole}:" if read else f"for _ in range({self.body.block.times}):"
        return self._looped(head, lines)

    def line(self, line: BodyLine) -> str:
        """Return a line as text."""
        target, sign, expr = line
        text = ", ".join(map(self.printer.text, expr.args)) if expr.op == "tuple" else self.printer.text(expr)
        return f"{target} {sign} {text}" if target else text
