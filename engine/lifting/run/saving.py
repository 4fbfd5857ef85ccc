"""A program as a file of its own, which runs with NumPy alone: `Program.save`.

The file holds the text that runs, what that needs of the engine, long constants and the parameters as they are, and two
functions that are called as the program is. It is of the trace that ran last, and says so where another way through
its branches would be taken.
"""

from __future__ import annotations

import ast
import base64
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arguments import path as as_path
from engine.lifting.emit.source import Emitted
from engine.lifting.emit.writer import array_text, printable
from engine.lifting.external import Argument
from engine.lifting.run.carried import carried
from engine.lifting.run.executable import Compiled, Specialisation
from engine.lifting.trace.inputs import Spec
from engine.lifting.views import Source
from engine.tree import LEAF, Structure

if TYPE_CHECKING:
    from engine.lifting.run.program import Program

WRITTEN_OUT = 64  # numbers of an array, up to which they are written as such
MODULES = ("numpy", "engine.error_function", "engine.scalar_forms")  # that a lifted text imports


def save(program: Program, path: str | os.PathLike[str]) -> None:
    """Write a program that was called as a file of its own; see `Program.save`."""
    target = Path(as_path(path, "save's path", "program.py"))
    specialisation = program.require_trace("save")
    wrt = "parameters" if program.traces.parameters.size else "inputs"
    if program.batch and program.reduction == "none":
        wrt = ""
    compiled = program.compiled_for(specialisation, specialisation.by(wrt))
    text = _Module(program, specialisation, compiled, specialisation.by(wrt)).text()
    _write(target, text)


def _write(target: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        raise type(error)(f"Cannot write {target}: {error.strerror}; choose another folder.") from None
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


class _Module:
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

    def _inputs_said(self) -> Iterator[str]:
        if self.inputs:
            yield "Inputs:"
        for source, spec in zip(self.inputs, self.specs):
            kind = "integers" if spec.integer else "numbers"
            shape = _shape_said(source)
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
            yield f"CELLS = {_array(self._cells())}"
            order = self.flat.order
            yield f"ORDER = {'slice(None)' if order is None else _array(order)}  # the cell of each parameter"
            yield "PARAMETERS = CELLS[ORDER].copy()"
        constants = ", ".join([_array(x) for x in self.emitted.constants])
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
        passed = ", ".join([*called, *([self.keyword] if self.has_parameters else [])])
        keeps = ", ".join(["_result", "_backward", *(["_cells"] if self.has_parameters else []), *called])
        lines = [*self._prepared(), *self._ran(), f"return {keeps}"]
        yield _function("_forward", passed, "Return the result, and what the backward pass needs.", lines)
        one = [f"_result, *_ = _forward({passed})", f"return {self._restored()}"]
        yield _function("value", takes, "Return the value.", one)
        if self.wrt:
            lines = [f"{keeps} = _forward({passed})", *self._gradients()]
            lines.append(f"return {self._restored()}, {self._returned_gradient()}")
            yield _function("value_and_grad", takes, "Return the value and its gradient.", lines)

    def _prepared(self) -> Iterator[str]:
        """Yield the lines that make arrays of what the functions are called with."""
        dtype = "np.float32" if self.program.dtype == np.float32 else "np.float64"
        for k, (source, spec) in enumerate(zip(self.inputs, self.specs)):
            name, kind = source.name, "np.int64" if spec.integer else dtype
            yield f"{name} = np.ascontiguousarray({name}, {kind}).reshape(np.shape({name}))"
            differs = f"{name}.shape[1:] != {spec.shape} or not {name}.ndim" if source.batched else ""
            yield f"if {differs or f'{name}.shape != {spec.shape}'}:"
            yield f'    raise ValueError(f"{name} must have shape {_shape_said(source)}; got {{{name}.shape}}.")'
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
        yield "for _condition, (_outcome, _line) in zip(_conditions, _branches):"
        yield "    if np.any((np.asarray(_condition) != 0) != _outcome):"
        yield '        raise ValueError(f"{_line} was {_outcome} when this was saved; save the other way too.")'

    def _gradients(self) -> Iterator[str]:
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
        return _nested(returns, whole, 0, lead=each)


def _function(name: str, takes: str, doc: str, lines: Sequence[str]) -> str:
    """Return a function's text."""
    return "\n".join([f"\ndef {name}({takes}):", f'    """{doc}"""', *[f"    {line}" for line in lines]])


def _shape_said(source: Source) -> str:
    """Return an input's shape, N samples in front if it has any."""
    lengths = [*(["N"] if source.batched else []), *map(str, source.shape)]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"


def _nested(structure: Structure, whole: str, start: int, *, lead: bool) -> str:
    """Return an expression for results from a place on."""
    if structure.kind == LEAF:
        return f"{whole}[..., {start}]" if lead else f"float({whole}[{start}])"
    if structure.kind == "array":
        return f"{whole}[..., {start} : {start + structure.size}].reshape({whole}.shape[:-1] + {structure.keys})"
    parts = []
    for key, child in structure.items():
        text = _nested(child, whole, start, lead=lead)
        parts.append(f"{key!r}: {text}" if structure.kind == "dict" else text)
        start += child.size
    if structure.kind == "dict":
        return f"{{{', '.join(parts)}}}"
    return f"[{', '.join(parts)}]" if structure.kind == "list" else f"({', '.join(parts)},)"


def _array(x: Any) -> str:
    """Return an expression for an array: its numbers, or where they are many their bytes."""
    dtype = "np.int64" if x.dtype.kind == "i" else "np.float64"
    if x.size <= WRITTEN_OUT:
        numbers = array_text(x) if x.dtype.kind == "f" else x.tolist()
        return f"np.array({numbers}, {dtype})" if x.size else f"np.zeros({x.shape}, {dtype})"
    encoded = base64.b64encode(np.ascontiguousarray(x, x.dtype.newbyteorder("<")).tobytes()).decode()
    kind = x.dtype.newbyteorder("<").str
    return f'np.frombuffer(base64.b64decode("{encoded}"), "{kind}").astype({dtype}).reshape({x.shape})'
