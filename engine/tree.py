"""Nested lists, tuples, dicts and arrays of numbers as one flat list, and back.

>>> leaves, structure = flatten({"W": [[1.0, 2.0]], "b": 3.0})
>>> leaves
[1.0, 2.0, 3.0]
>>> unflatten(structure, [10, 20, 30])
{'W': [[10, 20]], 'b': 30}
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arguments import described
from engine.arrays.array import ValueArray
from engine.errors import ShapeError
from engine.operands import is_value

LEAF = "number"
CONTAINERS = ("list", "tuple", "dict", "namedtuple")


@dataclass(frozen=True)
class Structure:
    """How leaves are nested: comparable, hashable, and able to say where each leaf is.

    Attributes
    ----------
    kind
        "number", "list", "tuple", "dict", "array", or "namedtuple".
    keys
        Keys of a dict, the shape of an array, or the class of a named tuple.
    children
        Structures of the items; none for a number or an array.
    """

    kind: str
    keys: Any = ()
    children: tuple[Structure, ...] = ()

    @property
    def size(self) -> int:
        """Number of leaves."""
        if self.kind == LEAF:
            return 1
        if self.kind == "array":
            return int(np.prod(self.keys, dtype=np.int64))
        return sum(child.size for child in self.children)

    @property
    def is_container(self) -> bool:
        """Whether this holds structures, and is no leaf or array of leaves."""
        return self.kind in CONTAINERS

    def items(self) -> Iterator[tuple[Any, Structure]]:
        """Yield the key or index of each structure that this holds, and the structure."""
        return zip(self.keys if self.kind == "dict" else range(len(self.children)), self.children)

    def parts(self, keys: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Structure]]:
        """Yield every number and array in this, in order, with the keys that lead to it.

        >>> [(keys, str(part)) for keys, part in flatten({"W": np.zeros((1, 2)), "b": [0.0]})[1].parts()]
        [(('W',), 'an array of shape (1, 2)'), (('b', 0), 'a number')]
        """
        if self.kind not in CONTAINERS:
            yield keys, self
            return
        for key, child in self.items():
            yield from child.parts((*keys, key))

    def with_parts(self, make: Callable[[Structure], Any]) -> Any:
        """Return containers as these, in them what `make` returns for each number and array, in order.

        >>> flatten({"W": np.zeros((1, 2)), "b": [0.0]})[1].with_parts(str)
        {'W': 'an array of shape (1, 2)', 'b': ['a number']}
        """
        if self.kind not in CONTAINERS:
            return make(self)
        items = [child.with_parts(make) for child in self.children]
        if self.kind == "dict":
            return dict(zip(self.keys, items))
        if self.kind == "namedtuple":
            return self.keys(*items)
        return items if self.kind == "list" else tuple(items)

    def rebuild(self, leaves: Iterator[Any], array: Callable[[list[Any]], np.ndarray[Any, Any]]) -> Any:
        """Put leaves in their places, in order.

        Parameters
        ----------
        leaves
            One for each place.
        array
            What makes a flat array of some.
        """

        def filled(part: Structure) -> Any:
            if part.kind == LEAF:
                return next(leaves)
            filled = array([next(leaves) for _ in range(part.size)]).reshape(part.keys)
            return filled if filled.ndim or filled.dtype != object else filled[()]  # a Value is its own array

        return self.with_parts(filled)

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Yield the path of every leaf, in order.

        >>> list(flatten({"W": np.zeros((1, 2)), "b": [0.0]})[1].paths("x"))
        ["x['W'][0, 0]", "x['W'][0, 1]", "x['b'][0]"]
        """
        for keys, part in self.parts():
            path = prefix + "".join([f"[{key!r}]" for key in keys])
            for index in np.ndindex(*(part.keys if part.kind == "array" else ())):
                yield f"{path}[{', '.join(map(str, index))}]" if index else path

    def __str__(self) -> str:
        if self.kind == LEAF:
            return "a number"
        if self.kind == "array":
            return f"an array of shape {self.keys}"
        if self.kind == "dict":
            return f"a dict with keys {list(self.keys)}"
        return f"a {self.kind} of {len(self.children)}"


