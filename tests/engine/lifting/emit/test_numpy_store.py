"""Where NumPy's results go: arrays allocated once, and places that are added to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.lifting.emit.numpy_text import NUMPY
from engine.lifting.emit.writer import Writer
from engine.lifting.ops import Step
from engine.lifting.views import Source

X = Source("x", (2, 3), "input", batched=True)
R, S = (Source(name, (2, 3), "value", batched=True) for name in ("r", "s"))
SLOT = Source("dx", (2, 3), "slot", batched=True)


def written(*steps, arrays=None):
    w = Writer(NUMPY, arrays or {}, set(), set())
    w.write(steps)
    return w


def test_an_array_is_allocated_at_the_first_write_alone():
    w = written(Step("exp", R.view, (X.view,)), Step("sin", R.view, (R.view,)))
    assert w.build == ["r = np.empty((N, 2, 3), dtype)"]
    assert w.body == ["np.exp(x, out=r)", "np.sin(r, out=r)"]


def test_a_result_that_lives_in_another_s_array_has_its_name():
    w = written(Step("exp", R.view, (X.view,)), Step("sin", S.view, (R.view,)), arrays={S: R})
    assert len(w.build) == 1
    assert w.body[-1] == "np.sin(r, out=r)"


@pytest.mark.parametrize(("dtype", "kind"), [("float", "dtype"), ("bool", "bool"), ("int", "np.int64")])
def test_arrays_have_the_type_of_their_numbers(dtype, kind):
    r = replace(R, dtype=dtype)
    assert written(Step("exp", r.view, (X.view,))).build == [f"r = np.empty((N, 2, 3), {kind})"]


def test_what_is_added_to_a_callers_place_is_added_in_one_statement():
    assert written(Step("exp", SLOT.view, (X.view,), accumulate=True)).body == ["dx += np.exp(x)"]
    w = written(Step("exp", R.view, (X.view,)), Step("exp", R.view, (X.view,), accumulate=True))
    assert w.body[-1] == "np.add(r, np.exp(x), out=r)"


def test_views_of_buffers_are_taken_once_and_of_what_is_passed_in_every_call():
    w = written(Step("exp", R.view[0], (X.view[1],)))
    assert any("r[" in line for line in w.build)
    assert any("x[" in line for line in w.body[:-1])
