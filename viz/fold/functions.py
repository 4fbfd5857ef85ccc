"""The tree of a watched graph: its author's functions hold functions and variables; repetitions are one branch.

A node belongs to the variable that its line goes on to assign; lines that follow one another are one branch where they
assign one variable.  Leaves are branches of the innermost function that holds all that reads them.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.watching import CallSite, Origin
from viz.fold.box import CONSTANT
from viz.fold.nouns import listed, many
from viz.fold.signature import array_of
from viz.fold.tree import Branch, Tree
from viz.nodes import Numbered
from viz.subject import Subject

RESULT = ""  # the name of what a function returns to a variable of its caller
UNKNOWN = CallSite("elsewhere", "")
MOST = 36  # branches of one function: more are bundled
_DIGITS = re.compile(r"\d+")


@dataclass
class _Place:
    """A function at the line that calls it."""

    call: CallSite
    parent: int
    runs: set[Hashable] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)  # that call functions


@dataclass
class _Group:
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


_Member = _Group | int  # a group, or the number of a place


def by_functions(graph: Numbered, subject: Subject) -> Tree:
    """Return the tree of a graph whose operations somebody watched."""
    places = _Places()
    groups: dict[tuple[int, str, int], _Group] = {}
    of: list[_Group | None] = [None] * len(graph.nodes)
    roots = set(subject.roots)
    for i, (node, operands) in enumerate(zip(graph.nodes, graph.parents)):
        if operands:
            origin = subject.origins.get(node)
            place = places.of(origin)
            name, line = _name(origin), 0 if origin is None else origin.line
            group = groups.get((place, name, line))
            if group is None:
                group = groups[place, name, line] = _Group(place, name, line, first=node.born)
            group.first = min(group.first, node.born)
            _note(group, node, origin)
            group.root = node if node in roots else group.root
            of[i] = group
    merged = _with_following_lines(groups.values(), places)
    of = [group and merged[id(group)] for group in of]
    _give_leaves(graph, subject, places, of)
    return _tree(places, of)


class _Places:
    """Functions at the lines that call them, the outermost first."""

    def __init__(self) -> None:
        self.all: list[_Place] = [_Place(UNKNOWN, -1)]
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
            self.all.append(_Place(call, parent))
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


def _name(origin: Origin | None) -> str:
    """Return the variable that a node belongs to, or `RESULT`."""
    if origin is None:
        return RESULT
    if origin.variable:
        return origin.variable if len(origin.holder) == len(origin.chain) else RESULT
    if origin.chain and origin.towards == origin.chain[-1].function.rpartition(".")[2]:
        return RESULT
    return origin.towards


def _note(group: _Group, node: Any, origin: Origin | None) -> None:
    group.ops[node.op] += 1
    if origin is not None and origin.variable:
        group.variables[origin.variable] += 1
        group.paths[origin.path] += 1
        group.last = node


def _with_following_lines(groups: Iterable[_Group], places: _Places) -> dict[int, _Group]:
    """Return for each group the one that it is part of: of the same name, with no other line between."""
    of_place: defaultdict[int, list[_Group]] = defaultdict(list)
    for group in groups:
        of_place[group.place].append(group)
    merged: dict[int, _Group] = {}
    for place, together in of_place.items():
        calls = sorted(places.all[place].lines)
        latest: dict[str, _Group] = {}
        before: _Group | None = None
        for group in sorted(together, key=lambda g: (g.line, g.name)):
            if before is not None and before.line == group.line and RESULT in (before.name, group.name):
                merged[id(group)] = _merge(before, group)
                continue
            into = latest.get(group.name)
            near = before is not None and before.name == group.name
            if into is None or (group.name and not (near and not _between(calls, before.line, group.line))):
                into = latest[group.name] = group
            else:
                into = _merge(into, group)
            merged[id(group)] = into
            before = into
            before.line = group.line
    return merged


def _between(lines: list[int], low: int, high: int) -> bool:
    return any(low < line < high for line in lines)


def _merge(into: _Group, group: _Group) -> _Group:
    into.variables += group.variables
    into.ops += group.ops
    into.paths += group.paths
    into.first = min(into.first, group.first)
    into.last = group.last or into.last
    into.root = group.root or into.root
    return into


def _give_leaves(graph: Numbered, subject: Subject, places: _Places, of: list[_Group | None]) -> None:
    """Give each leaf a group, in the innermost function that holds all that reads its array."""
    leaves: dict[Hashable, _Group] = {}
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
            of[i] = leaves.setdefault(("alone",), _Group(0, node.label, 0, graph.kinds[i]))
    alike = _alike(leaves.values(), places)
    of[:] = [alike.get(id(group), group) for group in of]


def _leaf_group(graph: Numbered, i: int, subject: Subject, leaves: dict[Hashable, _Group], reader: _Group) -> _Group:
    """Return the group of a leaf: its array's, or that of what is read by the same."""
    array, path = _array_of(graph.nodes[i], subject)
    kind = graph.kinds[i]
    key: Hashable = (kind, array) if array else (kind, id(reader))
    group = leaves.get(key)
    if group is None:
        group = leaves[key] = _Group(reader.place, array, 0, kind, first=reader.first)
    group.arrays.add(array)
    group.paths[path] += 1
    return group


