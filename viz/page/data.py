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

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import Any

from engine.graph import latest_first
from engine.value import Value
from viz.errors import TooLargeError
from viz.fold.box import Folded
from viz.fold.fold import fold
from viz.fold.signature import groups
from viz.nodes import Numbered, in_order, kind, sign
from viz.numbers import number
from viz.page.places import place
from viz.page.runs import runs
from viz.picture import Card
from viz.text import clip, printable

DRAWN_NODES, DRAWN_EDGES = 3000, 8000  # a digit through 64-32-10, 2,550 and 4,822, takes 2 s to lay out
BOTH_WAYS = 400  # nodes: fewer are laid out for upright screens, too
LARGEST = 300_000  # operands: a page of some 12 MB


def page_data(root: Any) -> dict[str, Any]:
    """Return what the page needs: nodes and the boxes they fold into, layouts, and the sweep back."""
    nodes = in_order(root)
    operands = sum(len(node.parents) for node in nodes)
    if operands > LARGEST:
        raise TooLargeError(
            f"This graph has {len(nodes):,} nodes with {operands:,} operands, and a page holds at most {LARGEST:,}. "
            "Explore the loss of fewer samples, or see the whole with viz.save(root, 'graph.svg')."
        )
    if len(nodes) > DRAWN_NODES or operands > DRAWN_EDGES:
        return _folded_data(nodes, fold(root))
    owner, boxes = groups(nodes)
    return {
        **_shared(nodes, owner),
        "fixed": False,
        "boxes": boxes,
        "layouts": _layouts(nodes, owner),
        "sweep": sweep(nodes, latest_first(root)[::-1] if isinstance(root, Value) else ()),  # in the engine's own order
    }


def _folded_data(nodes: Sequence[Any], folded: Folded) -> dict[str, Any]:
    """Return the data of a page whose boxes stay shut."""
    ordered = runs(Numbered.of(nodes).parents, folded.owner)
    nodes, owner = [nodes[i] for i in ordered], [folded.owner[i] for i in ordered]
    titles = [printable(clip(box.heading, 48)) for box in folded.boxes]
    lines = ("99,999 of 99,999 computed", "mean |grad| 1.1e-11")
    cards = [Card(f"n{i}", (title,), lines, "operation") for i, title in enumerate(titles)]
    return {
        **_shared(nodes, owner),
        "fixed": True,
        "boxes": [
            {"title": title, "kind": "result" if i == folded.result else box.kind}
            for i, (title, box) in enumerate(zip(titles, folded.boxes))
        ],
        "layouts": [place(cards, folded.edges, {}, direction) for direction in ("LR", "TB")],
        "sweep": [{**step, "locals": [float(f"{g:.6g}") for g in step["locals"]]} for step in sweep(nodes)],
    }


def _shared(nodes: Sequence[Any], owner: Sequence[int]) -> dict[str, Any]:
    parents, names = Numbered.of(nodes).parents, _names(nodes)
    last = len(nodes) - 1
    return {
        "nodes": [
            {
                "name": names[i],
                "sign": sign(node),
                "op": node.op,
                "kind": "result" if i == last and node.parents else kind(node),
                "data": node.data,
                "parents": parents[i],
                "box": owner[i],
            }
            for i, node in enumerate(nodes)
        ],
        "root": last,
    }


def _layouts(nodes: Sequence[Any], owner: Sequence[int]) -> list[dict[str, Any]]:
    """Return one layout to the right and, for what may be seen on a phone, one downwards."""
    cards = []
    for i, (node, name) in enumerate(zip(nodes, _names(nodes))):
        title = clip(name, 24)
        lines = () if kind(node) == "constant" else (number(node.data), "grad -0.1235e-10")
        cards.append(Card(f"n{i}", (f"{title} = {sign(node)}" if node.parents else title,), lines, kind(node)))
    clusters: defaultdict[int, list[int]] = defaultdict(list)
    for i, box in enumerate(owner):
        if box >= 0:
            clusters[box].append(i)
    edges = [(p, i) for i, ps in enumerate(Numbered.of(nodes).parents) for p in dict.fromkeys(ps)]
    ways = ("LR", "TB") if len(nodes) <= BOTH_WAYS else ("LR",)
    return [place(cards, edges, clusters, way) for way in ways]


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


def _names(nodes: Sequence[Any]) -> list[str]:
    """Return labels; operations without one are v1, v2 and so on, and leaves without one are their numbers."""
    unnamed = count(1)
    return [
        printable(clip(node.label)) or (f"v{next(unnamed)}" if node.parents else number(node.data)) for node in nodes
    ]
