import ast

import numpy as np
import pytest
from backward_texts import of_text

from nn.diagnosis.mending.program import Program

STATEMENTS = [
    "return x[1:, None] * 2 - x[:-1]",
    "y = x; y = y + 1; return y",
    "y = x.copy(); y[1] += 3; y[0] = -y[1]; return y",
    "return np.stack([row * k for k, row in enumerate(x) if k != 1])",
    "a, (b, *c) = x[0], x; return a + b + sum(c)",
    "return (lambda t: t ** 2)(x) if x[0] > 0 else x",
    "k = 0\n    while k < 3: k += 1\n    return x * k",
    "out = {}\n    for k in range(len(x)): out[k] = x[k] * (k := k + 1)\n    return np.array(list(out.values()))",
    "def inner(t, scale=2.0): return scale * t\n    return inner(x, scale=3.0) + inner(*[x])",
    "return np.where((x > 0) & ~(x > 1), x, np.sum(x, axis=-1, keepdims=True)) @ np.eye(len(x))",
    "assert len(x), f'{x}'; return -x ** 2 if x is not None else 0",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_function_with_hooks_computes_the_same(statement):
    function = of_text(f"def backward(x):\n    {statement}\n")
    x = np.array([0.5, -1.0, 2.0])
    program = Program()
    other = program.followed(function)
    assert other is not function and program.nodes
    for _ in range(2):
        assert np.array_equal(program.record(lambda: other(x.copy())), function(x.copy()))


def test_the_condition_of_a_loop_has_no_hooks():
    program = Program()
    program.followed(of_text("def backward(x):\n    while x < 10: x = x * 2\n    return x\n"))
    assert [node.text for node in program.nodes if node.form == "comparison"] == []


def test_numbers_know_what_they_are_for():
    program = Program()
    program.followed(of_text("def backward(x):\n    return 3 * x[1].sum(axis=0)\n"))
    roles = {node.text: node.role for node in program.nodes if isinstance(node.tree, ast.Constant)}
    assert roles == {"3": "", "1": "index", "0": "axis"}
