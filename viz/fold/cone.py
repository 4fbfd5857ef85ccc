"""Cones: what is computed only to be read in one place joins what reads it, as a softmax's parts join its quotient.

A cone has one result that others read; whatever else is in it is read within it alone. So no arrow leads out of a cone
and back into it. (Where circuits are designed this is called a fanout-free cone.)

>>> cones([[1], [2], []], lambda i, cone: True)
[[0, 1, 2]]
>>> cones([[1, 2], [2], []], lambda i, cone: i > 0)
[[0], [1, 2]]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence


def cones(users: Sequence[Iterable[int]], joins: Callable[[int, list[int]], bool]) -> list[list[int]]:
    """Return cones, their members in order; `joins` says whether a box may join the cone of all its users.

    `users` says of each box which later ones read it; a user that comes before keeps a box out of any cone.
    """
    cone_of: dict[int, list[int]] = {}
    for i in range(len(users) - 1, -1, -1):
        readers = set(users[i])
        cones_of_readers = {id(cone_of[reader]): cone_of[reader] for reader in readers if reader in cone_of}
        known = all(reader in cone_of for reader in readers)
        if len(cones_of_readers) == 1 and known and joins(i, cone := next(iter(cones_of_readers.values()))):
            cone.append(i)
            cone_of[i] = cone
        else:
            cone_of[i] = [i]
    distinct = {id(cone): sorted(cone) for cone in cone_of.values()}
    return sorted(distinct.values(), key=lambda cone: cone[-1])
