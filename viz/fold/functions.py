"""The tree of a watched graph: its author's functions hold functions and variables; repetitions are one branch."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from viz.fold.box import CONSTANT
from viz.fold.groups import DIGITS, Group, Places, grouped
from viz.fold.nouns import listed, many
from viz.fold.tree import Branch, Tree
from viz.nodes import Numbered
from viz.subject import Subject

MOST = 36  # branches of one function: more are bundled
Member = Group | int  # a group, or the number of a place


def by_functions(graph: Numbered, subject: Subject) -> Tree:
    """Return the tree of a graph whose operations somebody watched."""
    places = Places()
    return _tree(places, grouped(graph, subject, places))


def _tree(places: Places, of: list[Group | None]) -> Tree:
    """Return branches in words: functions before what they hold, which comes in the order of the nodes."""
    inside = _contents(places, of)
    branches: list[Branch] = []
    branch_of: dict[int, int] = {}
    waiting: deque[tuple[list[Member], int]] = deque([(inside[0], CONSTANT)])
    while waiting:
        members, parent = waiting.popleft()
        for bundle in _bundled(members):
            number, member = len(branches), bundle[0]
            if len(bundle) > 1:
                branches.append(Branch(_bundle_title(bundle, places), parent, first=_first(bundle[0], inside)))
                waiting.append((bundle, number))
            elif isinstance(member, Group):
                branch_of[id(member)] = number
                branches.append(_of_group(member, places, parent))
            elif len(inside[member]) == 1 and isinstance(only := inside[member][0], Group):
                branch_of[id(only)] = number
                branches.append(_of_short(member, only, places, parent))
            else:
                title = _place_title(member, places, inside[member])
                branches.append(Branch(title, parent, first=_first(member, inside)))
                waiting.append((inside[member], number))
    return Tree(branches, [CONSTANT if g is None else branch_of[id(g)] for g in of])


def _first(member: Member, inside: Mapping[int, list[Member]]) -> float:
    """Return when the first node of a group, or of what a function holds, was born."""
    while not isinstance(member, Group):
        member = inside[member][0]
    return member.first


def _contents(places: Places, of: list[Group | None]) -> defaultdict[int, list[Member]]:
    """Return what each function holds; beside a function of one line stand the arrays that it reads."""
    groups = sorted({id(g): g for g in of if g is not None}.values(), key=lambda g: g.first)
    inner = {places.all[g.place].parent for g in groups}
    lines = Counter([g.place for g in groups if g.kind == "operation"])
    for group in groups:
        if group.kind != "operation" and group.place and lines[group.place] == 1 and group.place not in inner:
            group.place = places.all[group.place].parent
    inside: defaultdict[int, list[Member]] = defaultdict(list)
    used: set[int] = set()
    for group in groups:
        place = group.place
        while place and place not in used:
            used.add(place)
            inside[places.all[place].parent].append(place)
            place = places.all[place].parent
        inside[group.place].append(group)
    return inside


def _bundled(members: list[Member]) -> list[list[Member]]:
    """Put neighbours together where there are too many: operations with operations."""
    if len(members) <= MOST:
        return [[member] for member in members]
    leaves = [m for m in members if _is_leaf(m)]
    others = [m for m in members if not _is_leaf(m)]
    bundles: list[list[Member]] = []
    for kind, room in ((leaves, MOST // 3), (others, MOST - MOST // 3)):
        each = max(-(-len(kind) // room), 1)
        bundles += [kind[i : i + each] for i in range(0, len(kind), each)]
    return bundles


def _is_leaf(member: Member) -> bool:
    return isinstance(member, Group) and member.kind != "operation"


def _bundle_title(bundle: list[Member], places: Places) -> str:
    titles = [_title(m, places.all[m.place].title) if isinstance(m, Group) else places.all[m].title for m in bundle]
    return listed(list(dict.fromkeys(titles)))


def _title(group: Group, function: str) -> str:
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
    numbers = [[int(n) for n in DIGITS.findall(name)] for name in names]
    each = iter([sorted(set(column)) for column in zip(*numbers)])

    def span(_: re.Match[str]) -> str:
        column = next(each)
        return f"{column[0]}…{column[-1]}" if len(column) > 1 else str(column[0])

    return DIGITS.sub(span, names[0])


def _of_group(group: Group, places: Places, parent: int) -> Branch:
    under_title = [f"{len(group.arrays):,} arrays"] if len(group.arrays) > 1 else []
    runs = max(len(places.all[group.place].runs), 1)
    shape = _shape(group.paths, runs if group.kind == "operation" else max(len(group.arrays), 1))
    under_title += [shape] if shape and (group.name or group.kind == "operation") else []
    alone = group.last if runs == sum(group.paths.values()) == 1 and group.kind == "operation" else None
    alone = group.root if alone is None else alone
    title = _title(group, places.all[group.place].title)
    return Branch(title, parent, group.kind, tuple(under_title), alone, group.first)


def _of_short(place: int, group: Group, places: Places, parent: int) -> Branch:
    """Return the branch of a function that makes one thing alone."""
    branch, title = _of_group(group, places, parent), _place_title(place, places, [group])
    if group.name:
        return replace(branch, subtitle=(f"in {title}", *branch.subtitle))
    return replace(branch, title=title)


def _place_title(place: int, places: Places, inside: list[Member]) -> str:
    """Return the words for a function: "q = linear", and how often its caller calls it from there."""
    returned = next((m for m in inside if isinstance(m, Group) and m.kind == "operation" and not m.name), None)
    variables = [] if returned is None else [name for name, _ in returned.variables.most_common()]
    function, times = places.all[place].title, places.times(place)
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
