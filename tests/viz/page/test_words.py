"""What the page says, without a page."""

import math
import random

import pytest
from browsing import large, network, neuron

from viz.page.data import page_data


def test_a_number_does_not_look_whole_or_zero_or_change_sign(node):
    rng = random.Random(0)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.randint(-12, 12) for _ in range(2000)]
    numbers += [0.9999999, 123456.7, 1e6 - 0.001, 5e-324, 3.0, -2.0, 1e300, 2.00000001]
    shown = node("return given.map(words.show)", numbers)
    for x, text in zip(numbers, shown):
        assert float(text) == pytest.approx(x, rel=1e-3)
        assert math.copysign(1, float(text)) == math.copysign(1, x)
        assert float(text).is_integer() <= (x.is_integer() or abs(x) >= 1000)


def test_special_numbers_are_named(node):
    assert node("return [NaN, Infinity, -Infinity, -0, 0].map(words.show)") == [
        "NaN",
        "Infinity",
        "-Infinity",
        "-0",
        "0",
    ]


def told(node, data, what):
    return node(f"const s = computation.newState(given); {what}", data)


def test_a_step_is_a_formula_in_names_and_in_numbers(node):
    now = told(node, page_data(neuron()), "computation.moveTo(s, 1); return words.now(s)")
    assert now["heading"] == "Compute v1"
    assert now["paragraphs"] == [{"text": "v1 = w × x = 0.5 × 2 = 1", "look": "formula"}]


def test_a_step_back_writes_every_product_out(node):
    now = told(node, page_data(neuron()), "computation.moveTo(s, 6); return words.now(s)")
    assert now["heading"] == "Back through v3 (multiply)"
    texts = [paragraph["text"] for paragraph in now["paragraphs"]]
    assert texts == ["dL/dv2 += dL/dv3 · dv3/dv2 = 1 × 2 = 2", "dL/dx += dL/dv3 · dv3/dx = 1 × (-0.4621) = -0.4621"]


def test_the_beginning_and_the_turn_are_told(node):
    headings = "return [0, s.turn].map(k => { computation.moveTo(s, k); return words.now(s).heading; })"
    assert told(node, page_data(neuron()), headings) == ["The inputs are given", "Turn back at the result"]


def test_a_run_lists_its_first_lines_and_counts_the_others(node):
    now = told(node, page_data(large()), "computation.moveTo(s, computation.following(s)); return words.now(s)")
    assert now["heading"] == "Compute layers.0"
    texts = [paragraph["text"] for paragraph in now["paragraphs"]]
    assert texts[0] == "320 dot, 320 relu"
    assert len(texts) == 10
    assert texts[-1] == "and 632 more; click on a box for its own"
    assert "… 60 more" in texts[1]  # products of a dot of 64


def test_a_node_has_a_history(node):
    body = "computation.moveTo(s, s.end); return [words.ofNode(s, 1), words.nodeText(s, 1), words.place(s)]"
    # tanh(z) + x w (1 - tanh(z)**2) at z = -0.5
    history, text, place = told(node, page_data(neuron()), body)
    assert history["heading"] == "x: its formula and history"
    assert sum(paragraph["text"].startswith("dL/dx +=") for paragraph in history["paragraphs"]) == 2
    assert text["label"] == "x, input, value 2, gradient 0.3243"
    assert place == "backward 9 / 9"  # four operations forward, the seed, four back


def test_a_box_says_how_far_it_is_computed(node):
    body = """const read = () => words.boxText(s, 0);
        const none = read(); computation.moveTo(s, 2); const some = read(); computation.moveTo(s, s.end);
        return [none.data, some.data, read().data, read().grad, words.ofBox(s, 0).heading]"""
    data = told(node, page_data(network()), body)
    assert data[:3] == ["0 of 8 computed", "2 of 8 computed", "20 nodes"]
    assert data[3].startswith("mean |grad| ")
    assert data[4] == "layers.0: 20 nodes"


def test_long_names_are_shortened_in_the_middle(node):
    assert node('return [words.short("abcdefghij", 6), words.short("abc", 6)]') == ["abc…ij", "abc"]