def flatten(tree: Any, what: str = "argument") -> tuple[list[Any], Structure]:
    """Return the leaves of a nested structure in order, and the structure.

    Parameters
    ----------
    tree
        A number or Value, or lists, tuples, dicts and arrays of them, nested as they like.
    what
        What to call it in a message.

    Raises
    ------
    TypeError
        If something in it is neither a number nor such a container.
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves, what)


def _flatten(tree: Any, leaves: list[Any], path: str) -> Structure:
    if isinstance(tree, dict):
        children = tuple([_flatten(x, leaves, f"{path}[{k!r}]") for k, x in tree.items()])
        return Structure("dict", tuple(tree), children)
    if isinstance(tree, (list, tuple)):
        children = tuple([_flatten(x, leaves, f"{path}[{i}]") for i, x in enumerate(tree)])
        if hasattr(tree, "_fields"):
            return Structure("namedtuple", type(tree), children)
        return Structure("list" if isinstance(tree, list) else "tuple", (), children)
    if isinstance(tree, np.ndarray):
        if tree.dtype != object and tree.dtype.kind not in "biuf":
            raise TypeError(f"{path} is an array of {tree.dtype}; numbers are needed. Convert it to float first.")
        entries = tree.reshape(-1).tolist()
        for x in entries:
            _check(x, path)
        leaves.extend(entries)
        return Structure("array", tree.shape)
    _check(tree, path)
    leaves.append(tree)
    return Structure(LEAF)


def _check(x: Any, path: str) -> None:
    if not isinstance(x, (numbers.Real, np.bool_)) and not is_value(x):
        raise TypeError(
            f"{path} is {described(x)}, not a number. Pass numbers, or lists, tuples, dicts and arrays of them; "
            "fix anything else with functools.partial."
        )


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """Put leaves back into a structure; arrays become float arrays, or object arrays where leaves are Values.

    Raises
    ------
    ShapeError
        If the number of leaves is not the structure's.
    """
    if len(leaves) != structure.size:
        raise ShapeError(f"{structure} holds {structure.size} numbers; got {len(leaves)}. Pass one for each.")
    return structure.rebuild(iter(leaves), _array_of_numbers)


def _array_of_numbers(leaves: list[Any]) -> np.ndarray[Any, Any]:
    if any(map(is_value, leaves)):
        return array_of_objects(leaves).view(ValueArray)
    return np.array(leaves, dtype=np.float64)


def array_of_objects(leaves: list[Any]) -> np.ndarray[Any, Any]:
    """Return a flat array of anything, lists and arrays too.

    >>> array_of_objects([[1.0], [2.0]])
    array([list([1.0]), list([2.0])], dtype=object)
    """
    array = np.empty(len(leaves), dtype=object)
    for i, leaf in enumerate(leaves):
        array[i] = leaf
    return array


def matched(tree: Any, structure: Structure, what: str, model: str) -> list[Any]:
    """Return the leaves of a tree that must have a structure, in the structure's order, whatever the order of its keys.

    Raises
    ------
    ShapeError
        If it has another; lists and tuples are alike.

    Examples
    --------
    >>> _, structure = flatten({"w": 1.0, "b": [2.0]})
    >>> matched({"b": (20.0,), "w": 10.0}, structure, "yours", "the parameters")
    [10.0, 20.0]
    """
    leaves, actual = flatten(_ordered(tree, structure), what)
    if (actual != structure and [actual.size] != [structure.size]) or _skeleton(actual) != _skeleton(structure):
        path, wanted, got = _first_difference(structure, actual)
        inside = f" at {path}" if path else ""
        raise ShapeError(f"{what} must have the structure of {model}, {wanted}{inside}; got {got}.")
    return leaves


def _first_difference(structure: Structure, other: Structure, path: str = "") -> tuple[str, Structure, Structure]:
    """Return where two structures differ first, and what each has there.

    >>> path, wanted, got = _first_difference(flatten([[1.0], 2.0])[1], flatten([[1.0, 3.0], 2.0])[1])
    >>> path, str(wanted), str(got)
    ('[0]', 'a list of 1', 'a list of 2')
    """
    if structure.is_container and len(structure.children) == len(other.children) and str(structure) == str(other):
        for (key, child), theirs in zip(structure.items(), other.children):
            if _skeleton(child) != _skeleton(theirs):
                return _first_difference(child, theirs, f"{path}[{key!r}]")
    return path, structure, other


def _ordered(tree: Any, structure: Structure) -> Any:
    """Return a tree with its dictionaries' keys in a structure's order."""
    if structure.kind == "dict" and isinstance(tree, dict) and set(tree) == set(structure.keys):
        return {key: _ordered(tree[key], child) for key, child in zip(structure.keys, structure.children)}
    if structure.kind in ("list", "tuple") and type(tree) in (list, tuple) and len(tree) == len(structure.children):
        return type(tree)(map(_ordered, tree, structure.children))
    return tree


def _skeleton(s: Structure) -> Any:
    """Return the structure with lists and tuples alike."""
    if s.kind == "array" and not s.keys:
        return _skeleton(Structure(LEAF))  # an array of no axes is a number
    return (
        s.kind.replace("tuple", "list"),
        s.keys if s.kind != "namedtuple" else (),
        [*map(_skeleton, s.children)],
    )
