"""Equations of whole arrays: what a step's text says, in the shape that it is said to have, is what it computes."""

from __future__ import annotations

import numpy as np
import pytest
from array_steps import CASES, GIVEN
from reading_formulas import read

from engine.lifting.emit.matrix_form import SAMPLES, has_matrix_form, right_side, written_number
from engine.lifting.expr import show
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source

OTHERS = ("matmul", "batch_matmul", "weighted_sum", "ones_product", "copy")  # not of people's, and one that is placed
WHOLE = [name for name, (step, _) in CASES.items() if has_matrix_form(step) and step.op not in OTHERS]


@pytest.mark.parametrize("name", WHOLE)
def test_a_step_is_what_its_text_says(name):
    step, want = CASES[name]
    value = right_side(step, {})
    names = {source.name: array for source, array in GIVEN.items()} | {"N": 5}
    got = read(f"r = {show(value.expr)}", names)["r"]
    assert got.shape == tuple(5 if n == SAMPLES else n for n in value.shape)
    np.testing.assert_allclose(np.broadcast_to(got, np.shape(want)) if got.ndim == 0 else got, want, rtol=1e-12)


@pytest.mark.parametrize("x", [0.1, 1 / 3, -2 / 7, 1e-5, 1e300, -0.0, 0.8414709848078965, 16.0, 123456789.0])
def test_a_number_is_read_as_it_is(x):
    got = read(f"r = {show(written_number(Literal(x)))}", {})["r"]
    assert float(got) == x and np.signbit(got) == np.signbit(x)


def test_runs_and_windows_have_none():
    assert not has_matrix_form(CASES["segment_sum"][0])
    assert not has_matrix_form(CASES["repeat"][0])


def test_rows_of_a_matrix_that_lies_on_its_side_are_columns():
    x = Source("x", (2, 3), "value")
    step = Step("sum", Source("s", (3,), "value").view, (x.view.T,), axes=(1,))
    value = right_side(step, {})
    assert (show(value.expr), value.shape) == ("x.sum(axis=0)", (3,))
    step = Step("sum", Source("s", (2,), "value").view, (x.view.T,), axes=(0,))
    assert show(right_side(step, {}).expr) == "x.sum(axis=-1)"
