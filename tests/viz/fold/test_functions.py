"""A watched graph folds by its author's functions and variables; repetitions are one box."""

from __future__ import annotations

from collections import Counter

import pytest
import scalar_gpt

import engine
from engine import Value
from viz.fold.fold import LIMIT, fold
from viz.subject import subject_of


def gpt():
    return fold(subject_of(scalar_gpt.loss_of, (scalar_gpt.tokens,)))


def test_a_gpt_is_in_its_authors_words():
    folded = gpt()
    boxes = {box.heading: box for box in folded.boxes}
    assert [title for title, _ in folded.clusters] == ["gpt × 5"]
    assert {"q = linear", "k = linear", "v = linear", "attn_logits", "attn_weights = softmax × 2", "head_out"} <= set(
        boxes
    )
    assert "8 values" in boxes["q = linear"].subtitle
    assert sum(box.heading == "x = rmsnorm" for box in folded.boxes) == 2


def test_parameters_are_one_box_an_array_beside_what_uses_them():
    folded = gpt()
    boxes = [box.heading for box in folded.boxes]
    place = {name: boxes.index(name) for name in scalar_gpt.PARAMETERS}
    for name, size in scalar_gpt.PARAMETERS.items():
        assert boxes.count(name) == 1
        assert folded.boxes[place[name]].count == size
    wq, q = place["layer0.attn_wq"], boxes.index("q = linear")
    assert [target for source, target in folded.edges if source == wq] == [q]
    assert folded.boxes[wq].cluster == folded.boxes[q].cluster == 0


def halved(x):
    return x * 0.5


def scaled(values, factor):
    out = [halved(v) * factor for v in values]
    return out


def twice(x, factor):
    h = scaled(x, factor)
    h = scaled(h, factor)
    return sum(h)


def test_calls_from_two_lines_are_two_boxes_and_from_one_line_one():
    folded = fold(subject_of(twice, ([0.1 * i for i in range(20)], 2.0)))
    titles = [title for title, _ in folded.clusters] + [box.heading for box in folded.boxes]
    assert titles.count("h = scaled") == 2
    assert titles.count("halved × 20") == 2


def recursive(x, n):
    y = engine.tanh(x)
    return y if n == 0 else recursive(y, n - 1) * 0.5


def test_a_function_that_calls_itself_is_one():
    folded = fold(subject_of(recursive, (0.3, 60)))
    assert len(folded.boxes) <= 5


def long(x):
    a = x
    for i in range(200):
        a = engine.tanh(a + 0.01 * i)
    return a


def test_a_loop_is_one_box():
    boxes = fold(subject_of(long, (0.5,))).boxes
    assert [box.heading for box in boxes] == ["x", "a"]
    assert boxes[1].subtitle == ("in long", "200 values")


def many_lines(n):
    """A function of so many lines, each with a variable of its own."""
    lines = [f"    v{i} = (v{i - 1} * 2.0 + x) * 0.3" for i in range(1, n)]
    names = {}
    exec(
        compile("\n".join(["def made(x):", "    v0 = x * x", *lines, f"    return v{n - 1}"]), "made.py", "exec"), names
    )
    return names["made"]


@pytest.mark.parametrize("n", [30, 60, 150])
def test_a_long_function_has_few_boxes(n):
    folded = fold(subject_of(many_lines(n), (0.5,)))
    assert len(folded.boxes) <= LIMIT
    assert all(box.heading.startswith(("v", "x", "result")) for box in folded.boxes)


@pytest.mark.parametrize(
    ("fn", "arguments"),
    [(scalar_gpt.loss_of, (scalar_gpt.tokens,)), (twice, ([0.1] * 20, 2.0)), (many_lines(60), (0.5,))],
)
def test_every_node_is_in_one_box_and_every_box_has_a_name(fn, arguments):
    subject = subject_of(fn, arguments)
    folded = fold(subject)
    held = Counter(folded.owner)
    kinds = subject.numbered().kinds
    assert held.pop(-1, 0) == kinds.count("constant")
    assert [held[i] for i in range(len(folded.boxes))] == [box.count for box in folded.boxes]
    assert all(box.heading for box in folded.boxes)


def test_layers_that_differ_in_a_number_are_one_box():
    weights = {f"layer{i}.w": [Value(0.1 * j) for j in range(4)] for i in range(6)}

    def layer(x, w):
        return engine.tanh(sum(x * v for v in w))

    def net(x):
        for i in range(6):
            x = layer(x, weights[f"layer{i}.w"])
        return x

    box = next(box for box in fold(subject_of(net, (0.5,))).boxes if box.kind == "parameter")
    assert box.heading == "layer0…5.w"
    assert box.subtitle[0] == "6 arrays"


def test_nodes_of_a_block_are_drawn_in_their_authors_words_too():
    with engine.provenance():
        xs = [Value(0.1 * i) for i in range(50)]
        squares = [x * x for x in xs]
        mean = sum(squares) / len(squares)
    assert [box.heading for box in fold(mean).boxes] == ["xs", "squares", "mean"]


def test_arrays_of_a_dictionary_that_a_block_assigned_are_boxes():
    with engine.provenance():
        table = {"w": [Value(0.1 * i) for i in range(30)], "b": [Value(0.0) for _ in range(30)]}
        rows = [w * w + b for w, b in zip(table["w"], table["b"])]
        mean = sum(rows) / len(rows)
    assert [box.heading for box in fold(mean).boxes] == ["w", "b", "rows", "mean"]


def test_a_list_of_all_parameters_is_a_box_for_each_line_that_reads_a_part():
    with engine.provenance():
        params = [Value(0.1 * i) for i in range(40)]
        a = sum(params[:10])
        b = sum(params[10:20]) * a
        c = sum(params[20:30]) * b
        d = sum(params[30:]) * c
    folded = fold(d)
    assert [box.heading for box in folded.boxes] == ["params", "a", "params", "b", "params", "c", "params", "d"]
    assert [box.count for box in folded.boxes if box.heading == "params"] == [10] * 4
