"""Value: a number that remembers how it was computed, and can hand a gradient back.

A Value holds its number, its parents, and its pullback, which is the rule's local-derivative closure over the
floats of the forward pass: ``functools.partial(<function tanh>, 0.46)``.  Operators and methods are made from
`engine.rules.RULES` by `engine.operators`; none is written by hand.

>>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.0, "b")
>>> z = (w * x + b).tanh()
>>> z.backward()
>>> w.grad, x.grad, b.grad
(2.0, 0.5, 1.0)
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.arguments import described, listed
from engine.label import checked
from engine.tracing import DIFFERENTIATED, LOCAL, refuse


def _leaf(g: Any) -> tuple[()]:
    """Pullback of a leaf: it has no parents to hand anything to."""
    return ()


def _constant(g: Any) -> tuple[()]:
    """Pullback of a number that met a Value, as 2.0 does in 2.0 * x."""
    return ()


class Value:
    """A scalar in a computation graph.

    Parameters
    ----------
    data : float
        The number. Integers, bools and NumPy scalars become floats.
    label : str
        What to call it in pictures, lifted programs and messages; it may be set.

    Attributes
    ----------
    data, grad : float
        The number, and the derivative of the last `backward`'s root with respect to it (0.0 at birth).
    parents : tuple of Value
        The operands; empty for a leaf.
    op : str
        Name of the rule that made it, ``""`` for a leaf.
    pullback : callable
        Cotangent of this node -> one cotangent per parent.

    Raises
    ------
    TypeError
        If `data` is not one real number, or `label` is no text.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> (x * x).backward()
    >>> x
    Value(3.0, grad=6.0, label='x')
    """

    __slots__ = ("_data", "_label", "grad", "op", "parents", "pullback")  # few: a node's size is its speed

    def __init__(self, data: Any, label: str = "") -> None:
        self._data: float = data if data.__class__ is float else as_float(data)
        self.grad: float = 0.0
        self.parents: tuple[Value, ...] = ()
        self.op: str = ""
        self._label: str = label if label.__class__ is str else checked(label)
        # A leaf made inside a function that is being lifted belongs to it, as a number does.
        self.pullback: Callable[[Any], tuple[Any, ...]] = _leaf if LOCAL.active is None else _constant

    # --- the number ------------------------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number; it may be set, for instance by an optimiser."""
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a float (by .data)")
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a place to store a number (by .data = ...)")
        self._data = data if data.__class__ is float else as_float(data)

    @property
    def label(self) -> str:
        """What it is called; "" where nobody has given it a name."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        self._label = checked(label)

    def item(self) -> float:
        """Return the number as a Python float."""
        return self.__float__()

    def __float__(self) -> float:
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a float")
        return self._data

    def __int__(self) -> int:
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "an int")
        return int(self._data)

    __trunc__ = __int__

    def __bool__(self) -> bool:
        refuse_where_lifted(self, "a bool")
        return self._data != 0.0

    def __repr__(self) -> str:
        label = f", label={str(self._label)!r}" if self._label else ""
        op = f", op={self.op!r}" if self.op else ""
        lifted = LOCAL.active is not None  # out of a function that is being lifted, no text carries a number
        return f"Value({'traced' if lifted else f'{self._data!r}, grad={self.grad!r}'}{op}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec and LOCAL.active is None else repr(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the graph in Jupyter, where `viz` is installed beside the engine."""
        viz = sys.modules.get("viz") if LOCAL.active is None else None
        return {"text/plain": repr(self), **({"image/svg+xml": viz.svg(self)} if viz is not None else {})}

    # --- the sweep -------------------------------------------------------------------------------------------

    def backward(self, seed: float = 1.0) -> None:
        """Add d(self)/d(leaf) * seed to every leaf's `grad`; interior nodes hold the latest sweep's gradient.

        Sorts the graph topologically and runs each pullback once, without recursion.  A leaf whose `grad` somebody has
        set to None starts from 0.0.

        Examples
        --------
        >>> x = Value(2.0)
        >>> y = x * x
        >>> y.backward(); y.backward()
        >>> x.grad
        8.0
        """
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "gradients (by .backward())")
        if seed.__class__ is not float:
            seed = as_float(seed, "backward's seed")
        if not self.parents:
            self.grad = (self.grad or 0.0) + seed
            return
        interior = self._interior()
        for node in interior:
            node.grad = 0.0
        self.grad = seed
        for node in reversed(interior):
            parents = node.parents
            cotangents = node.pullback(node.grad)
            try:
                if len(parents) == 2:
                    x, y = parents
                    to_x, to_y = cotangents
                    x.grad += to_x
                    y.grad += to_y
                else:
                    for parent, cotangent in zip(parents, cotangents):
                        parent.grad += cotangent
            except TypeError:
                if not _resumed(parents, cotangents):
                    raise

    def _interior(self) -> list[Value]:
        """Return what this was computed from, operands first, leaves left out (`graph.order`, in a tight loop)."""
        done: set[Value] = set()
        found: list[Value] = []
        stack: list[Value] = [self]
        while stack:
            node = stack[-1]
            if node in done:
                stack.pop()
                continue
            waiting = [p for p in node.parents if p.parents and p not in done]
            if waiting:
                stack.extend(waiting)
            else:
                stack.pop()
                done.add(node)
                found.append(node)
        return found

    @classmethod
    def constant(cls, number: Any) -> Value:
        """Return a leaf that stands for a plain number, as 2.0 does in ``2.0 * x``."""
        return new_node(number if number.__class__ is float else as_float(number), (), "", _constant)

    if TYPE_CHECKING:  # installed by engine.operators: from the rules, from engine.conditions and engine.copying
        # fmt: off
        def __copy__(self) -> Value: ...
        def __deepcopy__(self, memo: dict[int, Any]) -> Value: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...
        def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any: ...
        def __add__(self, other: Any) -> Value: ...
        def __radd__(self, other: Any) -> Value: ...
        def __sub__(self, other: Any) -> Value: ...
        def __rsub__(self, other: Any) -> Value: ...
        def __mul__(self, other: Any) -> Value: ...
        def __rmul__(self, other: Any) -> Value: ...
        def __truediv__(self, other: Any) -> Value: ...
        def __rtruediv__(self, other: Any) -> Value: ...
        def __pow__(self, other: Any) -> Value: ...
        def __rpow__(self, other: Any) -> Value: ...
        def __neg__(self) -> Value: ...
        def __pos__(self) -> Value: ...
        def __abs__(self) -> Value: ...
        def __getattr__(self, name: str) -> Callable[..., Any]: ...
        power: Any
        equal: Any
        maximum: Any
        where: Any
        select: Any
        negative: Any
        abs: Any
        # fmt: on


