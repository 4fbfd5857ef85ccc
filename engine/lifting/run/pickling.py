"""Programs as pickles: their traces go along with the parameters as they are, and run without the function.

A function of a module, which pickles by its name, goes along as well if it captures no Values: where the name leads to
it again, the program is new and traces it as ever. Otherwise it answers as it was traced, and says so where it cannot.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from engine.errors import LiftError
from engine.lifting.run.executable import Specialisation
from engine.lifting.trace.watch import Guard
from engine.value import Value

if TYPE_CHECKING:
    from engine.lifting.run.program import Program


class Untraceable:
    """What stands for a function that was left behind."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, *inputs: Any) -> NoReturn:
        """Refuse to be traced."""
        raise LiftError(
            f"{self.__name__} was unpickled without its function, and knows inputs of the structures, and ways through "
            "its branches, that it had been called with; call it with such ones before it is pickled."
        )


def parts(program: Program) -> dict[str, Any]:
    """Return what of a program goes into a pickle.

    Raises
    ------
    pickle.PicklingError
        If that is nothing: it has no trace, and its function no name.
    """
    traces, function = program.traces, _named(program)
    known = [_alone(each) for several in traces.specialisations.values() for each in several]
    if function is None and not known:
        raise pickle.PicklingError(
            f"{program.name} was not called yet, and is no function of a module: call it once before it is pickled, so "
            "that its trace can go along."
        )
    latest = None if traces.latest is None or function else known.index(_same(traces.latest, known))
    return {
        "options": {
            "name": program.name, "names": program.names, "batch": program.batch, "reduction": program.reduction,
            "dtype": program.dtype, "verify": program.verify, "strict": program.strict,
        },
        "function": function, "is graph": program.fn is None, "traces": known, "latest": latest,
        "parameters": traces.parameters,
    }  # fmt: skip


def function_of(state: dict[str, Any]) -> Callable[..., Any] | None:
    """Return the function of a pickled program: itself, where its name leads to it, or what stands for it."""
    fn = _found(state["function"]) if state["function"] else None
    return fn if fn is not None or state["is graph"] else Untraceable(state["options"]["name"])


def take_traces(program: Program, state: dict[str, Any]) -> None:
    """Give a program that cannot trace what went into its pickle."""
    traces = program.traces
    for known in state["traces"]:
        known.parameters = traces.parameters
        traces.specialisations.setdefault(known.specs, []).append(known)
    traces.latest = None if state["latest"] is None else state["traces"][state["latest"]]


def _alone(known: Specialisation) -> Specialisation:
    """Return a trace without what is compiled of it, which is compiled and proven anew, and without graphs."""
    guards = [Guard(Value.constant(guard.condition._data), guard.outcome, guard.line) for guard in known.guards]
    return replace(known, guards=guards, compiled={}, plan=None, described={}, derived={}, origins={})


def _same(trace: Specialisation, known: list[Specialisation]) -> Specialisation:
    return next(each for each in known if each.trace is trace.trace)


def _named(program: Program) -> tuple[str, str] | None:
    """Return the module and name of a function that captures nothing, if they lead to it."""
    fn = program.fn
    module, name = getattr(fn, "__module__", None), getattr(fn, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or program.traces.parameters.size:
        return None
    return (module, name) if _attribute(sys.modules.get(module), name) is fn else None


def _found(name: tuple[str, str]) -> Callable[..., Any] | None:
    """Return the function of that name, if there is one here."""
    try:
        fn = _attribute(importlib.import_module(name[0]), name[1])
    except ImportError:
        return None
    return fn if callable(fn) else None


def _attribute(module: Any, qualname: str) -> Any:
    for part in qualname.split("."):
        module = getattr(module, part, None)
    return module
