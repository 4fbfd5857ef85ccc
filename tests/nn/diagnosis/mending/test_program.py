from functools import partial

import numpy as np
import pytest
from backward_texts import LAYER, NORM, of_text, points, wrong_places

from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.offered import offered
from nn.diagnosis.mending.program import Program, Running, TooLongError, is_same_array

TEXT = """
def slope(a):
    return 1 - a ** 2

class Layer:
    def __call__(self, d, a):
        return d * slope(a)

    def backward(self, d, a):
        return self(d, a)

def backward(d, a):
    return Layer().backward(d, a)
"""


def test_what_an_author_calls_is_followed_and_put_back():
    function, program = of_text(TEXT), Program()
    other = program.followed(function)
    d, a = np.array([1.0, 2.0]), np.array([0.5, 0.1])
    assert np.array_equal(program.record(lambda: other(d, a)), function(d, a))
    node = next(node for node in program.nodes if node.text == "1 - a ** 2")
    assert np.allclose(program.altered([Edit("factor", node, "2 * v", 1)], lambda: other(d, a), {}), 2 * function(d, a))
    assert np.array_equal(other(d, a), function(d, a))


def test_arguments_of_a_partial_are_followed():
    program = Program()
    other = program.followed(partial(map, of_text("def backward(x): return 3 * x")))
    assert list(program.record(lambda: other([1, 2]))) == [3, 6] and program.nodes


def test_a_loop_that_an_edit_makes_endless_ends():
    program = Program()
    other = program.followed(of_text("def backward(x):\n    while x < 1000:\n        x = x * 2\n    return x\n"))
    assert program.record(lambda: other(1.0)) == 1024.0
    node = next(node for node in program.nodes if node.text == "x * 2")
    with pytest.raises(TooLongError):
        program.altered([Edit("wrong-constant", node, "0.0", 1)], lambda: other(1.0), {})


def test_functions_to_be_left_are_left():
    function = of_text("def backward(x): return 3 * x")
    assert Program(leave=frozenset([function.__code__])).followed(function) is function


WRONG = LAYER.replace("x.T @ dz", "x.T @ dout").replace("dz @ w.T", "3 * dz @ w.T")


def node_of(running, text):
    return next(node for node in running.program.nodes if node.text == text and node.form != "store")


def test_edits_stand_together_and_one_of_them_in_all_that_follows():
    several = points(LAYER, WRONG)
    running = Running(several, wrong_places(several))
    dout = next(node for node in running.program.nodes if node.text == "dout" and node.line == 6)
    three, other = Edit("wrong-constant", node_of(running, "3"), "1", 1), Edit("wrong-operand", dout, "u", 2, "dz")
    assert running.right_under((three,), 0) == {0} and running.right_under((three, other), 0) == {0, 1}
    assert running.holds((three, other), frozenset([0, 1])) and not running.holds((three,), frozenset([0, 1]))
    behind = running.behind((three,))
    assert behind.right_under((), 0) == {0} and behind.right_under((other,), 2) == {0, 1}
    assert is_same_array(behind.made[0], several[0].right[0]) and running.right_under((), 0) == frozenset()


def test_what_stands_alike_is_changed_everywhere():
    twice = LAYER.replace("1 - a ** 2", "1 - a ** 3 + a ** 3 - a ** 3")
    several = points(LAYER, twice)
    running = Running(several, wrong_places(several))
    edits = [edit for edit in offered(running) if edit.also and edit.node.text == "a ** 3" and edit.text == "a * b"]
    assert [len(edit.nodes) for edit in edits] == [3]


def test_who_listens_is_told_what_edits_make_at_the_first_point():
    several = points(NORM, NORM.replace("-0.5", "-1.5"))
    running, heard = Running(several, [0]), []
    node = node_of(running, "-1.5")
    running.log, running.program.watched = lambda edits, made: heard.append((edits, made)), {node.key: None}
    edit = Edit("wrong-constant", node, "-0.5", 1)
    assert running.holds((edit,), frozenset([0]))
    assert running.program.watched == {node.key: -0.5}
    ((edits, made),) = heard
    assert edits == (edit,) and np.allclose(made[0], several[0].right[0])


def test_arrays_of_somebodys_objects_are_never_the_same():
    class Number:
        pass

    objects = np.array([Number(), Number()], dtype=object)
    assert not is_same_array(objects, np.zeros(2)) and not is_same_array(np.zeros(2), objects)
