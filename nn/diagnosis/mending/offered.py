"""The edits that are tried in somebody's function, in their order, and the numbers in them.

>>> rounded(0.49999999999999994), rounded(0.4999)
(0.5, 0.4999)
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nn.diagnosis.alterations.candidates import PLAIN
from nn.diagnosis.alterations.target import EXACT
from nn.diagnosis.mending.edits import SCALED, Edit, edits, edits_with, is_alike, is_float, is_whole
from nn.diagnosis.mending.instrumented import Node
from nn.diagnosis.mending.program import Running, is_same_array
from nn.diagnosis.mending.tables import VALUE
from nn.samples import Array

MOST_TEXTS = 40  # arrays at hand that an expression may have been meant to be
MOST_CALLED = 3  # names of a number that was fitted
FITTED = re.compile(r"\bc\b")
WHOLE = tuple(text for _, text in VALUE)
KINDS = {0.0: ("term-added", "0"), -1.0: ("sign", "-v"), 2.0: ("halved", SCALED), 0.5: ("doubled", SCALED)}
TIMES, DIVIDED = {True: ("factor-missing", "v * u"), False: ("factor-too-many", "v / u")}, {True: "u", False: "(1 / u)"}
"""What a value is by which a multiple of it is mended; and the same with a number that has a name."""
LARGEST, UNEXPLAINED = 12, 3  # of a number that is believed as it is; the rank of another beyond that
SIMPLEST = 2  # the rank of edits that are tried in several places at once
PROBED, FAR = 1e-3, 10.0  # times a value, by which it is changed to see which gradients it reaches; past a condition
APART = ("constant", "store", "slice")  # forms of expressions that no array is exchanged for


def offered(running: Running) -> list[Edit]:
    """Return the edits of all expressions that reach wrong gradients alone."""
    every = [running.program.nodes[key] for key in running.seen]
    reach = {node: _reach(running, node) for node in every}
    nodes = [node for node, distance in reach.items() if distance is not None]
    unread = {node.text for node in every if node.is_variable} - {node.text for node in every if node.form == "value"}
    alone = [edit for node in nodes for edit in edits(node, *running.seen[node.key])]
    with_others = [
        edit
        for node in nodes
        if _is_exchanged(node, running.seen[node.key][2])
        for text in _texts_for(running, node)
        for edit in edits_with(node, running.seen[node.key][2], text, is_unread=text in unread)
    ]
    alone = [replace(e, rank=e.rank + (reach[e.node] == FAR and e.text in WHOLE)) for e in alone]
    several = [*alone, *with_others]
    return sorted([*several, *_everywhere(several, nodes, running)], key=_order)


def _everywhere(several: Sequence[Edit], nodes: Sequence[Node], running: Running) -> Iterator[Edit]:
    """Yield simple edits in all places of what stands in several: the first was copied, or is a name for the others."""
    places: dict[tuple[int, str, str], list[Node]] = {}
    for node in nodes:
        is_plain = node.form == "constant" and 2 * running.seen[node.key][2] % 1 == 0
        if node.form not in ("store", "parameter", "slice") and not is_plain:
            places.setdefault((node.scope, node.form, node.text), []).append(node)
    for edit in several:
        first, *others = places.get((edit.node.scope, edit.node.form, edit.node.text), [edit.node])
        if edit.node is first and others and edit.rank <= SIMPLEST:
            yield replace(edit, also=tuple(others), rank=edit.rank + 1)


def _reach(running: Running, node: Node) -> float | None:
    """Return how far an expression's value is changed until that reaches gradients, if it reaches wrong ones alone.

    What reaches none but from afar decides a condition, which does not tell a multiple of it from others.
    """
    value, before = running.seen[node.key][2], running.made
    if not is_float(value):
        return PROBED
    for distance in (PROBED, FAR):
        made = running.with_edits((_Moved("", node, "", 0, number=distance),), 0)
        reached = {at for at in before if at not in made or not is_same_array(made[at], before[at])}
        if reached:
            return distance if reached <= set(running.wrong) else None
    return None


class _Moved(Edit):
    """A value at some distance from an expression's; the opposite of what is true or false."""

    def make(self, do: Callable[..., Any], operands: Sequence[Any], keywords: Mapping[str, Any], *at_hand: Any) -> Any:
        """Return it."""
        x, distance = operands[0] if self.node.form == "store" else do(*operands, **keywords), self.number or 0.0
        if np.asarray(x).dtype == bool:
            return ~np.asarray(x)
        return x * (1.0 + distance * np.random.default_rng(self.node.key).normal(size=np.shape(x))) + distance


