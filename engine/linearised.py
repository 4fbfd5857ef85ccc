"""One evaluation of a function on nodes of its own, ready to be pulled back or pushed forward through.

Inside another transform, or on Values, every rule is bound to Values in place of floats, so that the result can be
differentiated again.  A transform differentiates with respect to nodes of its own (`identity` nodes over what it was
given), which is what keeps an inner derivative from seeing an outer one's variable; and it walks only through nodes
that are younger than these, so that what surrounds it costs it nothing.

>>> at = Linearised(lambda x: x * x, 0, [3.0], {}, "grad")
>>> at.outputs[0], at.pull([1.0])
(Value(9.0, grad=0.0, op='multiply'), [6.0])
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.arguments import described, result
from engine.collector import collector_paused
from engine.differentiating import differentiating
from engine.graph import latest_first
from engine.node import birth
from engine.parents import MANY
from engine.tracing import LOCAL
from engine.tree import Structure, flatten, unflatten
from engine.value import Value, is_constant

Function = Callable[..., Any]


class _Nesting(threading.local):
    depth = 0


NESTING = _Nesting()


@contextmanager
def _entered() -> Iterator[None]:
    NESTING.depth += 1
    try:
        yield
    finally:
        NESTING.depth -= 1


class Linearised:
    """A function's result at some arguments, and its derivative there as a linear map, in both directions.

    Attributes
    ----------
    inputs, outputs
        The nodes that are differentiated by, and the results.
    structures, out_structure
        How they are nested in the arguments, and in what the function returned.
    nodes
        What depends on the inputs, operands first.
    symbolic
        Whether it computes with Values, of which derivatives may be asked.
    """

    def __init__(
        self, f: Function, argnums: int | Sequence[int], args: Sequence[Any], kwargs: dict[str, Any], name: str
    ) -> None:
        self.several = not isinstance(argnums, int)
        numbers = [argnums] if isinstance(argnums, int) else list(argnums)
        for n in numbers:
            if not -len(args) <= n < len(args):
                raise IndexError(
                    f"{name}: argnums is {described(n)}, but the function was called with {len(args)} arguments."
                )
        flat = [flatten(args[n], f"argument {n}") for n in numbers]
        variables = [x for leaves, _ in flat for x in leaves]
        self.structures = [structure for _, structure in flat]
        self.symbolic = NESTING.depth > 0 or LOCAL.active is not None or any(isinstance(x, Value) for x in variables)
        since = birth()
        self.inputs = [x.identity() if isinstance(x, Value) else Value(x) for x in variables]
        with collector_paused():
            self.outputs, self.out_structure = self._evaluated(f, numbers, list(args), kwargs, name, since)
            self._find_nodes(since)

    def _evaluated(
        self, f: Function, numbers: Sequence[int], args: list[Any], kwargs: dict[str, Any], name: str, since: float
    ) -> tuple[list[Value], Structure]:
        """Call the function on the inputs in place of the arguments they come from."""
        start = 0
        for n, structure in zip(numbers, self.structures):
            args[n] = unflatten(structure, self.inputs[start : start + structure.size])
            start += structure.size
        with _entered(), differentiating(self.inputs, name, since):
            returned = result(f, args, kwargs, name)
        if isinstance(returned, np.ndarray) and not returned.ndim:
            returned = returned[()]
        leaves, structure = flatten(returned, "the function's result")
        if name in SCALAR_VALUED:
            _check_numbers(leaves, name)
        return [x if isinstance(x, Value) else Value.constant(x) for x in leaves], structure

    def _find_nodes(self, since: float) -> None:
        self.nodes: list[Value] = []
        depends = self.depends = set(self.inputs)
        note, keep = depends.add, self.nodes.append
        for node in reversed(latest_first(*self.outputs, since=since)):
            x, y = node._x, node._other
            if not depends.isdisjoint(x) if y is MANY else x in depends or y in depends:
                note(node)
                keep(node)

    def one(self) -> Any:
        """Return the number 1, as this transform computes with it."""
        return Value.constant(1.0) if self.symbolic else 1.0

    def zero(self) -> Any:
        """Return the number 0 likewise."""
        return Value.constant(0.0) if self.symbolic else 0.0

    def number(self, value: Value) -> Any:
        """Return a result as the caller expects it: a Value where derivatives of it may be asked, else a float."""
        return value if self.symbolic else value._data

    def structured(self, leaves: Sequence[Any]) -> Any:
        """Return one number per input in the arguments' structure."""
        trees, start = [], 0
        for structure in self.structures:
            trees.append(unflatten(structure, leaves[start : start + structure.size]))
            start += structure.size
        return tuple(trees) if self.several else trees[0]

    def pull(self, cotangents: Sequence[Any]) -> list[Any]:
        """Reverse mode: cotangents of the outputs -> cotangents of the inputs.

        What has a cotangent of 0 is not asked: where its derivative is infinite, 0 times that would be NaN for all.
        """
        to: dict[Value, Any] = {}
        for z, g in zip(self.outputs, cotangents):
            if not _is_zero(g):
                to[z] = to[z] + g if z in to else g
        symbolic, depends, take = self.symbolic, self.depends, to.pop
        with collector_paused():
            for node in reversed(self.nodes):
                g = take(node, None)
                if g is not None:
                    kind, x, y = node.rule, node._x, node._other
                    cotangents = kind.pull_anew(node, g) if symbolic else kind.pull(node, g)
                    for parent, cotangent in zip(x if y is MANY else (x, y), cotangents):
                        if parent in depends:
                            to[parent] = to[parent] + cotangent if parent in to else cotangent
        return [self._result(to.get(x, 0.0)) for x in self.inputs]

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """Forward mode: tangents of inputs -> tangents of outputs; a node's partials are its pullback of 1."""
        along: dict[Value, Any] = {x: t for x, t in zip(self.inputs, tangents) if not _is_zero(t)}
        pullback, one = self._pull_node(), self.one()
        with collector_paused():
            for node in self.nodes:
                if not along.keys().isdisjoint(node.parents):
                    terms = [d * along[p] for p, d in zip(node.parents, pullback(node, one)) if p in along]
                    along[node] = sum(terms[1:], terms[0])
        return [self._result(along.get(z, 0.0)) for z in self.outputs]

    def _pull_node(self) -> Callable[[Value, Any], tuple[Any, ...]]:
        """Return what hands a node's cotangent to its parents: by the floats it has kept, or anew by Values."""
        if self.symbolic:
            return lambda node, g: node.rule.pull_anew(node, g)
        return lambda node, g: node.rule.pull(node, g)

    def _result(self, x: Any) -> Any:
        return Value.constant(x) if self.symbolic and not isinstance(x, Value) else x


SCALAR_VALUED = ("grad", "value_and_grad")
"""Of whose functions nobody asks a derivative that is 0 by definition, as of a comparison among other results."""


def _check_numbers(leaves: Sequence[Any], name: str) -> None:
    """Refuse the answer of a comparison, whose derivative nobody can mean."""
    for x in leaves:
        if x.__class__ is bool or isinstance(x, np.bool_):
            raise TypeError(
                f"{name} differentiates numbers, but the function returned {x}, as a comparison does, which has no "
                "derivative. Return engine.where(condition, a, b), or 1.0 * condition where a constant is meant."
            )


def _is_zero(x: Any) -> bool:
    """Whether somebody wrote a plain 0."""
    return bool(x._data == 0.0 and is_constant(x)) if isinstance(x, Value) else bool(x == 0.0)
