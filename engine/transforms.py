"""Functions that take a function and return its derivatives; they compose to any order.

Arguments are numbers, or lists, tuples, dicts and arrays of numbers; derivatives come back in the same structure.
Nobody's `.grad` is touched.  While the function runs, a Value that depends on the arguments and would become a plain
number, and so lose its derivative, is refused (`engine.differentiating`).

>>> grad(lambda x: x**3)(2.0)
12.0
>>> grad(grad(grad(lambda x: x**3)))(2.0)
6.0
>>> grad(lambda p: p["w"] * p["x"][0])({"w": 3.0, "x": [5.0]})
{'w': 5.0, 'x': [3.0]}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.arguments import function, listed, whole
from engine.errors import NotScalarError
from engine.linearised import Linearised
from engine.tree import LEAF, Structure, array_of_objects, flatten, matched, unflatten

Function = Callable[..., Any]


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
        at = Linearised(f, argnums, args, kwargs, name)
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

    >>> import numpy as np
    >>> jacobian(lambda x: np.array([x[0] * x[1], x[0] + x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 1.]])
    """
    function(f, "jacobian")
    whole(argnums, "jacobian's argnums", "the argument to differentiate by")

    def rows(*args: Any, **kwargs: Any) -> Any:
        at = Linearised(f, argnums, args, kwargs, "jacobian")
        m = len(at.outputs)
        zero, one = at.zero(), at.one()
        pulled = [at.pull([one if i == j else zero for j in range(m)]) for i in range(m)]
        return _outer(at.out_structure, at.structures[0], pulled)

    return rows


def hessian(f: Function, argnums: int = 0) -> Function:
    """Return the function that computes second derivatives, ``H[i, j] = d2 f / dx_i dx_j``.

    >>> import numpy as np
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
    at = Linearised(f, tuple(range(len(args))), args, {}, "vjp")
    value = unflatten(at.out_structure, [at.number(z) for z in at.outputs])

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        leaves = matched(cotangent, at.out_structure, "vjp's cotangent", "the function's result")
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
        tuple(listed(each, f"jvp's {what}", "one entry for each argument of the function"))
        for each, what in ((primals, "primals"), (tangents, "tangents"))
    )
    _, structure = flatten(primals, "primals")
    leaves = matched(tangents, structure, "jvp's tangents", "the primals")
    at = Linearised(f, tuple(range(len(primals))), primals, {}, "jvp")
    value = unflatten(at.out_structure, [at.number(z) for z in at.outputs])
    return value, unflatten(at.out_structure, at.push(leaves))


def hvp(f: Function, x: Any, v: Any) -> Any:
    """Return the Hessian of `f` at `x` times `v`, without forming the Hessian.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    function(f, "hvp")
    matched(v, flatten(x)[1], "hvp's direction", "the point")
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


def _outer(outer: Structure, inner: Structure, rows: list[list[Any]]) -> Any:
    """Arrange a Jacobian's rows in the output's structure, each in the input's."""
    flat = [x for row in rows for x in row]
    if outer.kind == "array" and inner.kind in ("array", LEAF):
        return unflatten(Structure("array", outer.keys + (inner.keys if inner.kind == "array" else ())), flat)
    if outer.kind == LEAF and inner.kind == "array":
        return unflatten(inner, flat)
    return outer.rebuild(iter([unflatten(inner, row) for row in rows]), array_of_objects)
