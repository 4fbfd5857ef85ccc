"""A Value as micrograd's lecture has it: its names for a graph, and nodes whose derivative their author writes.

>>> from engine import Value
>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> product = Value(a.data * b.data, (a, b), "*", label="product")
>>> def _backward():
...     a.grad += b.data * product.grad
...     b.grad += a.data * product.grad
>>> product._backward = _backward
>>> (product**2)._op, product._op, product._prev == {a, b}
('**2', '*', True)
>>> (product**2).backward()
>>> a.grad, b.grad
(36.0, -24.0)

A derivative can be given as numbers too, one per child.

>>> a.grad = b.grad = 0.0
>>> Value(a.data * b.data, (a, b), (b.data, a.data)).backward()
>>> a.grad, b.grad
(-3.0, 2.0)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from engine.arguments import described
from engine.label import checked
from engine.node import NodeKind, birth
from engine.number import as_float
from engine.operands import is_value
from engine.rule import RULES
from engine.tracing import DIFFERENTIATED, LOCAL, refuse, refuse_where_lifted

NOTHING: tuple[()] = ()
"""No children, and no word of how a Value comes from them."""

NAMED = {
    "_children": "children", "_prev": "children", "_op": "op", "local_grads": "op", "_local_grads": "op",
}  # fmt: skip
"""What people's own Values call an argument -> what ours is called."""

SYMBOLS = {"relu": "ReLU", "negative": "-", "power_constant": "**"}


class Lecture:
    """The lecture's names for what a Value knows of its graph."""

    __slots__ = ()
    _data: float
    grad: float
    parents: tuple[Any, ...]
    pullback: Callable[[Any], tuple[Any, ...]]
    rule: NodeKind

    @property
    def _children(self) -> tuple[Any, ...]:
        """The operands."""
        return self.parents

    @property
    def _prev(self) -> set[Any]:
        """The operands, each once."""
        return set(self.parents)

    @property
    def _op(self) -> str:
        """The symbol of the operation, '' for a leaf, unless its author has given it one."""
        return symbol(self) if self.parents or isinstance(self.rule, Marked) else ""

    @property
    def _local_grads(self) -> tuple[Any, ...]:
        """The local derivatives, one per operand."""
        refuse_where_lifted(self, "its local derivatives (by ._local_grads)")
        return tuple(self.pullback(1.0)) if self.parents else ()

    @property
    def _backward(self) -> Callable[[], None]:
        """What adds to the operands' gradients the part of them that comes through this node; it may be assigned."""
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "gradients (by ._backward())")
        return partial(self.rule.spread, self)

    @_backward.setter
    def _backward(self: Any, step: Callable[[], object]) -> None:
        if not callable(step):
            raise TypeError(f"_backward is a function of no arguments; got {described(step)}.")
        if not self.parents:
            raise TypeError(
                f"_backward was assigned to {self!r}, a leaf, which hands nothing back. Name its children where it is "
                "made: Value(data, (a, b), '*')."
            )
        self.rule = Stepwise(symbol(self), step)


def symbol(node: Any) -> str:
    """Return what the lecture writes for a node's operation.

    >>> from engine import Value
    >>> x = Value(2.0)
    >>> [symbol(z) for z in (x + 1, x - 1, x * 3, x / 3, x**3, x**0.5, x**x, x.relu(), x.tanh())]
    ['+', '-', '*', '/', '**3', '**0.5', '**', 'ReLU', 'tanh']
    """
    kind = node.rule
    if isinstance(kind, Authored):
        return kind.symbol
    if kind is RULES["power_constant"]:
        (n,) = RULES[kind.name].fixed_of(node.pullback)
        return f"**{int(n) if n.is_integer() else n}"
    rule = RULES.get(kind.name)
    return SYMBOLS.get(kind.name) or (rule.infix[0] if rule and rule.infix else str(kind.name))


class Authored(NodeKind):
    """What one node is that somebody has made with its children: nobody has said what its derivative is.

    Attributes
    ----------
    symbol
        What its author calls the operation.
    """

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        # An operation that is called as a rule is need not be it, and nobody may take it for that.
        self.name = symbol if symbol and symbol not in RULES else f"own {symbol}".rstrip()

    def residuals(self, node: Any) -> tuple[Any, ...]:
        """Return what the pullback binds: nothing of the node."""
        return ()

    def keep(self, node: Any, residuals: Any) -> None:
        """Let a copy have the derivative of what it is a copy of, which this holds."""

    def pullback(self, *residuals_and_g: Any) -> tuple[Any, ...]:
        """Refuse: a derivative that nobody knows is not zero."""
        raise ValueError(
            f"A Value has children (its operation is '{self.symbol}') but no derivative. Assign its _backward, give "
            "the local derivatives, Value(data, children, (1.0, 2.0)), or compute it with the engine's operations."
        )

    def pull(self, node: Any, g: Any) -> tuple[Any, ...]:
        """Return the cotangents of the node's parents."""
        return self.pullback(*self.residuals(node), g)

    def spread(self, node: Any) -> None:
        """Add the cotangents of the node's parents to their gradients."""
        for parent, cotangent in zip(node.parents, self.pull(node, node.grad)):
            parent.grad += cotangent


