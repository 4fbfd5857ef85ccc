"""A lifted program's picture: its array operations, their shapes, and how many scalar nodes each stands for."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from long_run import shortened

import engine
import nn
import viz
from engine.lifting.run.report import StepRecord
from nn.gpt import GPT
from viz.dot import picture_of
from viz.fold.fold import LIMIT
from viz.program import read_program


@pytest.fixture(scope="module")
def program():
    X, T = nn.digits()
    lifted = engine.lift(nn.sample_loss(nn.MLP(64, [32, 10]), "cross_entropy"), batch=True)
    lifted.value_and_grad(X[:8] / 16, T[:8])
    return lifted


def test_the_digits_program_has_its_matrix_products_with_shapes(program):
    boxes = {box.titles[0]: box for box in read_program(program).boxes}
    assert boxes["z1 = x @ W1 + b1"].lines == ("N × 32", "2,080 scalar nodes")
    assert boxes["W1"].lines == ("layers.0.W", "64 × 32")
    wanted = {boxes[name].name for name in ("x", "W1", "b1")}
    assert set(boxes["z1 = x @ W1 + b1"].operands) == wanted


def test_every_scalar_node_is_in_a_box(program):
    assert sum(box.nodes for box in read_program(program).boxes) == sum(step.nodes for step in program.steps)


def test_lines_that_serve_one_result_share_its_box(program):
    boxes = [box.titles for box in read_program(program).folded(LIMIT) if box.is_step]
    assert boxes[:2] == [("z1 = x @ W1 + b1", "a1 = relu(z1)"), ("z2 = a1 @ W2 + b2",)]
    assert boxes[2][-1].startswith("losses = ")
    assert len(boxes) == 3
    steps = [title for titles in boxes for title in titles]
    assert steps == [box.titles[0] for box in read_program(program).boxes if box.is_step]


def test_without_folding_every_step_is_a_box(program):
    titles = [card.titles for card in picture_of(program, collapse=None).cards]
    assert ("a1 = relu(z1)",) in titles
    assert all(len(title) == 1 for title in titles)


def test_the_picture_parses_and_ends_in_the_result(program):
    picture = viz.svg(program)
    last = next(box for box in picture.split('<g id="node') if "losses = " in box)
    assert last[: last.index("</g>")].count("<path") == 2  # a double border
    assert "z1 = x @ W1 + b1" in picture


def gpt_program(tokens):
    lifted = engine.lift(GPT(27, channels=16, heads=4, context=16).loss, verify=False)
    lifted.value_and_grad(tokens)
    return lifted


@pytest.mark.parametrize("tokens", shortened([[1, 2], [0, 5, 13, 13, 1, 0], list(range(17))], 2), ids=len)
def test_a_gpts_program_is_a_page(tokens):
    lifted = gpt_program(tokens)
    sheet = read_program(lifted)
    boxes = sheet.folded(LIMIT)
    assert len(boxes) <= 40
    assert sum(box.nodes for box in boxes) == sum(step.nodes for step in lifted.steps)
    wide, high = (float(x) for x in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', viz.svg(lifted)).groups())
    assert wide < 800
    assert high < 2200


def test_queries_keys_and_values_are_all_operands_of_their_joint_product():
    boxes = read_program(gpt_program([0, 5, 13, 13, 1, 0])).boxes
    names = {box.name: box.titles[0] for box in boxes}
    joint = next(box for box in boxes if "[wq, wk, wv]" in box.titles[0])
    assert {"wq", "wk", "wv"} <= {names[operand] for operand in joint.operands}


def test_a_fixed_exponent_is_written_out():
    lifted = engine.lift(lambda x: engine.total([v**3 for v in x]))
    lifted(np.ones(5))
    assert any("** 3" in title for box in read_program(lifted).boxes for title in box.titles)
    assert "** 3" in lifted.formulas()


def stand_in(n):
    """A program of n operations in a row."""
    steps = [
        StepRecord(f"s{i}", "f", f"s{i} = f(...)", (3,), False, (), 4, i, (("step", i - 1) if i else ("input", "x"),))
        for i in range(n)
    ]
    return SimpleNamespace(steps=steps, inputs={"x": (3,)}, parameters={})


def test_a_long_program_folds():
    boxes = read_program(stand_in(500)).folded(LIMIT)
    assert len(boxes) <= LIMIT
    assert sum(box.nodes for box in boxes) == 2000
    assert "<svg" in viz.svg(stand_in(500))
    with pytest.raises(viz.TooLargeError, match="use collapse='auto'"):
        viz.draw(stand_in(5000), collapse=None)
