"""A tree over a graph: functions hold functions and variables; some branches are drawn open, the others as one box.

>>> held = [Branch("q", 0), Branch("rmsnorm", 0), Branch("ms", 2), Branch("scale", 2)]
>>> tree = Tree([Branch("gpt", -1), *held], [1, 3, 4])
>>> sorted(tree.frontier(2)), sorted(tree.frontier(3))
([1, 2], [1, 3, 4])
"""

from __future__ import annotations

from dataclasses import dataclass, field

ENOUGH = 20  # boxes to look at first


@dataclass
class Branch:
    """A function or a variable: what it is called, and which function holds it (-1: none).

    Attributes
    ----------
    said
        What is said under the title: a shape, how often it is repeated.
    result
        The one node that has its name, where there is but one.
    first
        When its first node was born.
    """

    title: str
    parent: int
    kind: str = "operation"
    subtitle: tuple[str, ...] = ()
    result: object = None
    first: float = 0.0


@dataclass
class Tree:
    """Branches, each after the one that holds it, and for every node of a graph its own; -1 for a constant."""

    branches: list[Branch]
    owner: list[int]
    children: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.children = [[] for _ in self.branches]
        for i, branch in enumerate(self.branches):
            if branch.parent >= 0:
                self.children[branch.parent].append(i)
        self.sizes = [0] * len(self.branches)
        for i in self.owner:
            if i >= 0:
                self.sizes[i] += 1
        for i in range(len(self.branches) - 1, -1, -1):
            if self.branches[i].parent >= 0:
                self.sizes[self.branches[i].parent] += self.sizes[i]

    def frontier(self, limit: int, enough: int = ENOUGH) -> set[int]:
        """Return the branches to draw as one, at most `limit` where that can be: opened level by level, large first.

        Where there are `enough`, nothing more is opened.
        """
        frontier = {i for i, branch in enumerate(self.branches) if branch.parent < 0}
        level = frontier
        while level:
            inner: set[int] = set()
            for i in sorted(level, key=lambda k: (-self.sizes[k], k)):
                children = self.children[i]
                opens = len(frontier) == 1 or (len(frontier) < enough and len(frontier) - 1 + len(children) <= limit)
                if children and opens:
                    frontier.remove(i)
                    frontier.update(children)
                    inner.update(children)
            level = inner
        return frontier

    def shown(self, frontier: set[int]) -> list[int]:
        """Return for every branch the one of the frontier that holds it; itself where it is drawn open."""
        shown: list[int] = []
        for i, branch in enumerate(self.branches):
            above = shown[branch.parent] if branch.parent >= 0 else i
            shown.append(above if branch.parent >= 0 and above in frontier else i)
        return shown
