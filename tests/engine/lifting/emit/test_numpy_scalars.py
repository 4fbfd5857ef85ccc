"""Single numbers beside arrays: what is newer where, what is handed on, and that both kinds of text give the same."""

from __future__ import annotations

import itertools
import math
import re
import warnings

import numpy as np
import pytest
from random_programs import Tally, run
from single_numbers import source, written

import engine
from engine import Value
from engine.lifting.ops import Step
from engine.lifting.passes import scalars
from engine.lifting.views import Literal
from engine.rules import RULES

x, p = source("x", (4,), "input"), source("p", (2, 2), "parameter")
s, t, z = source("s"), source("t"), source("z", (4,))


def test_an_element_is_read_once_and_a_result_goes_where_an_array_step_reads_it():
    small = [Step("exp", z.view[1], (x.view[0],)), Step("multiply", z.view[2], (x.view[0], Literal(2.0)))]
    build, lines = written([*small, Step("sin", z.view, (z.view,))], small)
    assert build == ["z = np.empty((4,), dtype)"]
    assert lines == ["x_0 = x.item(0)", "z[1] = exp(x_0)", "z[2] = x_0 * 2.0", "np.sin(z, out=z)"]


def test_what_an_array_step_has_written_is_read_anew():
    small = [Step("exp", s.view, (z.view[1],)), Step("cos", t.view, (z.view[1],))]
    steps = [Step("sin", z.view, (x.view,)), small[0], Step("tan", z.view, (z.view,)), small[1]]
    _, lines = written(steps, small, returned=[s.view, t.view])
    assert lines[:3] == ["np.sin(x, out=z)", "z_1 = z.item(1)", "s = exp(z_1)"]
    assert lines[3:] == ["np.tan(z, out=z)", "z_1_2 = z.item(1)", "t = cos(z_1_2)"]


def test_what_the_caller_gets_is_put_there_at_the_end():
    dp = source("dp", (2, 2), "parameter")
    small = [Step("copy", dp.view[1, 0], (x.view[k],), accumulate=bool(k)) for k in range(2)]
    assert written(small, small)[1] == ["x_0 = x.item(0)", "x_1 = x.item(1)", "dp[1, 0] = x_0 + x_1"]


def test_an_array_of_zeros_is_read_as_zeros():
    small = Step("copy", z.view[1], (x.view[0],), accumulate=True)
    steps = [Step("fill", z.view, (Literal(0.0),)), small, Step("sin", z.view, (z.view,))]
    assert written(steps, [small])[1] == ["x_0 = x.item(0)", "z.fill(0.0)", "z[1] = x_0", "np.sin(z, out=z)"]


def test_an_array_that_only_single_numbers_are_read_from_is_not_filled():
    small = [Step("copy", z.view[1], (x.view[0],), accumulate=True), Step("add", s.view, (z.view[1], z.view[2]))]
    lines = written([Step("fill", z.view, (Literal(0.5),)), *small], small, returned=[s.view])[1]
    assert lines == ["x_0 = x.item(0)", "s = 0.5 + x_0 + 0.5"]


def test_an_operation_on_the_same_numbers_is_computed_once():
    small = [Step("exp", s.view, (x.view[0],)), Step("exp", t.view, (x.view[0],))]
    lines = written([*small, last := Step("add", z.view[0], (s.view, t.view))], [*small, last], returned=[z.view[0]])[1]
    assert lines == ["x_0 = x.item(0)", "s = exp(x_0)", "z_0 = s + s"]


def test_numbers_alone_are_not_folded():
    """What 0.1 * 3.0 is, is the program's own arithmetic to say: it may compute in another kind of number."""
    small = [Step("multiply", s.view, (Literal(0.1), Literal(3.0)))]
    build, lines = written(small, small, returned=[s.view])
    assert build == ["number = np.full((), 0.1, dtype).item()"] and lines == ["s = number * 3.0"]