def _resumed(parents: tuple[Value, ...], cotangents: tuple[Any, ...]) -> bool:
    """Accumulate on from the first parent whose gradient is None, where a sweep has stopped; False if there is none."""
    stopped = next((i for i, parent in enumerate(parents) if parent.grad is None), None)
    if stopped is None:
        return False
    for parent, cotangent in zip(parents[stopped:], cotangents[stopped:]):
        parent.grad = (parent.grad or 0.0) + cotangent
    return True


def refuse_where_lifted(value: Value, into: str) -> None:
    """Refuse to a function that is being lifted, if one is, what depends on a Value's number."""
    if LOCAL.active is not None:
        LOCAL.active.leak(value, into)


def zero_grad(values: Iterable[Value]) -> None:
    """Set `grad` of every Value to 0.0, which `backward` never does for leaves.

    >>> x = Value(2.0)
    >>> (x * x).backward()
    >>> zero_grad([x])
    >>> x.grad
    0.0
    """
    for value in listed(values, "zero_grad's operand", "Values"):
        if value.__class__ is not Value and not isinstance(value, Value):
            raise TypeError(f"zero_grad takes a list of Values, such as model.parameters(); one is {described(value)}.")
        value.grad = 0.0


def is_constant(value: Value) -> bool:
    """Whether a leaf stands for a plain number rather than for a Value somebody made.

    >>> x = Value(3.0)
    >>> [is_constant(p) for p in (2.0 * x).parents]
    [True, False]
    """
    return value.pullback is _constant


def as_float(data: Any, what: str = "Value") -> float:
    """Return one real number as a float; beyond the range of floats it is infinite.

    Raises
    ------
    TypeError
        If it is anything else; the message begins with `what`.
    """
    if isinstance(data, (numbers.Real, np.bool_)):
        try:
            return float(data)
        except OverflowError:  # an integer beyond the range of floats
            return math.inf if cast(int, data) > 0 else -math.inf
    if isinstance(data, np.ndarray) and data.ndim == 0 and data.dtype.kind in "biuf":
        return float(data)
    kind = Value if isinstance(data, Value) else type(data)
    cure = {
        Value: "It is a Value already; use it as it is, or .data for its number.",
        str: "Convert it with float(...) first.",
        complex: "Values are real; pass its .real or its .imag.",
        type(None): "A missing number cannot be differentiated; leave it out or pass 0.0.",
    }.get(kind, "Make one Value per number, for instance [Value(x) for x in xs].")
    raise TypeError(f"{what} needs one real number; got {described(data)}. {cure}")


def new_node(data: float, parents: tuple[Value, ...], op: str, pullback: Callable[[Any], tuple[Any, ...]]) -> Value:
    """Make a node, without the checks that a user's number needs."""
    node: Value = _new(Value)
    node._data = data
    node.grad = 0.0
    node.parents = parents
    node.op = op
    node._label = ""
    node.pullback = pullback
    return node


_new = object.__new__


def operand(x: Any, op: str, other: Value) -> Any:
    """Return `x` as a Value; NotImplemented lets a type that knows the operator have its say, all else is refused."""
    if x.__class__ is float:
        return new_node(x, (), "", _constant)
    if isinstance(x, Value):
        return x
    if isinstance(x, (numbers.Real, np.bool_)):
        return Value.constant(x)
    if hasattr(x, "node"):  # a comparison that a trace keeps (engine.conditions)
        return x.node
    if _has_its_say(x, op):
        return NotImplemented
    name = f" (the Value is {str(other.label)!r})" if other.label else ""
    raise TypeError(f"{op} of Value and {described(x)} is not defined{name}. Pass a real number or a Value.")


REFLECTED = {
    "add": "__radd__", "subtract": "__rsub__", "multiply": "__rmul__", "divide": "__rtruediv__", "power": "__rpow__",
    "less": "__gt__", "less_equal": "__ge__", "equal": "__eq__",
}  # fmt: skip


def _has_its_say(x: Any, op: str) -> bool:
    """Whether a type that Python does not bring along may know what this operator does with a Value."""
    known = getattr(type(x), name := REFLECTED.get(op, ""), None)
    foreign = type(x).__module__.partition(".")[0] not in sys.stdlib_module_names
    return known is not None and known is not getattr(object, name, None) and foreign
