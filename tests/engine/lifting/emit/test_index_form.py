"""Equations of elements: their loops, and the places that are affine in them."""

from __future__ import annotations

import numpy as np
from reading_formulas import read

from engine.lifting.emit.elements import Picked, step_tree
from engine.lifting.emit.index_form import equation
from engine.lifting.emit.matrix_form import written_number
from engine.lifting.emit.notation import Notation
from engine.lifting.expr import show
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Source

X = Source("x", (5, 5), "input")


def said(step, notation=None):
    """Return an equation as a line."""
    notation = notation or Notation({"x", "y"})
    target = step.target.source
    whole = Picked(target, np.arange(target.size))
    left, right, ranges = equation(notation, whole, step_tree(step, {}, written_number), target.shape, True)
    return f"{show(left)} = {show(right)}" + (f"  for {', '.join(map(show, ranges))}" if ranges else "")


def triangle(target):
    places = np.array([5 * i + j for i in range(5) for j in range(i + 1)])
    return Step("gather", target.view, (Gather(X, places.shape, places),))


def test_a_triangle_is_packed_and_read_as_one():
    y, z = Source("y", (15,), "value"), Source("z", (5,), "value")
    notation = Notation({"x", "y", "z"})
    assert said(triangle(y), notation) == "y[i, j] = x[i, j]  for i < 5, j <= i"
    total = Step("segment_sum", z.view, (y.view,), starts=np.array([0, 1, 3, 6, 10]), total=15)
    assert said(total, notation) == "z[i] = sum over j <= i of y[i, j]  for i < 5"


def test_axes_are_cut_where_places_need_it():
    y = Source("y", (10,), "value")
    places = np.array([i + 5 * j for i in range(5) for j in range(2)])
    text = said(Step("gather", y.view, (Gather(X, (10,), places),)))
    assert text == "y[2 * i + j] = x[j, i]  for i < 5, j < 2"


def test_places_of_no_pattern_are_a_table():
    y, notation = Source("y", (4,), "value"), Notation({"x", "y"})
    text = said(Step("gather", y.view, (Gather(X, (4,), np.array([7, 0, 24, 3])),)), notation)
    values = np.arange(25.0).reshape(5, 5)
    assert read(text, {"x": values, **notation.constants})["y"].tolist() == [7.0, 0.0, 24.0, 3.0]


def test_variables_have_names_that_nothing_else_has():
    assert Notation({"i", "k", "n"}).letters()[:2] == ["j", "l"]
    assert Notation({"i", "k", "n"}).sample == "sample"
