"""A page to step through a computation: forward, and backward with every product written out.

The page is one file that needs no network: layout, numbers and code are inside it. The numbers are the engine's: each
node's pullback is called here, in the engine's order, and the page only adds up what it is given.

>>> from engine import Value
>>> x = Value(3.0, "x")
>>> [step["node"] for step in sweep([x, x * x])]
[1]
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import graphviz

from engine import graph
from viz.collapse import layer_of
from viz.errors import TooLargeError
from viz.picture import Card, plain_label
from viz.render import layout, write
from viz.style import FONT, clip, in_order, kind, number, printable, symbol

LARGEST = 3000
TEMPLATE = Path(__file__).with_name("explore.html")
PLACE = "/*COMPUTATION*/null"


def explore(root: Any, path: str | os.PathLike[str]) -> Path:
    """Write one self-contained page that steps forward and backward through the graph of `root`.

    >>> from engine import Value
    >>> from tempfile import mkdtemp
    >>> page = explore(Value(2.0, "x") * 3.0, Path(mkdtemp()) / "page.html")
    >>> "http://" in page.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    False
    """
    if not hasattr(root, "parents"):
        raise TypeError(f"explore steps through a Value's graph, not {type(root).__name__}; give it a Value.")
    size = graph.count(root)
    if size > LARGEST:
        raise TooLargeError(
            f"This graph has {size:,} nodes, and a page steps through at most {LARGEST:,}. "
            "Explore one sample's loss or one neuron, or see the whole with viz.save(root, 'graph.svg')."
        )
    # JSON's NaN and Infinity are JavaScript's too; no "<" may end the script early.
    data = json.dumps(page_data(root), separators=(",", ":")).replace("<", "\\u003c")
    target = Path(path)
    write(target, TEMPLATE.read_text("utf-8").replace(PLACE, data).encode("utf-8"))
    return target


def page_data(root: Any) -> dict[str, Any]:
    """Return what the page needs: nodes with places, edges with curves, clusters, and the sweep back."""
    nodes = in_order(root)
    clusters = _clusters(nodes)
    placed = json.loads(layout(_source(nodes, clusters), "json"))
    height = float(placed["bb"].split(",")[3])
    objects = {o["name"]: o for o in placed.get("objects", []) if "pos" in o}
    places = {id(node): i for i, node in enumerate(nodes)}
    names = sorted(set(clusters) - {""})
    return {
        "size": [float(x) for x in placed["bb"].split(",")[2:]],
        "clusters": [printable(clip(name)) for name in names],
        "nodes": [
            {
                "name": printable(clip(node.label)) or _unnamed(node, i),
                "sign": symbol(node.op),
                "op": node.op,
                "kind": "result" if node is root and node.parents else kind(node),
                "data": node.data,
                "parents": [places[id(p)] for p in node.parents],
                "cluster": names.index(clusters[i]) if clusters[i] else -1,
                **_box(objects[f"n{i}"], height),
            }
            for i, node in enumerate(nodes)
        ],
        "edges": [_edge(e, placed["objects"], height) for e in placed.get("edges", [])],
        "root": places[id(root)],
        "sweep": sweep(nodes, places[id(root)]),
    }


def sweep(nodes: Sequence[Any], root: int = -1) -> list[dict[str, Any]]:
    """Return the steps back: each node, its local derivatives, and what goes to each parent, by the node's pullback."""
    places = {id(node): i for i, node in enumerate(nodes)}
    grads = [0.0] * len(nodes)
    grads[root] = 1.0
    steps = []
    for i in range(len(nodes) - 1, -1, -1):
        node = nodes[i]
        if not node.parents:
            continue
        sent = [float(g) for g in node.pullback(grads[i])]
        steps.append({"node": i, "locals": [float(g) for g in node.pullback(1.0)], "sent": sent})
        for parent, g in zip(node.parents, sent):
            grads[places[id(parent)]] += g
    return steps


def _unnamed(node: Any, place: int) -> str:
    if not node.parents:
        return number(node.data)
    return f"v{place}"


def _clusters(nodes: Sequence[Any]) -> list[str]:
    """Return the layer of each node, or "": what reads its parameters, and acts on that alone."""
    owner: dict[int, str] = {}
    for node in nodes:
        mine = ""
        if kind(node) == "parameter" and "." in node.label:
            mine = layer_of(node.label)
        elif node.parents:
            above = {owner[id(p)] for p in node.parents if kind(p) == "parameter"} - {""}
            if not above and len(node.parents) == 1:
                above = {owner[id(node.parents[0])]}
            mine = above.pop() if len(above) == 1 else ""
        owner[id(node)] = mine
    return [owner[id(node)] for node in nodes]


def _source(nodes: Sequence[Any], clusters: Sequence[str]) -> str:
    picture = graphviz.Digraph()
    picture.attr("graph", rankdir="LR", fontname=FONT, nodesep="0.18", ranksep="0.5", fontsize="12")
    picture.attr("node", shape="box", fontname=FONT, fontsize="12", width="1.2", height="0.62", margin="0.28,0.05")
    for name in sorted(set(clusters)):
        inside = graphviz.Digraph(f"cluster_{name}") if name else picture
        for i, node in enumerate(nodes):
            if clusters[i] == name:
                title = clip(node.label, 24) or _unnamed(node, i)
                sign = f" = {symbol(node.op)}" if node.op else ""
                inside.node(
                    f"n{i}",
                    plain_label(Card("", (title + sign,), (number(node.data), "grad -0.1235e-10"), "operation")),
                )
        if name:
            picture.subgraph(inside)
    places = {id(node): i for i, node in enumerate(nodes)}
    for i, node in enumerate(nodes):
        for parent in dict.fromkeys(places[id(p)] for p in node.parents):
            picture.edge(f"n{parent}", f"n{i}")
    return str(picture.source)


def _box(placed: dict[str, Any], height: float) -> dict[str, float]:
    x, y = (float(part) for part in placed["pos"].split(","))
    return {"x": x, "y": height - y, "w": float(placed["width"]) * 72, "h": float(placed["height"]) * 72}


def _edge(edge: dict[str, Any], objects: list[dict[str, Any]], height: float) -> list[Any]:
    """Return source, target and the curve as an SVG path."""
    pairs = [part for part in edge["pos"].split() if part[0] not in "es"]
    points = [f"{float(x):.1f},{height - float(y):.1f}" for x, y in (pair.split(",") for pair in pairs)]
    end = [part[2:] for part in edge["pos"].split() if part[0] == "e"]
    tip = [f"L{float(x):.1f},{height - float(y):.1f}" for x, y in (pair.split(",") for pair in end)]
    path = f"M{points[0]}C{' '.join(points[1:])}{''.join(tip)}"
    return [int(objects[edge["tail"]]["name"][1:]), int(objects[edge["head"]]["name"][1:]), path]
