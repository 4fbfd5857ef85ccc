"""Folding a graph into at most forty boxes: a watched one by its author's functions, any other by labels or in words.

Without a watched run, leaves and operations fold by their signatures, along labels as fine as the limit allows: weights
into neurons, neurons into layers, samples into batches. What is still too many folds by structure.  Nothing recurses,
each attempt is one pass, and one that fails stops early.

>>> from engine import Value, total
>>> xs = [Value(float(i), f"x[{i}]") for i in range(100)]
>>> [(box.title, box.count) for box in fold(total([x * x for x in xs])).boxes]
[('x', 100), ('×', 100), ('total', 1)]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from viz.fold.box import CONSTANT, Box, Folded, filled, moved
from viz.fold.cone import cones
from viz.fold.functions import by_functions
from viz.fold.signature import by_signature, layer_of, neuron_of, outermost
from viz.fold.structure import by_structure
from viz.fold.tree import Tree
from viz.nodes import Numbered
from viz.subject import Subject, subject_of

LIMIT = 40
AMPLE = 20  # boxes: more are joined where one serves another alone, as the parts of a softmax or of a norm do
LISTED = 6  # titles of joined boxes
NEURONS = 24  # more boxes than this are drawn a layer, not a neuron each: the edges between them grow as the square
LUMP = 0.5  # of the operations on one line: so much says nothing where labels say more


def fold(root: Any, limit: int = LIMIT) -> Folded:
    """Fold the graph of `root`, a result or what `subject_of` returns, into at most `limit` boxes."""
    subject = root if isinstance(root, Subject) else subject_of(root)
    graph = subject.numbered()
    tree = tree_of(graph, subject)
    return by_labels(graph, limit) if tree is None else opened(graph, tree, tree.frontier(limit))


def tree_of(graph: Numbered, subject: Subject) -> Tree | None:
    """Return the functions and variables of a watched graph; None of any other, or where labels say more."""
    if not subject.origins:
        return None
    tree = by_functions(graph, subject)
    return None if _labelled(graph) and _is_lump(tree) else tree


def by_labels(graph: Numbered, limit: int = LIMIT) -> Folded:
    """Fold along labels, as little as makes it at most `limit` boxes; by structure where that cannot be."""
    for name, most in ((neuron_of, NEURONS), (layer_of, limit), (outermost, limit)):
        boxed = by_signature(graph, name, most)
        if boxed:
            return _joined(filled(graph, *boxed))
    return by_structure(graph, limit)


def opened(graph: Numbered, tree: Tree, frontier: set[int]) -> Folded:
    """Draw the branches of a frontier as boxes, and those around them as clusters; a box's key is its branch."""
    shown = tree.shown(frontier)
    drawn = {shown[i] for i in tree.owner if i >= 0}
    numbers = {i: k for k, i in enumerate(sorted(drawn, key=lambda i: tree.branches[i].first))}
    owner = [CONSTANT if i < 0 else numbers[shown[i]] for i in tree.owner]
    around = _around(tree, numbers)
    boxes = []
    for i in numbers:
        branch = tree.branches[i]
        box = Box(i, branch.title, branch.kind, subtitle=branch.subtitle, worded=True, result=branch.result)
        box.cluster = around.get(branch.parent, CONSTANT)
        boxes.append(box)
    folded = filled(graph, owner, boxes)
    titles = {k: tree.branches[i].title for i, k in around.items()}
    folded.clusters = [(titles[k], around.get(tree.branches[i].parent, CONSTANT)) for i, k in around.items()]
    return folded


def _around(tree: Tree, drawn: Sequence[int] | dict[int, int]) -> dict[int, int]:
    """Number the branches that are drawn open around others; one that holds all of them is not drawn."""
    holders: dict[int, int] = {}
    for i in drawn:
        above = tree.branches[i].parent
        while above >= 0 and above not in holders:
            holders[above] = len(holders)
            above = tree.branches[above].parent
    sole = min(holders, default=CONSTANT)  # functions come before what they hold
    while sole in holders and all(tree.branches[i].parent != tree.branches[sole].parent for i in drawn):
        if any(i != sole and tree.branches[i].parent == tree.branches[sole].parent for i in holders):
            break
        del holders[sole]
        sole = min(holders, default=CONSTANT)
    return {i: k for k, i in enumerate(holders)}


def _labelled(graph: Numbered) -> bool:
    """Whether labels say which layer or neuron a parameter is in."""
    return any("." in node.label for node, what in zip(graph.nodes, graph.kinds) if what == "parameter")


def _is_lump(tree: Tree) -> bool:
    """Whether one line holds most of the operations."""
    operations = Counter(i for i in tree.owner if i >= 0 and tree.branches[i].kind == "operation")
    return max(operations.values(), default=0) > LUMP * sum(operations.values())


def _joined(folded: Folded) -> Folded:
    """Join operations that serve one other alone to it, where there are many boxes; the result stays as it is."""
    boxes = folded.boxes
    if len(boxes) <= AMPLE:
        return folded
    users: list[list[int]] = [[] for _ in boxes]
    for source, target in folded.edges:
        users[source].append(target)

    def joins(i: int, cone: list[int]) -> bool:
        both = boxes[i].kind == boxes[cone[0]].kind == "operation"
        return both and cone[0] != folded.result and len(cone) < LISTED

    place = [0] * len(boxes)
    joined = cones(users, joins)
    for i, cone in enumerate(joined):
        for member in reversed(cone[:-1]):
            boxes[cone[-1]].join(boxes[member])
        for member in cone:
            place[member] = i
    return moved(folded, [boxes[cone[-1]] for cone in joined], place)
