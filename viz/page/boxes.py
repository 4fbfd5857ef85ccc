"""The boxes of a page: what folds into what, and what is folded at first sight.

Each box is a title, a kind, the number of the box around it (-1: none), and whether it never opens.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from viz.fold.box import CONSTANT, Folded
from viz.fold.fold import LIMIT, by_labels, opened, tree_of
from viz.fold.signature import groups
from viz.fold.tree import Tree
from viz.nodes import Numbered
from viz.subject import Subject
from viz.text import clip, printable

FINE = 300  # boxes that a page of a large graph can open, at most
TITLE = 48
Boxes = list[dict[str, Any]]


def foldable(graph: Numbered, subject: Subject) -> tuple[list[int], Boxes, list[int]]:
    """Return the innermost box of each node, the boxes, and those that are folded at first.

    >>> from engine import Value, tanh
    >>> from viz.subject import subject_of
    >>> def f(x):
    ...     y = [tanh(v) for v in x]
    ...     return sum(y)
    >>> subject = subject_of(f, ([1.0, 2.0, 3.0],))
    >>> [(box["title"], box["parent"]) for box in foldable(subject.numbered(), subject)[1]]
    [('f', -1), ('x', 0), ('y', 0), ('result of f', 0)]
    """
    tree = tree_of(graph, subject)
    if tree is None:
        owner, titled = groups(list(graph.nodes))
        boxes = [_box(box["title"], box["kind"], CONSTANT) for box in titled]
        return owner, boxes, list(range(len(boxes)))
    direct = Counter(tree.owner)
    boxed = [i for i in range(len(tree.branches)) if tree.children[i] or direct[i] > 1]  # one node needs no box
    number = {i: k for k, i in enumerate(boxed)}
    owner = [CONSTANT if i < 0 else number.get(i, number.get(tree.branches[i].parent, CONSTANT)) for i in tree.owner]
    boxes = [_of_branch(tree, i, number) for i in boxed]
    return owner, boxes, [number[i] for i in sorted(tree.frontier(LIMIT)) if i in number]


def shut(graph: Numbered, subject: Subject) -> tuple[Folded, Boxes, list[int]]:
    """Return what a large graph folds into, its boxes that stay shut first and those around them after, as above."""
    tree = tree_of(graph, subject)
    if tree is None:
        folded = by_labels(graph)
        boxes = [_box(box.heading, box.kind, CONSTANT, True) for box in folded.boxes]
        boxes[folded.result]["kind"] = "result"
        return folded, boxes, []
    folded = opened(graph, tree, tree.frontier(FINE, FINE))
    drawn = [int(str(box.key)) for box in folded.boxes]
    number = {i: k for k, i in enumerate(drawn)}
    for i in list(number):
        above = tree.branches[i].parent
        while above >= 0 and above not in number:
            number[above] = CONSTANT
            above = tree.branches[above].parent
    around = sorted(i for i, k in number.items() if k == CONSTANT)
    number |= {i: len(folded.boxes) + k for k, i in enumerate(around)}
    boxes = [_of_branch(tree, i, number, True) for i in drawn]
    boxes += [_of_branch(tree, i, number) for i in around]
    boxes[folded.result]["kind"] = "result"
    return folded, boxes, [number[i] for i in sorted(tree.frontier(LIMIT)) if i in number]


def _of_branch(tree: Tree, i: int, number: dict[int, int], shut: bool = False) -> dict[str, Any]:
    branch = tree.branches[i]
    return _box(branch.title or f"{tree.sizes[i]:,} values", branch.kind, number.get(branch.parent, CONSTANT), shut)


def _box(title: str, kind: str, parent: int, shut: bool = False) -> dict[str, Any]:
    return {"title": printable(clip(title, TITLE)), "kind": kind, "parent": parent, "shut": shut}
