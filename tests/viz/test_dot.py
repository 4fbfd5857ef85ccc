"""Pictures have the nodes and edges that the graph has, and labels come out literally."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import engine
import viz
from engine import Value
from viz.dot import picture_of
from viz.layout import layout
from viz.text import printable, wrapped


def neuron():
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.5, "b")
    z = w * x + b
    z.label = "z"
    a = engine.tanh(z)
    a.backward()
    return a


def lines_of(source):
    return [line.strip() for line in source.splitlines() if line.startswith("\tn")]


def test_a_neuron_is_drawn_as_agreed():
    nodes = [line for line in lines_of(viz.draw(neuron()).source) if "label=" in line]
    assert [re.search(r'label="?(.*?)"? (?:color|shape)', line)[1] for line in nodes] == [
        r"w\n0.5\ngrad 1.573",
        r"x\n2\ngrad 0.3932",
        r"×\n1\ngrad 0.7864",
        r"b\n-1.5\ngrad 0.7864",
        r"z = +\n-0.5\ngrad 0.7864",
        r"tanh\n-0.4621\ngrad 1",
    ]
    edges = [line for line in lines_of(viz.draw(neuron()).source) if "->" in line]
    assert edges == ["n0 -> n2", "n1 -> n2", "n2 -> n4", "n3 -> n4", "n4 -> n5"]


def test_edges_carry_local_derivatives_on_request():
    source = viz.draw(neuron(), derivatives=True).source
    assert 'n0 -> n2 [label=" 2 "]' in source
    assert 'n1 -> n2 [label=" 0.5 "]' in source


def test_gradients_can_be_left_out():
    assert "grad" not in viz.draw(neuron(), grad=False).source


# Any character at all: controls, halves of surrogate pairs, what XML forbids, scripts of every direction.
ANY = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\"\\<>&'{}|\n\r\t\x00\x1b\x7f\x85\u2028\u202e\ufffe😀 ")
)


AWKWARD = [
    "x" * 10_000,
    'q"uo\\te',
    "<b>bold</b>",
    "a\nb",
    "\x00\x07",
    "\udc80",
    "&lt;",
    "😀",
    "\\",
    '\\"',
    "\\n",
    "<",
    "<>",
]


AWKWARD += [
    "\\N",
    "\\G",
    "<b>",
    "-->",
    "]]>",
    " x  y ",
    "%s",
    "\n" * 10_000,
    "\\" * 10_000,
    "<" * 10_000,
    "😀" * 10_000,
    "&" * 10_000,
]


def titles_in(picture):
    """The lines of text in the box of an SVG, as a reader sees them: what stands at one height is one line."""
    lines = {}
    for text in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):
        lines[text.get("y")] = lines.get(text.get("y"), "") + "".join(text.itertext()).replace("\xa0", " ")
    return [line for line in lines.values() if line.strip()]


def as_read(label):
    lines = [printable(line).replace("\xa0", " ") for line in wrapped(label)]
    return [line for line in lines if line.strip()]


def all_awkward(test):
    for label in AWKWARD:
        test = example(label)(test)
    return test


@all_awkward
@given(ANY)
@settings(max_examples=100, deadline=None)
def test_any_label_comes_out_literally(label):
    assert titles_in(viz.svg(Value(1.0, label), grad=False)) == [*as_read(label), "1"]


@pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz's dot")
@all_awkward
@given(ANY)
@settings(max_examples=25, deadline=None)
def test_any_label_comes_out_literally_where_titles_are_bold(label):
    source = picture_of(Value(1.0, label), grad=False).rich().source
    drawn = subprocess.run(["dot", "-Tsvg"], input=source.encode("utf-8"), capture_output=True, check=True)
    assert not drawn.stderr.replace(b"Fontconfig", b"")
    assert titles_in(drawn.stdout.decode("utf-8")) == [*as_read(label), "1"]


@given(ANY, ANY)
@settings(max_examples=60, deadline=None)
def test_any_label_may_stand_on_an_operation_and_in_a_folded_graph(label, other):
    values = [Value(0.5, f"{label}[{i}]") for i in range(70)]
    values[0].label = other
    for root in (values[0] * values[1], engine.total([v * v for v in values])):
        root.label = label
        ElementTree.fromstring(viz.svg(root, derivatives=True))


def test_long_labels_are_clipped():
    assert len(viz.draw(Value(1.0, "x" * 10_000)).source) < 1000


@given(st.lists(st.tuples(st.sampled_from("+*t"), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_every_graph_parses_and_has_its_nodes_and_edges(program):
    values = [Value(0.5, "x"), Value(-1.0, "w")]
    for op, i, j in program:
        a, b = values[i % len(values)], values[j % len(values)]
        values.append({"+": lambda a, b: a + b, "*": lambda a, b: a * b, "t": lambda a, _: engine.tanh(a)}[op](a, b))
    nodes = engine.graph.order(values[-1])
    placed = json.loads(layout(viz.draw(values[-1], collapse=None).source, "json"))
    assert len(placed["objects"]) == len(nodes)
    assert len(placed.get("edges", [])) == sum(len(node.parents) for node in nodes)


def test_a_graph_too_large_is_refused_before_layout():
    with pytest.raises(viz.TooLargeError, match=r"has 5,001 nodes, .* Use collapse='auto'"):
        viz.draw(engine.total([Value(1.0) for _ in range(5000)]), collapse=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"direction": "UP"}, "direction='UP' is not known"), ({"collapse": "yes"}, "collapse='yes' is not known")],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        viz.draw(Value(1.0), **options)


def test_what_is_not_a_graph_is_refused():
    with pytest.raises(TypeError, match="viz draws a Value, a function or a lifted program, not 3"):
        viz.draw(3)


def test_before_a_backward_pass_a_picture_does_not_speak_of_gradients():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    z = w * x
    assert "grad" not in viz.draw(z).source
    assert "grad" not in viz.svg(z)
    z.backward()
    assert viz.draw(z).source.count("grad") == 3
    w.grad = None
    assert "grad 0" in viz.draw(z).source


def test_a_loss_of_the_next_step_has_no_gradients_yet():
    p = Value(2.0, "p")
    (p * p).backward()
    loss = p * p + 1.0
    assert "grad" not in viz.draw(loss).source
    loss.backward()
    assert "grad" in viz.draw(loss).source
