"""Where things stand on the page: groups fold and open, and nothing meets or leaves its box."""

from __future__ import annotations

import random

import pytest
from browsing import ask, large, network, neuron, press
from long_run import shortened

import engine
from engine import Value
from viz.nodes import in_order
from viz.page.data import page_data

OVERLAPS = """(() => { const all = [...page.state.spots.values()]; let found = 0;
    all.forEach((a, i) => all.slice(0, i).forEach(b => {
        found += Math.abs(a.x - b.x) < (a.w + b.w) / 2 - .5 && Math.abs(a.y - b.y) < (a.h + b.h) / 2 - .5; }));
    return found; })()"""


def test_groups_fold_into_a_new_arrangement_and_unfold(page):
    driver = page(network())
    hidden = "document.querySelectorAll('.node.hidden').length"
    width = "(xs => Math.max(...xs) - Math.min(...xs))([...page.state.spots.values()].map(t => t.x))"
    open_width = ask(driver, width)
    assert ask(driver, OVERLAPS) == 0
    shut_at_first = ask(driver, hidden)
    press(driver, "fold")
    assert ask(driver, hidden) > shut_at_first + 15
    assert ask(driver, OVERLAPS) == 0
    assert ask(driver, width) < 0.9 * open_width
    press(driver, "fold")
    assert ask(driver, hidden) == shut_at_first
    press(driver, "fit")
    driver.find_element("css selector", ".cluster .handle").click()
    assert ask(driver, hidden) > shut_at_first + 10
    assert ask(driver, OVERLAPS) == 0
    driver.find_element("css selector", ".node:not(.hidden) .opener").click()
    assert ask(driver, hidden) == shut_at_first


def tangled(seed):
    rng = random.Random(seed)
    arrays = [[Value(rng.random(), f"{name}[{i}]") for i in range(6)] for name in "xyuv"]
    for _ in range(8):
        op = rng.choice([lambda a, b: a * b, lambda a, b: a + b, lambda a, b: engine.tanh(a)])
        a, b = rng.choice(arrays), rng.choice(arrays)
        arrays.append([op(x, y) for x, y in zip(a, rng.sample(b, 6))])
    return engine.total([v for array in arrays[-4:] for v in array])


PLACED = """const { data, folds } = given, s = computation.newState(data);
    return folds.map(boxes => {
        boxes.forEach(b => computation.toggleFold(s, b));
        packing.layOut(s);
        const all = [...s.spots.values()], apart = (a, b) => Math.abs(a.x - b.x) >= (a.w + b.w) / 2 - .5
            || Math.abs(a.y - b.y) >= (a.h + b.h) / 2 - .5;
        return { meeting: all.filter((a, i) => all.slice(0, i).some(b => !apart(a, b))).length, units: all.length,
            curves: [...packing.curves(s).values()].every(d => /^M[-\\d.]+,[-\\d.]+C/.test(d)),
            ordered: s.steps.filter(step => step.kind === "forward").every(({ node }) =>
                data.nodes[node].parents.every(p => {
                    const [from, to] = [p, node].map(i => s.spots.get(computation.unitOf(s, i)));
                    return from === to || from.unit < 0 || to.unit < 0 || from.a < to.a; })) }; })"""


@pytest.mark.parametrize("seed", shortened(range(8), 4))
def test_whatever_is_folded_no_two_boxes_meet(node, seed):
    root = tangled(seed)
    data = page_data(root)
    rng = random.Random(seed)
    assert len(data["boxes"]) >= 4
    folds = [[rng.randrange(len(data["boxes"]))] for _ in range(12)]
    placed = node(PLACED, {"data": data, "folds": folds})
    assert [p["meeting"] for p in placed] == [0] * 12
    assert all(p["curves"] and p["ordered"] for p in placed)


def test_with_nothing_folded_all_stands_where_graphviz_put_it(node):
    data = page_data(tangled(0))
    body = "const s = computation.newState(given); packing.layOut(s); return [...s.spots.values()].map(t => [t.x, t.y])"
    boxes = data["layouts"][0]["boxes"]
    assert node(body, data) == [[pytest.approx(x), pytest.approx(y)] for x, y, _, _ in boxes]


def test_a_curve_goes_round_what_stands_between(node):
    body = """const spot = (unit, a) => ({ unit, a, c: 0, x: a, y: 0, w: 50, h: 20, da: 50, dc: 20 });
        const spots = new Map([[-1, spot(-1, 0)], [1, spot(1, 200)], [2, spot(2, 400)]]), folded = new Set([0]);
        const graph = { nodes: [{ box: 0 }, { box: -1 }, { box: -1 }], fixed: false, boxes: [{ parent: -1 }],
            layouts: [{ direction: "LR", edges: [[0, 2, ""], [0, 1, ""]] }] };
        return [...packing.curves({ graph, spots, folded, layout: 0 })].map(([key, d]) => [key, d.includes("L")])"""
    assert node(body) == [["-1>2", True], ["-1>1", False]]


def test_a_folded_group_is_one_step_that_says_what_it_computes(page):
    driver = page(network())
    press(driver, "fold")
    press(driver, "next")
    now = driver.find_element("id", "now").text
    assert "Compute layers.0" in now
    assert "4 dot, 4 tanh" in now
    assert ask(driver, "page.state.at") == 8
    assert driver.find_element("css selector", ".node.lit").text.split("\n")[:2] == ["layers.0", "20 nodes"]
    press(driver, "back")
    assert ask(driver, "page.state.at") == 0
    press(driver, "last")
    shown = ask(driver, "document.querySelectorAll('[data-box=\"0\"] text')[2].textContent")
    root = network()
    root.backward()
    weights = [abs(v.grad) for v in in_order(root) if v.label.startswith("layers.0")]
    assert float(shown.split("mean |grad|")[1]) == pytest.approx(sum(weights) / len(weights), rel=0.05)


@pytest.mark.parametrize("make", [neuron, network, large])
def test_text_stays_inside_its_box(page, make):
    driver = page(make())
    press(driver, "last")
    outside = ask(driver, """[...document.querySelectorAll(".node:not(.hidden)")].flatMap(g => {
        const box = g.querySelector(".face").getBBox();
        return [...g.querySelectorAll("text")].filter(t => t.textContent).map(t => [t.textContent, t.getBBox()])
            .filter(([, t]) => t.x < box.x || t.x + t.width > box.x + box.width || t.y < box.y
                || t.y + t.height > box.y + box.height).map(([text]) => text); })""")  # fmt: skip
    assert outside == []
