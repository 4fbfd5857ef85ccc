"""First stage: Values -> Trace, every scalar operation, operands first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.errors import LiftError
from engine.graph import order
from engine.lifting.ir import Leaf, Trace
from engine.node import CONSTANT, VARIABLE
from engine.parents import MANY
from engine.rules import RULES, Rule
from engine.value import Value, is_constant


def record(
    roots: Sequence[Value], inputs: Mapping[Value, Leaf], nodes: list[Value] | None = None, results: int = 1
) -> Trace:
    """Write down the graph of `roots` as lists.

    Parameters
    ----------
    roots
        The results, then the conditions of guards.
    inputs
        What each input leaf is; any other leaf is a parameter, unless it stands for a plain number.
    nodes
        The whole graph in topological order, where somebody has walked it.
    results
        How many of the roots are results.

    Raises
    ------
    LiftError
        If a node's derivative is not that of a rule, but its author's own.
    """
    nodes = _of_rules(order(*roots) if nodes is None else nodes)
    place = {node: i for i, node in enumerate(nodes)}
    ops: list[str] = []
    operands: list[tuple[int, ...]] = []
    find = place.__getitem__
    for node in nodes:
        x, y = node._x, node._other  # as they lie: a tuple of nodes is not made only to be looked up
        if x is None:
            ops.append("")
            operands.append(())
            continue
        ops.append(node.rule.name)
        if y is None:
            operands.append((find(x),))
        else:
            operands.append(tuple(map(find, x)) if y is MANY else (find(x), find(y)))
    labels = {i: node._label for i, node in enumerate(nodes) if node._label}
    leaves, parameters = _leaves(nodes, ops, inputs)
    with_numbers = {name: _places(rule) for name, rule in RULES.items() if rule.fixed}
    fixed: dict[int, tuple[float, ...]] = {}
    for i, op in enumerate(ops):
        if op in with_numbers:
            residuals = nodes[i].rule.residuals(nodes[i])
            fixed[i] = tuple([residuals[k] for k in with_numbers[op]])
    births = [node.born for node, op in zip(nodes, ops) if op]
    roots_at = [*map(find, roots)]
    return Trace(ops, operands, fixed, leaves, tuple(parameters), roots_at, labels, results=results, births=births)


def _leaves(
    nodes: Sequence[Value], ops: Sequence[str], inputs: Mapping[Value, Leaf]
) -> tuple[dict[int, Leaf], list[Value]]:
    """Return what each leaf is, and the Values that are parameters, in order."""
    leaves: dict[int, Leaf] = {}
    parameters: list[Value] = []
    for i, node in enumerate(nodes):
        if ops[i]:
            continue
        leaf = inputs.get(node)
        if leaf is None and is_constant(node):
            leaf = Leaf("constant", 0, 0, node._data)
        elif leaf is None:
            leaf = Leaf("parameter", len(parameters))
            parameters.append(node)
        leaves[i] = leaf
    return leaves, parameters


def _of_rules(nodes: list[Value]) -> list[Value]:
    """Return the nodes; refuse what no rule has computed: how its number comes from others only its author knows."""
    if {node.rule for node in nodes} <= {*RULES.values(), VARIABLE, CONSTANT}:
        return nodes
    node = next((node for node in nodes if node.parents and not isinstance(node.rule, Rule)), None)
    if node is None:  # leaves alone: a marked input, for instance
        return nodes
    called = f" ('{node.label}')" if node.label else ""
    raise LiftError(
        f"a result of '{node.op}'{called} is computed by no rule, so that it cannot be lifted. Use the engine's "
        "operations, or add the operation with engine.rules.rule."
    )


def _places(rule: Rule) -> list[int]:
    """Where a rule's fixed numbers (an exponent) are in what a node keeps."""
    return [rule.keeps.index(name) for name in rule.fixed]
