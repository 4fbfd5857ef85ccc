"""A lifted program's picture: its array operations, their shapes, and how many scalar nodes each stands for."""

from types import SimpleNamespace

import pytest

import engine
import nn
import viz
from viz.collapse import LIMIT
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


def test_the_picture_parses_and_ends_in_the_result(program):
    assert "peripheries=2" in viz.draw(program).source.splitlines()[-1 - len(viz.draw(program).source.split("->"))]
    assert "z1 = x @ W1 + b1" in viz.svg(program)


def stand_in(n):
    steps = [
        SimpleNamespace(
            name=f"s{i}", text=f"s{i} = f(...)", shape=(3,), operands=(f"s{i - 1}" if i else "x",), nodes=4, op="f"
        )
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
