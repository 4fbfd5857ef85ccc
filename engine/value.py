"""Value: a number that remembers how it was computed, and can hand a gradient back.

A Value holds its number, its parents, and its pullback, which is the rule's local-derivative closure over the
floats of the forward pass: ``functools.partial(<function tanh>, 0.46)``.  Operators and methods are made from
`engine.rules.RULES` by the factories at the end of this file; none is written by hand.

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
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.graph import order
from engine.rules import RULES, Rule, _on_new_rule
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

    # --- order: by number; equality and hash stay identity, so that Values live in sets and dicts --------------

    def __lt__(self, other: Any) -> Any:
        return _compared("less", self, other)

    def __le__(self, other: Any) -> Any:
        return _compared("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return _compared("less", other, self)

    def __ge__(self, other: Any) -> Any:
        return _compared("less_equal", other, self)

    # --- NumPy -----------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Let ``np.tanh(v)`` and ``np.float64(2) * v`` be what they say; arrays go element by element."""
        if method == "__call__" and not kwargs and not any(isinstance(x, np.ndarray) and x.ndim for x in inputs):
            name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
            made = _UFUNC_FUNCTIONS.get(name) or getattr(Value, name, None)
            if made is None or (name not in RULES and name not in _UFUNC_FUNCTIONS):
                raise TypeError(
                    f"np.{ufunc.__name__} has no derivative rule. Rules are in engine/rules.py; add one with @rule."
                )
            return made(*[x.item() if isinstance(x, np.ndarray) else x for x in inputs])
        boxed = [_boxed(x) if isinstance(x, Value) else x for x in inputs]
        return getattr(ufunc, method)(*boxed, **kwargs)

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

    if TYPE_CHECKING:  # installed from the rules, below
        # fmt: off
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


def _compared(op: str, a: Any, b: Any) -> Any:
    """Compare numbers; while a function is being lifted, return a condition that stays in the program."""
    if LOCAL.active is not None:
        node = getattr(Value, op)(a, b)
        return node if node is NotImplemented else Condition(node)
    if not isinstance(a, Value):
        a = operand(a, op, b)
    elif not isinstance(b, Value):
        b = operand(b, op, a)
    if a is NotImplemented or b is NotImplemented:
        return NotImplemented
    return a._data < b._data if op == "less" else a._data <= b._data


class Condition:
    """What a comparison is while a function is being lifted: still undecided.

    `engine.where` keeps it in the program; ``if`` decides it now, and the program guards that decision.
    ``&``, ``|`` and ``~`` combine conditions.
    """

    __slots__ = ("node",)

    def __init__(self, node: Value) -> None:
        self.node = node

    def __bool__(self) -> bool:
        if LOCAL.active is None:
            return self.node._data != 0.0
        return LOCAL.active.branch(self.node)

    def where(self, x: Any, y: Any) -> Value:
        """Choose `x` where this holds, else `y`."""
        made: Value = Value.where(self.node, x, y)
        return made

    def __and__(self, other: Any) -> Condition:
        return Condition(self.node * _condition_node(other))

    def __or__(self, other: Any) -> Condition:
        return Condition(Value.maximum(self.node, _condition_node(other)))

    def __invert__(self) -> Condition:
        return Condition(1.0 - self.node)

    __rand__, __ror__ = __and__, __or__

    def __mul__(self, other: Any) -> Any:
        return self.node * _condition_node(other)

    __rmul__ = __mul__


def _condition_node(x: Any) -> Any:
    return x.node if isinstance(x, Condition) else x


def _boxed(value: Value) -> np.ndarray[Any, Any]:
    box = np.empty((), dtype=object)
    box[()] = value
    return box


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


# --- operators and methods, made from the rules: one factory for each pattern of arity and residuals -------------


