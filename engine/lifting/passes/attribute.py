"""Steps -> Steps, whose results know where they come from in their author's words.

A result stands for many scalars: it has the variable that most of them have, and the chain of functions that all have
in common. What is only a part of an operation's work, as the sum in a mean, goes on towards the whole, and so does
what has no word of its own towards what reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from engine.lifting.ir import Steps
from engine.lifting.views import Source
from engine.watching.origin import CallSite, Origin

MOST = 4  # variables that an array is called by together
ENOUGH = 4  # a variable that held a quarter of the scalars is a name for all of them


def attribute(steps: Steps, labels: Mapping[int, str], origins: Mapping[str, Origin]) -> Steps:
    """Give every result its origin.

    Parameters
    ----------
    steps
        Laid out; what each result stands for is in `Steps.members`.
    labels
        Of the scalar operations.
    origins
        What is known of the scalar operations of that label.
    """
    attributed: dict[Source, Origin] = {}
    for source, (members, whole) in steps.members.items():
        known = [origins.get(labels.get(i, "")) for i in members]
        origin = common([x for x in known if x is not None])
        if origin is not None:
            attributed[source] = origin if whole else _part_of(origin)
    for step in reversed(steps.forward):
        origin = attributed.get(step.target.source)
        for source in [source for x in step.operands for source in x.sources if source.kind == "value"]:
            if origin is not None and not (source in attributed and _has_word(attributed[source])):
                part = _part_of(origin)
                attributed[source] = replace(attributed.get(source, part), variable="", towards=part.towards)
    return steps.with_sources({source: replace(source, origin=origin) for source, origin in attributed.items()})


def common(origins: Sequence[Origin]) -> Origin | None:
    """Return what is true of many scalars together; None of none.

    >>> net, norm = CallSite("net", "a.py"), CallSite("norm", "a.py", 7)
    >>> each = [Origin("q", (k,), (net,), (net, norm), (0, k), "a.py", 3) for k in range(4)]
    >>> print(common(each), common(each).times)
    `q` in norm, a.py:3 ()
    """
    if not origins:
        return None
    variable, holder = _variable(origins)
    towards = "" if variable else _commonest([x.towards or x.variable for x in origins])
    chain = _beginning([x.chain for x in origins])
    held = [x for x in origins if x.variable and x.variable in variable.split(", ")]
    file, line = _commonest([_place(x, len(chain)) for x in held or origins])
    return Origin(variable, (), holder, chain, (), file, line, towards)


def _place(origin: Origin, depth: int) -> tuple[str, int]:
    """Return the line of the function at some depth of the chain that made a scalar, or called what made it."""
    if not 0 < depth < len(origin.chain):
        return origin.place
    return origin.chain[depth - 1].file, origin.chain[depth].line


def _variable(origins: Sequence[Origin]) -> tuple[str, tuple[CallSite, ...]]:
    """Return the variable that held most of those that one held, and whose it is, if it held enough of all.

    Queries, keys and values that are one product are held by three alike: it is called by all of them.
    """
    held = Counter([(x.variable, x.holder) for x in origins if x.variable])
    if not held:
        return "", ()
    (variable, holder), often = held.most_common(1)[0]
    alike = [name for (name, whose), count in held.items() if count == often and whose == holder]
    if often * len(alike) * ENOUGH < len(origins):
        return "", ()
    return (", ".join(alike) if len(alike) <= MOST else variable), holder


T = TypeVar("T")


def _commonest(things: Iterable[T]) -> T:
    return Counter(things).most_common(1)[0][0]


def _beginning(chains: Sequence[tuple[CallSite, ...]]) -> tuple[CallSite, ...]:
    """Return the calls that all chains begin with."""
    if all(chain == chains[0] for chain in chains):
        return chains[0]
    count = 0
    for calls in zip(*chains):
        if any(call != calls[0] for call in calls):
            break
        count += 1
    return chains[0][:count]


def _part_of(origin: Origin) -> Origin:
    return replace(origin, variable="", holder=(), towards=origin.variable or origin.towards)


def _has_word(origin: Origin) -> bool:
    return bool(origin.variable or origin.towards)
