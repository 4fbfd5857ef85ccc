from functools import partial

import numpy as np
import pytest
from backward_texts import of_text

from nn.diagnosis.mending.program import Instead, Program, TooLongError

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


def doubled(do, operands, keywords, at_hand):
    return 2 * do(*operands, **keywords)


def test_what_an_author_calls_is_followed_and_put_back():
    function, program = of_text(TEXT), Program()
    other = program.followed(function)
    d, a = np.array([1.0, 2.0]), np.array([0.5, 0.1])
    assert np.array_equal(program.record(lambda: other(d, a)), function(d, a))
    key = next(node.key for node in program.nodes if node.text == "1 - a ** 2")
    assert np.allclose(program.altered([Instead((key,), doubled)], lambda: other(d, a), {}), 2 * function(d, a))
    assert np.array_equal(other(d, a), function(d, a))


def test_arguments_of_a_partial_are_followed():
    program = Program()
    other = program.followed(partial(map, of_text("def backward(x): return 3 * x")))
    assert list(program.record(lambda: other([1, 2]))) == [3, 6] and program.nodes


def test_a_loop_that_an_edit_makes_endless_ends():
    program = Program()
    other = program.followed(of_text("def backward(x):\n    while x < 1000:\n        x = x * 2\n    return x\n"))
    assert program.record(lambda: other(1.0)) == 1024.0
    key = next(node.key for node in program.nodes if node.text == "x * 2")
    with pytest.raises(TooLongError):
        program.altered([Instead((key,), lambda *_: 0.0)], lambda: other(1.0), {})


def test_functions_to_be_left_are_left():
    function = of_text("def backward(x): return 3 * x")
    assert Program(leave=frozenset([function.__code__])).followed(function) is function
