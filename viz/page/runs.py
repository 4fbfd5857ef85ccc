"""An order of steps in which the nodes of one box follow one another as far as their operands allow.

>>> runs([(), (), (0,), (1,), (2,), (3,)], [0, 0, 1, 1, 2, 2])     # two samples, a layer each way
[0, 1, 2, 3, 4, 5]
>>> runs([(), (), (0,), (2,), (1,), (4,)], [0, 0, 1, 2, 1, 2])     # as their author wrote them: sample by sample
[0, 1, 2, 4, 3, 5]
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence


def runs(parents: Sequence[Sequence[int]], owner: Sequence[int]) -> list[int]:
    """Return all nodes, operands before what reads them; a box is left only when none of its nodes can be computed."""
    users: list[list[int]] = [[] for _ in parents]
    missing = [0] * len(parents)
    for i, operands in enumerate(parents):
        for operand in set(operands):
            users[operand].append(i)
            missing[i] += 1
    ready: defaultdict[int, deque[int]] = defaultdict(deque)
    for i, count in enumerate(missing):
        if not count:
            ready[owner[i]].append(i)
    ordered: list[int] = []
    while ready:
        box = min(ready, key=lambda b: ready[b][0])
        queue = ready[box]
        while queue:
            node = queue.popleft()
            ordered.append(node)
            for user in users[node]:
                missing[user] -= 1
                if not missing[user]:
                    ready[owner[user]].append(user)
        del ready[box]
    return ordered