def _alike(groups: Iterable[_Group], places: _Places) -> dict[int, _Group]:
    """Put arrays together whose names differ in numbers, where the same lines read them: a layer's with the next's."""
    first: dict[Hashable, _Group] = {}
    alike: dict[int, _Group] = {}
    for group in groups:
        into = first.setdefault((group.kind, _DIGITS.sub("", group.name), frozenset(group.readers)), group)
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
    return (origin.variable, origin.path) if origin is not None and origin.variable else ("", ())


def _indices(label: str) -> tuple[int, ...]:
    brackets = re.search(r"((?:\[[\d, ]+\])+)$", label)
    return tuple(int(n) for n in _DIGITS.findall(brackets[1])) if brackets else ()


# --- the branches --------------------------------------------------------------------------------------------------


def _tree(places: _Places, of: list[_Group | None]) -> Tree:
    """Return branches in words: functions before what they hold, which comes in the order of the nodes."""
    inside = _contents(places, of)
    branches: list[Branch] = []
    branch_of: dict[int, int] = {}
    waiting: deque[tuple[list[_Member], int]] = deque([(inside[0], CONSTANT)])
    while waiting:
        members, parent = waiting.popleft()
        for bundle in _bundled(members):
            number, member = len(branches), bundle[0]
            if len(bundle) > 1:
                branches.append(Branch(_bundle_title(bundle, places), parent, first=_first(bundle[0], inside)))
                waiting.append((bundle, number))
            elif isinstance(member, _Group):
                branch_of[id(member)] = number
                branches.append(_of_group(member, places, parent))
            elif len(inside[member]) == 1 and isinstance(only := inside[member][0], _Group):
                branch_of[id(only)] = number
                within = _of_group(only, places, parent)
                branches.append(replace(within, title=_place_title(member, places, inside[member])))
            else:
                title = _place_title(member, places, inside[member])
                branches.append(Branch(title, parent, first=_first(member, inside)))
                waiting.append((inside[member], number))
    return Tree(branches, [CONSTANT if g is None else branch_of[id(g)] for g in of])


def _first(member: _Member, inside: Mapping[int, list[_Member]]) -> float:
    """Return when the first node of a group, or of what a function holds, was born."""
    while not isinstance(member, _Group):
        member = inside[member][0]
    return member.first


def _contents(places: _Places, of: list[_Group | None]) -> defaultdict[int, list[_Member]]:
    """Return what each function holds; beside a function of one line stand the arrays that it reads."""
    groups = sorted({id(g): g for g in of if g is not None}.values(), key=lambda g: g.first)
    inner = {places.all[g.place].parent for g in groups}
    lines = Counter([g.place for g in groups if g.kind == "operation"])
    for group in groups:
        if group.kind != "operation" and group.place and lines[group.place] == 1 and group.place not in inner:
            group.place = places.all[group.place].parent
    inside: defaultdict[int, list[_Member]] = defaultdict(list)
    used: set[int] = set()
    for group in groups:
        place = group.place
        while place and place not in used:
            used.add(place)
            inside[places.all[place].parent].append(place)
            place = places.all[place].parent
        inside[group.place].append(group)
    return inside


