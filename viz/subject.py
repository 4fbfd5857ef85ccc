"""What is drawn: the results of a computation, and what is known of where its nodes come from.

>>> from engine import Value
>>> def f(x):
...     square = x * x
...     return square + 1.0
>>> subject = subject_of(f, (3.0,))
>>> [origin.variable for origin in subject.origins.values()]
['square', '']
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine import graph
from engine.arguments import described
from engine.value import Value, is_constant
from engine.watching import Origin, Words, origins_of, run_watched
from engine.watching.paths import paths_of
from engine.watching.watch import LineTracer
from viz.nodes import Numbered, in_order

Position = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Subject:
    """Results, and what is known of the nodes that they were computed from.

    Attributes
    ----------
    roots
        The results.
    origins
        Of nodes that somebody watched: their author's variables, functions and lines.
    arrays
        Of leaves without a label: the array that each sits in, by the path through which the function reaches it.
    """

    roots: tuple[Any, ...]
    origins: Mapping[Any, Origin] = field(default_factory=dict)
    arrays: Mapping[Any, Position] = field(default_factory=dict)

    def numbered(self) -> Numbered:
        """Return the nodes by number; an argument is an input, and what a function captures a parameter."""
        graph = Numbered.of(in_order(*self.roots))
        kinds = list(graph.kinds)
        for i, (node, what) in enumerate(zip(graph.nodes, kinds)):
            if isinstance(node.label, Argument):
                kinds[i] = "input"
            elif what == "leaf" and node in self.arrays:
                kinds[i] = "parameter"
        return replace(graph, kinds=kinds)


class Argument(str):
    """The label of a number that a function was called with: its parameter's name, with the keys that lead there."""

    __slots__ = ()


def subject_of(root: Any, arguments: Sequence[Any] = ()) -> Subject:
    """Return what is drawn of a result, or of a function, which is run watched with these arguments.

    Real numbers among the arguments become Values that are called as the parameter is.

    Raises
    ------
    TypeError
        If it is neither, or the function returns no Value.
    """
    if hasattr(root, "parents"):
        if arguments:
            raise TypeError(f"a Value is drawn as it is, without {described(arguments[0])}; give viz a function.")
        return Subject((root,), {**_leaves_of(root), **origins_of(root)} if isinstance(root, Value) else {})
    if not callable(root):
        raise TypeError(f"viz draws a Value, a function or a lifted program, not {described(root)}.")
    return _of_function(root, arguments)


def called(node: Any, subject: Subject) -> str:
    """Return a node's label, or what its author calls it."""
    if node.label or is_constant(node):
        return str(node.label)
    if node in subject.arrays:
        array, place = subject.arrays[node]
        return array + "".join([f"[{i}]" for i in place])
    origin = subject.origins.get(node)
    return "" if origin is None else origin.name


def _leaves_of(root: Value) -> dict[Value, Origin]:
    """Return what a `provenance` block knows of the leaves that its lines assigned."""
    record = getattr(root, "record", None)
    if record is None:
        return {}
    words = Words(record, LineTracer(record, None))
    known = {leaf: words.origin(leaf) for leaf in graph.order(root) if not leaf.parents}
    return {leaf: origin for leaf, origin in known.items() if origin is not None}


def _of_function(fn: Callable[..., Any], arguments: Sequence[Any]) -> Subject:
    _refuse_missing(fn, arguments)
    inputs = [_as_values(x, name) for x, name in zip(arguments, _parameter_names(fn, len(arguments)))]
    result, words = run_watched(fn, *inputs)
    roots = tuple(dict.fromkeys(v for v in _values_in(result) if v.parents)) or tuple(_values_in(result))[:1]
    if not roots:
        raise TypeError(f"the function to be drawn returned {described(result)}; it must return what it computed.")
    bare = [v for v in graph.order(*roots) if not v.parents and not v.label and not is_constant(v)]
    arrays = {value: place for value, place in zip(bare, paths_of(fn, bare)) if place is not None}
    return Subject(roots, words.origins(*roots), arrays)


def _refuse_missing(fn: Callable[..., Any], arguments: Sequence[Any]) -> None:
    """Refuse arguments that are fewer or more than a function takes."""
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):  # not every function written in C has one
        return
    try:
        signature.bind(*arguments)
    except TypeError:
        name = getattr(fn, "__name__", type(fn).__name__)
        raise TypeError(
            f"{name}{signature} is drawn as it is called, and was given {len(arguments)} of its arguments; "
            "pass them all."
        ) from None


def _parameter_names(fn: Callable[..., Any], count: int) -> list[str]:
    try:
        names = [p.name for p in inspect.signature(fn).parameters.values() if p.kind is not p.VAR_POSITIONAL]
    except (TypeError, ValueError):
        names = []
    return [*names, *(f"input{i}" for i in range(len(names), count))][:count]


def _as_values(x: Any, name: str, at: tuple[int, ...] = ()) -> Any:
    """Return an argument with Values in the place of its real numbers; whole numbers may be counts and indices."""
    if isinstance(x, (float, np.floating)):
        return Value(float(x), Argument(f"{name}[{', '.join(map(str, at))}]" if at else name))
    if isinstance(x, dict):
        return {key: _as_values(y, f"{name}.{key}", at) for key, y in x.items()}
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return type(x)([_as_values(y, name, (*at, i)) for i, y in enumerate(x)])
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        values = np.empty(x.shape, dtype=object)
        for index in np.ndindex(x.shape):
            values[index] = _as_values(x[index], name, (*at, *index))
        return values
    return x


def _values_in(x: Any) -> Iterator[Any]:
    """Yield the Values of a result, in whatever it nests them."""
    if isinstance(x, Value):
        yield x
    elif isinstance(x, dict):
        for y in x.values():
            yield from _values_in(y)
    elif isinstance(x, (list, tuple)) or (isinstance(x, np.ndarray) and x.dtype == object):
        for y in x:
            yield from _values_in(y)
