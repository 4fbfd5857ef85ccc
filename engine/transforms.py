"""Functions that take a function and return its derivatives; they compose to any order.

Arguments are numbers, or lists, tuples, dicts and arrays of numbers; derivatives come back in the same structure.
Nobody's `.grad` is touched.  While the function runs, a Value that depends on the arguments and would become a plain
number, and so lose its derivative, is refused (`engine.differentiating`).

Inside another transform, or on Values, every rule is bound to Values in place of floats, so that the result can be
differentiated again.  Each transform differentiates with respect to nodes of its own (`identity` nodes over what it
was given), which is what keeps an inner derivative from seeing an outer one's variable.

>>> grad(lambda x: x**3)(2.0)
12.0
>>> grad(grad(grad(lambda x: x**3)))(2.0)
6.0
>>> grad(lambda p: p["w"] * p["x"][0])({"w": 3.0, "x": [5.0]})
{'w': 5.0, 'x': [3.0]}
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.arguments import described, function, listed, result, whole
from engine.differentiating import differentiating
from engine.errors import NotScalarError, ShapeError
from engine.graph import order
from engine.rules import RULES
from engine.tracing import LOCAL
from engine.tree import LEAF, Structure, flatten, unflatten
from engine.value import Value

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


def grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return the function that computes the gradient of a scalar-valued `f`.

    Parameters
    ----------
    f
        Takes numbers or nested structures of them, and returns one number.
    argnums
        Which positional argument to differentiate with respect to; several give a tuple.

    Raises
    ------
    NotScalarError
        If `f` returns more than one number.

    Examples
    --------
    >>> grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (3.0, 2.0)
    """
    both = value_and_grad(f, argnums, name="grad")
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, *, name: str = "value_and_grad") -> Function:
    """Return the function that computes ``(f(*args), gradient)`` in one pass.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    function(f, name)
    argnums = _places(argnums, name)

    def differentiated(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        with _Linearised(f, argnums, args, kwargs, name) as at:
            if at.out_structure.kind != LEAF:
                raise NotScalarError(
                    f"{name} needs a function that returns one number; this one returned {at.out_structure}. "
                    "Use jacobian, or sum the result."
                )
            return at.number(at.outputs[0]), at.structured(at.pull([at.one()]))

    return differentiated


def jacobian(f: Function, argnums: int = 0) -> Function:
    """Return the function that computes ``J[i, j] = d f_i / d x_j`` (note 002's definition).

    The result has the output's structure, and in place of each number the input's; where both are arrays, or lists of
    numbers, it is indexed output first: an array of shape ``output.shape + input.shape``.

    >>> jacobian(lambda x: np.array([x[0] * x[1], x[0] + x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 1.]])
    """
    function(f, "jacobian")
    whole(argnums, "jacobian's argnums", "the argument to differentiate by")

    def rows(*args: Any, **kwargs: Any) -> Any:
        with _Linearised(f, argnums, args, kwargs, "jacobian") as at:
            m = len(at.outputs)
            zero, one = at.zero(), at.one()
            pulled = [at.pull([one if i == j else zero for j in range(m)]) for i in range(m)]
            return _outer(at.out_structure, at.structures[0], pulled)

    return rows


def hessian(f: Function, argnums: int = 0) -> Function:
    """Return the function that computes second derivatives, ``H[i, j] = d2 f / dx_i dx_j``.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    """
    function(f, "hessian")
    whole(argnums, "hessian's argnums", "the argument to differentiate by")
    return jacobian(grad(f, argnums), argnums)


def vjp(f: Function, *args: Any) -> tuple[Any, Function]:
    """Return ``f(*args)`` and the pullback: output cotangent -> tuple of cotangents, one an argument.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> value, pullback([1.0, 10.0])
    ([6.0, 5.0], (13.0, 12.0))
    """
    function(f, "vjp")
    with _Linearised(f, tuple(range(len(args))), args, {}, "vjp") as at:
        value = unflatten(at.out_structure, [at.number(z) for z in at.outputs])

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        leaves = _matching(cotangent, at.out_structure, "vjp's cotangent", "the function's result")
        return tuple(at.structured(at.pull(leaves)))

    return value, pullback


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return ``f(*primals)`` and its derivative along `tangents` (forward mode, one pass over the graph).

    Raises
    ------
    ShapeError
        If the tangents are not of the primals' structure.

    Examples
    --------
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    function(f, "jvp")
    primals, tangents = (
        tuple(listed(given, f"jvp's {what}", "one entry for each argument of the function"))
        for given, what in ((primals, "primals"), (tangents, "tangents"))
    )
    _, structure = flatten(primals, "primals")
    leaves = _matching(tangents, structure, "jvp's tangents", "the primals")
    with _Linearised(f, tuple(range(len(primals))), primals, {}, "jvp") as at:
        value = unflatten(at.out_structure, [at.number(z) for z in at.outputs])
        return value, unflatten(at.out_structure, at.push(leaves))


def hvp(f: Function, x: Any, v: Any) -> Any:
    """Return the Hessian of `f` at `x` times `v`, without forming the Hessian.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    function(f, "hvp")
    return jvp(grad(f), (x,), (v,))[1]


def _places(argnums: Any, name: str) -> int | tuple[int, ...]:
    """Return which arguments are differentiated by: one, or several."""
    if argnums.__class__ is int:
        return int(argnums)
    meaning = "the argument to differentiate by, or a tuple of several"
    if not isinstance(argnums, (list, tuple)):
        return whole(argnums, f"{name}'s argnums", meaning)
    if not len(argnums):
        raise ValueError(f"{name}'s argnums ({meaning}) names no argument; pass 0 for the first.")
    return tuple([whole(n, f"{name}'s argnums", meaning) for n in argnums])


def _matching(tree: Any, structure: Structure, what: str, model: str) -> list[Any]:
    leaves, found = flatten(tree, what)
    if (found != structure and [found.size] != [structure.size]) or _skeleton(found) != _skeleton(structure):
        raise ShapeError(f"{what} must have the structure of {model}, {structure}; got {found}.")
    return leaves


def _skeleton(s: Structure) -> Any:
    """Return the structure with lists and tuples alike."""
    return (
        s.kind.replace("tuple", "list"),
        s.keys if s.kind != "namedtuple" else (),
        [*map(_skeleton, s.children)],
    )


def _outer(outer: Structure, inner: Structure, rows: list[list[Any]]) -> Any:
    """Arrange a Jacobian's rows in the output's structure, each in the input's."""
    flat = [x for row in rows for x in row]
    if outer.kind == "array" and inner.kind in ("array", LEAF):
        return unflatten(Structure("array", outer.keys + (inner.keys if inner.kind == "array" else ())), flat)
    if outer.kind == LEAF and inner.kind == "array":
        return unflatten(inner, flat)
    places = iter([unflatten(inner, row) for row in rows])
    return _placed(outer, places)


def _placed(structure: Structure, places: Iterator[Any]) -> Any:
    if structure.kind == LEAF:
        return next(places)
    if structure.kind == "array":
        array = np.empty(structure.size, dtype=object)
        for i in range(structure.size):
            array[i] = next(places)
        return array.reshape(structure.keys)
    items = [_placed(child, places) for child in structure.children]
    if structure.kind == "dict":
        return dict(zip(structure.keys, items))
    if structure.kind == "namedtuple":
        return structure.keys(*items)
    return items if structure.kind == "list" else tuple(items)


class _Linearised:
    """One evaluation of a function on nodes of its own, ready to be pulled back or pushed forward through.

    Used as a context manager around the evaluation: whatever runs inside is nested in this transform.
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
        given = [x for leaves, _ in flat for x in leaves]
        self.structures = [structure for _, structure in flat]
        self.symbolic = NESTING.depth > 0 or LOCAL.active is not None or any(isinstance(x, Value) for x in given)
        self.inputs: list[Value] = [_own(x) for x in given]
        self.f, self.args, self.kwargs, self.numbers, self.name = f, list(args), kwargs, numbers, name
        self.outputs: list[Value] = []
        self.out_structure = Structure(LEAF)

    def __enter__(self) -> _Linearised:
        start = 0
        for n, structure in zip(self.numbers, self.structures):
            self.args[n] = unflatten(structure, self.inputs[start : start + structure.size])
            start += structure.size
        with _entered(), differentiating(self.inputs, self.name):
            found = result(self.f, self.args, self.kwargs, self.name)
        leaves, self.out_structure = flatten(found, "the function's result")
        self.outputs = [x if isinstance(x, Value) else Value.constant(x) for x in leaves]
        self.nodes = self._between()
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def _between(self) -> list[Value]:
        """Return the nodes that depend on the inputs, operands first."""
        depends = set(self.inputs)
        found = []
        for node in order(*self.outputs):
            if node not in depends and any(p in depends for p in node.parents):
                depends.add(node)
                found.append(node)
        return found

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
        """Reverse mode: cotangents of the outputs -> cotangents of the inputs."""
        to: dict[Value, Any] = {}
        for z, g in zip(self.outputs, cotangents):
            to[z] = to[z] + g if z in to else g
        inside = {*self.nodes, *self.inputs}
        for node in reversed(self.nodes):
            g = to.pop(node, None)
            if g is None:
                continue
            for parent, cotangent in zip(node.parents, self._pullback(node)(g)):
                if parent in inside:
                    to[parent] = to[parent] + cotangent if parent in to else cotangent
        return [self._result(to.get(x, 0.0)) for x in self.inputs]

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """Forward mode: tangents of inputs -> tangents of outputs; a node's partials are its pullback of 1."""
        along: dict[Value, Any] = dict(zip(self.inputs, tangents))
        for node in self.nodes:
            partials = self._pullback(node)(self.one())
            terms = [partial * along[p] for p, partial in zip(node.parents, partials) if p in along]
            along[node] = sum(terms[1:], terms[0])
        return [self._result(along.get(z, 0.0)) for z in self.outputs]

    def _pullback(self, node: Value) -> Callable[[Any], tuple[Any, ...]]:
        if not self.symbolic:
            return node.pullback
        rule = RULES[node.op]
        return rule.bind(node, node.parents, rule.fixed_of(node.pullback))

    def _result(self, x: Any) -> Any:
        return Value.constant(x) if self.symbolic and not isinstance(x, Value) else x


def _own(x: Any) -> Value:
    """Return a node that is this transform's alone, and through which an outer one still sees `x`."""
    return x.identity() if isinstance(x, Value) else Value(x)
