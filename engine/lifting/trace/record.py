"""First stage: Values -> Trace, every scalar operation, operands first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import compress
from operator import attrgetter, itemgetter, not_
from typing import Any, NamedTuple

from engine.errors import LiftError
from engine.lifting.ir import Leaf, Trace
from engine.node import CONSTANT, VARIABLE, NodeKind
from engine.parents import MANY
from engine.rules import RULES, Rule
from engine.value import Value


class Numbered(NamedTuple):
    """The graph of some roots in topological order.

    Attributes
    ----------
    nodes, rules, operands
        The nodes, what each is, and where its operands are.
    leaves, fixed, roots
        Where the leaves are, the fixed numbers of those that have some, and where the roots are.
    """

    nodes: list[Value]
    rules: list[NodeKind]
    operands: list[tuple[int, ...]]
    leaves: list[int]
    fixed: dict[int, tuple[float, ...]]
    roots: list[int]


def numbered(roots: Sequence[Value]) -> Numbered:
    """Number the graph of some roots as `engine.graph.order` does, and note the numbers of what each node reads."""
    place: dict[Any, int] = {}
    operands = _walked(place, roots)
    nodes = list(place)
    rules = list(map(rule_of, nodes))
    leaves = list(compress(range(len(nodes)), map(not_, operands)))
    return Numbered(nodes, rules, operands, leaves, fixed_numbers(nodes, rules), [place[root] for root in roots])


def _walked(place: dict[Any, int], roots: Sequence[Value]) -> list[tuple[Any, ...]]:
    """Number what the roots depend on, operands first, and return their operands' numbers.

    Nodes are walked through memory once, so that what most are, an operation on one or two, is written out.
    """
    operands: list[tuple[Any, ...]] = []
    stack: list[Any] = list(reversed(roots))
    find, reads, pop = place.get, operands.append, stack.pop
    while stack:
        if (node := pop()) is None:  # of the next, all operands have their numbers by now
            node = pop()
        elif node in place:
            continue
        x, y = node._x, node._other
        if x is None or y is MANY:
            if waiting := _not_numbered(x or (), place, operands):
                stack += (node, None, *waiting)
                continue
            xs: tuple[Any, ...] = tuple(map(find, x or ()))
        else:
            if (i := find(x)) is None and x._x is None:
                place[x] = i = len(operands)
                reads(())
            if y is not None and (j := find(y)) is None and y._x is None:
                place[y] = j = len(operands)
                reads(())
            if i is None or (y is not None and j is None):
                stack += (node, None, x) if y is None or j is not None else (node, None, y, x)
                continue
            xs = (i,) if y is None else (i, j)
        place[node] = len(operands)
        reads(xs)
    return operands


def _not_numbered(parents: Sequence[Value], place: dict[Any, int], operands: list[tuple[Any, ...]]) -> list[Value]:
    """Number the leaves among some operands; return the others that have no number yet, the first one last."""
    waiting = []
    for parent in parents:
        if parent not in place:
            if parent._x is None:
                place[parent] = len(operands)
                operands.append(())
            else:
                waiting.append(parent)
    waiting.reverse()
    return waiting


def fixed_numbers(nodes: Sequence[Any], rules: Sequence[NodeKind]) -> dict[int, tuple[float, ...]]:
    """Return the fixed numbers (an exponent) of the nodes that have some, by their places; a node may be missing."""
    fixed: dict[int, tuple[float, ...]] = {}
    for rule in [rule for rule in dict.fromkeys(rules) if isinstance(rule, Rule) and rule.fixed]:
        at = [i for i, other in enumerate(rules) if other is rule and nodes[i] is not None]
        residuals = [rule.residuals(nodes[i]) for i in at]
        fixed.update(zip(at, zip(*[map(itemgetter(rule.keeps.index(name)), residuals) for name in rule.fixed])))
    return fixed


rule_of, data_of, _label, _born = map(attrgetter, ("rule", "_data", "_label", "born"))
_leaf = partial(tuple.__new__, Leaf)


def record(
    roots: Sequence[Value], inputs: Mapping[Value, Leaf], graph: Numbered | None = None, results: int = 1
) -> Trace:
    """Write down the graph of `roots` as lists.

    Parameters
    ----------
    roots
        The results, then the conditions of guards.
    inputs
        What each input leaf is; any other leaf is a parameter, unless it stands for a plain number.
    graph
        The whole graph, where somebody has numbered it.
    results
        How many of the roots are results.

    Raises
    ------
    LiftError
        If a node's derivative is not that of a rule, but its author's own.
    """
    nodes, rules, operands, leaves_at, fixed, roots_at = numbered(roots) if graph is None else graph
    _refuse_others(set(rules), nodes)
    ops = [rule.name if xs else "" for rule, xs in zip(rules, operands)]
    every_label = list(map(_label, nodes))
    labels = {i: every_label[i] for i in compress(range(len(nodes)), every_label)}
    leaves, parameters = _leaves(nodes, rules, leaves_at, inputs)
    births = list(map(_born, compress(nodes, operands)))
    return Trace(ops, operands, fixed, leaves, tuple(parameters), roots_at, labels, results=results, births=births)


def _leaves(
    nodes: Sequence[Value], rules: Sequence[NodeKind], at: Sequence[int], inputs: Mapping[Value, Leaf]
) -> tuple[dict[int, Leaf], list[Value]]:
    """Return what each leaf is, of those at some places, and the Values that are parameters, in order."""
    leaves: dict[int, Leaf] = {}
    parameters: list[Value] = []
    role_of = inputs.get
    for i in at:
        leaf = role_of(node := nodes[i])
        if leaf is None and rules[i] is CONSTANT:
            leaf = _leaf(("constant", 0, 0, node._data))
        elif leaf is None:
            leaf = Leaf("parameter", len(parameters))
            parameters.append(node)
        leaves[i] = leaf
    return leaves, parameters


def _refuse_others(kinds: set[NodeKind], nodes: Sequence[Value]) -> None:
    """Refuse what no rule has computed: how its number comes from others only its author knows."""
    if kinds <= {*RULES.values(), VARIABLE, CONSTANT}:
        return
    node = next((node for node in nodes if node.parents and not isinstance(node.rule, Rule)), None)
    if node is None:  # leaves alone: a marked input, for instance
        return
    called = f" ('{node.label}')" if node.label else ""
    raise LiftError(
        f"a result of '{node.op}'{called} is computed by no rule, so that it cannot be lifted. Use the engine's "
        "operations, or add the operation with engine.rules.rule."
    )
