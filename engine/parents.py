"""Where a node's parents lie: one or two in the node itself, more in a tuple.

A tuple is an object more for the cyclic collector to visit, again and again, as large as a third of the node; most
operations have two operands or fewer.  `parents` is the tuple all the same, made when it is asked for.  What runs for
every node reads the two places instead.

The collector visits slots by the alphabet, so that it comes to the second parent before the first.  That is the
younger one, most often: a graph is walked through memory from its end to its beginning, and not to and fro, which
takes twice the time where it does not fit into the caches.

====================  =============  ============
a node                ``_x``         ``_other``
====================  =============  ============
a leaf                None           None
one parent            it             None
two parents           the first      the second
more                  their tuple    `MANY`
====================  =============  ============

>>> from engine import Value
>>> x, y = Value(2.0), Value(3.0)
>>> product = x * y
>>> product._x is x, product._other is y, product.parents == (x, y)
(True, True, True)
>>> x._x is None, x.parents
(True, ())
"""

from __future__ import annotations

from typing import Any

MANY: Any = ()
"""What stands in the second place where the first holds all the parents."""


class Parents:
    """What a Value has been computed from."""

    __slots__ = ()
    _x: Any
    _other: Any

    @property
    def parents(self) -> tuple[Any, ...]:
        """The operands; empty for a leaf."""
        x, y = self._x, self._other
        if y is None:
            return () if x is None else (x,)
        return x if y is MANY else (x, y)

    @parents.setter
    def parents(self, parents: tuple[Any, ...]) -> None:
        self._x, self._other = (parents, MANY) if len(parents) > 2 else (*parents, None, None)[:2]
