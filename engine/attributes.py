"""Attributes that people store on a Value, such as ``p.m = 0.0`` for an Adam's moment.

Python gives an object a dictionary when somebody first stores something, or first looks, and it stays: a look at
every node of a graph would cost each 64 bytes for good.  `stored_on` takes an empty one away again.

>>> from engine import Value
>>> p = Value(1.0)
>>> stored_on(p)
{}
>>> p.m = 0.0
>>> stored_on(p)
{'m': 0.0}
"""

from __future__ import annotations

from typing import Any


def stored_on(node: Any) -> dict[str, Any]:
    """Return the dictionary of what is stored on a Value; one that is empty is not the Value's own."""
    stored: dict[str, Any] = node.__dict__
    if not stored:
        del node.__dict__
    return stored
