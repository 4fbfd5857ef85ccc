"""Graphviz's places in the page's coordinates."""

import pytest

from viz.page.places import place
from viz.picture import Card

CARDS = [Card(f"n{i}", (f"a title {i}",), ("1", "grad 2"), "operation") for i in range(4)]
EDGES = [(0, 1), (1, 2), (0, 2), (2, 3)]


@pytest.mark.parametrize(("direction", "axis"), [("LR", 0), ("TB", 1)])
def test_what_is_read_stands_before_what_reads_it(direction, axis):
    placed = place(CARDS, EDGES, {}, direction)
    assert placed["direction"] == direction
    at = [box[axis] for box in placed["boxes"]]
    assert all(at[source] < at[target] for source, target in EDGES)


def test_boxes_lie_within_the_size_and_none_on_another():
    placed = place(CARDS, EDGES, {0: [0, 1]}, "LR")
    width, height = placed["size"]
    for i, (x, y, w, h) in enumerate(placed["boxes"]):
        assert x - w / 2 + 1e-9 >= 0
        assert x + w / 2 <= width + 1e-9
        assert y - h / 2 + 1e-9 >= 0
        assert y + h / 2 <= height + 1e-9
        for u, v, a, b in placed["boxes"][:i]:
            assert abs(x - u) >= (w + a) / 2 or abs(y - v) >= (h + b) / 2


def test_curves_lead_from_source_to_target():
    placed = place(CARDS, EDGES, {}, "LR")
    assert sorted((source, target) for source, target, _ in placed["edges"]) == sorted(EDGES)
    for source, target, path in placed["edges"]:
        start = float(path[1:].split(",")[0])
        end = float(path.split("L")[-1].split(",")[0]) if "L" in path else float(path.split()[-1].split(",")[0])
        assert start == pytest.approx(placed["boxes"][source][0] + placed["boxes"][source][2] / 2, abs=2)
        assert end == pytest.approx(placed["boxes"][target][0] - placed["boxes"][target][2] / 2, abs=2)


def test_a_title_alone_makes_a_low_box():
    low = place([Card("n0", ("3",), (), "constant")], [], {}, "LR")["boxes"][0]
    high = place(CARDS[:1], [], {}, "LR")["boxes"][0]
    assert low[3] == pytest.approx(20, abs=0.5)
    assert high[3] == pytest.approx(54, abs=0.5)
