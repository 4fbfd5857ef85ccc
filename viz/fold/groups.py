"""What nodes go by in a watched graph: the function that made them, and the variable that their line goes on to assign.

Lines that follow one another are one group where they assign one variable. A leaf's group is its array's, in the
innermost function that holds all that reads it.

>>> call = CallSite("f", "f.py")
>>> places = Places()
>>> places.of(Origin("y", (), (call,), (call,), (0,), "f.py", 2)), places.all[1].call.function
(1, 'f')
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.watching import CallSite, Origin
from viz.fold.signature import array_of
from viz.nodes import Numbered
from viz.subject import Subject

PARTS = 3  # of a variable, each read by another line: more are arrays of their own
RESULT = ""  # the name of what a function returns to a variable of its caller
UNKNOWN = CallSite("elsewhere", "")
DIGITS = re.compile(r"\d+")


@dataclass
class Place:
    """A function at the line that calls it."""

    call: CallSite
    parent: int
    runs: set[Hashable] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)  # that call functions

    @property
    def title(self) -> str:
        """The function's name; of an object that is called, its class's."""
        return self.call.function.removesuffix(".__call__")


@dataclass
class Group:
    """Nodes of one function that go by one name."""

    place: int
    name: str
    line: int
    kind: str = "operation"
    variables: Counter[str] = field(default_factory=Counter)
    ops: Counter[str] = field(default_factory=Counter)
    paths: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    arrays: set[str] = field(default_factory=set)
    readers: set[int] = field(default_factory=set)
    last: Any = None
    root: Any = None
    first: float = 0.0  # when its first node was born


class Places:
    """Functions at the lines that call them, the outermost first."""

    def __init__(self) -> None:
        self.all: list[Place] = [Place(UNKNOWN, -1)]
        self._numbers: dict[tuple[int, CallSite], int] = {}
        self._known: dict[int, int] = {}  # by a chain's identity
        self._seen: dict[int, Any] = {}

    def of(self, origin: Origin | None) -> int:
        """Return the place of a node, and note the run that made it."""
        if origin is None:
            return 0
        place = self._known.get(id(origin.chain))
        if place is None:
            self._seen[id(origin.chain)] = origin.chain
            place = self._known[id(origin.chain)] = self._at(origin)
        return place

    def _at(self, origin: Origin) -> int:
        place = 0
        for depth, call in enumerate(origin.chain, 1):
            around = place
            while around and self.all[around].call != call:
                around = self.all[around].parent
            place = around or self._new(place, call)  # a function that calls itself is one
            self.all[place].runs.add(origin.times[:depth])
        return place

    def _new(self, parent: int, call: CallSite) -> int:
        number = self._numbers.setdefault((parent, call), len(self.all))
        if number == len(self.all):
            self.all.append(Place(call, parent))
            self.all[parent].lines.add(call.line)
        return number

    def around(self, a: int, b: int) -> int:
        """Return the innermost place that holds both."""
        while a != b:
            a, b = (self.all[a].parent, b) if a > b else (a, self.all[b].parent)
        return a

    def times(self, place: int) -> int:
        """Return how often a place is run in each run of the one around it; 0 where that differs."""
        runs, parent = len(self.all[place].runs), self.all[place].parent
        outer = max(len(self.all[parent].runs), 1) if parent >= 0 else 1
        return runs // outer if runs % outer == 0 else 0


def grouped(graph: Numbered, subject: Subject, places: Places) -> list[Group | None]:
    """Return the group of each node, and note the places; a constant has none."""
    groups: dict[tuple[int, str, int], Group] = {}
    of: list[Group | None] = [None] * len(graph.nodes)
    roots = set(subject.roots)
    for i, (node, operands) in enumerate(zip(graph.nodes, graph.parents)):
        if operands:
            origin = subject.origins.get(node)
            place = places.of(origin)
            name, line = _name(origin), 0 if origin is None else origin.line
            group = groups.get((place, name, line))
            if group is None:
                group = groups[place, name, line] = Group(place, name, line, first=node.born)
            group.first = min(group.first, node.born)
            _note(group, node, origin)
            group.root = node if node in roots else group.root
            of[i] = group
    merged = _with_following_lines(groups.values(), places)
    of = [group and merged[id(group)] for group in of]
    _give_leaves(graph, subject, places, of)
    return of


def _name(origin: Origin | None) -> str:
    """Return the variable that a node belongs to, or `RESULT`."""
    if origin is None:
        return RESULT
    if origin.variable:
        return origin.variable if len(origin.holder) == len(origin.chain) else RESULT
    if origin.chain and origin.towards == origin.chain[-1].function.rpartition(".")[2]:
        return RESULT
    return origin.towards


def _note(group: Group, node: Any, origin: Origin | None) -> None:
    group.ops[node.op] += 1
    if origin is not None and origin.variable:
        group.variables[origin.variable] += 1
        group.paths[origin.path] += 1
        group.last = node


def _with_following_lines(groups: Iterable[Group], places: Places) -> dict[int, Group]:
    """Return for each group the one that it is part of: of the same name, with no other line between."""
    of_place: defaultdict[int, list[Group]] = defaultdict(list)
    for group in groups:
        of_place[group.place].append(group)
    merged: dict[int, Group] = {}
    for place, together in of_place.items():
        calls = sorted(places.all[place].lines)
        latest: dict[str, Group] = {}
        before: Group | None = None
        for group in sorted(together, key=lambda g: (g.line, g.name)):
            into = group
            if before is not None and before.line == group.line and RESULT in (before.name, group.name):
                into = before
            elif group.name == RESULT:
                into = latest.get(RESULT, group)
            elif before is not None and before.name == group.name and not _between(calls, before.line, group.line):
                into = before
            merged[id(group)] = into = group if into is group else _merge(into, group)
            into.line, before = group.line, into
            latest[group.name] = into
    return merged


def _between(lines: list[int], low: int, high: int) -> bool:
    return any(low < line < high for line in lines)


def _merge(into: Group, group: Group) -> Group:
    into.variables += group.variables
    into.ops += group.ops
    into.paths += group.paths
    into.first = min(into.first, group.first)
    into.last = group.last or into.last
    into.root = group.root or into.root
    return into


def _give_leaves(graph: Numbered, subject: Subject, places: Places, of: list[Group | None]) -> None:
    """Give each leaf a group, in the innermost function that holds all that reads its array."""
    leaves: dict[Hashable, Group] = {}
    for i, operands in enumerate(graph.parents):
        reader = of[i]
        for p in operands:
            if graph.parents[p] or graph.kinds[p] == "constant" or reader is None:
                continue
            leaf = of[p]
            if leaf is None:
                leaf = of[p] = _leaf_group(graph, p, subject, leaves, reader)
            leaf.readers.add(id(reader))
            leaf.first = min(leaf.first, reader.first - 0.5)
            if leaf.place != reader.place:
                leaf.place = places.around(leaf.place, reader.place)
    for i, node in enumerate(graph.nodes):
        if of[i] is None and not node.parents and graph.kinds[i] != "constant":  # a result that is a leaf
            of[i] = leaves.setdefault(("alone",), Group(0, node.label, 0, graph.kinds[i]))
    alike = _alike(leaves.values(), places)
    of[:] = [alike.get(id(group), group) for group in of]


def _leaf_group(graph: Numbered, i: int, subject: Subject, leaves: dict[Hashable, Group], reader: Group) -> Group:
    """Return the group of a leaf: its array's, or that of what is read by the same; what a line assigned may be both.

    A list of all parameters is one variable, and many arrays.
    """
    array, path = _array_of(graph.nodes[i], subject)
    kind, node = graph.kinds[i], graph.nodes[i]
    certain = array and (node.label or node in subject.arrays)
    key: Hashable = (kind, array) if certain else (kind, array, id(reader))
    group = leaves.get(key)
    if group is None:
        group = leaves[key] = Group(reader.place, array, 0, kind, first=reader.first)
    group.arrays.add(array)
    group.paths[path] += 1
    return group


def _alike(groups: Iterable[Group], places: Places) -> dict[int, Group]:
    """Put arrays together whose names differ in numbers, where the same lines read them: a layer's with the next's.

    A variable's parts are together, unless many lines read a part each.
    """
    groups = list(groups)
    parts = Counter([(group.kind, group.name) for group in groups])
    first: dict[Hashable, Group] = {}
    alike: dict[int, Group] = {}
    for group in groups:
        of_layer = (group.kind, DIGITS.sub("", group.name), frozenset(group.readers))
        whole = group.name and 1 < parts[group.kind, group.name] <= PARTS
        into = first.setdefault((group.kind, group.name) if whole else of_layer, group)
        if into is not group:
            into.paths += group.paths
            into.arrays |= group.arrays
            into.first = min(into.first, group.first)
            into.place = places.around(into.place, group.place)
        alike[id(group)] = into
    return alike


def _array_of(node: Any, subject: Subject) -> tuple[str, tuple[Any, ...]]:
    """Return the array that a leaf is in, and where."""
    if node.label:
        place = getattr(node.label, "place", None)
        return array_of(node.label), place if place is not None else _indices(node.label)
    if node in subject.arrays:
        return subject.arrays[node]
    origin = subject.origins.get(node)
    if origin is None or not origin.variable:
        return "", ()
    keys = [key for key in origin.path if isinstance(key, str)]  # of a dictionary: an array each
    return ".".join(keys) or origin.variable, tuple(key for key in origin.path if not isinstance(key, str))


def _indices(label: str) -> tuple[int, ...]:
    brackets = re.search(r"((?:\[[\d, ]+\])+)$", label)
    return tuple(int(n) for n in DIGITS.findall(brackets[1])) if brackets else ()
