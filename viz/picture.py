"""What a picture holds, and how it is written as DOT: with plain labels, or with HTML-like ones that know bold type.

Graphviz in WebAssembly reads plain labels only (its SVG gets bold titles afterwards); the machine's `dot` reads both.

>>> cards = [Card("n0", ("w",), ("0.5",), "parameter"), Card("n1", ("z",), (), "result")]
>>> picture = Picture("LR", cards, [Edge("n0", "n1")])
>>> [line.strip() for line in picture.plain().source.splitlines() if "->" in line]
['n0 -> n1']
>>> "<B>w</B>" in picture.rich().source
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import graphviz

from viz.layout import as_svg
from viz.look import CLUSTER, FONT, KINDS, LINE, QUIET, TITLE
from viz.text import literal, marked, printable, text_width, wrapped

CODE = 72  # characters of a line of a program
SCREEN = 1200.0  # points that a screen is wide: 1,600 pixels
TALL, WIDEST = 1300.0, 1500.0  # points of a picture that wraps, beyond which and up to which it does
BETWEEN, BELOW = 31.0, 23.0  # points between a box and the next, to its right and downwards
ROUND = 76.0  # an ellipse is wider than high
PADDING = 22.0  # points of a box's width that are not text


@dataclass(frozen=True)
class Card:
    """One box of a picture: a title, or lines of a program, and under it what is said of it."""

    name: str
    titles: tuple[str, ...]
    lines: tuple[str, ...]
    kind: str
    cluster: int = -1

    @property
    def is_code(self) -> bool:
        """Whether the titles are lines of a program, set as such: to the left, and not bold."""
        return len(self.titles) > 1


@dataclass(frozen=True)
class Edge:
    """An arrow from an operand to what reads it."""

    source: str
    target: str
    look: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cluster:
    """A function drawn around its boxes; `around` is the number of the one around it, or -1."""

    title: str
    around: int = -1


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A `graphviz.Digraph` that shows itself in Jupyter where the machine has no `dot`."""

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        return {"image/svg+xml": as_svg(self.source)}


@dataclass(frozen=True)
class Picture:
    """Boxes and arrows, and where the result is."""

    direction: str
    cards: Sequence[Card]
    edges: Sequence[Edge]
    clusters: Sequence[Cluster] = ()
    column: Mapping[str, int] = field(default_factory=dict)

    def plain(self) -> graphviz.Digraph:
        """Return DOT whose labels are plain text."""
        return self._written(plain_label)

    def rich(self) -> graphviz.Digraph:
        """Return DOT whose labels are HTML-like: titles bold, other lines smaller."""
        return self._written(rich_label)

    def _written(self, label: Callable[[Card], str]) -> graphviz.Digraph:
        dot = Drawing("computation")
        between = {"nodesep": "0.22", "ranksep": "0.42" if self.direction in ("LR", "RL") else "0.32"}
        dot.attr("graph", rankdir=self.direction, fontname=FONT, bgcolor="white", pad="0.15", **between)
        dot.attr("node", fontname=FONT, fontsize=f"{TITLE:g}", margin="0.1,0.07", height="0.3")
        dot.attr("edge", fontname=FONT, fontsize="10", color="#6b6b6b", fontcolor="#404040", arrowsize="0.65")
        self._add(dot, -1, label)
        place = {card.name: i for i, card in enumerate(self.cards)}
        for edge in self.edges:
            look = dict(edge.look)
            if place[edge.source] > place[edge.target]:
                look |= {"constraint": "false", "style": "dashed"}  # what is repeated reads what came of it before
            elif self.column.get(edge.source) != self.column.get(edge.target):
                look["constraint"] = "false"
            dot.edge(edge.source, edge.target, _attributes=look)
        return dot

    def _add(self, dot: graphviz.Digraph, number: int, label: Callable[[Card], str]) -> None:
        """Add the boxes of a cluster, and the clusters inside it."""
        for card in self.cards:
            if card.cluster == number:
                dot.node(card.name, label(card), _attributes=looks(card))
        for i, cluster in enumerate(self.clusters):
            if cluster.around == number:
                inner = graphviz.Digraph(f"cluster_{i}")
                inner.attr(label=literal(cluster.title), **CLUSTER)
                self._add(inner, i, label)
                dot.subgraph(inner)


def looks(card: Card) -> dict[str, str]:
    """Return a box's attributes in DOT."""
    look = dict(KINDS[card.kind])
    if look["shape"] != "plain":
        look["width"] = f"{width(card) / 72:.2f}"
    if card.is_code:
        look["class"] = "code"  # of the SVG's group
    elif len(title_rows(card)) > 1:
        look["class"] = f"titles{len(title_rows(card))}"
    return look


