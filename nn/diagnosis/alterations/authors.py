"""Who asked for an operation: the author's lines, the variables that he keeps results in, and the indices he wrote.

>>> as_text((0, slice(1, None), slice(None, None, 2)))
'0, 1:, ::2'
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from nn.diagnosis.alterations.step import ArrayStep

FRAMEWORKS = [spec.origin for name in ("torch", "jax") if (spec := find_spec(name)) is not None and spec.origin]
NUMPY = str(Path(np.__file__).parent), "<__array_function__"  # the second is what NumPy 1 goes through
LIBRARIES = NUMPY + tuple(str(Path(f).parent) for f in (sys.modules["engine"].__file__ or "", __file__, *FRAMEWORKS))
DEEPEST, LONGEST_OPERAND = 8, 24  # calls, and characters of an operand as it is written


def signed(step: ArrayStep, operands: Sequence[Any], outermost: CodeType) -> None:
    """Write into a step which lines led to it, and the names of its operands there.

    Parameters
    ----------
    step
        What was recorded.
    operands
        What was given: recorded arrays, which have a `step`, and others.
    outermost
        Of the function that runs the author's.
    """
    frames = _frames(outermost)
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(LIBRARIES)]
    step.place = tuple((frame.f_code.co_name, frame.f_lineno) for frame in own[:DEEPEST])
    calls = [(frame.f_code, _position(frame.f_code, frame.f_lasti // 2)) for frame in frames]
    step.site, step.line = tuple(calls), tuple(calls[: frames.index(own[0]) + 1] if own else calls)
    if own:
        _lend_names(own[0], step, operands)


def _position(code: CodeType, instruction: int) -> object:
    """Return where an operation stands in its text: CPython counts its instructions differently when it runs often."""
    return positions(code)[instruction]


@lru_cache(maxsize=512)
def positions(code: CodeType) -> Sequence[object]:
    """Return where each instruction of a code stands in its text; before Python 3.11, its number."""
    if sys.version_info < (3, 11):
        return range(len(code.co_code))
    return list(code.co_positions())


def _frames(outermost: CodeType) -> list[Any]:
    """Return the calls that led here, without NumPy's: x @ w and w.__rmatmul__(x) are one line."""
    frame: Any = sys._getframe(2)
    frames: list[Any] = []
    while frame is not None and frame.f_code is not outermost:
        if not frame.f_code.co_filename.startswith(NUMPY):
            frames.append(frame)
        frame = frame.f_back
    return frames


def _lend_names(frame: Any, step: ArrayStep, operands: Sequence[Any]) -> None:
    variables = [*frame.f_locals.items(), *_held(frame.f_locals)]
    for name, x in variables:
        if not getattr(getattr(x, "latest", None), "name", True):
            x.latest.name = name
    for k, x in enumerate(operands):
        latest = getattr(x, "latest", None)
        if isinstance(x, np.ndarray) if latest is None else not latest.depends:
            step.constants[k] = next(
                (name for name, y in (*variables, *frame.f_globals.items()) if y is x),
                getattr(getattr(x, "step", None), "name", ""),
            )


def _held(variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what objects and dictionaries of a function's hold, as it is written there."""
    for name, x in variables.items():
        if type(x) is dict:
            yield from ((f"{name}[{key!r}]", y) for key, y in x.items())
        elif isinstance(getattr(x, "__dict__", None), dict) and not isinstance(x, (type, ModuleType, FunctionType)):
            yield from ((f"{name}.{attribute}", y) for attribute, y in vars(x).items())


def as_written(step: ArrayStep, k: int) -> str:
    """Return what the author wrote for an operand, if it is short and his line is at hand; from Python 3.11 on."""
    tree = _written(step)
    operands = [tree.left, tree.right] if isinstance(tree, ast.BinOp) else getattr(tree, "args", [])
    text = ast.unparse(operands[k]) if k < len(operands) == len(step.operands) else ""
    return text if len(text) <= LONGEST_OPERAND else ""


def call_of(step: ArrayStep) -> tuple[str, str]:
    """Return the function that the author called, where a step is a part of what that does, and his call."""
    tree = _written(step)
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Attribute):
        return "", ""
    of_module = isinstance(tree.func.value, ast.Name) and tree.func.value.id == "np"
    return tree.func.attr, ast.unparse(tree).removeprefix("np." if of_module else "")


def _written(step: ArrayStep) -> ast.AST | None:
    """Return the author's operation or call that a step is of."""
    code, position = step.line[-1] if step.line and isinstance(step.line[-1], tuple) else (None, None)
    is_known = isinstance(position, tuple) and isinstance(code, CodeType)
    return _parsed(code.co_filename, *position) if is_known else None


@lru_cache(maxsize=512)
def _parsed(file: str, line: int, last: int, begin: int, end: int) -> ast.AST | None:
    """Return the expression between two places of a file."""
    lines = [text.encode() for text in linecache.getlines(file)[line - 1 : last]] if line else []
    if not lines:
        return None
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][begin:]
    try:
        return ast.parse(b"(" + b"".join(lines) + b")", mode="eval").body
    except SyntaxError:
        return None


def as_text(index: Any) -> str:
    """Return an index as it is written."""
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(_part(part) for part in parts)


def _part(part: Any) -> str:
    if not isinstance(part, slice):
        return str(part) if isinstance(part, (int, np.integer)) else "..." if part is not None else "None"
    ends = ["" if end is None else str(end) for end in (part.start, part.stop, part.step)]
    return ":".join(ends if part.step is not None else ends[:2])
