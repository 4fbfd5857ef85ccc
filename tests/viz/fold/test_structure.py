"""What nobody watched and nobody labelled is told in words."""

from __future__ import annotations

import re

from folding import chain, tangle

import engine
from engine import Value
from viz.fold.fold import LIMIT, fold
from viz.fold.structure import by_structure
from viz.nodes import Numbered, in_order


def structured(root):
    return by_structure(Numbered.of(in_order(root)), LIMIT)


def test_sums_take_in_their_products():
    x, w = [Value(0.1) for _ in range(16)], [[Value(0.2) for _ in range(16)] for _ in range(60)]
    rows = [sum(a * b for a, b in zip(x, row)) for row in w]
    boxes = structured(engine.total([engine.tanh(row) for row in rows])).boxes
    assert [box.title for box in boxes] == ["", "60 sums of 16 products", "60 tanhs of sums", "1 sum of 60 tanhs"]
    assert boxes[0].heading == "976 values"
    assert boxes[1].count == 60 * 16 * 2


def test_a_long_running_sum_is_one_box():
    total = Value(0.0)
    for i in range(3000):
        total = total + engine.exp(Value(0.001 * i))
    folded = fold(total)
    assert [box.heading for box in folded.boxes] == [
        "3,000 values",
        "3,000 exps of values",
        "1 value",
        "1 sum of 3,001 values",
    ]


def test_a_running_sum_that_is_read_everywhere_is_one_box_too():
    s, values = Value(0.0), []
    for i in range(500):
        s = s + Value(0.01 * i)
        values.append(engine.tanh(s))
    boxes = structured(engine.total(values)).boxes
    assert len(boxes) < 8
    assert any("one after another" in box.subtitle for box in boxes)


def test_no_box_speaks_of_depth():
    for root in (chain(5000), tangle(5000), tangle(5000, 1)):
        headings = [box.heading for box in fold(root).boxes]
        assert all(re.match(r"[\d,]+ \w+|x$", heading) for heading in headings)
        assert not any("depth" in heading for heading in headings)


def test_a_tangle_folds_until_its_arrows_are_few():
    folded = fold(tangle(5000))
    assert len(folded.edges) <= 3 * len(folded.boxes)
