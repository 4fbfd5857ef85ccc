"""A program as a file of its own, which runs with NumPy alone: `Program.save`.

The file holds the text that runs, what that needs of the engine, long constants and the parameters as they are, and two
functions that are called as the program is. It is of the trace that ran last, and says so where another way through
its branches would be taken.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arguments import path as as_path
from engine.lifting.emit.source import Emitted
from engine.lifting.emit.writer import printable
from engine.lifting.external import Argument
from engine.lifting.run.carried import carried
from engine.lifting.run.executable import Compiled, Specialisation
from engine.lifting.run.file_text import WRITTEN_OUT, function_text, numbers_text, results_text, shape_said
from engine.lifting.trace.inputs import Spec
from engine.lifting.views import Source
from engine.tree import LEAF

if TYPE_CHECKING:
    from engine.lifting.run.program import Program

MODULES = ("numpy", "engine.error_function", "engine.scalar_forms")  # that a lifted text imports


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program that was called as a file of its own; see `Program.save`."""
    target = Path(as_path(path, "save's path", "program.py"))
    specialisation = program.require_trace("save")
    wrt = "parameters" if program.traces.parameters.size else "inputs"
    if program.batch and program.reduction == "none":
        wrt = ""
    compiled = program.compiled_for(specialisation, specialisation.by(wrt))
    text = ProgramFile(program, specialisation, compiled, specialisation.by(wrt)).text()
    write_whole(target, text)


