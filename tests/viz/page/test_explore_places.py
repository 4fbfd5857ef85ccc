"""Where things stand on the page: groups fold and open, and nothing meets or leaves its box."""

import random

import pytest
from browsing import ask, large, network, neuron, press

import engine
from engine import Value
from viz.fold.signature import groups
from viz.nodes import in_order

OVERLAPS = """(() => { const all = [...page.state.spots.values()]; let found = 0;
    all.forEach((a, i) => all.slice(0, i).forEach(b => {
        found += Math.abs(a.x - b.x) < (a.w + b.w) / 2 - .5 && Math.abs(a.y - b.y) < (a.h + b.h) / 2 - .5; }));
    return found; })()"""


def test_groups_fold_into_a_new_arrangement_and_unfold(page):
    driver = page(network())
    hidden = "document.querySelectorAll('.node.hidden').length"
    breadth = "(xs => Math.max(...xs) - Math.min(...xs))([...page.state.spots.values()].map(t => t.x))"
    open_width = ask(driver, breadth)
    assert ask(driver, OVERLAPS) == 0
    shut_at_first = ask(driver, hidden)
    press(driver, "fold")
    assert ask(driver, hidden) > shut_at_first + 15
    assert ask(driver, OVERLAPS) == 0
    assert ask(driver, breadth) < 0.9 * open_width
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


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_folded_no_two_boxes_meet(page, seed):
    root = tangled(seed)
    driver = page(root)
    assert ask(driver, "page.state.graph.boxes.length") >= 4
    rng = random.Random(seed)
    for _ in range(12):
        driver.execute_script(f"page.toggle({rng.randrange(ask(driver, 'page.state.graph.boxes.length'))})")
        assert ask(driver, OVERLAPS) == 0
    driver.execute_script("page.foldAll(false)")
    assert (ask(driver, OVERLAPS), ask(driver, "page.state.spots.size")) == (0, engine.graph.count(root))


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


def test_arrays_and_equal_operations_fold_where_no_label_names_a_layer():
    xs = [Value(1.0, f"x[{i}]") for i in range(6)]
    ws = [Value(2.0) for _ in range(6)]
    owner, boxes = groups(in_order(engine.total([engine.tanh(x * w) for x, w in zip(xs, ws)])))
    assert [box["title"] for box in boxes] == ["x", "×", "tanh"]
    assert sorted(owner) == [-1] * 7 + [0] * 6 + [1] * 6 + [2] * 6  # leaves without a label, and the total, stand alone


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
