"""What is claimed of the signs of zeros holds for every node of the scalar engine, wherever zeros go in."""

from __future__ import annotations

import math
from itertools import product

import pytest

import engine
from engine import Value
from engine.graph import order
from engine.lifting.ir import Leaf
from engine.lifting.passes.zero_signs import PLAIN, POSITIVE, UNSIGNED, WITHOUT_SIGN, Signs
from engine.lifting.trace.record import record

PROBES = (0.0, -0.0, 1.5, -1.5, -0.25)
FUNCTIONS = {
    "sums": lambda x, y: x + y + 0.0,
    "a sum of squares": lambda x, y: x * x + y * y,
    "a difference": lambda x, y: (x - y) * (x - 1.0),
    "products": lambda x, y: x * y * -0.0 * (x * x),
    "quotients": lambda x, y: engine.exp(x) / (y * y + 1.0) + x / 2.0,
    "powers": lambda x, y: x**2 * y**3 + (x * x) ** 0.5,
    "total": lambda x, y: engine.total([x, y, -0.0]),
    "dot": lambda x, y: engine.dot([x, y], [y, x]) * engine.dot([x], [y], x),
    "maximum": lambda x, y: engine.maximum(x, y) + engine.maximum(x, 1.0) * engine.minimum(x, -1.0),
    "relu": lambda x, y: engine.relu(x) * engine.abs(y),
    "choices": lambda x, y: engine.where(x > 0.0, y, engine.exp(x)) + engine.clip(x, 0.0, 1.0),
    "odd functions": lambda x, y: engine.tanh(x) + engine.sinh(y) + engine.arctan(x * x) + engine.expm1(x * x),
    "even functions": lambda x, y: engine.cosh(x) + engine.hypot(x, y) + engine.sigmoid(x) + engine.sign(x),
    "a positive number in a sum": lambda x, y: (
        engine.tanh((x * y + 1e-5) ** 0.5) + engine.total([x, 2.0, y]) * (x + -1.0)
    ),
    "logarithms": lambda x, y: engine.logsumexp([x, y]) + engine.log(x * x + 1.0) + engine.log1p(x * x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_claims_hold(name):
    for a, b in product(PROBES, repeat=2):
        x, y = Value(a), Value(b)
        root = FUNCTIONS[name](x, y)
        signs = Signs(record([root], {x: Leaf("input"), y: Leaf("input", 1)}))
        for i, node in enumerate(order(root)):
            flags, number = signs.of(i), node.data
            assert signs.is_plain(i) == bool(flags & PLAIN), (name, node.op)
            if flags & POSITIVE and number == 0.0:
                assert math.copysign(1.0, number) == 1.0, (name, node.op, a, b)
            if flags & UNSIGNED:
                assert number != number or math.copysign(1.0, number) == 1.0, (name, node.op, a, b)


def claimed(f):
    x, y = Value(1.0), Value(2.0)
    trace = record([f(x, y)], {x: Leaf("input"), y: Leaf("input", 1)})
    return Signs(trace).of(trace.roots[0])


def test_what_is_known_and_what_is_not():
    assert claimed(lambda x, y: engine.exp(x)) == WITHOUT_SIGN
    assert claimed(lambda x, y: x * x) == WITHOUT_SIGN
    assert claimed(lambda x, y: x * y) == 0
    assert claimed(lambda x, y: x + engine.exp(y)) & (POSITIVE | PLAIN)
    assert claimed(lambda x, y: x + y) == 0


def test_chains_of_any_length_need_no_recursion():
    assert claimed(lambda x, y: sum([y * y] * 5000, x * x)) == WITHOUT_SIGN
