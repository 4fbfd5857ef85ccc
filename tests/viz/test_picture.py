"""Boxes are wide enough for what they say, and pictures stand the way that fits a screen."""

import json
import re
import shutil

import pytest

import engine
import nn
import viz
from engine import Value
from nn.gpt import GPT
from viz.dot import picture_of
from viz.layout import as_svg, layout
from viz.nodes import kind
from viz.picture import Card, Cluster, Edge, Picture, arranged, readable, width


def chain(n):
    v = Value(0.5, "x")
    for _ in range(n):
        v = engine.tanh(v)
    return v


@pytest.mark.parametrize(("n", "direction"), [(5, "LR"), (39, "TB")])
def test_long_chains_are_drawn_downwards(n, direction):
    assert picture_of(chain(n)).direction == direction


def test_what_is_wide_either_way_stays_as_it_is():
    wide = engine.total([engine.tanh(engine.tanh(chain(5))) for _ in range(7)])
    assert picture_of(wide, collapse=None).direction == "LR"


def test_a_given_direction_is_kept():
    assert picture_of(chain(40), direction="LR").direction == "LR"


def test_arrows_that_lead_back_do_not_matter_to_the_direction():
    cards = [Card(f"b{i}", ("title",), (), "operation") for i in range(3)]
    edges = [Edge("b0", "b1"), Edge("b1", "b0"), Edge("b1", "b2"), Edge("b2", "b2")]
    assert readable(cards, edges) == "LR"


def test_a_box_is_wider_than_its_text_in_dejavu_bold():
    # "layers.0.neurons.0.w.0" takes 167 points at 12 points in DejaVu Sans Bold, the widest of the usual fonts.
    assert width(Card("n", ("layers.0.neurons.0.w.0",), (), "parameter")) > 167 + 10


@pytest.mark.parametrize("label", ["w", "layers.0.neurons.3.w.5", "W" * 30, "@" * 39, "字" * 20, "😀" * 10])
def test_graphviz_makes_boxes_as_wide_as_they_are_asked_to_be(label):
    for text in (label, f"w{label}"):  # a leaf, a parameter
        box = json.loads(layout(viz.draw(Value(1.0, text), grad=False).source, "json"))["objects"][0]
        assert float(box["width"]) * 72 >= width(Card("n", (text,), (), kind(Value(1.0, text)))) - 1


def test_titles_are_bold_in_what_the_machines_dot_draws():
    source = picture_of(Value(2.0, "x") * 3.0).rich().source
    assert '<TD><B>x</B></TD></TR><TR><TD><FONT POINT-SIZE="10.5" COLOR="#595959">2</FONT></TD>' in source


def test_lines_of_a_program_stand_to_the_left_and_are_not_bold():
    card = Card("a0", ("e1 = exp(z1)", "s1 = sum(e1)"), ("N",), "operation")
    picture = Picture("LR", [card], [])
    assert r'label="e1 = exp(z1)\ls1 = sum(e1)\lN\l"' in picture.plain().source
    assert "<B>" not in picture.rich().source
    drawn = viz.svg(picture.plain())
    assert "bold" not in drawn
    assert drawn.count('text-anchor="start"') == 3


def neuron():
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.5, "b")
    return engine.tanh(w * x + b) * Value(3.0, "a leaf of no kind")


def xor():
    X, T = nn.xor()
    return nn.mean_loss(nn.MLP(2, [4, 1]), X, T, "mse")


def digits_program():
    X, T = nn.digits()
    program = engine.lift(nn.sample_loss(nn.MLP(64, [32, 10]), "cross_entropy"), batch=True)
    program.value_and_grad(X[:8] / 16, T[:8])
    return program


def gpt():
    return GPT(27, channels=16, heads=4, context=8).loss([0, 5, 13, 13, 1, 0])


def gpt_program():
    program = engine.lift(GPT(27, channels=16, heads=4, context=8).loss)
    program.value_and_grad([0, 5, 13, 13, 1, 0])
    return program