def _unary_keeping_result(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(x: Value) -> Value:
        z = f(x._data)
        return _node(z, (x,), name, partial(pullback, z))

    return method


def _unary_keeping_operand(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(x: Value) -> Value:
        data = x._data
        return _node(f(data), (x,), name, partial(pullback, data))

    return method


def _binary_keeping_operands(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not Value and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not Value and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        x, y = a._data, b._data
        return _node(f(x, y), (a, b), name, partial(pullback, x, y))

    return method


def _binary_keeping_nothing(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not Value and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not Value and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        return _node(f(a._data, b._data), (a, b), name, pullback)

    return method


def _any_number(rule: Rule) -> Callable[..., Any]:
    f, name = rule.scalar, rule.name

    def method(operands: Sequence[Any]) -> Value:
        parents = tuple([x if x.__class__ is Value else _operand_of_many(x, name) for x in operands])
        xs = [p._data for p in parents]
        z = f(xs)
        return _node(z, parents, name, rule.bind(z, xs))

    return method


def _operand_of_many(x: Any, name: str) -> Value:
    made = operand(x, name, _NOBODY)
    if not isinstance(made, Value):
        raise TypeError(f"{name} of {type(x).__name__} is not defined. Pass numbers and Values.")
    return made


def _general(rule: Rule) -> Callable[..., Any]:
    f, name, arity = rule.scalar, rule.name, len(rule.operands)

    def method(*given: Any) -> Any:
        parents: list[Value] = []
        for x in given[:arity]:
            made = operand(x.node if isinstance(x, Condition) else x, name, _NOBODY)
            if made is NotImplemented:
                return NotImplemented
            parents.append(made)
        xs = [p._data for p in parents]
        fixed = [float(x) for x in given[arity:]]
        z = f(*xs, *fixed)
        return _node(z, tuple(parents), name, rule.bind(z, xs, fixed))

    return method


def _factory(rule: Rule) -> Callable[[Rule], Callable[..., Any]]:
    if rule.variadic:
        return _any_number
    if rule.fixed:
        return _general
    patterns = {
        ("x", ("z",)): _unary_keeping_result,
        ("x", ("x",)): _unary_keeping_operand,
        ("xy", ("x", "y")): _binary_keeping_operands,
        ("xy", ()): _binary_keeping_nothing,
    }
    return patterns.get(("".join(rule.operands), rule.keeps), _general)


def _reflected(method: Callable[..., Value]) -> Callable[..., Any]:
    return lambda b, a: method(a, b)


_DUNDERS = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv"}
_UFUNCS = {"absolute": "abs", "true_divide": "divide", "conjugate": "identity", "positive": "identity"}
_UFUNC_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "greater": lambda a, b: _compared("less", b, a),
    "greater_equal": lambda a, b: _compared("less_equal", b, a),
    "less": lambda a, b: _compared("less", a, b),
    "less_equal": lambda a, b: _compared("less_equal", a, b),
    "equal": lambda a, b: a is b,
    "not_equal": lambda a, b: a is not b,
    "power": lambda a, b: a**b if isinstance(a, Value) else b.__rpow__(a),
}


def install(rule: Rule) -> None:
    """Give Value the method, and the operator if it has one, that follow from a rule."""
    method = _factory(rule)(rule)
    method.__name__, method.__qualname__, method.__doc__ = rule.name, f"Value.{rule.name}", rule.doc
    static = rule.variadic
    setattr(Value, rule.name, staticmethod(method) if static else method)
    dunder = _DUNDERS.get(rule.name)
    if dunder:
        setattr(Value, f"__{dunder}__", method)
        setattr(Value, f"__r{dunder}__", _reflected(method))


for _rule in RULES.values():
    install(_rule)
_on_new_rule.append(install)
_NOBODY = Value(0.0)


def _power(a: Value, b: Any) -> Any:
    if isinstance(b, Value):
        return Value.power(a, b)
    return NotImplemented if operand(b, "power", a) is NotImplemented else a.power_constant(b)


def _positive(x: Value) -> Value:
    return x


for _name, _method in {
    "__pow__": _power,
    "__rpow__": _reflected(Value.power),
    "__neg__": Value.negative,
    "__pos__": _positive,
    "__abs__": Value.abs,
}.items():
    setattr(Value, _name, _method)
