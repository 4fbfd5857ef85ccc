"""Where scalars lie: orders in which operands are views, and constants without what repeats."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.ir import Groups, Normal, Trace
from engine.lifting.passes.layout import (
    GroupOperand,
    LayoutBuilder,
    distinct,
    reading_order,
    rows_of,
    runs_of,
    shape_of,
)
from engine.lifting.views import Literal, Source, View

X = Source("x", (6,), "input")


def builder():
    groups = Groups(Normal(Trace([], [], {}, {}, (), [], {}), []), [], [])
    return LayoutBuilder(groups, {}, np.zeros(0, int), np.zeros(0))


def test_members_are_ordered_by_what_they_read():
    a = GroupOperand(X, np.array([5, 3, 4, 0]))
    b = GroupOperand(X, np.array([1, 0, 1, 0]))
    order = reading_order([b, a])
    assert a.at[order].tolist() == [0, 3, 4, 5]  # of which there are more different ones
    constants = GroupOperand(None, np.arange(2), np.array([2.0, 1.0]))
    assert reading_order([constants]).tolist() == [0, 1]


SHAPES = {
    "one member": ([[3]], ()),
    "all of a source": ([range(6)], (6,)),
    "rows and columns": ([[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]], (2, 3)),
    "no pattern": ([[0, 1, 4, 2, 5, 3]], (6,)),
}


@pytest.mark.parametrize("case", SHAPES)
def test_axes_in_which_operands_are_views(case):
    columns, shape = SHAPES[case]
    assert shape_of([GroupOperand(Source("s", (7,), "input"), np.array([*at])) for at in columns]) == shape


def test_constants_of_either_zero_are_two():
    values, number = distinct(np.array([0.0, -0.0, 0.0, 2.0]))
    assert np.signbit(values[number]).tolist() == [False, True, False, False]
    assert len(values) == 3
    assert isinstance(builder().constant(np.array([0.0, -0.0])), View)


def test_constants_are_one_number_or_an_array_without_what_repeats():
    assert builder().constant(np.full((2, 3), 1.5)) == Literal(1.5)
    view = builder().constant(np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]))
    assert (view.source.value.tolist(), view.shape, view.strides) == ([1.0, 2.0], (2, 3), (1, 0))


def test_a_product_with_ones_is_no_step():
    layout = builder()
    ones, x = GroupOperand(None, np.arange(6), np.ones(6)), GroupOperand(X, np.arange(6))
    assert layout.element_by_element("multiply", [x, ones]) is x
    assert layout.steps == []
    layout.element_by_element("add", [x, ones])
    assert [str(step) for step in layout.steps] == ["v1 (6,) = add(x, 1.0)"]


def test_what_was_reordered_is_found_where_it_went():
    layout = builder()
    x = GroupOperand(X, np.array([4, 2, 0]))
    result = layout.element_by_element("exp", [x])
    assert layout.steps[0].operands[0].positions().tolist() == [0, 2, 4]
    assert result.at.tolist() == [2, 1, 0]


def test_rows_and_runs():
    order, shape = rows_of(np.array([[4, 5], [0, 1], [2, 3]]))
    assert (order.tolist(), shape) == ([1, 2, 0], (3,))
    order, shape = rows_of(np.array([[3, 5], [4, 6], [0, 7], [1, 8], [3, 9], [4, 10]]))
    assert (order.tolist(), shape) == ([0, 1, 2, 3, 4, 5], (6,))  # of a row that is read twice
    order, shape = rows_of(np.array([[6, 5], [4, 6], [7, 7]]))
    assert order.tolist() == [0, 1, 2]
    runs = runs_of(np.array([2, 1, 3]))
    assert (runs["starts"].tolist(), runs["total"]) == ([0, 2, 3], 6)