def arranged(
    cards: Sequence[Card], edges: Sequence[Edge], clusters: Sequence[Cluster], direction: str = "auto"
) -> Picture:
    """Return a picture in a direction, or in the one that is read more easily."""
    if direction != "auto":
        return Picture(direction, cards, edges, clusters)
    direction = readable(cards, edges)
    return Picture(direction, cards, edges, clusters, columns(cards, edges) if direction == "TB" else {})


def columns(cards: Sequence[Card], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the column of each box of a picture that would be too tall; none where it is not, or there is no room.

    A program is read downwards, as it is written.
    """
    levels = _rows(cards, edges)
    heights = [max([height(card) for card in level]) + BELOW for level in levels]
    broad = max([sum([width(card) + BETWEEN / 2 for card in level]) for level in levels])
    count = min(math.ceil(sum(heights) / TALL), int(WIDEST / broad))
    if count < 2 or any(card.is_code for card in cards):
        return {}
    column: dict[str, int] = {}
    passed = 0.0
    for level, high in zip(levels, heights):
        column |= dict.fromkeys([card.name for card in level], int(passed * count / sum(heights)))
        passed += high
    return column


def rows(texts: Sequence[str]) -> list[str]:
    """Return the lines that texts take in a box."""
    return [row for text in texts for row in wrapped(text)]


def title_rows(card: Card) -> list[str]:
    """Return the lines that a box's titles take; those of a program are long, and broken between words."""
    if not card.is_code:
        return rows(card.titles)
    return [row for text in card.titles for row in wrapped(text, CODE, " ", "    ")]


def readable(cards: Sequence[Card], edges: Sequence[Edge]) -> str:
    """Return "LR", or "TB" where that would be wider than a screen and downwards is narrower; operands come first."""
    rows = _rows(cards, edges)
    to_the_right = sum([max([width(card) for card in row]) + BETWEEN for row in rows])
    downwards = max([sum([width(card) + BETWEEN / 2 for card in row]) for row in rows])
    return "TB" if to_the_right > SCREEN and downwards < to_the_right / 2 else "LR"


def _rows(cards: Sequence[Card], edges: Sequence[Edge]) -> list[list[Card]]:
    """Return boxes by their distance from the beginning; what reads nothing stands just before what reads it first."""
    place = {card.name: i for i, card in enumerate(cards)}
    pairs = sorted([(place[edge.target], place[edge.source]) for edge in edges])
    row, first_use = [0] * len(cards), [len(cards)] * len(cards)
    computed = {target for target, _ in pairs}
    for target, source in pairs:
        if source < target:
            row[target] = max(row[target], row[source] + 1)
    for target, source in pairs:
        first_use[source] = min(first_use[source], row[target])
    rows: list[list[Card]] = [[] for _ in range(max(row) + 1)]
    for i, card in enumerate(cards):
        rows[row[i] if i in computed else max(min(first_use[i], len(rows)) - 1, 0)].append(card)
    return [row for row in rows if row]


def width(card: Card) -> float:
    """Return how wide the box has to be for its text, in points."""
    bold = not card.is_code
    texts = [text_width(printable(text), TITLE, bold=bold) for text in title_rows(card)]
    texts += [text_width(printable(text), LINE) for text in rows(card.lines)]
    if KINDS[card.kind]["shape"] == "ellipse":
        return max(max(texts, default=0.0) * 1.2 + PADDING, ROUND)
    return max(texts, default=0.0) + PADDING


def height(card: Card) -> float:
    """Return about how high the box will be, in points."""
    return 1.3 * TITLE * len(title_rows(card)) + 1.3 * LINE * len(rows(card.lines)) + 10.0


def plain_label(card: Card) -> str:
    """Return the label as escaped text, lines of a program to the left; never taken for HTML."""
    end = "\\l" if card.is_code else "\\n"
    text = end.join([literal(row) for row in [*title_rows(card), *rows(card.lines)]])
    label: str = graphviz.nohtml(text + ("\\l" if card.is_code else ""))
    return label


def rich_label(card: Card) -> str:
    """Return the label in Graphviz's HTML, a table whose rows are the lines."""
    titles = [marked(text) for text in title_rows(card)]
    if not card.is_code:
        titles = [f"<B>{title}</B>" for title in titles if title]
    small = f'<FONT POINT-SIZE="{LINE:g}" COLOR="{QUIET}">'
    lines = [f"{small}{marked(line)}</FONT>" for line in rows(card.lines)]
    side = ' ALIGN="LEFT"' if card.is_code else ""
    table = "".join([f"<TR><TD{side}>{line}</TD></TR>" for line in [*titles, *lines]])
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{table}</TABLE>>'
