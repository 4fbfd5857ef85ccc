"""Where things stand on the explore page: Graphviz's places and curves, in the page's coordinates.

>>> placed = place([Card("n0", ("x",), (), "input"), Card("n1", ("y",), (), "result")], [(0, 1)], {}, "LR")
>>> placed["boxes"][0][0] < placed["boxes"][1][0]
True
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import graphviz

from viz.layout import layout
from viz.look import FONT, LINE
from viz.picture import Card, plain_label, width

HEIGHT, LOW = 54.0, 20.0  # of a box: a title and two lines, or a title alone


def place(
    cards: Sequence[Card],
    edges: Iterable[tuple[int, int]],
    clusters: Mapping[int, Sequence[int]],
    direction: str,
    around: Mapping[int, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """Lay boxes out; `clusters` says which stand together, and `around` in which other cluster a cluster is.

    Return the size, boxes as [x, y, w, h], and curves.
    """
    placed = json.loads(layout(_source(cards, edges, clusters, direction, around), "json"))
    height = float(placed["bb"].split(",")[3])
    objects = {thing["name"]: thing for thing in placed["objects"] if "pos" in thing}
    return {
        "direction": direction,
        "size": [float(x) for x in placed["bb"].split(",")[2:]],
        "boxes": [_box(objects[card.name], height) for card in cards],
        "edges": [_edge(edge, placed["objects"], height) for edge in placed.get("edges", [])],
    }


def _source(
    cards: Sequence[Card],
    edges: Iterable[tuple[int, int]],
    clusters: Mapping[int, Sequence[int]],
    direction: str,
    around: Mapping[int, int],
) -> str:
    dot = graphviz.Digraph()
    between = {"nodesep": "0.18", "ranksep": "0.5" if direction == "LR" else "0.4"}
    dot.attr("graph", rankdir=direction, fontname=FONT, fontsize=f"{LINE:g}", **between)
    dot.attr("node", shape="box", fontname=FONT, fontsize=f"{LINE:g}", margin="0,0")
    inside = {i for members in clusters.values() for i in members}
    drawn = {number: graphviz.Digraph(f"cluster_{number}") for number in clusters}
    for number, members in clusters.items():
        drawn[number].attr(label="-")  # room for its name
        for i in members:
            _add(drawn[number], cards[i])
    for number in sorted(clusters, key=lambda k: -_depth(k, around)):  # what is inside first
        drawn.get(around.get(number, -1), dot).subgraph(drawn[number])
    for i, card in enumerate(cards):
        if i not in inside:
            _add(dot, card)
    for source, target in edges:
        dot.edge(cards[source].name, cards[target].name)
    return str(dot.source)


def _depth(number: int, around: Mapping[int, int]) -> int:
    depth = 0
    while (number := around.get(number, -1)) >= 0:
        depth += 1
    return depth


def _add(dot: graphviz.Digraph, card: Card) -> None:
    height = HEIGHT if card.lines else LOW
    dot.node(card.name, plain_label(card), width=f"{width(card) / 72:.3f}", height=f"{height / 72:.3f}")


def _box(placed: Mapping[str, Any], height: float) -> list[float]:
    x, y = (float(part) for part in placed["pos"].split(","))
    return [round(n, 1) for n in (x, height - y, float(placed["width"]) * 72, float(placed["height"]) * 72)]


def _edge(edge: Mapping[str, Any], objects: Sequence[Mapping[str, Any]], height: float) -> list[Any]:
    """Return source, target and the curve as an SVG path."""
    pairs = [part for part in edge["pos"].split() if part[0] not in "es"]
    points = [f"{float(x):.0f},{height - float(y):.0f}" for x, y in (pair.split(",") for pair in pairs)]
    end = [part[2:] for part in edge["pos"].split() if part[0] == "e"]
    tip = [f"L{float(x):.0f},{height - float(y):.0f}" for x, y in (pair.split(",") for pair in end)]
    path = f"M{points[0]}C{' '.join(points[1:])}{''.join(tip)}"
    return [int(objects[edge["tail"]]["name"][1:]), int(objects[edge["head"]]["name"][1:]), path]
