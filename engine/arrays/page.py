r"""The table that the page of this room shows: what is done with each of NumPy's functions and ufuncs.

>>> print(*page().splitlines()[:3], sep="\n")
| what is done | functions |
|---|---|
| a rule | `absolute` `add` `arccos` `arccosh` `arcsin` `arcsinh` ...
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.arrays.elements import COMPOSED
from engine.arrays.loops import BY_OPERATORS
from engine.arrays.table import FUNCTIONS, REFUSED, SAFE
from engine.arrays.ufuncs import SPECIAL
from engine.rule import RULES


def page() -> str:
    """Return the table, a row for each treatment and for each way out."""
    of_rules = {rule.array.__name__ for rule in RULES.values() if isinstance(rule.array, np.ufunc)}
    ufuncs = {"clip", "sign", *of_rules} - COMPOSED.keys()
    rows = [
        ("a rule", ufuncs | BY_OPERATORS.keys()),
        ("composed of rules", (COMPOSED.keys() | SPECIAL.keys()) - of_rules | {"less", "less_equal", "equal"}),
        ("written in terms of rules", FUNCTIONS.keys()),
        ("safe as NumPy has it", SAFE),
    ]
    by_way_out: dict[str, list[str]] = {}
    for name, way_out in REFUSED.items():
        by_way_out.setdefault(way_out, []).append(name)
    rows += [(f"refused. {way_out}", set(names)) for way_out, names in by_way_out.items()]
    return "\n".join(["| what is done | functions |", "|---|---|", *[_row(what, names) for what, names in rows]])


def _row(what: str, names: Iterable[str]) -> str:
    return f"| {what} | {' '.join([f'`{name}`' for name in sorted(names)])} |"
