"""Groups -> Groups, in which operations that differ only by how far they are from a boundary are one group.

A cell of a grid reads its neighbours, and these theirs: by signature each is of a kind of its own. Cells of one
anti-diagonal are equally far from the leaves all the same, and none reads another:

    2 x logsumexp, 2 x logsumexp, 1 x logsumexp     ->     5 x logsumexp of several groups

Groups are joined where they are of one operation and height, and what comes right before them is of one operation as
well: a sum at an edge may be as high as those of cells, but is not behind a minimum. What they read at one place is
then of several arrays, which `fronts` lays out as one. That takes copies, so it has to take far fewer operations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import combinations

from engine.lifting.exact import told_apart
from engine.lifting.ir import ADDED, COUNTLESS, TAKEN, Group, Groups, Leaf, Normal, Sum, Trace

FEWEST = 100  # groups: fewer are not worth the question
FEWER = 3  # times as many groups as wavefronts, so that copies pay
LONGEST = 8  # terms of a sum, or operands of a log-sum-exp; longer ones are products and reductions
WIDE = 48  # operations in each group, on average, from which on the copies pay as well
RAGGED = 4  # operations in place of a sum of another length at a boundary: gathers, and runs that are added up
LEAVES = ("constant", "parameter", "input")
OFTEN = 40  # of so many groups one at least is of an operation by which cells are counted
BEATS = 2  # such operations that are tried
Class = tuple[int, int]  # the groups of a term's factors
Level = tuple[int, int]  # groups of a higher one read those of lower ones


def in_wavefronts(groups: Groups) -> Groups:
    """Join the groups of each wavefront where that pays; else return the same groups."""
    every = groups.groups
    if len(every) < FEWEST:
        return groups
    reads = [_read(groups, group) for group in every]
    levels = min([_levels(every, reads, beat) for beat in _beats(every)], key=lambda known: _count(every, known))
    if FEWER * _count(every, levels) > len(every):
        return groups
    fronts = _fronts(groups, reads, levels)
    if FEWER * len(set(fronts)) > len(every):
        return groups
    return _Joined(groups, fronts, levels).result()


def are_wide(groups: Groups) -> bool:
    """Whether so many operations are computed at once that arrays take less time than loops over floats."""
    return len(groups.normal.items) >= WIDE * sum([_calls(groups, group) for group in groups.groups])


def _calls(groups: Groups, group: Group) -> int:
    """Return about how many array operations a group is: more than one of sums that differ at a boundary."""
    sums = [item for i in group.members if isinstance(item := groups.normal.items[i], Sum)]
    if not group.mixed:
        return RAGGED if len({len(item.left) for item in sums}) > 1 else 1
    return max([len(item.left) + sum([b >= 0 for b in item.right]) for item in sums[:1]], default=1)


# --- which groups are a wavefront ----------------------------------------------------------------------------------


def _read(groups: Groups, group: Group) -> tuple[int, ...]:
    """Return the groups that a group reads, place by place where it has places."""
    if group.op in LEAVES:
        return ()
    if group.op == "sum":
        return tuple([g for kind in group.classes for g in kind if g >= 0])
    item = groups.normal.items[group.members[0]]
    assert isinstance(item, tuple)
    if group.op not in COUNTLESS:
        return tuple(map(groups.of.__getitem__, item))
    members = map(groups.normal.items.__getitem__, group.members)
    return tuple({groups.of[j] for xs in members if isinstance(xs, tuple) for j in xs})


def _beats(groups: Sequence[Group]) -> list[str]:
    """Return the operations by which cells may be counted, none among them: the rarest of those that are frequent."""
    counts = Counter([group.op for group in groups if group.op not in LEAVES])
    often = [op for op, count in counts.items() if count * OFTEN > len(groups)]
    return ["", *sorted(often, key=counts.__getitem__)[:BEATS]]


def _levels(groups: Sequence[Group], reads: Sequence[tuple[int, ...]], beat: str) -> list[Level]:
    """Return how many beats come one after the other before each group, and its place between two of them.

    Without a beat that is how many groups come before it. By another number a cell's neighbours need not be level: one
    path through a cell may be longer than another. Then an operation that is on each of them once keeps all in step,
    and places are counted back from the next one.
    """
    waves: list[int] = []
    for group, read in zip(groups, reads):
        waves.append(max(map(waves.__getitem__, read), default=-1) + (beat in ("", group.op)))
    before = [0] * len(groups)
    if beat:
        for g in range(len(groups) - 1, -1, -1):
            for r in reads[g]:
                if waves[r] == waves[g] and before[r] >= before[g]:
                    before[r] = before[g] - 1
    return list(zip(waves, before))


def _count(groups: Sequence[Group], levels: Sequence[Level]) -> int:
    return len({(group.op, level) for group, level in zip(groups, levels)})


def _fronts(groups: Groups, reads: Sequence[tuple[int, ...]], levels: Sequence[Level]) -> list[int]:
    """Return for each group the first one of its wavefront."""
    first = list(range(len(reads)))

    def front(g: int) -> int:
        while first[g] != g:
            first[g] = g = first[first[g]]
        return g

    known: dict[Hashable, int] = {}
    every = groups.groups
    for g, group in enumerate(every):
        kind = _kind(groups, group)
        if kind is not None:
            last = max([levels[r] for r in reads[g]])
            for before in {every[r].op for r in reads[g] if levels[r] == last}:
                low, high = sorted((front(known.setdefault((kind, levels[g], before), g)), front(g)))
                first[high] = low
    return [front(g) for g in range(len(reads))]


def _kind(groups: Groups, group: Group) -> Hashable:
    """Return what groups of one wavefront have in common; None of those that are in none."""
    if group.op in LEAVES or group.op == "select":
        return None
    items = [groups.normal.items[i] for i in group.members]
    if group.op == "sum":
        lengths = {len(item.left) for item in items if isinstance(item, Sum)}
        signed = any(TAKEN in item.right for item in items if isinstance(item, Sum))
        return None if signed or len(lengths) > 1 or max(lengths) > LONGEST else "sum"
    lengths = {len(item) for item in items if isinstance(item, tuple)}
    if len(lengths) > 1 or max(lengths) > LONGEST:
        return None
    return group.op, told_apart(group.fixed), *lengths


# --- the groups, joined --------------------------------------------------------------------------------------------


class _Joined:
    """The groups being made: those of each wavefront as one, operands before users."""

    def __init__(self, groups: Groups, fronts: Sequence[int], levels: Sequence[Level]) -> None:
        trace, items = groups.normal.trace, groups.normal.items
        self.nothing, self.one = len(items), len(items) + 1  # what is added, and what is multiplied by, for nothing
        leaves = trace.leaves | {self.nothing: Leaf("constant", value=-0.0), self.one: Leaf("constant", value=1.0)}
        ops, operands = [*trace.ops, "", ""], [*trace.operands, (), ()]
        self.normal = Normal(replace(trace, ops=ops, operands=operands, leaves=leaves), [*items, (), ()])
        order = sorted(set(fronts), key=lambda front: (levels[front], front))
        number = {front: k for k, front in enumerate(order, 1)}
        self.number = [number[front] for front in fronts]
        self.of = [*[self.number[g] if g >= 0 else g for g in groups.of], 0, 0, ADDED, ADDED]
        self.born = [*_births(trace), 0.0, 0.0]
        self.parts: list[list[Group]] = [[] for _ in range(len(order) + 1)]
        self.parts[0].append(Group("constant", (), [self.nothing, self.one]))
        for g, group in zip(self.number, groups.groups):
            self.parts[g].append(group)

    def result(self) -> Groups:
        """Return the new groups."""
        joined = [self._group(parts) for parts in self.parts]
        return Groups(self.normal, joined, self.of[: len(self.normal.items)])

    def _group(self, parts: Sequence[Group]) -> Group:
        first = parts[0]
        members = sorted([i for part in parts for i in part.members], key=self.born.__getitem__)
        if len(parts) == 1:
            return replace(first, members=members, classes=self._classes(first.classes))
        if first.op == "sum":
            self._align(members)
        return replace(first, members=members, classes=(), mixed=True)

    def _classes(self, classes: Sequence[Class]) -> tuple[Class, ...]:
        number = [*self.number, ADDED]
        return tuple(sorted({(number[a], number[b]) for a, b in classes}))

    # --- sums: a place for each term ---------------------------------------------------------------------------

    def _align(self, members: Sequence[int]) -> None:
        """Give all sums the same terms at the same places; where one is missing, nothing is added."""
        items, of = self.normal.items, self.of.__getitem__
        sums = [(i, item) for i in members if isinstance(item := items[i], Sum)]
        kinds = [tuple(zip(map(of, item.left), map(of, item.right))) for _, item in sums]
        counts = Counter(kinds)
        most = max(counts, key=lambda kind: (len(kind), counts[kind]))
        places = {kind: _places(kind, most) for kind in counts}
        products = {p for kind in counts for p, (_, b) in zip(places[kind], kind) if b >= 0}
        left = [self.nothing] * len(most)
        right = [self.one if p in products else ADDED for p in range(len(most))]
        for (i, item), kind in zip(sums, kinds):
            items[i] = aligned = Sum([*left], [*right])
            for p, term, a, b in zip(places[kind], kind, item.left, item.right):
                if b < 0:
                    aligned.left[p] = a
                else:
                    aligned.left[p], aligned.right[p] = (b, a) if _is_turned(term, most[p]) else (a, b)


def _births(trace: Trace) -> list[float]:
    """Return when each operation was computed, where that is known: neighbours are side by side in that order."""
    births: list[float] = [*range(len(trace.ops))]
    computed = [i for i, xs in enumerate(trace.operands) if xs]
    if len(trace.births) == len(computed):
        for i, birth in zip(computed, trace.births):
            births[i] = birth
    return births


def _places(kind: Sequence[Class], most: Sequence[Class]) -> Sequence[int]:
    """Return at which places of a longer sum the terms of one are, in their order: where most are of one kind."""
    if len(kind) == len(most):
        return range(len(most))

    def alike(places: Sequence[int]) -> int:
        return sum([_alike(term, most[p]) for p, term in zip(places, kind)])

    return max(combinations(range(len(most)), len(kind)), key=alike)


def _alike(term: Class, other: Class) -> int:
    return 2 if term in (other, other[::-1]) else int(not {*term}.isdisjoint(other))


def _is_turned(term: Class, other: Class) -> bool:
    """Whether the factors of a product are the other way round."""
    (a, b), (c, d) = term, other
    return a != c and b != d and (a == d or b == c)
