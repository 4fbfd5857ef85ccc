"""What each operation gives, element by element."""

from __future__ import annotations

import math

import numpy as np
import pytest
from single_numbers import source, written

from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal

x, p = source("x", (4,), "input"), source("p", (2, 2), "parameter")
s, z = source("s"), source("z", (4,))


@pytest.mark.parametrize(
    ("op", "numbers", "text"),
    [
        ("multiply", (Literal(1.0), x.view[0]), "x_0"),
        ("subtract", (x.view[0], Literal(0.0)), "x_0"),
        ("subtract", (x.view[0], Literal(-0.0)), "x_0 - -0.0"),
        ("add", (x.view[0], Literal(0.0)), "x_0 + 0.0"),
        ("divide", (x.view[0], Literal(2.0)), "x_0 / 2.0"),
        ("divide", (x.view[0], Literal(0.0)), "divide(x_0, 0.0)"),
        ("divide", (Literal(2.0), x.view[0]), "divide(2.0, x_0)"),
        ("square", (x.view[0],), "x_0 * x_0"),
        ("power", (x.view[0], Literal(2.5)), "power(x_0, 2.5)"),
        ("less", (x.view[0], Literal(2.5)), "float(x_0 < 2.5)"),
        ("abs", (x.view[0],), "absolute(x_0)"),
        ("maximum", (x.view[0], Literal(math.inf)), "maximum(x_0, np.inf)"),
    ],
)
def test_an_operation_is_written_as_one_would(op, numbers, text):
    small = [Step(op, z.view[2], numbers)]
    assert written([*small, Step("sin", z.view, (z.view,))], small)[1][1] == f"z[2] = {text}"


def test_sums_and_places_are_of_elements():
    two, pair = source("two", (2,)), Gather(x, (2,), np.array([3, 0]))
    small = [Step("gather", two.view, (pair,)), Step("sum", s.view, (two.view,)), Step("sum", z.view[:2], (p.view,))]
    lines = written([*small, Step("sin", z.view, (z.view,))], small, returned=[s.view])[1]
    assert "s = x_3 + x_0" in lines and "z[0] = p_0 + p_1" in lines and "z[1] = p_2 + p_3" in lines


def test_an_outer_product_repeats_what_it_reads():
    a, b, out = source("a", (2, 1), "input"), source("b", (1, 2), "input"), source("out", (2, 2))
    small = [Step("outer", out.view, (a.view, b.view))]
    lines = written([*small, Step("sin", out.view, (out.view,))], small)[1]
    assert lines[4:8] == [
        "out[0, 0] = a_0 * b_0",
        "out[0, 1] = a_0 * b_1",
        "out[1, 0] = a_1 * b_0",
        "out[1, 1] = a_1 * b_1",
    ]


def test_numbers_are_added_to_places():
    places = Gather(z, (3,), np.array([1, 3, 1]))
    small = [Step("fill", z.view, (Literal(0.0),)), Step("scatter", z.view, (places, x.view[:3]), accumulate=True)]
    lines = written([*small, Step("sin", z.view, (z.view,))], small)[1]
    assert lines[3:-1] == ["z[0] = 0.0", "z[1] = x_0 + x_2", "z[2] = 0.0", "z[3] = x_1"]
