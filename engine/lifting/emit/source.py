"""The module that a lifted program is: imports, `build`, and in it `forward` and `backward`."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import count
from types import CodeType
from typing import Any

import numpy as np

from engine.lifting.emit.conditions import conditions_text
from engine.lifting.emit.element_steps import write_steps
from engine.lifting.emit.numpy_scalars import Scalars
from engine.lifting.emit.numpy_text import NUMPY, OWN_FUNCTIONS
from engine.lifting.emit.writer import Writer, plain_numbers, printable
from engine.lifting.external import Argument, External
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Indices, Literal, Operand, Source, View

_numbers = count(1)

LONG = 200
"""Lines of `build` before which there is a branch: CPython's compiler moves all that stands before the first one for
each variable that `forward` and `backward` share with `build`, which is quadratic (3.11 to 3.13)."""


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
    branches
        Which of the conditions that it returns is that of each guard; None where they are in order.
    """

    text: str
    constants: tuple[np.ndarray, ...]
    forward: tuple[Argument, ...]
    backward: tuple[Argument, ...]
    rounded: dict[float, Fraction]
    branches: Indices | None = None

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
    steps: Steps,
    arrays: dict[Source, Source],
    external: External,
    reduction: str,
    scalar: frozenset[Step] = frozenset(),
) -> Emitted:
    """Write the module.

    Parameters
    ----------
    title
        First line of its docstring.
    steps
        Its operations, products by their kind and views of named arrays.
    arrays
        In which result's array each result lives.
    external
        What the caller passes.
    reduction
        "mean", "sum" or "none" over the samples of a batch; "" where there is no batch.
    scalar
        The steps that are written as expressions of single numbers.
    """
    writer = Writer(NUMPY, arrays, set(external.taken), plain_numbers(steps))
    scalars = Scalars(writer, scalar)
    write_steps(scalars, steps.forward)
    returned, branches = _returned(scalars, steps.roots, reduction)
    forward = writer.finished()
    scalars.backward = True
    write_steps(scalars, steps.backward)
    scalars.finish()
    backward = writer.finished()
    keeps, finds = scalars.settle()
    takes = external.arguments(touched(steps.forward, steps.roots)), external.arguments(touched(steps.backward))
    functions = _function("forward", takes[0], [*forward, *keeps, f"return {returned}"])
    functions += _function("backward", takes[1], [*finds, *backward] or ["pass"])
    first = ["assert N"] if len(writer.build) > LONG else []
    body = [*first, *writer.build, "", *functions, "return forward, backward"]
    text = f'"""{printable(title)}"""\n\n{_imports(writer)}{_functions(writer)}\n\n'
    text += "def build(N=1, dtype=np.float64, constants=()):\n"
    text += "".join(f"    {line}\n" if line else "\n" for line in body)
    return Emitted(text, tuple(writer.constants), *takes, writer.rounded, branches)


def _imports(writer: Writer) -> str:
    forms = [rule if rule == name else f"{rule} as {name}" for rule, name in writer.scalar_forms.items()]
    lines = ["from engine.error_function import erf\n"] if "erf" in writer.uses else []
    lines += [f"from engine.scalar_forms import {', '.join(sorted(forms))}\n"] if forms else []
    return "import numpy as np\n" + ("\n" if lines else "") + "".join(lines)


def _functions(writer: Writer) -> str:
    """Return the functions of its own that a text uses."""
    return "".join([text for name, text in OWN_FUNCTIONS.items() if name in writer.uses])


def touched(steps: Sequence[Step], roots: Sequence[Operand] = ()) -> set[Source]:
    """Return the sources that steps read and write, and those of what is returned."""
    sources = {source for step in steps for x in (step.target, *step.operands) for source in x.sources}
    return sources | {source for x in roots for source in x.sources}


def _function(name: str, takes: Sequence[Argument], body: Sequence[object]) -> list[str]:
    written = [line for line in map(str, body) if line]  # numbers that are parts of others have no line
    idle = [a[0] == b[0] == "#" for a, b in zip(written, [*written[1:], "#"])]  # nothing is written under it
    lines = [f"    {line}" for line, is_idle in zip(written, idle) if not is_idle]
    return [f"def {name}({', '.join([a.name for a in takes])}):", *lines, ""]


def _returned(scalars: Scalars, roots: Sequence[Operand], reduction: str) -> tuple[str, Indices | None]:
    """Return the expression for the value, and the guards' conditions if there are any, and which is which guard's."""
    value, *guards = roots
    text = _value(scalars, value, reduction)
    if not guards:
        return text, None
    conditions, branches = conditions_text(scalars, guards, in_batch=bool(reduction))
    return f"{text}, {conditions}", branches


def _value(scalars: Scalars, root: Operand, reduction: str) -> str:
    """Return the expression for the value."""
    if isinstance(root, View) and root.shape:
        return _several(scalars, root, reduction)
    number = scalars.newest(root)
    return _one(scalars.writer.text(root) if number is None else scalars.named(number), root, reduction)


def _one(text: str, root: Operand, reduction: str) -> str:
    """Return the expression for one value."""
    if isinstance(root, Literal) or not root.batched:  # the same for all samples
        one = text if isinstance(root, Literal) else f"float({text})"
        return {"sum": f"{one} * N", "none": f"np.full(N, {one})"}.get(reduction, one)
    if reduction == "none":
        return f"{text}.copy()"
    added = f"float(np.add.reduce({text}))"
    return added if reduction == "sum" else f"{added} / N"


def _several(scalars: Scalars, root: View, reduction: str) -> str:
    """Return the expression for an array of results, in memory of its own."""
    scalars.store(root.source)
    text = scalars.writer.text(root, whole=True)
    if not root.batched:  # the same for all samples
        return {"sum": f"{text} * N", "none": f"np.repeat({text}[None], N, 0)"}.get(reduction, f"{text}.copy()")
    if reduction == "none":
        return f"{text}.copy()"
    return f"np.add.reduce({text}, 0)" + ("" if reduction == "sum" else " / N")
