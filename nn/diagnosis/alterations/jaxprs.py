"""A function of JAX's, run on recorded arrays: its equations one by one, each in the author's line.

A record says where an operation was asked for, and under which names its operands stand there (`recorded`).  An
equation knows its line; what is run for it is run in a frame that has that line, and the variables of those before.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nn.diagnosis.alterations.authors import LIBRARIES
from nn.diagnosis.alterations.jax_primitives import PRIMITIVES, WHOLE_FUNCTIONS
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray, plain


def evaluated(run: Callable[..., Any], inputs: Sequence[Any]) -> list[Any]:
    """Return what a function of JAX's arrays returns of recorded ones.

    Parameters
    ----------
    run
        The function; it returns a list of arrays.
    inputs
        Recorded arrays.

    Raises
    ------
    NotRecordedError
        If it does something that is not recorded.
    """
    import jax

    return _Lines().evaluated(jax.make_jaxpr(run)(*map(plain, inputs)), inputs)


class _Lines:
    """The line that runs, and the author's variables as far as they are assigned."""

    def __init__(self) -> None:
        self.place: tuple[str, int] = ("", 0)
        self.variables: dict[str, Any] = {}
        self.coming: tuple[str, Any] = ("", None)

    def evaluated(self, closed: Any, inputs: Sequence[Any]) -> list[Any]:
        """Return the results of a jaxpr, with its constants if it has some."""
        jaxpr = getattr(closed, "jaxpr", closed)
        values: dict[Any, Any] = dict(zip(jaxpr.constvars, map(np.asarray, getattr(closed, "consts", ()))))
        values.update(zip(jaxpr.invars, inputs))

        def read(x: Any) -> Any:
            return np.asarray(x.val) if hasattr(x, "val") else values[x]

        for equation in jaxpr.eqns:
            results = self._results(equation, [read(x) for x in equation.invars])
            values.update(zip(equation.outvars, results))
        return [read(x) for x in jaxpr.outvars]

    def _results(self, equation: Any, operands: Sequence[Any]) -> Sequence[Any]:
        name, inner = equation.primitive.name, _inner(equation)
        if inner is not None and equation.params.get("name") not in WHOLE_FUNCTIONS:
            self._step_to(_place(equation) or self.place)
            return self.evaluated(inner, operands)
        word = WHOLE_FUNCTIONS[equation.params["name"]] if inner is not None else PRIMITIVES.get(name)
        if word is None:
            raise NotRecordedError(f"JAX's {name} is not recorded.")
        self._step_to(_place(equation) or self.place)
        result = self._at_place(functools.partial(word, operands, equation.params))
        self.coming = (_assigned(*self.place), result)
        return result if isinstance(result, tuple) else [result]

    def _step_to(self, place: tuple[str, int]) -> None:
        """Go to a line; what the line before computed last is its variable from now on."""
        if place != self.place:
            name, value = self.coming
            if name and isinstance(value, RecordedArray):
                self.variables[name] = value
            self.place, self.coming = place, ("", None)

    def _at_place(self, do: Callable[[], Any]) -> Any:
        """Call a function from the author's line."""
        results: list[Any] = []
        exec(_line(*self.place), {"run": lambda: results.append(do())}, self.variables)
        return results[0]


@functools.cache
def _line(file: str, line: int) -> Any:
    return compile("\n" * max(0, line - 1) + "run()", file or "a function", "exec")


def _inner(equation: Any) -> Any:
    """Return the jaxpr that an equation calls; None if it calls none."""
    return next((equation.params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in equation.params), None)


def _place(equation: Any) -> tuple[str, int] | None:
    """Return the author's file and line of an equation: the first that is no library's."""
    traceback = equation.source_info.traceback
    frames = [] if traceback is None else traceback.frames
    for frame in frames:
        if not frame.file_name.startswith(LIBRARIES):
            return frame.file_name, getattr(frame, "line_num", None) or frame.start_line
    return None


@functools.lru_cache(maxsize=4096)
def _assigned(file: str, line: int) -> str:
    """Return the variable that a line assigns, "" if it assigns none, or several."""
    try:
        text = linecache.getline(file, line).strip()
        statement = ast.parse(text).body[0] if text else None
    except (SyntaxError, ValueError, IndexError):
        return ""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""
