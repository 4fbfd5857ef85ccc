"""The smallest change of one expression in somebody's backward pass that makes it right: its inverse is the mistake.

>>> def backward(d, x):
...     return 3 * d * x
>>> x, d = np.array([1.0, 2.5, -0.7]), np.array([0.3, 0.9, 1.7])
>>> right, given = {0: 2.0 * d * x}, {0: 3.0 * d * x}
>>> written = Written(backward, lambda f: {0: f(d, x)}, np.square, lambda f: f(x), right, given, {0: "x"})
>>> (path,), _ = mended([written], [0])
>>> path[0].sentence
'line 2, `return 3 * d * x`: `3` should be `2`'
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from nn.diagnosis.alterations.candidates import PLAIN
from nn.diagnosis.alterations.explain import Found
from nn.diagnosis.alterations.search import LISTED
from nn.diagnosis.alterations.target import EXACT, proves, size
from nn.diagnosis.mending.edits import Edit, edits, edits_with, is_alike, is_float, is_whole
from nn.diagnosis.mending.instrumented import Node, first
from nn.diagnosis.mending.program import Instead, Program
from nn.diagnosis.mending.sentence import correction
from nn.diagnosis.mending.tables import MAPPED, VALUE
from nn.diagnosis.mending.written import Written
from nn.samples import Array

MOST_WORK = 700_000  # expressions that are computed to try edits, the same on every machine
RUN = 100  # expressions that take as long as what is done around every run
LONGEST = 2.0  # seconds of computing, for machines and functions on which even that takes too long
MOST_TEXTS = 40  # arrays at hand that an expression may have been meant to be
SIZED = 4096  # elements of an array that take as long as the call that computes them
MOST_CALLED = 3  # names of a number that was fitted
FITTED, SCALED = re.compile(r"\bc\b"), "c * v"
WHOLE = tuple(text for _, text in VALUE)
COINCIDING = frozenset(text for _, text in MAPPED)
KINDS = {0.0: ("term-added", "0"), -1.0: ("sign", "-v"), 2.0: ("halved", SCALED), 0.5: ("doubled", SCALED)}
TIMES, DIVIDED = {True: ("factor-missing", "v * u"), False: ("factor-too-many", "v / u")}, {True: "u", False: "(1 / u)"}
"""What a value is by which a multiple of it is mended; and the same with a number that has a name."""
LARGEST, UNEXPLAINED = 12, 3  # of a number that is believed as it is; the rank of another beyond that
PROBED, FAR = 1e-3, 10.0  # times a value, by which it is changed to see which gradients it reaches; past a condition
APART = ("constant", "store", "slice")  # forms of expressions that no array is exchanged for


def mended(points: Sequence[Written], wrong: Sequence[int]) -> Found:
    """Return the edits that make all wrong gradients right; and, where none does, those that make each right.

    Parameters
    ----------
    points
        The author's function at several points: at the first, edits are sought; at all they must make it right.
    wrong
        The places of the wrong gradients.
    """
    names = points[0].names
    with np.errstate(all="ignore"), redirect_stdout(io.StringIO()):  # what it prints, it has printed before
        mending = Mending(points, wrong)
        if not mending.is_followed:
            return [], {}
        fits = list(mending.fitting())
        whole = mending.simplest(fits, wrong)
        each = {at: mending.simplest(fits, [at]) for at in wrong if not whole}
        each = each if all(each.values()) else {}  # what is wrong in one of them may come from what is in another
    where = [names[at] for at in wrong]
    return [(correction(edit, where),) for edit in whole], {
        at: [(correction(edit, [names[at]]),) for edit in several] for at, several in each.items()
    }


class Mending:
    """The search for edits of an author's function that make wrong gradients right.

    Attributes
    ----------
    is_followed
        Whether the function is written down, and makes the same whenever it is called.
    """

    def __init__(self, points: Sequence[Written], wrong: Sequence[int]) -> None:
        self._points, self._wrong, self._work = points, list(wrong), 0.0
        forward = Program()
        self._beside = [{**_variables(forward, point), **point.at_hand} for point in points]
        self._program = Program(leave=forward.codes)
        self._followed = [self._program.followed(point.function) for point in points]
        self._known: dict[tuple[Edit, frozenset[int]], bool] = {}
        self.is_followed = self._repeats(points[0])

    def _repeats(self, first: Written) -> bool:
        try:
            several = [self._program.record(partial(first.run, self._followed[0])), first.run(self._followed[0])]
        except Exception:
            return False
        is_same = [at in made and _is_same(made[at], x) for made in several for at, x in first.given.items()]
        return bool(self._program.nodes) and all(is_same)

    def fitting(self) -> Iterator[tuple[Edit, frozenset[int]]]:
        """Yield edits, the simplest first, with the wrong gradients that they make right at the first point."""
        least, begun = 0, time.process_time()
        for edit in self._in_order():
            is_spent = self._work > MOST_WORK or time.process_time() - begun > LONGEST
            if is_spent or (least and edit.rank > least):
                return
            for tried in self._with_numbers(edit):
                made = self._made(tried, 0)
                right = frozenset(at for at in self._wrong if at in made and self._points[0].is_right(at, made[at]))
                if right:
                    yield tried, right
                if len(right) == len(self._wrong) and self._holds(tried, right):
                    least = min(least or tried.rank, tried.rank)

    def simplest(self, fits: Sequence[tuple[Edit, frozenset[int]]], which: Collection[int]) -> list[Edit]:
        """Return the simplest edits that make some gradients right at all points: one of each line, and of a change."""
        several = [edit for edit, right in fits if right.issuperset(which) and self._holds(edit, frozenset(which))]
        least = min((edit.rank for edit in several), default=0)
        by_line: dict[int, Edit] = {}
        for edit in several:
            if edit.rank == least:
                by_line.setdefault(edit.node.line, edit)
        agreeing = {edit: self._agreeing(edit) for edit in by_line.values()}
        distinct: list[Edit] = []
        for edit, many in agreeing.items():
            is_known = any(self._is_one_change(other, edit) for other in distinct)
            if many == max(agreeing.values()) and not is_known:
                distinct.append(edit)
        return distinct[:LISTED]

    def _agreeing(self, edit: Edit) -> int:
        """Return how many variables an edit makes what arrives at a step of forward: they are right in themselves."""
        variables = [node.key for node in self._program.nodes if node.is_variable]
        values = self._watched(edit, variables)
        rights = self._points[0].cotangents
        return sum(any(_is_same(x, right) for right in rights) for x in values if isinstance(x, np.ndarray) and x.ndim)

    def _watched(self, edit: Edit | Instead, keys: Sequence[int], k: int = 0) -> list[Any]:
        """Return the values of some expressions where an edit stands, at a point."""
        self._program.watched = dict.fromkeys(keys)
        self._made(edit, k)
        values, self._program.watched = list(self._program.watched.values()), {}
        return values

    def _is_one_change(self, one: Edit, other: Edit) -> bool:
        """Whether, of the expressions that two edits stand for, the later becomes the same by either."""
        keys = [one.node.key, other.node.key]
        pairs = zip(*[self._watched(edit, keys) for edit in (one, other)])
        return any(is_float(x) and is_float(y) and _is_same(np.asarray(x), np.asarray(y)) for x, y in pairs)

    def _holds(self, edit: Edit, which: frozenset[int]) -> bool:
        """Whether an edit makes some gradients right at all points, and whether that says something."""
        if (edit, which) not in self._known:
            several = [point.right[at] for point in self._points for at in which]
            fitted = int(edit.number is not None and not _is_round(edit.number))
            is_proven = proves(several, 1, fitted, self._points[0].precision)
            self._known[edit, which] = is_proven and all(
                at in (made := self._made(edit, k)) and point.is_right(at, made[at])
                for k, point in enumerate(self._points)
                for at in which
            )
        return self._known[edit, which]

    def _made(self, edit: Edit | Instead, k: int) -> Mapping[int, Array]:
        """Return the gradients that the function with an edit makes at a point; none where it cannot be computed."""
        instead = edit if isinstance(edit, Instead) else Instead(edit.node.key, edit.make, edit.uses)
        point = self._points[k]
        try:
            made: Mapping[int, Array] = self._program.altered(
                instead, partial(point.run, self._followed[k]), self._beside[k]
            )
            return made
        except Exception:
            return {}
        finally:
            self._work += (RUN + self._program.count) * (1 + max(map(np.size, point.right.values())) / SIZED)

    # --- what is tried

    def _in_order(self) -> list[Edit]:
        """Return the edits of all expressions that reach wrong gradients alone."""
        seen = self._program.seen
        nodes = [node for node in map(self._program.nodes.__getitem__, list(seen)) if self._matters(node)]
        every = [self._program.nodes[key] for key in seen]
        unread = {node.text for node in every if node.is_variable} - {
            node.text for node in every if node.form == "value"
        }
        alone = [edit for node in nodes for edit in edits(node, *seen[node.key])]
        with_others = [
            edit
            for node in nodes
            if self._is_exchanged(node)
            for text in self._texts_for(node)
            for edit in edits_with(node, seen[node.key][2], text, is_unread=text in unread)
        ]
        unvarying = self._unvarying()
        several = [e for e in (*alone, *with_others) if e.node.key not in unvarying or e.text not in COINCIDING]
        return sorted(several, key=_order)

    def _unvarying(self) -> set[int]:
        """Return the expressions that are one simple number at all points: many functions of it are what is right."""
        seen = {key: x for key, (_, _, x) in self._program.seen.items() if is_float(x) and not np.ndim(x)}
        there = self._watched(Instead(-1, first), list(seen), 1) if len(self._points) > 1 else []
        unvarying = [(key, x) for (key, x), y in zip(seen.items(), there) if np.array_equal(x, y)]
        return {key for key, x in unvarying if _is_round(_rounded(float(x * x)))}

    def _matters(self, node: Node) -> bool:
        """Whether a change of an expression's value reaches wrong gradients alone."""
        value, given = self._program.seen[node.key][2], self._points[0].given
        if not is_float(value):
            return True
        for distance in (PROBED, FAR):
            made = self._made(Instead(node.key, partial(_moved, node, distance)), 0)
            reached = {at for at in given if at not in made or not _is_same(made[at], given[at])}
            if reached:
                return reached <= set(self._wrong)
        return False

    def _is_exchanged(self, node: Node) -> bool:
        """Whether another array, or another index, may have been meant where an expression stands."""
        value, is_apart = self._program.seen[node.key][2], node.form in (*APART, "parameter")
        is_index = is_whole(value) and node.role == "index" and node.form in ("constant", "value")
        return is_index or (not is_apart and isinstance(value, (np.ndarray, float)))

    def _texts_for(self, node: Node) -> list[str]:
        """Return what an expression may have been meant to be: each array once, by its shortest text."""
        value = self._program.seen[node.key][2]
        alike = {text: x for text, x in self._before(node) if text != node.text and is_alike(value, x)}
        distinct: dict[bytes, str] = {}
        own = {other.text for other in self._program.nodes if other.scope == node.scope}
        for text, x in sorted(alike.items(), key=lambda called: _length(called, own)):
            distinct.setdefault(np.asarray(x).tobytes(), text)
        return list(distinct.values())[:MOST_TEXTS]

    def _before(self, node: Node) -> Iterator[tuple[str, Any]]:
        """Yield what is at hand where an expression stands: what was computed before it, and what is beside."""
        program, texts = self._program, set()
        for key in itertools.takewhile(lambda key: key != node.key, program.seen):
            other, value = program.nodes[key], program.seen[key][2]
            is_there = other.scope == node.scope and (other.is_variable or other.form not in APART)
            if is_there and isinstance(value, (np.ndarray, np.number, float, int)):
                texts.add(other.text)
                yield other.text, value
        texts |= {other.text for other in program.nodes if other.scope == node.scope and other.is_variable}
        yield from ((text, x) for text, x in self._beside[0].items() if text not in texts)

    def _with_numbers(self, edit: Edit) -> Iterator[Edit]:
        """Yield an edit with a number that makes a gradient right, if what it makes is in proportion to that."""
        if not edit.is_fitted:
            yield edit
            return
        one, two = (self._made(edit.with_number(c), 0) for c in (1.0, 2.0))
        for at in self._wrong:
            right = self._points[0].right[at]
            if at in one and at in two and one[at].shape == two[at].shape == right.shape:
                slope = two[at] - one[at]
                number = 1.0 + float((slope * (right - one[at])).sum()) / (float((slope * slope).sum()) or np.nan)
                if np.isfinite(number):
                    yield from self._called(edit, _rounded(number))

    def _called(self, edit: Edit, number: float) -> Iterator[Edit]:
        """Yield an edit with a number that was fitted, by what it is called there; or as it is."""
        scalars = [(text, float(x)) for text, x in self._before(edit.node) if not np.ndim(x) and x not in (0, *PLAIN)]
        near = [
            (text, form)
            for text, x in sorted(scalars, key=_length)
            for form, y in ((True, x), (False, 1.0 / x))
            if abs(y - number) <= EXACT * abs(number)
        ]
        for text, is_times in near[:MOST_CALLED] if number not in PLAIN else ():
            kind, other = (
                TIMES[is_times] if edit.text == SCALED else (edit.kind, FITTED.sub(DIVIDED[is_times], edit.text))
            )
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


