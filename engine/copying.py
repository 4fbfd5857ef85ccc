"""Copies and pickles of graphs, of any depth, as flat lists of nodes.

What several results share stays shared: one `copy.deepcopy` has one memo, and what one pickle holds is flattened once.

>>> import pickle
>>> from engine import Value
>>> x = Value(2.0, "x")
>>> hidden = x * x
>>> loss = hidden + 1.0
>>> hidden, loss = pickle.loads(pickle.dumps((hidden, loss)))
>>> hidden in loss.parents
True
"""

from __future__ import annotations

import copy
import threading
import weakref
from typing import Any, TypeVar

from engine.attributes import stored_on
from engine.graph import order
from engine.node import CONSTANT, VARIABLE, NodeKind, birth
from engine.tracing import DIFFERENTIATED, LOCAL, depends, refuse

V = TypeVar("V", bound="Copies")


class Copies:
    """What `copy` and `pickle` ask a Value."""

    __slots__ = ()
    _data: float
    _label: str
    born: float
    grad: float
    parents: tuple[Any, ...]
    rule: NodeKind

    def __copy__(self: V) -> V:
        """Return a copy of one node; where a function is being watched, the node: a copy of a variable is not one."""
        if depends(self):
            return self
        twin: V = _twin(self, self.parents)
        _store(twin, stored_on(self))
        return twin

    def __deepcopy__(self: V, memo: dict[int, Any]) -> V:
        """Return a copy of the graph; where a function is being watched, what depends on its variables stays itself."""
        if depends(self):
            return self
        nodes = [node for node in order(self) if id(node) not in memo]
        for node in nodes:
            memo[id(node)] = _twin(node, tuple([memo[id(p)] for p in node.parents]))
        for node in nodes:  # when all are there: what is stored on one may hold any
            if stored := stored_on(node):
                _store(memo[id(node)], copy.deepcopy(stored, memo))
        copied: V = memo[id(self)]
        return copied

    def __getstate__(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return what is stored on a node and what its slots hold, as Python's own does."""
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a pickle")
        slots = [name for kind in type(self).__mro__ for name in getattr(kind, "__slots__", ())]
        slots.remove("__dict__")
        return stored_on(self) or None, {name: getattr(self, name) for name in slots if hasattr(self, name)}

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what makes a node again: itself if it is a leaf, else its place in a flattened graph."""
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a pickle")
        if not self.parents:
            leaf = _leaf, (type(self), self._data, self.grad, self._label, self.rule is CONSTANT)
            return (*leaf, stored) if (stored := stored_on(self)) else leaf
        return _pick, _PICKLES.session().place(self)


def _node(cls: type, data: float, grad: float, label: str, kind: NodeKind, parents: tuple[Any, ...]) -> Any:
    node: Any = object.__new__(cls)
    node._data, node.grad, node._label, node.rule, node.parents = data, grad, label, kind, parents
    if parents:
        node.born = birth()
    return node


def _twin(node: Any, parents: tuple[Any, ...]) -> Any:
    """Return a copy of one node over other parents."""
    twin = _node(type(node), node._data, node.grad, node._label, node.rule, parents)
    node.rule.keep(twin, node.rule.residuals(node))
    return twin


def _store(node: Any, attributes: dict[str, Any]) -> None:
    if attributes:
        node.__dict__.update(attributes)


class _Flattened:
    """Interior nodes that one pickle holds, operands first; nodes that an earlier one holds are taken from there."""

    def __init__(self, nodes: list[Any], session: _Session) -> None:
        self.nodes, self.session = nodes, session
        session.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        restored = _restored, ([type(node) for node in self.nodes], [self._flat(node) for node in self.nodes])
        stored = {i: attributes for i, node in enumerate(self.nodes) if (attributes := stored_on(node))}
        return (*restored, stored, None, None, _store_all) if stored else restored

    def _flat(self, node: Any) -> tuple[Any, ...]:
        residuals = node.rule.residuals(node)
        return node._data, node.grad, node._label, node.rule, [self._operand(p) for p in node.parents], residuals

    def _operand(self, parent: Any) -> Any:
        """Return a leaf as it is, a node of this list by its place in it, one of another list by both."""
        if not parent.parents:
            return parent
        where, i = self.session.place(parent)
        return i if where is self else (where, i)


class _Session:
    """Where every interior node is that is being pickled.

    Its lists are held by the pickle that writes them, until it is done, and they hold the session: two results that are
    pickled together find each other here, and nothing is kept afterwards.
    """

    def __init__(self) -> None:
        self.lists: weakref.WeakValueDictionary[int, _Flattened] = weakref.WeakValueDictionary()
        self.places: dict[Any, tuple[int, int]] = {}  # the list's number, and the place in it
        self.count = 0

    def add(self, flattened: _Flattened) -> None:
        """Remember where the nodes of a list are."""
        self.lists[self.count] = flattened
        self.places.update({node: (self.count, i) for i, node in enumerate(flattened.nodes)})
        self.count += 1

    def __contains__(self, node: object) -> bool:
        return node in self.places and self.places[node][0] in self.lists

    def place(self, node: Any) -> tuple[_Flattened, int]:
        """Return the list that holds a node, and the node's place in it; what no list holds yet is put into one."""
        if node not in self:
            flattened = _Flattened([n for n in order(node, known=self) if n.parents], self)
            return flattened, len(flattened.nodes) - 1
        number, i = self.places[node]
        return self.lists[number], i


class _Pickles(threading.local):
    """The session that is under way in this thread, if there is one."""

    current: weakref.ref[_Session] | None = None

    def session(self) -> _Session:
        """Return it, or begin one."""
        session = self.current() if self.current is not None else None
        if session is None:
            session = _Session()
            self.current = weakref.ref(session)
        return session


_PICKLES = _Pickles()


def _leaf(cls: type, data: float, grad: float, label: str, constant: bool) -> Any:
    return _node(cls, data, grad, label, CONSTANT if constant else VARIABLE, ())


def _restored(classes: list[type], flat: list[tuple[Any, ...]]) -> list[Any]:
    nodes: list[Any] = []
    for cls, (data, grad, label, kind, operands, residuals) in zip(classes, flat):
        parents = [nodes[x] if isinstance(x, int) else x[0][x[1]] if isinstance(x, tuple) else x for x in operands]
        node = _node(cls, data, grad, label, kind, tuple(parents))
        node.rule.keep(node, residuals)
        nodes.append(node)
    return nodes


def _store_all(nodes: list[Any], stored: dict[int, dict[str, Any]]) -> None:
    for i, attributes in stored.items():
        _store(nodes[i], attributes)


def _pick(nodes: list[Any], i: int) -> Any:
    return nodes[i]
