"""The module that a lifted program is: imports, `build`, and in it `forward` and `backward`."""

from __future__ import annotations

import builtins
import linecache
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import count
from types import CodeType
from typing import Any

import numpy as np

from engine.lifting.emit.numpy_text import NUMPY, STRIDED
from engine.lifting.emit.views import tuple_text
from engine.lifting.emit.writer import Writer, plain_numbers, write_steps
from engine.lifting.external import Argument, Outside
from engine.lifting.ir import Literal, Source, Step, Steps, View

NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_numbers = count(1)


@dataclass(frozen=True)
class Emitted:
    """Source text, the long constants it is handed, and what its functions take.

    Attributes
    ----------
    text, constants
        The module, and arrays that are too long to be written out.
    forward, backward
        The functions' arguments, in order.
    rounded
        What numbers of the text stand for that the compiler folded: the size of the float -> the exact fraction.
    """

    text: str
    constants: tuple[np.ndarray, ...]
    forward: tuple[Argument, ...]
    backward: tuple[Argument, ...]
    rounded: dict[float, Fraction]

    @property
    def integers(self) -> tuple[int, ...]:
        """The integer inputs that its functions compute with, and so want as numbers too, in order."""
        arguments = {*self.forward, *self.backward}
        return tuple(sorted([a.number for a in arguments if a.kind == "numbers"]))

    @cached_property
    def code(self) -> CodeType:
        """The text, compiled; tracebacks through it show its lines."""
        name = f"<lifted {next(_numbers)}>"
        linecache.cache[name] = (len(self.text), None, self.text.splitlines(True), name)
        return compile(self.text, name, "exec")

    def load(self, modules: Mapping[str, Any] | None = None, **instead: Any) -> dict[str, Any]:
        """Run the text and return its names.

        Parameters
        ----------
        modules
            What it gets in place of the packages that it imports.
        instead
            What it gets for names of built-in functions.
        """
        namespace: dict[str, Any] = {}
        if modules is not None:

            def find(name: str, *rest: Any) -> Any:
                return modules.get(name.partition(".")[0]) or __import__(name, *rest)

            namespace["__builtins__"] = {**vars(builtins), **instead, "__import__": find}
        exec(self.code, namespace)
        return namespace


def emit(
    title: str,
    layout: Steps,
    forward: Sequence[Step],
    backward: Sequence[Step],
    outside: Outside,
    reduction: str,
) -> Emitted:
    """Write the module.

    Parameters
    ----------
    title
        First line of its docstring.
    layout
        Where the results are.
    forward, backward
        Its steps and their adjoints, lowered.
    outside
        What the caller passes.
    reduction
        "mean", "sum" or "none" over the samples of a batch; "" where there is no batch.
    """
    writer = Writer(NUMPY, outside.arrays, {}, last_readings(layout, forward, backward), written=set(outside.taken))
    writer.plain = plain_numbers([*forward, *backward], layout.sources)
    write_steps(writer, forward, 0)
    returned = _returned(writer, layout, reduction)
    forward_lines, forward_takes = writer.body, outside.arguments(writer.used)
    writer.body, writer.used, writer.local = [], set(), {}
    write_steps(writer, backward, len(forward))
    backward_takes = outside.arguments(writer.used)
    functions = _function("forward", forward_takes, [*forward_lines, f"return {returned}"])
    functions += _function("backward", backward_takes, writer.body or ["pass"])
    body = [*_read(writer.build, functions), "", *functions, "return forward, backward"]
    imports = "import numpy as np\n" + ("\nfrom engine.functions import erf\n" if writer.erf else "")
    text = f'"""{legal_title(title)}"""\n\n{imports}{STRIDED if writer.strided else ""}\n\n'
    text += "def build(N=1, dtype=np.float64, constants=()):\n"
    text += "".join(f"    {line}\n" if line else "\n" for line in body)
    return Emitted(text, tuple(writer.constants), forward_takes, backward_takes, writer.rounded)


def legal_title(title: str) -> str:
    """Return a title as a docstring can hold it: a label or a function's name may hold anything."""
    return "".join([c if c.isprintable() and c not in '"\\' else " " for c in title])


def _read(build: Sequence[str], functions: Sequence[str]) -> list[str]:
    """Leave out what `build` would make for nobody."""
    return needed(build, names_in("\n".join(functions)))


def needed(lines: Sequence[str], read: set[str]) -> list[str]:
    """Return those assignments whose name is read, by what comes after or by a line that is kept."""
    kept = []
    for line in reversed(lines):
        name, value = line.split(" = ", 1)
        if name in read:
            read |= names_in(value)
            kept.append(line)
    return kept[::-1]


def names_in(text: str) -> set[str]:
    """Return the names that a text reads; what follows a dot is no name.

    >>> sorted(names_in("np.add(x1, 2.0e5, out=z1)"))
    ['np', 'out', 'x1', 'z1']
    """
    return set(NAME.findall(text))


def _function(name: str, takes: Sequence[Argument], body: Sequence[str]) -> list[str]:
    return [f"def {name}({', '.join([a.name for a in takes])}):", *[f"    {line}" for line in body], ""]


def last_readings(layout: Steps, forward: Sequence[Step], backward: Sequence[Step]) -> dict[Source, int]:
    """Return when each source is read last, counting steps forward then backward."""
    last: dict[Source, int] = {}
    for now, step in enumerate([*forward, *backward]):
        for x in step.operands:
            if not isinstance(x, Literal):
                last[x.source] = now
        if not step.target.is_whole():
            last[step.target.source] = max(last.get(step.target.source, 0), now + 1)
    for root in layout.roots:
        if isinstance(root, View):
            last[root.source] = len(forward) + len(backward) + 1
    return last


def _returned(writer: Writer, layout: Steps, reduction: str) -> str:
    """Return the expression for the value, and for the guards' conditions if there are any."""
    root, *guards = layout.roots
    text = writer.text(root)
    if isinstance(root, Literal) or not root.batched:  # the same for all samples
        one = text if isinstance(root, Literal) else f"float({text})"
        value = {"sum": f"{one} * N", "none": f"np.full(N, {one})"}.get(reduction, one)
    elif reduction == "none":
        value = f"{text}.copy()"
    elif reduction == "sum":
        value = f"float(np.add.reduce({text}))"
    else:
        value = f"float(np.add.reduce({text})) / N"
    if not guards:
        return value
    return f"{value}, {tuple_text([writer.text(g) for g in guards])}"