class Marked(Authored):
    """A leaf that has a symbol, as some programs mark their inputs; in all else it is one like any other."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.name = ""

    def pullback(self, *residuals_and_g: Any) -> tuple[Any, ...]:
        """Hand nothing back."""
        return ()


class Sloped(Authored):
    """A node whose local derivatives are numbers, one per child."""

    def __init__(self, symbol: str, slopes: tuple[float, ...]) -> None:
        super().__init__(symbol)
        self.slopes = slopes

    def pullback(self, *residuals_and_g: Any) -> tuple[Any, ...]:
        """Return the local derivatives times the cotangent."""
        (g,) = residuals_and_g
        return tuple([slope * g for slope in self.slopes])

    def __reduce__(self) -> tuple[Any, ...]:
        return Sloped, (self.symbol, self.slopes)


class Stepwise(Authored):
    """A node whose author has written the step of the sweep through it, which adds to its children's gradients."""

    def __init__(self, symbol: str, step: Callable[[], object]) -> None:
        super().__init__(symbol)
        self.step = step

    def spread(self, node: Any) -> None:
        """Let the author's step add to the children's gradients."""
        self.step()

    def residuals(self, node: Any) -> tuple[Any, ...]:
        """Return what the pullback binds: the node, whose gradient the step reads."""
        return (node,)

    def keep(self, node: Any, residuals: Any) -> None:
        """Refuse: the author's function would go on with the gradients of the node that it was written for."""
        raise TypeError(
            f"A Value whose _backward somebody has assigned (its operation is '{self.symbol}') cannot be copied: that "
            "function is of this one node. Compute it anew from copies of its children."
        )

    def pullback(self, *residuals_and_g: Any) -> tuple[Any, ...]:
        """Take the step for a cotangent, and return what it adds to each child; afterwards all gradients are as before.

        What is there twice, as in ``x * x``, gets all of it the first time.
        """
        node, g = residuals_and_g
        before = [parent.grad for parent in node.parents]
        own, node.grad = node.grad, float(g)
        for parent in node.parents:
            parent.grad = 0.0
        try:
            self.step()
            added = {id(parent): parent.grad for parent in node.parents}
        finally:
            node.grad = own
            for parent, grad in zip(node.parents, before):
                parent.grad = grad
        return tuple([added.pop(id(parent), 0.0) for parent in node.parents])


def complete(value: Any, children: Any, op: Any, named: dict[str, Any]) -> None:
    """Make of a leaf what else its author has said: a label in second place, or children and how it comes from them.

    Raises
    ------
    TypeError
        If an argument has another name than those that people know, or is none of what it may be.
    ValueError
        If there is not one local derivative per child.
    """
    for name, argument in named.items():
        if name not in NAMED:
            raise TypeError(f"Value takes no argument '{name}'. It takes data, label, children and op.")
        children, op = (argument, op) if NAMED[name] == "children" else (children, argument)
    if isinstance(children, str):
        if children and value._label:
            raise TypeError(f"A Value has one label; got {children!r} and {str(value._label)!r}.")
        value._label, children = children or value._label, ()
    parents = _of(children)
    if parents:
        refuse_where_lifted(parents[0], "a Value of which its author says the number (by Value(data, children))")
        value.parents, value.born = parents, birth()
        value.rule = _kind(op, len(parents))
    elif op and isinstance(op, str):
        value.rule = Marked(op) if LOCAL.active is None else value.rule
    elif op:
        raise TypeError(f"op={described(op)} says how a Value comes from its children, and there are none.")


def _of(children: Any) -> tuple[Any, ...]:
    if not isinstance(children, (tuple, list, set, frozenset)) or (children and not any(map(is_value, children))):
        checked(children)
    for child in children:
        if not is_value(child):
            raise TypeError(f"A Value's children are Values; one is {described(child)}. Make a Value of it.")
    return tuple(children)


def _kind(op: Any, arity: int) -> Authored:
    if isinstance(op, str) or op == NOTHING:
        return Authored(op or "")
    if not isinstance(op, (tuple, list)):
        raise TypeError(
            f"op must be a symbol, such as '*', or the local derivatives, one per child; got {described(op)}."
        )
    if len(op) != arity:
        raise ValueError(f"There must be one local derivative per child; got {len(op)} for {arity}.")
    return Sloped("", tuple([as_float(slope, "a local derivative") for slope in op]))
