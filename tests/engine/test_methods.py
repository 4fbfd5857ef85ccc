"""Methods of Value, for every pattern of operands and of what is kept, and those to come."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import engine
from engine import Value
from engine.methods import signatures
from engine.rules import RULES, rule
from engine.value import OPERATORS

PATTERNS = {
    "one, keeping nothing": (lambda g: (2.0 * g,), lambda x: 2.0 * x, [(0.5,)]),
    "one, keeping the result": (lambda z, g: (2.0 * g + 0.0 * z,), lambda x: 2.0 * x, [(0.5,)]),
    "one, keeping the operand": (lambda x, g: (2.0 * x * g,), lambda x: x * x, [(0.5,)]),
    "one, keeping both": (lambda x, z, g: (2.0 * z / x * g,), lambda x: x * x, [(0.5,)]),
    "one and a number": (lambda x, n, g: (n * g + 0.0 * x,), lambda x, n: n * x, [(0.5, 3.0)]),
    "one and a number, keeping the result": (lambda z, n, g: (n * g + 0.0 * z,), lambda x, n: n * x, [(0.5, 3.0)]),
    "one and two numbers": (lambda n, k, g: (n * k * g,), lambda x, n, k: n * k * x, [(0.5, 3.0, 2.0)]),
    "two, keeping nothing": (lambda g: (g, 2.0 * g), lambda x, y: x + 2.0 * y, [(0.5, 3.0)]),
    "two, keeping both": (lambda x, y, g: (y * g, x * g), lambda x, y: x * y, [(0.5, 3.0)]),
    "two, keeping the second": (lambda y, g: (g, 2.0 * y * g), lambda x, y: x + y * y, [(0.5, 3.0)]),
    "two, keeping the second and the result": (lambda y, z, g: (g / y, -g * (z / y)), lambda x, y: x / y, [(0.5, 3.0)]),
    "two, keeping everything": (lambda x, y, z, g: (z / x * g, z / y * g), lambda x, y: x * y, [(0.5, 3.0)]),
}


@pytest.fixture(params=PATTERNS.values(), ids=PATTERNS)
def pattern(request):
    pullback, forward, at = request.param
    yield rule("pattern", forward, forward, at=at)(pullback), forward, at[0]
    del RULES["pattern"], Value.pattern


def test_every_pattern_of_operands_and_of_what_is_kept_has_a_method(pattern):
    operation, forward, point = pattern
    made = RULES["pattern"]
    operands, fixed = [Value(x) for x in point[: len(made.operands)]], point[len(made.operands) :]
    z = operation(*operands, *fixed)
    assert (z.data, z.op, z.parents) == (forward(*point), "pattern", tuple(operands))
    assert z.label == ""
    assert z.pullback(1.0) == made.bind(z.data, [x.data for x in operands], fixed)(1.0)
    assert len(made.residuals(z)) == len(made.keeps)
    z.backward()
    assert [x.grad for x in operands] == list(z.pullback(1.0))
    engine.testing.check_rule(made)
    if len(operands) == 2:
        assert operation(2, operands[1]).data == forward(2.0, point[1])
        assert operation(operands[0], np.float32(2.0)).data == forward(point[0], 2.0)


def test_a_fixed_number_is_a_number(pattern):
    operation, _, point = pattern
    made = RULES["pattern"]
    if made.fixed:
        with pytest.raises(TypeError, match="pattern: n is a fixed number, .*; got a Value"):
            operation(Value(point[0]), *[Value(n) for n in point[1:]])
        with pytest.raises(TypeError, match="pattern: n must be a number; got 'x'"):
            operation(Value(point[0]), *["x" for _ in point[1:]])


def test_what_the_type_checker_reads_is_what_the_rules_give():
    text = (Path(engine.__file__).parent / "signatures.pyi").read_text(encoding="utf-8")
    assert text == signatures(OPERATORS)
    for line in text.splitlines():
        if line.startswith("    def "):
            name = line.split("(")[0].removeprefix("    def ")
            assert name in vars(Value), name
    for name in RULES:
        assert getattr(Value, name).__name__ in (name, "either")


@pytest.mark.parametrize("exponent", [2, 2.0, True, np.float64(2.0), np.int32(2)])
def test_a_power_of_a_number_is_its_own_rule_however_it_is_written(exponent):
    x = Value(3.0)
    for z in (x**exponent, x.power(exponent), engine.power(x, exponent), np.power(x, exponent)):
        assert (z.op, z.data) == ("power_constant", 3.0 ** float(exponent))
        assert math.isclose(z.pullback(1.0)[0], float(exponent) * 3.0 ** (float(exponent) - 1.0))


# --- many operands


def test_dot_is_one_node_whose_local_derivative_is_the_other_factor():
    ws, xs, b = [Value(1.0), Value(2.0)], [Value(3.0), 4.0], Value(0.5)
    z = engine.dot(ws, xs, b)
    z.backward()
    assert z.op == "dot"
    assert z.data == 11.5
    assert [w.grad for w in ws] == [3.0, 4.0]
    assert xs[0].grad == 1.0
    assert b.grad == 1.0


def test_dot_needs_equal_lengths():
    with pytest.raises(ValueError, match="as many weights as inputs; got 2 and 1"):
        engine.dot([1.0, 2.0], [1.0])
    assert engine.dot([], []) == 0.0
    assert engine.dot([], [], Value(2.0)).data == 2.0


def test_many_operands_refuse_nonsense():
    with pytest.raises(TypeError, match="total of Value and 'x' is not defined"):
        engine.total([Value(1.0), "x"])
    with pytest.raises(TypeError, match="total of Value and an object is not defined"):
        engine.total([Value(1.0), object()])
