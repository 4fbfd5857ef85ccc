"""NumPy's spelling of every operation computes what the operation does, also where the result is added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from array_steps import CASES, A, executed, result

from engine.error_function import erf
from engine.lifting.emit.numpy_text import NUMPY, OWN_FUNCTIONS
from engine.lifting.ops import Step
from engine.lifting.views import Literal

MODULES = {"np": np, "asarray": np.array, "erf": erf}
exec(OWN_FUNCTIONS["ragged_product"], MODULES)
SPELT = [name for name in CASES if "matmul" not in name and name != "power_constant"]  # of which no pass leaves any
ADDED = [
    name for name in SPELT if CASES[name][0].op in ("sum", "product", "outer", "copy", "tanh", "add", "summed_product")
]


@pytest.mark.parametrize("case", SPELT)
def test_an_operation_is_spelt(case):
    step, want = CASES[case]
    np.testing.assert_allclose(executed(NUMPY, step, MODULES), want, rtol=1e-14)


@pytest.mark.parametrize("case", ADDED)
def test_a_result_is_added(case):
    step, want = CASES[case]
    step = replace(step, accumulate=True)
    np.testing.assert_allclose(executed(NUMPY, step, MODULES), 1.0 + np.asarray(want), rtol=1e-14)


CHOICES = {
    "of two arrays": (A.view, A.view.reshape((2, 3))),
    "of a number and an array": (Literal(7.0), A.view),
    "of an array and a number": (A.view, Literal(7.0)),
    "of two numbers": (Literal(7.0), Literal(-1.0)),
}


@pytest.mark.parametrize("case", CHOICES)
def test_a_choice_takes_its_condition_as_numbers(case):
    x, y = CHOICES[case]
    a = executed(NUMPY, Step("copy", result(2, 3).view, (A.view,)), MODULES)
    step = Step("where", result(2, 3).view, (A.view, x, y))
    want = np.where(a != 0, *[7.0 if v == Literal(7.0) else -1.0 if v == Literal(-1.0) else a for v in (x, y)])
    np.testing.assert_array_equal(executed(NUMPY, step, MODULES), want)


def test_a_negation_from_a_part_into_a_part_is_right():
    """NumPy's own reads the wrong elements between strided places."""
    step = Step("negative", result(2, 4).view[:, :2], (A.view[:, 1:],))
    a = executed(NUMPY, Step("copy", result(2, 3).view, (A.view,)), MODULES)
    np.testing.assert_array_equal(executed(NUMPY, step, MODULES)[:, :2], -a[:, 1:])


def test_erf_is_the_engines():
    step = Step("erf", result(2, 3).view, (A.view,))
    a = executed(NUMPY, Step("copy", result(2, 3).view, (A.view,)), MODULES)
    np.testing.assert_allclose(executed(NUMPY, step, MODULES), erf(a))
