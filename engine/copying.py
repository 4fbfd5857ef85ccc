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

import threading
import weakref
from functools import partial
from typing import Any

from engine.graph import order
from engine.rules import RULES
from engine.tracing import DIFFERENTIATED, LOCAL, refuse
from engine.value import Value, is_constant, new_node


def twin(node: Value, parents: tuple[Value, ...]) -> Value:
    """Return a copy of one node over other parents."""
    made = new_node(node._data, parents, node.op, node.pullback)
    made.grad, made._label = node.grad, node._label
    return made


def shallow(node: Value) -> Value:
    """Return a copy of one node; where a function is being watched, the node, since a copy of a variable is none."""
    return node if _is_watched(node) else twin(node, node.parents)


def deep(root: Value, memo: dict[int, Any]) -> Value:
    """Return a copy of the graph; where a function is being watched, what depends on its variables stays itself."""
    if _is_watched(root):
        return root
    for node in order(root):
        if id(node) not in memo:
            memo[id(node)] = twin(node, tuple([memo[id(p)] for p in node.parents]))
    copied: Value = memo[id(root)]
    return copied


def _is_watched(node: Value) -> bool:
    return LOCAL.watch is not None and LOCAL.watch.depends(node)


def state(node: Value) -> tuple[None, dict[str, Any]]:
    """Return what a node's slots hold, as Python's own ``__getstate__`` does."""
    if LOCAL.watch is not None or DIFFERENTIATED:
        refuse(node, "a pickle")
    return None, {name: getattr(node, name) for name in Value.__slots__}


def reduced(node: Value) -> tuple[Any, ...]:
    """Return what pickle needs to make a node again: itself if it is a leaf, else its place in a flattened graph."""
    if LOCAL.watch is not None or DIFFERENTIATED:
        refuse(node, "a pickle")
    if not node.parents:
        return _leaf, (node._data, node.grad, node._label, is_constant(node))
    return _pick, _PICKLES.session().place(node)


class _Flattened:
    """Interior nodes that one pickle holds, operands first; nodes that an earlier one holds are taken from there."""

    def __init__(self, nodes: list[Value], session: _Session) -> None:
        self.nodes, self.session = nodes, session
        session.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, ([self._flat(node) for node in self.nodes],)

    def _flat(self, node: Value) -> tuple[Any, ...]:
        kept = getattr(node.pullback, "args", ())
        return node._data, node.grad, node._label, node.op, [self._operand(p) for p in node.parents], kept

    def _operand(self, parent: Value) -> Any:
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
        self.places: dict[Value, tuple[int, int]] = {}  # the list's number, and the place in it
        self.count = 0

    def add(self, flattened: _Flattened) -> None:
        """Remember where the nodes of a list are."""
        self.lists[self.count] = flattened
        self.places.update({node: (self.count, i) for i, node in enumerate(flattened.nodes)})
        self.count += 1

    def __contains__(self, node: object) -> bool:
        return isinstance(node, Value) and node in self.places and self.places[node][0] in self.lists

    def place(self, node: Value) -> tuple[_Flattened, int]:
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


def _leaf(data: float, grad: float, label: str, constant: bool) -> Value:
    leaf = Value.constant(data) if constant else Value(data)
    leaf.grad, leaf._label = grad, label
    return leaf


def _restored(flat: list[tuple[Any, ...]]) -> list[Value]:
    nodes: list[Value] = []
    for data, grad, label, op, operands, kept in flat:
        parents = [nodes[x] if isinstance(x, int) else x[0][x[1]] if isinstance(x, tuple) else x for x in operands]
        rule = RULES[op].pullback
        node = new_node(data, tuple(parents), op, partial(rule, *kept) if kept else rule)
        node.grad, node._label = grad, label
        nodes.append(node)
    return nodes


def _pick(nodes: list[Value], i: int) -> Value:
    return nodes[i]
