"""Pictures have the nodes and edges that the graph has, and labels come out literally."""

import json
import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
import viz
from engine import Value
from viz.render import layout


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


def test_kinds_differ_in_shape_so_that_they_read_in_grey():
    from viz.style import KINDS

    looks = {(look["shape"], look["style"].split(",")[0], look.get("peripheries")) for look in KINDS.values()}
    assert len(looks) == len(KINDS)


def test_gradients_can_be_left_out():
    assert "grad" not in viz.draw(neuron(), grad=False).source


@given(st.text(max_size=39).filter(lambda s: s.isprintable() and s.strip() == s and s and "  " not in s))
@settings(max_examples=60, deadline=None)
def test_any_label_comes_out_literally(label):
    picture = viz.svg(Value(1.0, label))
    assert label in [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", picture)]


AWKWARD = ["x" * 10_000, 'q"uo\\te', "<b>bold</b>", "a\nb", "\x00\x07", "\udc80", "&lt;", "😀", "\\", '\\"']


@pytest.mark.parametrize("label", AWKWARD)
def test_awkward_labels_are_laid_out(label):
    assert "<svg" in viz.svg(Value(1.0, label) * 2.0)


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
    with pytest.raises(TypeError, match="viz draws a Value or a lifted program, not int"):
        viz.draw(3)


def test_a_value_shows_itself_in_jupyter():
    assert "<svg" in neuron()._repr_mimebundle_()["image/svg+xml"]