def test_an_argument_may_be_called_as_a_function_is():
    def f(exp, log):
        return engine.exp(exp) + engine.log(log)

    program = engine.lift(f)
    assert program(1.0, 2.0) == pytest.approx(math.e + math.log(2.0))
    assert "from engine.scalar_forms import exp as exp_2, log as log_2" in program.source()


def test_a_program_may_hold_both_kinds():
    w = [Value(0.01 * k, f"w[{k}]") for k in range(120)]

    def f(x):
        s = engine.total([v * u for v, u in zip(w, x)])
        for _ in range(3):
            s = s + 0.1 * engine.sin(s) / (1.0 + s * s)
        return engine.total([engine.tanh(s * u) for u in x])

    program, inputs = engine.lift(f, verify="exact", strict=True), np.linspace(-1.0, 0.7, 120)
    value, gradient = program.value_and_grad(inputs, wrt="all")
    assert value == pytest.approx(f([Value(u) for u in inputs.tolist()]).data, rel=1e-13)
    assert re.search(r"np\.tanh\(", program.source()) and re.search(r" sin\(", program.source())
    slopes = engine.grad(f)(inputs.tolist())
    np.testing.assert_allclose(gradient.inputs[0], slopes, rtol=1e-12, atol=1e-14)  # sums of terms about 1


POINTS = [0.0, -0.0, 0.5, -1.5, 800.0, -800.0, 1e308, math.inf, -math.inf, math.nan]
LOWERED = ("clip",)  # a minimum of a maximum: a bound that is no number, or a zero, goes through that another way
PLAIN = [name for name, rule in RULES.items() if not rule.variadic and not rule.fixed and name not in LOWERED]


@pytest.mark.parametrize("name", PLAIN)
def test_floats_are_the_scalar_engine_s_where_nothing_is_finite(name):
    """Overflow, infinities, NaN and the sign of a zero value."""
    n, rule = len(RULES[name].operands), RULES[name].operation
    points = [[a if k == 0 else b for k in range(n)] for a in POINTS for b in (POINTS if n > 1 else [0.0])]
    program = engine.lift(lambda x: rule(*x) * 2.0, verify=False)
    for point in points:
        values = [Value(v) for v in point]
        root = rule(*values) * 2.0
        root.backward()
        value, gradient = program.value_and_grad(np.array(point), wrt="inputs")
        np.testing.assert_allclose([value, *gradient.inputs[0]], [root.data, *[v.grad for v in values]], rtol=1e-14)
        assert value != 0.0 or math.copysign(1.0, value) == math.copysign(1.0, root.data)
    assert "out=" not in program.source()


@pytest.mark.parametrize("most", [0, 1, 64])
def test_random_programs_are_right_however_much_is_of_single_numbers(most, monkeypatch):
    monkeypatch.setattr(scalars, "MOST", most)
    tally = Tally()
    for seed in range(9000, 9006):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(seed, tally)
    assert not tally.counts["wrong"] and not tally.counts["crash"], tally.seen


@pytest.mark.parametrize(
    ("f", "absent"),
    [
        (lambda x: [x[0] + -x[1], -x[0] + x[1], x[0] - -x[1], -x[0] - x[1], -x[0] + -x[1]], "+ -"),
        (lambda x: [-x[0] * x[1] + x[2], x[2] - -x[0] * -x[1], -(-x[0] * x[1])], "-("),
    ],
)
def test_signs_are_turned_to_the_sign_of_a_zero(f, absent):
    def whole(x):
        return engine.total([engine.arctan2(v, -1.0) * (k + 1.0) for k, v in enumerate(f(x))])

    program = engine.lift(whole, strict=True)
    for x in itertools.product([1.5, -1.5, 0.0, -0.0], repeat=3):
        assert program(np.array(x)) == pytest.approx(whole(list(x)), abs=1e-14), x
    assert absent not in program.source()