def write_whole(target: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class ProgramFile:
    """The text of a saved program."""

    def __init__(self, program: Program, specialisation: Specialisation, compiled: Compiled, wrt: str) -> None:
        self.program, self.specialisation, self.compiled, self.wrt = program, specialisation, compiled, wrt
        self.emitted: Emitted = compiled.emitted
        self.inputs = compiled.external.inputs
        self.specs: list[Spec] = [s for spec in specialisation.specs for _, s in spec.arrays("")]
        self.flat = specialisation.parameters.flat
        self.has_parameters = bool(self.flat.cells)
        self.keyword = "parameters_" if "parameters" in [source.name for source in self.inputs] else "parameters"

    def text(self) -> str:
        """Return all of it."""
        parts = [*self._imports_and_forms(), *self._data(), self._build(), *self._functions()]
        return f'"""{self._docstring()}"""\n\nfrom __future__ import annotations\n\n' + "\n\n".join(parts) + "\n"

    # --- what it says of itself ------------------------------------------------------------------------------

    def _docstring(self) -> str:
        called = ", ".join([source.name for source in self.inputs])
        with_parameters = f", {self.keyword}=None" if self.has_parameters else ""
        lines = [f"{printable(self.program.name)}, as a program of NumPy alone, written by liftgrad.", ""]
        lines.append(f"    value({called}{with_parameters})".replace("(, ", "("))
        if self.wrt:
            of = "the parameters' gradient" if self.wrt == "parameters" else "a gradient for each input"
            lines.append(f"    value_and_grad({called}{with_parameters})".replace("(, ", "(") + f"  # value, {of}")
        lines += ["", *self._inputs_said(), *self._parameters_said()]
        return "\n".join(lines).rstrip() + "\n"

    def said_of(self) -> Sequence[tuple[Source, Spec]]:
        """Return the inputs that are said, with what each is."""
        return [*zip(self.inputs, self.specs)]

    def _inputs_said(self) -> Iterator[str]:
        if self.said_of():
            yield "Inputs:"
        for source, spec in self.said_of():
            kind = "integers" if spec.integer else "numbers"
            shape = shape_said(source)
            yield f"    {source.name}: " + (f"array of {kind}, shape {shape}" if shape != "()" else f"one of {kind}")

    def _parameters_said(self) -> Iterator[str]:
        if not self.has_parameters:
            return
        yield f"Parameters, a flat vector of {self.flat.size} numbers; by default as they were, PARAMETERS:"
        for part in self.flat.arrays:
            if not part.read:
                yield f"    {printable(part.name)}: shape {part.shape}"

    # --- what the text needs ---------------------------------------------------------------------------------

    def _imports_and_forms(self) -> Iterator[str]:
        imported = [node for node in ast.parse(self.emitted.text).body if isinstance(node, ast.ImportFrom)]
        forms = {a.name: a.asname or a.name for n in imported if n.module == MODULES[2] for a in n.names}
        erf = any(a.name == "erf" for n in imported if n.module == MODULES[1] for a in n.names)
        modules, definitions = carried(forms, erf=erf)
        long = any(x.size > WRITTEN_OUT for x in (*self.emitted.constants, self._cells()))
        more = ["import base64"] if long else []
        yield "\n".join([*sorted({*modules, *more} - {"import numpy as np"}), "", "import numpy as np"]).lstrip()
        yield from definitions

    def _cells(self) -> Any:
        return self.specialisation.parameters.read_cells()

    def _data(self) -> Iterator[str]:
        if self.has_parameters:
            yield f"CELLS = {numbers_text(self._cells())}"
            order = self.flat.order
            yield f"ORDER = {'slice(None)' if order is None else numbers_text(order)}  # the cell of each parameter"
            yield "PARAMETERS = CELLS[ORDER].copy()"
        constants = ", ".join([numbers_text(x) for x in self.emitted.constants])
        yield f"CONSTANTS = ({constants}{',' if len(self.emitted.constants) == 1 else ''})"
        yield "BUILT = {}  # the functions for each number of samples"

    def _build(self) -> str:
        """Return the functions of the emitted text."""
        text = self.emitted.text
        first = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
        return "\n" + "\n".join(text.splitlines()[first.lineno - 1 :])

    # --- the functions that are called -----------------------------------------------------------------------

    def _functions(self) -> Iterator[str]:
        """Yield the functions; names that begin with an underscore are no input's."""
        called = [source.name for source in self.inputs]
        takes = ", ".join([*called, *([f"{self.keyword}=None"] if self.has_parameters else [])])
        passed, keeps = self.passed(), self.keeps()
        yield self._forward()
        one = [f"_result, *_ = _forward({passed})", f"return {self._restored()}"]
        yield function_text("value", takes, "Return the value.", one)
        if self.wrt:
            lines = [f"{keeps} = _forward({passed})", *self.gradients()]
            lines.append(f"return {self._restored()}, {self._returned_gradient()}")
            yield function_text("value_and_grad", takes, "Return the value and its gradient.", lines)

    def passed(self) -> str:
        """Return what the function that runs forward is called with."""
        return ", ".join([*[x.name for x in self.inputs], *([self.keyword] if self.has_parameters else [])])

    def keeps(self) -> str:
        """Return what it returns."""
        cells = ["_cells"] if self.has_parameters else []
        return ", ".join(["_result", "_backward", *cells, *[source.name for source in self.inputs]])

    def _forward(self) -> str:
        lines = [*self._prepared(), *self._ran(), f"return {self.keeps()}"]
        return function_text("_forward", self.passed(), "Return the result, and what the backward pass needs.", lines)

    def _prepared(self) -> Iterator[str]:
        """Yield the lines that make arrays of what the functions are called with."""
        dtype = "np.float32" if self.program.dtype == np.float32 else "np.float64"
        for k, (source, spec) in enumerate(zip(self.inputs, self.specs)):
            name, kind = source.name, "np.int64" if spec.integer else dtype
            yield f"{name} = np.ascontiguousarray({name}, {kind}).reshape(np.shape({name}))"
            differs = f"{name}.shape[1:] != {spec.shape} or not {name}.ndim" if source.batched else ""
            yield f"if {differs or f'{name}.shape != {spec.shape}'}:"
            yield f'    raise ValueError(f"{name} must have shape {shape_said(source)}; got {{{name}.shape}}.")'
            limit = self.specialisation.limits.get(k)
            if limit is not None:
                yield f"if {name}.size and not (0 <= {name}.min() and {name}.max() < {limit}):"
                yield f'    raise IndexError("{name} must hold integers from 0 to {limit - 1}.")'
        if self.has_parameters:
            yield "_cells = CELLS.copy()"
            yield f"if {self.keyword} is not None:"
            yield f"    _cells[ORDER] = {self.keyword}"
            yield from [f"_cells = _cells.astype({dtype})"] if dtype != "np.float64" else []
        batched = [source.name for source in self.inputs if source.batched]
        yield f"_n = {f'len({batched[0]})' if batched else '1'}"
        yield "if _n not in BUILT:"
        yield f"    BUILT[_n] = build(_n, {dtype}, CONSTANTS)"

    def _ran(self) -> Iterator[str]:
        """Yield the lines that run forward, and look at the branches."""
        yield "_run, _backward = BUILT[_n]"
        yield 'with np.errstate(all="ignore"):'
        yield f"    _result = _run({', '.join(map(self._argument, self.emitted.forward))})"
        if not self.specialisation.guards:
            return
        yield "_result, _conditions = _result"
        yield f"_branches = {[(guard.outcome, printable(guard.line)) for guard in self.specialisation.guards]}"
        each = "_conditions" if self.program.batch else "np.hstack(_conditions)"  # which may lie in arrays
        if self.emitted.branches is not None:
            each += f"[{numbers_text(self.emitted.branches)}]"
        yield f"for _condition, (_outcome, _line) in zip({each}, _branches):"
        yield "    if np.any((np.asarray(_condition) != 0) != _outcome):"
        yield '        raise ValueError(f"{_line} was {_outcome} when this was saved; save the other way too.")'

    def gradients(self) -> Iterator[str]:
        """Yield the lines that run backward."""
        if self.wrt == "parameters":
            yield "_gradient = np.zeros(len(_cells), _cells.dtype)"
        else:
            yield from [f"_d_{source.name} = np.zeros({source.name}.shape)" for source in self.inputs]
        yield 'with np.errstate(all="ignore"):'
        yield f"    _backward({', '.join(map(self._argument, self.emitted.backward))})"

    def _returned_gradient(self) -> str:
        if self.wrt == "parameters":
            return "_gradient[ORDER]"
        names = [f"_d_{source.name}" for source in self.inputs]
        return names[0] if len(names) == 1 else f"({', '.join(names)})"

    def _argument(self, argument: Argument) -> str:
        """Return what an emitted function is given for one of its arguments."""
        kind, number = argument.kind, argument.number
        if kind in ("inputs", "numbers"):
            name = self.inputs[number].name
            return f"{name}.astype(float)" if kind == "numbers" and self.specs[number].integer else name
        if kind == "slots":
            return f"_d_{self.inputs[number].name}"
        whole = "_cells" if kind == "parameters" else "_gradient"
        if not number:
            return whole
        part = self.flat.arrays[number - 1]
        return f"{whole}[{part.offset} : {part.offset + part.size}].reshape({part.shape})"

    def _restored(self) -> str:
        """Return the results as the function nests them."""
        returns = self.specialisation.returns
        if returns.kind == LEAF:
            return "_result"
        each = self.program.batch and self.program.reduction == "none"
        single = "[..., None]" if each else "[None]"
        whole = "_result" if self.specialisation.trace.results > 1 else f"np.asarray(_result){single}"
        return results_text(returns, whole, lead=each)
