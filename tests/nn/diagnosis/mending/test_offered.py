import numpy as np
from backward_texts import LAYER, points, wrong_places

from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.offered import as_called, multiple, offered, rounded, with_numbers
from nn.diagnosis.mending.program import Running


def running_of(part, other):
    several = points(LAYER, LAYER.replace(part, other))
    return Running(several, wrong_places(several))


def test_simple_edits_come_first_and_none_of_what_reaches_right_gradients():
    running = running_of("x.T @ dz", "x.T @ dout")
    edits = offered(running)
    assert [edit.rank for edit in edits] == sorted(edit.rank for edit in edits)
    assert {6, 8} <= {edit.node.line for edit in edits} and not any(edit.node.text == "dz" for edit in edits)


def test_a_number_is_what_makes_a_gradient_right_and_has_a_name_if_it_is_one():
    running = running_of("x.T @ dz", "x.T @ dz * 0.7")
    node = next(node for node in running.program.nodes if node.text == "x.T @ dz * 0.7" and node.form == "binary")
    (edit,) = with_numbers(running, Edit("factor", node, "c * v", 1))
    assert edit.number is not None and abs(0.7 * edit.number - 1.0) < 1e-12 and edit.rank > 1
    three = Edit("factor", next(x for x in running.program.nodes if x.form == "call"), "c * v", 1)
    assert [(x.kind, x.number) for x in as_called(running, three, 2.0)] == [("halved", 2.0)]


def test_numbers():
    assert rounded(1 / 12 + 1e-13) == 1 / 12 and rounded(0.0834) == 0.0834
    assert multiple(np.array([2.0, 4.0]), np.array([1.0, 2.0])) == 2.0
    assert np.isnan(multiple(np.ones(2), np.zeros(2)))
