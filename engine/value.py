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
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.graph import order
from engine.rules import RULES
from engine.tracing import LOCAL


class Label(str):
    """A label that also says where its scalar sits in which array, as `nn` names its weights.

    >>> w = Label("layers.0.neurons.3.w.5", array="layers.0.W", place=(5, 3))
    >>> w, w.array, w.place
    ('layers.0.neurons.3.w.5', 'layers.0.W', (5, 3))
    """

    __slots__ = ("array", "place")
    array: str
    place: tuple[int, ...]

    def __new__(cls, text: str, array: str, place: tuple[int, ...]) -> Label:
        """Return the text with its array and its place."""
        self = super().__new__(cls, text)
        self.array, self.place = array, place
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the place."""
        return Label, (str(self), self.array, self.place)


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
        What to call it in pictures, lifted programs and messages.

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
        If `data` is not one real number.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> (x * x).backward()
    >>> x
    Value(3.0, grad=6.0, label='x')
    """

    __slots__ = ("_data", "grad", "label", "op", "parents", "pullback")  # few: a node's size is its speed

    def __init__(self, data: Any, label: str = "") -> None:
        self._data: float = data if data.__class__ is float else _as_float(data)
        self.grad: float = 0.0
        self.parents: tuple[Value, ...] = ()
        self.op: str = ""
        self.label: str = label
        # A leaf made inside a function that is being lifted belongs to it, as a number does.
        self.pullback: Callable[[Any], tuple[Any, ...]] = _leaf if LOCAL.active is None else _constant

    # --- the number ------------------------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number; it may be set, for instance by an optimiser."""
        if LOCAL.active is not None:
            LOCAL.active.leak(self, "a float (by .data)")
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        if LOCAL.active is not None:
            LOCAL.active.leak(self, "a place to store a number (by .data = ...)")
        self._data = data if data.__class__ is float else _as_float(data)

    def item(self) -> float:
        """Return the number as a Python float."""
        return self.__float__()

    def __float__(self) -> float:
        if LOCAL.active is not None:
            LOCAL.active.leak(self, "a float")
        return self._data

    def __int__(self) -> int:
        if LOCAL.active is not None:
            LOCAL.active.leak(self, "an int")
        return int(self._data)

    __trunc__ = __int__

    def __bool__(self) -> bool:
        if LOCAL.active is not None:
            LOCAL.active.leak(self, "a bool")
        return self._data != 0.0

    def __repr__(self) -> str:
        label = f", label={str(self.label)!r}" if self.label else ""
        op = f", op={self.op!r}" if self.op else ""
        return f"Value({self._data!r}, grad={self.grad!r}{op}{label})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the graph in Jupyter, where `viz` is installed beside the engine."""
        shown = {"text/plain": repr(self)}
        viz = sys.modules.get("viz")
        if viz is not None:
            shown["image/svg+xml"] = viz.svg(self)
        return shown

    # --- the sweep -------------------------------------------------------------------------------------------

    def backward(self, seed: float = 1.0) -> None:
        """Add d(self)/d(leaf) * seed to every leaf's `grad`; interior nodes hold the latest sweep's gradient.

        Sorts the graph topologically and runs each pullback once, without recursion.

        Examples
        --------
        >>> x = Value(2.0)
        >>> y = x * x
        >>> y.backward(); y.backward()
        >>> x.grad
        8.0
        """
        if not self.parents:
            self.grad += seed
            return
        interior = self._interior()
        for node in interior:
            node.grad = 0.0
        self.grad = float(seed)
        for node in reversed(interior):
            parents = node.parents
            cotangents = node.pullback(node.grad)
            if len(parents) == 2:
                x, y = parents
                to_x, to_y = cotangents
                x.grad += to_x
                y.grad += to_y
            else:
                for parent, cotangent in zip(parents, cotangents):
                    parent.grad += cotangent

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

    # --- copies ----------------------------------------------------------------------------------------------

    def __copy__(self) -> Value:
        twin = _node(self._data, self.parents, self.op, self.pullback)
        twin.grad, twin.label = self.grad, self.label
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        for node in order(self):
            if id(node) not in memo:
                twin = _node(node._data, tuple([memo[id(p)] for p in node.parents]), node.op, node.pullback)
                twin.grad, twin.label = node.grad, node.label
                memo[id(node)] = twin
        return cast(Value, memo[id(self)])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the whole graph as flat lists, so that its depth does not matter."""
        if not self.parents:
            return _restore_leaf, (self._data, self.grad, self.label, self.pullback is _constant)
        nodes = order(self)
        place = {node: i for i, node in enumerate(nodes)}
        flat = [
            node
            if not node.parents
            else (
                node._data,
                node.grad,
                node.label,
                node.op,
                [place[p] for p in node.parents],
                getattr(node.pullback, "args", ()),
            )
            for node in nodes
        ]
        return _restore_graph, (flat,)

    @classmethod
    def constant(cls, number: Any) -> Value:
        """Return a leaf that stands for a plain number, as 2.0 does in ``2.0 * x``."""
        made = cls(number)
        made.pullback = _constant
        return made

    if TYPE_CHECKING:  # installed from the rules by engine.operators
        # fmt: off
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


def zero_grad(values: Iterable[Value]) -> None:
    """Set `grad` of every Value to 0.0, which `backward` never does for leaves.

    >>> x = Value(2.0)
    >>> (x * x).backward()
    >>> zero_grad([x])
    >>> x.grad
    0.0
    """
    for value in values:
        value.grad = 0.0


def is_constant(value: Value) -> bool:
    """Whether a leaf stands for a plain number rather than for a Value somebody made.

    >>> x = Value(3.0)
    >>> [is_constant(p) for p in (2.0 * x).parents]
    [True, False]
    """
    return value.pullback is _constant


def _as_float(data: Any) -> float:
    if isinstance(data, (numbers.Real, np.bool_)):
        try:
            return float(data)
        except OverflowError:  # an integer beyond the range of floats
            return math.inf if cast(int, data) > 0 else -math.inf
    if isinstance(data, np.ndarray) and data.ndim == 0 and data.dtype.kind in "biuf":
        return float(data)
    given = f"an array of shape {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
    cure = {
        "Value": "It is a Value already; use it as it is, or .data for its number.",
        "str": "Convert it with float(...) first.",
        "complex": "Values are real; pass its .real or its .imag.",
        "NoneType": "A missing number cannot be differentiated; leave it out or pass 0.0.",
    }.get(type(data).__name__, "Make one Value per number, for instance [Value(x) for x in xs].")
    raise TypeError(f"Value needs one real number; got {given}. {cure}")


def _node(data: float, parents: tuple[Value, ...], op: str, pullback: Callable[[Any], tuple[Any, ...]]) -> Value:
    """Make an interior node, without the checks that a user's number needs."""
    node: Value = _new(Value)
    node._data = data
    node.grad = 0.0
    node.parents = parents
    node.op = op
    node.label = ""
    node.pullback = pullback
    return node


_new = object.__new__


def operand(x: Any, op: str, other: Value) -> Any:
    """Return `x` as a Value; NotImplemented lets an unknown type have its say, known nonsense is refused."""
    if isinstance(x, Value):
        return x
    if isinstance(x, (numbers.Real, np.bool_)):
        return Value.constant(x)
    if isinstance(x, (str, complex, bytes, type(None), list, tuple, dict)):
        name = f" (the Value is {str(other.label)!r})" if other.label else ""
        raise TypeError(f"{op} of Value and {type(x).__name__} is not defined{name}. Pass a real number or a Value.")
    return NotImplemented


def _restore_leaf(data: float, grad: float, label: str, constant: bool) -> Value:
    leaf = Value(data, label)
    leaf.grad = grad
    if constant:
        leaf.pullback = _constant
    return leaf


def _restore_graph(flat: list[Any]) -> Value:
    nodes: list[Value] = []
    for item in flat:
        if isinstance(item, Value):
            nodes.append(item)
            continue
        data, grad, label, op, parents, kept = item
        rule = RULES[op].pullback
        node = _node(data, tuple([nodes[i] for i in parents]), op, partial(rule, *kept) if kept else rule)
        node.grad, node.label = grad, label
        nodes.append(node)
    return nodes[-1]
