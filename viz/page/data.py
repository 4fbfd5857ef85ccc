"""What the explore page is given: nodes, the boxes they fold into, where all stand, and the sweep back.

The numbers are the engine's: each node's pullback is called here, in the engine's order, and the page only adds up what
it is given. What is too large to be drawn node by node is stepped through box by box, with the picture's boxes; sums
are then in another order.

>>> from engine import Value
>>> x = Value(3.0, "x")
>>> [step["node"] for step in sweep([x, x * x])]
[1]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from engine.graph import latest_first
from engine.value import Value
from viz.errors import TooLargeError
from viz.nodes import Numbered, sign
from viz.numbers import number
from viz.page.boxes import foldable, shut
from viz.page.places import place
from viz.page.runs import runs
from viz.picture import Card
from viz.subject import Subject, called, subject_of
from viz.text import clip, printable

DRAWN_NODES, DRAWN_EDGES = 3000, 8000  # a digit through 64-32-10, 2,550 and 4,822, takes 2 s to lay out
BOTH_WAYS = 400  # nodes: fewer are laid out for upright screens, too
LARGEST = 300_000  # operands: a page of some 12 MB


def page_data(root: Any, *arguments: Any) -> dict[str, Any]:
    """Return what the page needs: nodes and the boxes they fold into, layouts, and the sweep back."""
    subject = subject_of(root, arguments)
    if len(subject.roots) > 1:
        raise TypeError(f"a page steps back from one result, and there are {len(subject.roots)}; explore one of them.")
    (root,) = subject.roots
    graph = subject.numbered()
    operands = sum(map(len, graph.parents))
    if operands > LARGEST:
        raise TooLargeError(
            f"This graph has {len(graph.nodes):,} nodes with {operands:,} operands, and a page holds at most "
            f"{LARGEST:,}. Explore the loss of fewer samples, or see the whole with viz.save(root, 'graph.svg')."
        )
    if len(graph.nodes) > DRAWN_NODES or operands > DRAWN_EDGES:
        return _folded_data(subject, graph)
    owner, boxes, first = foldable(graph, subject)
    return {
        **_shared(graph, owner, _names(graph, subject)),
        "fixed": False,
        "boxes": boxes,
        "first": first,
        "layouts": _layouts(graph, owner, boxes, _names(graph, subject)),
        "sweep": sweep(graph.nodes, latest_first(root)[::-1] if isinstance(root, Value) else ()),  # the engine's order
    }


def _folded_data(subject: Subject, graph: Numbered) -> dict[str, Any]:
    """Return the data of a page that draws no nodes: its innermost boxes stay shut."""
    folded, boxes, first = shut(graph, subject)
    ordered = runs(graph.parents, folded.owner)
    graph = Numbered.of([graph.nodes[i] for i in ordered])
    owner = [folded.owner[i] for i in ordered]
    lines = ("99,999 of 99,999 computed", "mean |grad| 1.1e-11")
    cards = [Card(f"n{i}", (box["title"],), lines, "operation") for i, box in enumerate(boxes[: len(folded.boxes)])]
    around = {i: box["parent"] for i, box in enumerate(boxes)}
    clusters: dict[int, list[int]] = {i: [] for i in range(len(cards), len(boxes))}
    for i in range(len(cards)):
        if around[i] >= 0:
            clusters[around[i]].append(i)
    return {
        **_shared(graph, owner, _names(graph, subject)),
        "fixed": True,
        "boxes": boxes,
        "first": first,
        "layouts": [place(cards, folded.edges, clusters, direction, around) for direction in ("LR", "TB")],
        "sweep": [{**step, "locals": [float(f"{g:.6g}") for g in step["locals"]]} for step in sweep(graph.nodes)],
    }


def _shared(graph: Numbered, owner: Sequence[int], names: Sequence[str]) -> dict[str, Any]:
    nodes, parents, last = graph.nodes, graph.parents, len(graph.nodes) - 1
    return {
        "nodes": [
            {
                "name": names[i],
                "sign": sign(node),
                "op": node.op,
                "kind": "result" if i == last and node.parents else graph.kinds[i],
                "data": node.data,
                "parents": parents[i],
                "box": owner[i],
            }
            for i, node in enumerate(nodes)
        ],
        "root": last,
    }


def _layouts(
    graph: Numbered, owner: Sequence[int], boxes: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return one layout to the right and, for what may be seen on a phone, one downwards."""
    cards = []
    for i, (node, what, name) in enumerate(zip(graph.nodes, graph.kinds, names)):
        title = clip(name, 24)
        lines = () if what == "constant" else (number(node.data), "grad -0.1235e-10")
        cards.append(Card(f"n{i}", (f"{title} = {sign(node)}" if node.parents else title,), lines, what))
    clusters: dict[int, list[int]] = {i: [] for i in range(len(boxes))}
    for i, box in enumerate(owner):
        if box >= 0:
            clusters[box].append(i)
    around = {i: box["parent"] for i, box in enumerate(boxes)}
    edges = [(p, i) for i, ps in enumerate(graph.parents) for p in dict.fromkeys(ps)]
    ways = ("LR", "TB") if len(graph.nodes) <= BOTH_WAYS else ("LR",)
    return [place(cards, edges, clusters, way, around) for way in ways]


def sweep(nodes: Sequence[Any], order: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Return the steps back from the last node: each node, its local derivatives, and what goes to each parent.

    `order` is that of the forward computation, if not the nodes' own; the sweep is its reverse. In the engine's order
    sums are the engine's to the last bit.
    """
    parents = Numbered.of(nodes).parents
    number_of = {id(node): i for i, node in enumerate(nodes)}
    grads = [0.0] * len(nodes)
    grads[-1] = 1.0
    steps = []
    for node in reversed(order or nodes):
        i = number_of[id(node)]
        if not parents[i]:
            continue
        sent = [float(g) for g in nodes[i].pullback(grads[i])]
        steps.append({"node": i, "locals": [float(g) for g in nodes[i].pullback(1.0)], "sent": sent})
        for parent, g in zip(parents[i], sent):
            grads[parent] += g
    return steps


def _names(graph: Numbered, subject: Subject) -> list[str]:
    """Return labels and variables; operations without one are v1, v2 and so on, and leaves without one are numbers."""
    unnamed = count(1)
    return [
        printable(clip(called(node, subject))) or (f"v{next(unnamed)}" if node.parents else number(node.data))
        for node in graph.nodes
    ]
