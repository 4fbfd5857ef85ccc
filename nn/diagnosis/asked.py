"""Somebody's function, called; what it raises is told with what it was called with.

>>> answer(lambda x, w: x @ w, [np.ones((2, 3)), np.ones(4)], {}, "check_backward")
Traceback (most recent call last):
nn.diagnosis.asked.RaisedError: check_backward called <lambda>(x (2, 3), w (4,)), which raised ValueError: matmul: ...
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from engine.arguments import described, result

LONGEST = 160  # characters of an exception's message
MANY = 8  # arrays in a container that are listed


class RaisedError(ValueError):
    """A function of somebody's raised something; its exception is the cause of this one."""


def answer(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    caller: str,
    own: tuple[type[Exception], ...] = (),
) -> Any:
    """Return what somebody's function makes of arguments.

    Parameters
    ----------
    function, args, kwargs
        What is called.
    caller
        Who calls, in messages.
    own
        Exceptions that say all that there is to say themselves.

    Raises
    ------
    RaisedError
        If it raises an exception; its arguments and their shapes are told.
    TypeError
        If it does not take as many arguments.
    """
    try:
        return result(function, args, kwargs, caller)
    except Exception as error:
        is_said = isinstance(error, (MemoryError, RaisedError, *own))
        if is_said or (isinstance(error, TypeError) and _is_of_the_call(error)):
            raise
        message = " ".join(str(error).split())
        message = message if len(message) <= LONGEST else f"{message[:LONGEST]}..."
        raise RaisedError(
            f"{caller} called {_called(function, args, kwargs)}, which raised {type(error).__name__}"
            + (f": {message}" if message else "")
        ) from error


def silenced() -> redirect_stdout[io.StringIO]:
    """Return a context in which what functions print is dropped: they have printed it once."""
    return redirect_stdout(io.StringIO())


def is_callable_with(function: Callable[..., Any], many: int) -> bool:
    """Whether a function may be called with so many arguments."""
    try:
        inspect.signature(function).bind(*range(many))
    except TypeError:
        return False
    except ValueError:  # of a function that is not written in Python
        return True
    return True


def _is_of_the_call(error: Exception) -> bool:
    """Whether an exception was raised before the function's first line: it takes other arguments."""
    here = error.__traceback__
    return here is None or here.tb_next is None or here.tb_next.tb_next is None


def _called(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return a function's name with its arguments, and their shapes."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    names += [f"argument {k}" for k in range(len(names), len(args))]
    arguments = [*zip(names, args), *kwargs.items()]
    name = getattr(function, "__name__", type(function).__name__)
    return f"{name}({', '.join(f'{name} {_shaped(x)}' for name, x in arguments)})"


def _shaped(x: Any) -> str:
    """Return the shape of an array, the shapes of several in a container, or what else it is."""
    if isinstance(x, np.ndarray):
        return str(x.shape)
    if isinstance(x, Mapping):
        return "{" + ", ".join(_first([f"{key} {_shaped(item)}" for key, item in x.items()])) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(_first([_shaped(item) for item in x])) + "]"
    return f"= {described(x)}"


def _first(said: list[str]) -> list[str]:
    return said if len(said) <= MANY else [*said[:MANY], "..."]


def copies(inputs: Sequence[Any]) -> list[Any]:
    """Return inputs that a function may write into."""
    return [copied(x) for x in inputs]


def copied(x: Any) -> Any:
    """Return a copy of an array, and of lists and dictionaries of some."""
    if isinstance(x, dict):
        return {key: copied(item) for key, item in x.items()}
    if type(x) in (list, tuple):
        return type(x)([copied(item) for item in x])
    return x.copy() if issubclass(type(x), np.ndarray) else x  # of what is recorded, it would be a step


def parts(returned: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a forward function's result, and its cache: the last of several things that it returns."""
    if isinstance(returned, tuple):
        if len(returned) != 2:
            raise TypeError(f"forward must return an array, or (out, cache); it returned {len(returned)} things.")
        return returned[0], (returned[1],)
    return returned, ()
