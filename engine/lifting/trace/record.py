"""First stage: Values -> Trace, every scalar operation, operands first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.graph import order
from engine.lifting.ir import Leaf, Trace
from engine.rules import RULES, Rule
from engine.value import Value, is_constant


def record(roots: Sequence[Value], inputs: Mapping[Value, Leaf]) -> Trace:
    """Write down the graph of `roots` as lists.

    Parameters
    ----------
    roots
        The result, then the conditions of guards.
    inputs
        What each input leaf is; any other leaf is a parameter, unless it stands for a plain number.
    """
    nodes = order(*roots)
    place = {node: i for i, node in enumerate(nodes)}
    leaves: dict[int, Leaf] = {}
    ops: list[str] = []
    operands: list[tuple[int, ...]] = []
    fixed: dict[int, tuple[float, ...]] = {}
    parameters: list[Value] = []
    labels: dict[int, str] = {}
    readers = {name: _reader(rule) for name, rule in RULES.items() if rule.fixed}
    find = place.__getitem__
    for i, node in enumerate(nodes):
        op = node.op
        ops.append(op)
        operands.append(tuple(map(find, node.parents)))
        if node.label:
            labels[i] = node.label
        if not node.parents:
            leaf = inputs.get(node)
            if leaf is None:
                if is_constant(node):
                    leaf = Leaf("constant", 0, 0, node._data)
                else:
                    leaf = Leaf("parameter", len(parameters))
                    parameters.append(node)
            leaves[i] = leaf
        elif op in readers:
            fixed[i] = readers[op](node)
    return Trace(ops, operands, fixed, leaves, tuple(parameters), [place[root] for root in roots], labels)


def _reader(rule: Rule) -> Callable[[Value], tuple[float, ...]]:
    """How to read a rule's fixed numbers (an exponent, a slope) off a node's pullback."""
    at = [rule.keeps.index(name) for name in rule.fixed]
    return lambda node: tuple([node.pullback.args[k] for k in at])  # type: ignore[attr-defined]
