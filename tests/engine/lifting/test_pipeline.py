"""The first passes of lifting, one at a time: what goes in, what comes out, as they print it."""

from __future__ import annotations

import time

import pytest
from long_run import shortened

import engine
from engine import Value
from engine.lifting.passes.group import group
from engine.lifting.passes.normalise import normalise
from engine.lifting.trace.record import record


def values():
    return [Value(0.5 + i, f"x[{i}]") for i in range(4)]


def operations(stage) -> list[str]:
    """A stage's lines, without its leaves."""
    return [line.split(": ", 1)[1] for line in str(stage).splitlines() if " parameter " not in line]


def shared_product(x):
    p = x[0] * x[1]
    return p + x[2] + p * x[3]


def shared_sum(x):
    s = x[0] + x[1]
    return s + x[2] + s * s


CASES = {
    "a chain of additions is one sum": (
        lambda x: x[0] + x[1] + x[2],
        ["add 1 2", "add 3 0"],
        ["1 + 2 + 0"],
        ["3 x parameter", "1 x sum of g0"],
    ),
    "a difference is no sum": (
        lambda x: x[0] - x[1] * x[2],
        ["multiply 1 2", "subtract 0 3"],
        ["multiply 1 2", "subtract 0 3"],
        ["3 x parameter", "1 x multiply", "1 x subtract"],
    ),
    "a product that is used twice stays": (
        shared_product,
        ["multiply 1 2", "add 3 0", "multiply 3 5", "add 4 6"],
        ["multiply 1 2", "3 + 0 + 3 * 5"],
        ["4 x parameter", "1 x multiply", "1 x sum of g0 and g0 * g1 and g1"],
    ),
    "a sum that is used twice stays": (
        shared_sum,
        ["add 1 2", "add 3 0", "multiply 3 3", "add 4 5"],
        ["1 + 2", "3 + 0 + 3 * 3"],
        ["3 x parameter", "1 x sum of g0", "1 x sum of g0 and g1 and g1 * g1"],
    ),
    "equal sums are one group": (
        lambda x: (x[0] + x[1]) * (x[2] + x[3]),
        ["add 0 1", "add 3 4", "multiply 2 5"],
        ["0 + 1", "3 + 4", "multiply 2 5"],
        ["4 x parameter", "2 x sum of g0", "1 x multiply"],
    ),
    "a dot is a sum of products": (
        lambda x: engine.dot(x[:2], x[2:]),
        ["dot 0 1 2 3"],
        ["0 * 2 + 1 * 3"],
        ["4 x parameter", "1 x sum of g0 * g0"],
    ),
    "sums of any length are one group": (
        lambda x: engine.tanh(x[0] + x[1]) * engine.tanh(x[0] + x[1] + x[2]),
        ["add 0 1", "tanh 2", "add 0 1", "add 5 4", "tanh 6", "multiply 3 7"],
        ["0 + 1", "tanh 2", "0 + 1 + 4", "tanh 6", "multiply 3 7"],
        ["3 x parameter", "2 x sum of g0", "2 x tanh", "1 x multiply"],
    ),
    "constants are alike whatever their number": (
        lambda x: engine.total([2.0 * engine.exp(x[0]), 3.0 * engine.exp(x[1])]),
        ["constant 2", "exp 1", "multiply 0 2", "constant 3", "exp 5", "multiply 4 6", "total 3 7"],
        ["constant 2", "exp 1", "constant 3", "exp 5", "0 * 2 + 4 * 6"],
        ["2 x constant", "2 x parameter", "2 x exp", "1 x sum of g0 * g2"],
    ),
    "fixed numbers are not": (
        lambda x: engine.total([x[0] ** 2, x[1] ** 2, x[2] ** 3]),
        ["power_constant 0", "power_constant 2", "power_constant 4", "total 1 3 5"],
        ["power_constant 0", "power_constant 2", "power_constant 4", "1 + 3 + 5"],
        ["3 x parameter", "2 x power_constant", "1 x power_constant", "1 x sum of g1 and g2"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_recorded_normalised_grouped(case):
    function, recorded, normal, groups = CASES[case]
    trace = record([function(values())], {})
    assert operations(trace) == recorded
    assert operations(normalise(trace)) == normal
    assert [line.split(": ")[1] for line in str(group(normalise(trace))).splitlines()] == groups


# --- lifting takes time in proportion to the nodes, and so does what is written ------------------------------------


def one_after_another(x, n):
    y = x[0]
    for _ in range(n):
        y = engine.tanh(y * x[1])
    return y


def steps_in_time(x, n):
    u, v = x[0], x[1]
    for _ in range(n):
        u, v = u + 0.01 * (x[2] * u - u * v), v + 0.01 * (u * v - x[3] * v)
    return u * v


def taken_off(x, n):
    total = 0.0
    for k in range(4 * n):
        total = total - float(k) * x[0] / (x[1] + float(k))
    return total


def branching(x, n):
    total = 0.0
    for k in range(4 * n):
        total = total + (x[0] * float(k) if float(k % 7) > x[1] else x[2] + float(k))
    return total


def choosing(x, n):
    y = x[0]
    for k in range(n):
        y = engine.where(y > float(k % 2), engine.sqrt(y), y * x[1])
    return y


@pytest.mark.parametrize("program", shortened([steps_in_time, branching, choosing, taken_off, one_after_another], 3))
def test_lifting_and_its_text_grow_as_the_nodes_do(program):
    def lifted(n):
        x = [Value(0.5 + 0.3 * i) for i in range(4)]
        lifted = engine.lift(lambda: program(x, n), parameters=x, verify=False)
        start = time.process_time()
        lifted.value_and_grad()
        return time.process_time() - start, len(lifted.source())

    (short, short_text), (long, long_text) = (min(lifted(n) for _ in range(2)) for n in (30, 150))
    assert long < 10 * short
    assert long_text < 7 * short_text
