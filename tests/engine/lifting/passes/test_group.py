"""Which scalar operations are one array operation, and which are not."""

from __future__ import annotations

import pytest

import engine
from engine import Value
from engine.lifting.passes.group import group
from engine.lifting.passes.normalise import normalise
from engine.lifting.trace.record import record


def values():
    return [Value(0.5 + i, f"x[{i}]") for i in range(4)]


def grouped(f):
    return group(normalise(record([f(values())], {})))


def sizes(f):
    """How many members each group of operations has, leaves left out."""
    return [(g.op, len(g.members)) for g in grouped(f).groups if g.op not in ("parameter", "constant")]


CASES = {
    "equal operations of equal height": (
        lambda x: engine.total([engine.exp(v) for v in x]), [("exp", 4), ("sum", 1)],
    ),
    "equal operations of other heights are apart": (
        lambda x: engine.exp(engine.exp(x[0])), [("exp", 1), ("exp", 1)],
    ),
    "another operand's operation tells apart": (
        lambda x: engine.tanh(engine.exp(x[0])) * engine.tanh(engine.sin(x[1])),
        [("exp", 1), ("tanh", 1), ("sin", 1), ("tanh", 1), ("multiply", 1)],
    ),
    "tables of any length are chosen from as one": (
        lambda x: engine.logsumexp(x[:2]) * engine.logsumexp(x[:3]), [("logsumexp", 2), ("multiply", 1)],
    ),
    "fixed numbers of either sign of zero are two": (
        lambda x: x[0] ** 0.0 * x[1] ** -0.0,
        [("power_constant", 1), ("power_constant", 1), ("multiply", 1)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_one_group(case):
    f, want = CASES[case]
    assert sizes(f) == want


def test_products_in_sums_are_turned_the_same_way_round():
    """The factor of the earlier group is on the left, whichever way it was written."""
    groups = grouped(lambda x: engine.total([x[0] * engine.exp(x[1]), engine.exp(x[2]) * x[3]]))
    (products,) = [item for item in groups.normal.items if getattr(item, "right", None)]
    assert {(groups.of[a], groups.of[b]) for a, b in zip(products.left, products.right)} == {(0, 1)}
    groups.check()


def test_a_softmax_of_one_score_is_in_the_group_of_longer_ones():
    def ragged(x):
        return engine.total([p * p for n in (1, 2, 3) for p in engine.softmax(x[:n])])

    groups = str(grouped(ragged)).splitlines()
    assert [line.split(": ")[1].split(" of ")[0] for line in groups] == [
        "3 x parameter", "3 x shift", "6 x subtract", "6 x exp", "3 x sum", "6 x divide", "1 x sum",
    ]  # fmt: skip