def _length(called: tuple[str, Any], own: Collection[str] = ()) -> tuple[bool, bool, int]:
    """Return how far a text is from a short name, and first from one of the function's own."""
    return not called[0].isidentifier(), called[0] not in own, len(called[0])


def _moved(
    node: Node,
    distance: float,
    do: Callable[..., Any],
    operands: Sequence[Any],
    keywords: Mapping[str, Any],
    at_hand: Mapping[str, Any],
) -> Any:
    """Return a value at some distance from an expression's; the opposite of what is true or false."""
    x = operands[0] if node.form == "store" else do(*operands, **keywords)
    if np.asarray(x).dtype == bool:
        return ~np.asarray(x)
    return x * (1.0 + distance * np.random.default_rng(node.key).normal(size=np.shape(x))) + distance


def _variables(forward: Program, point: Written) -> dict[str, Any]:
    """Return the arrays that forward, which is followed by a program, reads at a point, by their names."""
    forward.seen.clear()
    try:
        forward.record(lambda: point.beside(forward.followed(point.forward)))
    except Exception:
        return {}
    values = [(forward.nodes[key], value) for key, (_, _, value) in forward.seen.items()]
    return {node.text: x for node, x in values if isinstance(node.tree, ast.Name) and isinstance(x, np.ndarray)}


def _is_same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool((np.abs(a * 1.0 - b) <= EXACT * max(size(a), size(b))).all())


def _rounded(x: float) -> float:
    """Return a fitted number as what it was meant to be, if it is near that."""
    near = round(x * 12) / 12
    return near if abs(x - near) <= EXACT * max(1.0, abs(x)) else x


def _with_number(edit: Edit, number: float) -> tuple[str, str]:
    """Return what an edit is where its number is known: its kind, and its text without a number of 0, 1 or -1."""
    if edit.text == SCALED:
        return KINDS.get(number, (edit.kind, edit.text))
    return edit.kind, {1.0: edit.text.replace("c * ", ""), -1.0: edit.text.replace("+ c *", "-")}.get(number, edit.text)


def _is_round(x: float) -> bool:
    return x * 12 == round(x * 12)