def _is_exchanged(node: Node, value: Any) -> bool:
    """Whether another array, or another index, may have been meant where an expression stands."""
    is_apart = node.form in (*APART, "parameter")
    is_index = is_whole(value) and node.role == "index" and node.form in ("constant", "value")
    return is_index or (not is_apart and isinstance(value, (np.ndarray, float)))


def _texts_for(running: Running, node: Node) -> list[str]:
    """Return what an expression may have been meant to be: each array once, by its shortest text."""
    value = running.seen[node.key][2]
    alike = {text: x for text, x in _before(running, node) if text != node.text and is_alike(value, x)}
    distinct: dict[bytes, str] = {}
    own = {other.text for other in running.program.nodes if other.scope == node.scope}
    for text, x in sorted(alike.items(), key=lambda named: _length(named, own)):
        distinct.setdefault(np.asarray(x).tobytes(), text)
    return list(distinct.values())[:MOST_TEXTS]


def _before(running: Running, node: Node) -> Iterator[tuple[str, Any]]:
    """Yield what is at hand where an expression stands: what was computed before it, and what is beside."""
    nodes, seen, texts = running.program.nodes, running.seen, set()
    for key in itertools.takewhile(lambda key: key != node.key, seen):
        other, value = nodes[key], seen[key][2]
        is_there = other.scope == node.scope and (other.is_variable or other.form not in APART)
        if is_there and isinstance(value, (np.ndarray, np.number, float, int)):
            texts.add(other.text)
            yield other.text, value
    texts |= {other.text for other in nodes if other.scope == node.scope and other.is_variable}
    texts -= running.points[0].held.keys() - {other.text for other in nodes if other.form == "parameter"}
    yield from ((text, x) for text, x in running.beside[0].items() if text not in texts)


def with_numbers(running: Running, edit: Edit) -> Iterator[Edit]:
    """Yield an edit with a number that makes a gradient right, if what it makes is in proportion to that."""
    if not edit.is_fitted:
        yield edit
        return
    one, two = (running.with_edits((edit.with_number(c),), 0) for c in (1.0, 2.0))
    for at in running.wrong:
        right = running.points[0].right[at]
        if at in one and at in two and one[at].shape == two[at].shape == right.shape:
            number = 1.0 + multiple(right - one[at], two[at] - one[at])
            if np.isfinite(number):
                yield from as_called(running, edit, rounded(number))


def multiple(x: Array, of: Array) -> float:
    """Return which multiple of an array another is, as nearly as one can be."""
    return float((of * x).sum()) / (float((of * of).sum()) or np.nan)


def as_called(running: Running, edit: Edit, number: float) -> Iterator[Edit]:
    """Yield an edit with a number that was fitted, by what it is called there; or as it is."""
    at_hand = _before(running, edit.node)
    scalars = [(text, float(x)) for text, x in at_hand if not np.ndim(x) and x not in (0, *PLAIN)]
    near = [
        (text, form)
        for text, x in sorted(scalars, key=_length)
        for form, y in ((True, x), (False, 1.0 / x))
        if abs(y - number) <= EXACT * abs(number)
    ]
    for text, is_times in near[:MOST_CALLED] if number not in PLAIN else ():
        kind, other = TIMES[is_times] if edit.text == SCALED else (edit.kind, FITTED.sub(DIVIDED[is_times], edit.text))
        yield replace(edit, kind=kind, text=other, uses=text)
    if number in PLAIN or not near:
        is_simple = 2 * number == round(2 * number) and abs(number) <= LARGEST
        rank = edit.rank + (0 if is_simple else UNEXPLAINED)
        kind, text = _with_number(edit, number)
        yield replace(edit, kind=kind, text=text, number=number, rank=rank)


def _order(edit: Edit) -> tuple[int, bool, int]:
    """Return when an edit is tried: what changes the whole value after what is written there, the outermost first."""
    is_whole = edit.text in WHOLE
    return edit.rank, is_whole, -edit.node.key if is_whole else 0


def _length(named: tuple[str, Any], own: Collection[str] = ()) -> tuple[bool, bool, int]:
    """Return how far a text is from a short name, and first from one of the function's own."""
    return not named[0].isidentifier(), named[0] not in own, len(named[0])


def rounded(x: float) -> float:
    """Return a fitted number as what it was meant to be, if it is near that."""
    near = round(x * 12) / 12
    return near if abs(x - near) <= EXACT * max(1.0, abs(x)) else x


def _with_number(edit: Edit, number: float) -> tuple[str, str]:
    """Return what an edit is where its number is known: its kind, and its text without a number of 0, 1 or -1."""
    if edit.text == SCALED:
        return KINDS.get(number, (edit.kind, edit.text))
    return edit.kind, {1.0: edit.text.replace("c * ", ""), -1.0: edit.text.replace("+ c *", "-")}.get(number, edit.text)