# In the browser's own measure, and with whatever fonts are there: text that leaves its box, boxes that meet.
UGLY = """const nodes = [...document.querySelectorAll(".node")], meet = [], out = [];
    const boxes = nodes.map(g => g.querySelector("polygon, ellipse, path")?.getBBox());
    nodes.forEach((g, i) => boxes[i] && g.querySelectorAll("text").forEach(t => { const a = t.getBBox(), b = boxes[i];
        if (a.x < b.x || a.x + a.width > b.x + b.width || a.y < b.y - 1 || a.y + a.height > b.y + b.height + 1)
            out.push(t.textContent); }));
    boxes.forEach((a, i) => boxes.slice(0, i).forEach(b => { if (a && b && a.x < b.x + b.width && b.x < a.x + a.width
        && a.y < b.y + b.height && b.y < a.y + a.height) meet.push(i); }));
    return [out, meet, nodes.length];"""


@pytest.mark.parametrize("make", [neuron, xor, digits_program, gpt, gpt_program])
def test_text_stays_in_its_box_and_boxes_apart(browser, tmp_path, make):
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><meta charset='utf-8'><body>{viz.svg(make())}", "utf-8")
    browser.get(page.as_uri())
    outside, meeting, boxes = browser.execute_script(UGLY)
    assert boxes >= 5
    assert (outside, meeting) == ([], [])


@pytest.mark.skipif(not shutil.which("dot"), reason="needs Graphviz's dot")
@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_bold_titles_change_the_file(tmp_path, ending):
    product = Value(2.0, "x") * 3.0
    rich = viz.save(product, tmp_path / f"rich{ending}").read_bytes()
    assert rich != viz.save(viz.draw(product), tmp_path / f"plain{ending}").read_bytes()


def size_of(picture):
    """Width and height of an SVG, in points."""
    return [float(x) for x in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', picture).groups()]


def long_picture(n):
    cards = [Card(f"n{i}", (f"variable number {i}",), ("8 values", "40 nodes"), "operation") for i in range(n)]
    edges = [Edge(f"n{i}", f"n{i + 1}") for i in range(n - 1)]
    return arranged(cards, [*edges, Edge("n0", f"n{n - 1}")], [Cluster("outer")])


def test_a_tall_picture_wraps_into_columns():
    tall = long_picture(40)
    assert tall.direction == "TB"
    assert set(tall.column.values()) == {0, 1, 2}
    wide, high = size_of(as_svg(tall.plain().source))
    _, unwrapped = size_of(as_svg(Picture("TB", tall.cards, tall.edges).plain().source))
    assert high < unwrapped / 2
    assert wide < 1500
    assert long_picture(10).column == {}


def test_no_text_is_cut_however_long_it_is():
    name = "a_rather_long_name_of_a_variable_that_its_author_has_given_it_after_long_thought"
    card = Card("n0", (name,), ("and what is said of it, " * 6,), "operation")
    picture = as_svg(Picture("LR", [card], []).plain().source)
    text = "".join(re.findall(r"<text[^>]*>([^<]*)</text>", picture)).replace("&#160;", " ").replace("&#45;", "-")
    assert "…" not in text
    assert name in text
    assert text.count("and what is said of it,") == 6


def test_repetitions_lead_back_by_dashed_arrows():
    cards = [Card("n0", ("a",), (), "operation"), Card("n1", ("b",), (), "operation")]
    source = Picture("LR", cards, [Edge("n0", "n1"), Edge("n1", "n0")]).plain().source
    assert [line.strip() for line in source.splitlines() if "->" in line] == [
        "n0 -> n1",
        "n1 -> n0 [constraint=false style=dashed]",
    ]


def test_clusters_are_drawn_around_one_another():
    cards = [Card("n0", ("a",), (), "operation", 1), Card("n1", ("b",), (), "operation")]
    picture = as_svg(Picture("LR", cards, [Edge("n0", "n1")], [Cluster("outer"), Cluster("inner", 0)]).plain().source)
    assert picture.index("outer") < picture.index("inner")
    assert picture.count('class="cluster"') == 2
