"""Which steps are of single numbers."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes import scalars
from engine.lifting.passes.scalars import scalar_steps
from engine.lifting.views import Gather, Literal, Source


def source(name, shape=(), kind="value", **more):
    return Source(name, shape, kind, **more)


few, many = (scalars.MOST,), (scalars.MOST + 1,)
x, y, long, wide = source("x", few), source("y", few), source("long", many), source("wide", many)
one, rows, chosen = source("one"), source("rows", batched=True), source("chosen", kind="index")
at = Gather(long, (2,), np.array([0, 2]))
by_an_input = Gather(long, (1,), np.array([0]), chosen.view, 1, reach=2)


@pytest.mark.parametrize(
    ("why", "small", "step"),
    [
        ("few elements", True, Step("exp", y.view, (x.view,))),
        ("one element of many", True, Step("exp", one.view, (long.view[1],))),
        ("one element of many is written", True, Step("add", wide.view[1], (long.view[1], Literal(1.0)))),
        ("few elements at places", True, Step("gather", source("picked", (2,)).view, (at,))),
        ("added at few places", True, Step("scatter", long.view, (at, Literal(1.0)), accumulate=True)),
        ("few numbers are added", True, Step("sum", one.view, (x.view,))),
        ("many elements", False, Step("exp", wide.view, (long.view,))),
        ("many numbers are added", False, Step("sum", one.view, (long.view,))),
        ("one for each sample", False, Step("exp", rows.view, (rows.view,))),
        ("a mean over samples", False, Step("sum", one.view, (rows.view,), axes=(), over_batch=True)),
        ("an input chooses", False, Step("gather", source("picked", (1,)).view, (by_an_input,))),
        ("an index", False, Step("copy", source("i", dtype="int").view, (chosen.view,))),
        ("a product", False, Step("matmul", source("p", (1, 1)).view, (source("a", (1, 1)).view,) * 2)),
        ("no rule", False, Step("sign_bit", one.view, (x.view[0],))),
    ],
)
def test_a_step_is_of_single_numbers_where_it_has(why, small, step):
    assert scalar_steps(Steps([step], [])) == ({step} if small else set()), why


def test_more_elements_are_single_numbers_where_all_that_is_read_are():
    six, seven, got = source("six", (6,)), source("seven", (6,)), source("got", (6,))
    parts = [Step("copy", six.view[3 * k : 3 * k + 3], (x.view[:3],)) for k in range(2)]
    linked, result = Step("exp", seven.view, (six.view,)), Step("add", got.view, (seven.view, six.view))
    assert scalar_steps(Steps([*parts, linked, result], [])) == {*parts, linked, result}
    by_array = Step("exp", six.view, (source("p", (6,), "parameter").view,))
    assert scalar_steps(Steps([by_array, linked], [])) == set()
    added = Step("copy", six.view[0], (x.view[0],), accumulate=True)
    assert scalar_steps(Steps([by_array, added, linked], [])) == {added}
    assert scalar_steps(Steps([*parts, by_array, linked], [])) == set(parts)


def test_gradients_that_overlap_are_written_in_order():
    """A part of the flat gradient lies in named arrays as well."""
    flat, named = source("gradient", (9,), "gradient"), source("dw", (2,), "parameter")
    small = Step("exp", named.view, (x.view[:2],))
    assert scalar_steps(Steps([], [], [small])) == {small}
    assert scalar_steps(Steps([], [], [small, Step("fill", flat.view, (Literal(0.0),))])) == set()


def test_a_recurrence_over_two_numbers_has_no_array_operation():
    def f(p):
        x, v = p
        for _ in range(50):
            x, v = x + 0.1 * v, v - 0.1 * engine.sin(x)
        return x * x + v * v

    program = engine.lift(f)
    value, gradient = program.value_and_grad(np.array([0.5, -0.25]), wrt="inputs")
    assert "out=" not in program.source()
    want, slopes = engine.value_and_grad(f)([0.5, -0.25])
    assert value == pytest.approx(want, rel=1e-14)
    np.testing.assert_allclose(gradient.inputs[0], slopes, rtol=1e-13)
