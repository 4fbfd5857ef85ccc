"""A page's boxes: functions hold functions and variables, and one level opens at a time."""

from __future__ import annotations

import pytest
import scalar_gpt
from browsing import ask, press

import engine
from viz.fold.fold import LIMIT
from viz.page.data import page_data

OVERLAPS = """(() => { const all = [...page.state.spots.values()]; let found = 0;
    all.forEach((a, i) => all.slice(0, i).forEach(b => {
        found += Math.abs(a.x - b.x) < (a.w + b.w) / 2 - .5 && Math.abs(a.y - b.y) < (a.h + b.h) / 2 - .5; }));
    return found; })()"""


def neuron(w, x):
    act = sum(a * b for a, b in zip(w, x))
    return engine.tanh(act)


def layer(ws, x):
    out = [neuron(w, x) for w in ws]
    return out


def network(ws, x):
    h = layer(ws, x)
    h = layer(ws, h)
    return sum(h)


ARGUMENTS = ([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]], [1.0, -1.0, 0.5])


@pytest.mark.parametrize(
    ("fn", "arguments"), [(network, ARGUMENTS), (scalar_gpt.loss_of, (scalar_gpt.tokens,))], ids=["small", "large"]
)
def test_every_node_is_in_one_box_inside_others(fn, arguments):
    data = page_data(fn, *arguments)
    boxes = data["boxes"]
    for number, box in enumerate(boxes):
        around, steps = number, 0
        while around >= 0:
            around, steps = boxes[around]["parent"], steps + 1
            assert steps <= len(boxes)
        assert box["title"]
    assert 0 < len(data["first"]) <= LIMIT
    inner = [node for node in data["nodes"] if node["kind"] not in ("constant",)]
    assert all(node["box"] >= 0 for node in inner)
    assert data["fixed"] == (fn is not network)


@pytest.mark.parametrize(
    ("fn", "arguments"), [(network, ARGUMENTS), (scalar_gpt.loss_of, (scalar_gpt.tokens,))], ids=["small", "large"]
)
def test_a_box_opens_by_one_level(node, fn, arguments):
    """What a folded box holds is folded when it opens, and it takes all of it in when it folds again."""
    data = page_data(fn, *arguments)
    body = """const s = computation.newState(given), { boxes } = given;
        computation.foldEvery(s, false);
        const holding = [...boxes.keys()].filter(k => boxes.some(b => b.parent === k));
        const units = () => { packing.layOut(s); return [...s.spots.keys()].length; };
        return holding.map(k => {
            computation.foldEvery(s, false);
            const open = units();
            computation.toggleFold(s, k);
            const shut = units();
            computation.toggleFold(s, k);
            const inside = j => [...boxes.keys()].filter(i => boxes[i].parent === j);
            let inner = inside(k);
            while (inner.length === 1 && inside(inner[0]).length) inner = inside(inner[0]);
            return { open, shut, after: units(), folded: inner.every(j => s.folded.has(j)) };
        });"""
    results = node(body, data)
    assert results
    for result in results:
        assert result["folded"]
        assert result["shut"] < result["after"] <= result["open"]


def test_stepping_through_nested_boxes_computes_what_the_engine_does(node):
    data = page_data(network, *ARGUMENTS)
    body = """const s = computation.newState(given);
        computation.foldEvery(s, true);
        computation.moveTo(s, s.end);
        return [s.computed, s.operations, s.grads]"""
    computed, operations, grads = node(body, data)
    assert computed == operations
    assert grads[data["root"]] == 1.0


def test_a_nested_page_opens_and_folds(page):
    driver = page(scalar_gpt.loss_of, scalar_gpt.tokens)
    units = "page.state.spots.size"
    first = ask(driver, units)
    assert 1 < first <= LIMIT
    assert ask(driver, OVERLAPS) == 0
    press(driver, "fold")
    assert ask(driver, units) > first
    assert ask(driver, OVERLAPS) == 0
    press(driver, "fold")
    assert ask(driver, units) == first
