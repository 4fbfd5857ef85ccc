"""What is computed twice is one operation; what only looks alike stays apart, and every program keeps its numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.ir import Leaf, Sum
from engine.lifting.passes.common_subexpressions import share_common
from engine.lifting.passes.normalise import normalise
from engine.lifting.trace.record import record


def operations(f, count=3):
    """How many operations, constants among them, a function of Values is."""
    trace = record([f([Value(0.5 + i, f"x[{i}]") for i in range(count)])], {})
    normal = share_common(normalise(trace))
    normal.check()
    return sum(item is not None for item in normal.items)


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        (lambda x: engine.tanh(x[0]) ** 2.0, lambda x: engine.tanh(x[0]) * engine.tanh(x[0])),
        (lambda x: (d := x[0] - x[1]) / d, lambda x: (x[0] - x[1]) / (x[0] - x[1])),
        (lambda x: (s := x[0] + x[1] * 2.0) / s, lambda x: (x[0] + x[1] * 2.0) / (x[0] + x[1] * 2.0)),
        (lambda x: (p := engine.exp(x[2] ** 3.0)) - p, lambda x: engine.exp(x[2] ** 3.0) - engine.exp(x[2] ** 3.0)),
    ],
)
def test_equal_operations_are_one(once, twice):
    assert operations(twice) == operations(once)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x[0] - x[1]) / (x[1] - x[0]),
        lambda x: engine.arctan2(x[0], 0.0 * x[1]) - engine.arctan2(x[0], -0.0 * x[1]),
        lambda x: engine.leaky_relu(x[0], 0.1) / engine.leaky_relu(x[0], 0.2),
        lambda x: (x[0] + x[1] * x[2]) / (x[0] * x[2] + x[1]),
    ],
)
def test_what_only_looks_alike_stays_apart(f):
    trace = record([f([Value(0.5 + i, f"x[{i}]") for i in range(3)])], {})
    normal = normalise(trace)
    kept = [item for item in normal.items if item]
    assert [item for item in share_common(normal).items if item] == kept


def test_equal_constants_are_one_number_whose_zeros_have_signs():
    assert operations(lambda x: (x[0] * 2.0) / (x[1] * 2.0)) == 6
    with_zeros = engine.lift(lambda x: engine.arctan2(x[0] * 0.0, -1.0) + engine.arctan2(x[0] * -0.0, -1.0))
    assert with_zeros(np.array([1.0])) == pytest.approx(math.atan2(0.0, -1.0) + math.atan2(-0.0, -1.0))


def test_products_that_sums_have_in_common_stay_in_them():
    def kernel(x):
        return sum((x[i] * x[j] + x[i + 1] * x[j + 1]) ** 3.0 for i in range(0, 6, 2) for j in range(0, 6, 2))

    program = engine.lift(kernel)
    program(np.linspace(0.1, 0.6, 6))
    assert "dot(" in program.source() or "matmul(" in program.source()


def test_a_result_that_is_another_is_returned():
    def f(x):
        low = x[0] - x[1]
        if x[0] - x[1] > 0.0:
            return low
        return -low

    program = engine.lift(f)
    assert program(np.array([3.0, 1.0])) == program(np.array([1.0, 3.0])) == 2.0


def test_of_equal_constants_the_first_stands_for_all_however_the_leaves_are_listed():
    """What reads an earlier one must not read a later one in its place: operands come first."""
    trace = record([engine.sin(Value(0.5, "x") * 3.0)], {})
    late = len(trace.ops)  # of a constant that is listed first, and stands behind what reads an equal one
    trace = replace(
        trace,
        ops=[*trace.ops, "", "multiply"],
        operands=[*trace.operands, (), (trace.roots[0], late)],
        leaves={late: Leaf("constant", value=3.0), **trace.leaves},
        roots=[late + 1],
    )
    items = share_common(normalise(trace)).items
    assert all(j < i for i, item in enumerate(items) if item and not isinstance(item, Sum) for j in item)
    assert items[late] is None