def _bundled(members: list[_Member]) -> list[list[_Member]]:
    """Put neighbours together where there are too many: operations with operations."""
    if len(members) <= MOST:
        return [[member] for member in members]
    leaves = [m for m in members if isinstance(m, _Group) and m.kind != "operation"]
    others = [m for m in members if not (isinstance(m, _Group) and m.kind != "operation")]
    bundles: list[list[_Member]] = []
    for kind, room in ((leaves, MOST // 3), (others, MOST - MOST // 3)):
        each = max(-(-len(kind) // room), 1)
        bundles += [kind[i : i + each] for i in range(0, len(kind), each)]
    return bundles


def _bundle_title(bundle: list[_Member], places: _Places) -> str:
    titles = [
        _title(m, places.all[m.place].call.function) if isinstance(m, _Group) else places.all[m].call.function
        for m in bundle
    ]
    return listed(list(dict.fromkeys(titles)))


def _title(group: _Group, function: str) -> str:
    """Return the name of a group: its variable, its array or what it is in words."""
    if group.kind != "operation":
        return _common(sorted(group.arrays)) if group.name else ""
    if group.name:
        return group.name
    if group.variables:
        return listed([name for name, _ in group.variables.most_common()])
    if group.line and function:
        return f"result of {function}"
    return listed([many(op, count) for op, count in group.ops.most_common()], 2)


def _common(names: list[str]) -> str:
    """Return names that differ in numbers as one.

    >>> _common(["layer0.wq", "layer1.wq", "layer2.wq"]), _common(["wte"])
    ('layer0…2.wq', 'wte')
    """
    if len(names) == 1:
        return names[0]
    numbers = [[int(n) for n in _DIGITS.findall(name)] for name in names]
    each = iter([sorted(set(column)) for column in zip(*numbers)])

    def span(_: re.Match[str]) -> str:
        column = next(each)
        return f"{column[0]}…{column[-1]}" if len(column) > 1 else str(column[0])

    return _DIGITS.sub(span, names[0])


def _of_group(group: _Group, places: _Places, parent: int) -> Branch:
    said = [f"{len(group.arrays):,} arrays"] if len(group.arrays) > 1 else []
    runs = max(len(places.all[group.place].runs), 1)
    shape = _shape(group.paths, runs if group.kind == "operation" else max(len(group.arrays), 1))
    said += [shape] if shape else []
    alone = group.last if runs == sum(group.paths.values()) == 1 and group.kind == "operation" else None
    alone = group.root if alone is None else alone
    title = _title(group, places.all[group.place].call.function)
    return Branch(title, parent, group.kind, tuple(said), alone, group.first)


def _place_title(place: int, places: _Places, inside: list[_Member]) -> str:
    """Return the words for a function: "q = linear", and how often its caller calls it from there."""
    returned = next((m for m in inside if isinstance(m, _Group) and m.kind == "operation" and not m.name), None)
    variables = [] if returned is None else [name for name, _ in returned.variables.most_common()]
    function, times = places.all[place].call.function, places.times(place)
    title = f"{listed(variables)} = {function}" if variables else function
    return title if times == 1 else f"{title} × {times or len(places.all[place].runs):,}"


def _shape(paths: Mapping[tuple[Any, ...], int], runs: int) -> str:
    """Return the shape of what a variable holds, and how often there is one more than its function is run.

    >>> _shape({(0, 0): 4, (0, 1): 4, (0, 2): 4}, 2), _shape({(): 5}, 5), _shape({(0,): 1, (1,): 2}, 1)
    ('1 × 3, 2 times', '', '3 values')
    """
    count = sum(paths.values())
    indices = [tuple(key for key in path if isinstance(key, int)) for path in paths]
    if len({len(index) for index in indices}) != 1:
        return f"{count:,} values" if count else ""
    shape = [len(set(axis)) for axis in zip(*indices)]
    size = math.prod(shape)
    if count % size or len(paths) != size or (count // size) % runs:
        return f"{count:,} values" if count > runs else ""
    times = count // size // runs
    if not shape:
        return f"{times:,} values" if times > 1 else ""
    text = " × ".join(map(str, shape)) if len(shape) > 1 else f"{size:,} values" if size > 1 else ""
    return ", ".join([part for part in (text, f"{times:,} times" if times > 1 else "") if part])
