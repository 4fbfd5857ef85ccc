"""Value: a number that remembers how it was computed, and can hand a gradient back.

A Value holds its number, its parents, and what its rule keeps for the derivative.  Its pullback is that rule with what
is kept bound to it, the local-derivative closure over the floats of the forward pass: ``functools.partial(<function
tanh>, 0.46)``.  The operators are the rules of `engine/rules.py`, by the table at the end; none is written by hand.

>>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.0, "b")
>>> z = (w * x + b).tanh()
>>> z.backward()
>>> w.grad, x.grad, b.grad
(2.0, 0.5, 1.0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.arguments import described, listed
from engine.copying import Copies
from engine.display import Display
from engine.label import checked
from engine.lecture import NOTHING, Lecture, complete
from engine.methods import install
from engine.node import CONSTANT, VARIABLE, NodeKind
from engine.number import Number
from engine.number import as_float as as_float
from engine.parents import Parents
from engine.rounded import Rounded
from engine.scalar import Scalar
from engine.sweep import sweep
from engine.tracing import DIFFERENTIATED, LOCAL, refuse
from engine.ufuncs import Ufuncs

if TYPE_CHECKING:
    from engine.signatures import Operations  # what `install` gives it
else:
    Operations = object


class Value(Number, Parents, Display, Lecture, Rounded, Scalar, Copies, Ufuncs, Operations):
    """A scalar in a computation graph.

    Parameters
    ----------
    data : float
        The number. Integers, bools and NumPy scalars become floats.
    label : str
        What to call it in pictures, lifted programs and messages; it may be set, and may be the second argument.
    children, op
        For a node of your own, what it comes from and how: see `engine.lecture`.

    Attributes
    ----------
    data, grad : float
        The number, and the derivative of the last `backward`'s root with respect to it (0.0 at birth).
    parents : tuple of Value
        The operands; empty for a leaf.
    op : str
        Name of the rule that made it, ``""`` for a leaf, ``"constant"`` for the 2.0 of ``2.0 * x``.
    pullback : callable
        Cotangent of this node -> one cotangent per parent.

    Raises
    ------
    TypeError
        If `data` is not one real number, `label` is not a text, or `children` are no Values.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> (x * x).backward()
    >>> x
    Value(3.0, grad=6.0, label='x')
    """

    # Few, and none of a node's own that could be computed: its size is its speed.
    __slots__ = ("__dict__", "_first", "_label", "_other", "_second", "_x", "born", "grad", "rule")
    born: float  # nodes only, not leaves: see `engine.node`, as for the two places of what is kept
    _label: str
    _grad: Any
    grad: float
    rule: NodeKind

    def __init__(self, data: Any, children: Any = NOTHING, op: Any = NOTHING, label: str = "", **named: Any) -> None:
        self._data = data if data.__class__ is float else as_float(data)
        self._label = label if label.__class__ is str else checked(label)
        self._grad = 0.0
        self._x = self._other = None
        # A leaf made inside a function that is being lifted belongs to it, as a number does.
        self.rule = VARIABLE if LOCAL.active is None else CONSTANT
        if children is not NOTHING or op is not NOTHING or named:
            complete(self, children, op, named)

    @classmethod
    def constant(cls, number: Any) -> Value:
        """Return a leaf that stands for a plain number, as 2.0 does in ``2.0 * x``."""
        leaf: Value = object.__new__(Value)
        leaf._data = number if number.__class__ is float else as_float(number)
        leaf._label, leaf._grad, leaf.rule, leaf._x, leaf._other = "", 0.0, CONSTANT, None, None
        return leaf

    def __pos__(self) -> Value:
        return self

    @property
    def op(self) -> str:
        """Name of the rule that made it."""
        return self.rule.name

    @property
    def pullback(self) -> Callable[[Any], tuple[Any, ...]]:
        """The local-derivative closure: cotangent of this node -> one cotangent per parent; it may be set."""
        residuals = self.rule.residuals(self)
        return partial(self.rule.pullback, *residuals) if residuals else self.rule.pullback

    @pullback.setter
    def pullback(self, pullback: Callable[[Any], tuple[Any, ...]]) -> None:
        self.rule = NodeKind(self.op, pullback)

    @property
    def label(self) -> str:
        """What it is called; "" where nobody has given it a name."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        self._label = checked(label)

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
        seed = seed if seed.__class__ is float else as_float(seed, "backward's seed")
        if self._x is None:
            self.grad = (self.grad or 0.0) + seed
            return
        sweep(self, seed)


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
    return value.rule is CONSTANT


Value._grad = Value.__dict__["grad"]
"""The same place under a name of the engine's own, by which nodes are made: while a function is lifted, `grad` is read
through a property, and storing a 0.0 through one would take a third of the time of an operation."""

OPERATORS = {
    "__add__": "add", "__sub__": "subtract", "__mul__": "multiply", "__truediv__": "divide", "__pow__": "power",
    "__mod__": "remainder", "__floordiv__": "floor_divide",
    "__neg__": "negative", "__abs__": "abs",
    "__lt__": "less", "__le__": "less_equal", "__eq__": "equal",
}  # fmt: skip
"""Python's name of an operator -> the rule in `engine/rules.py` that it is; reflections follow, ``__radd__`` and >."""


class PlainNumber(Value):
    """The leaf that an operator makes of a plain number, as it does for every number: without a call of Python's."""

    __slots__ = ()
    __init__ = object.__init__


install(Value, PlainNumber, OPERATORS)
