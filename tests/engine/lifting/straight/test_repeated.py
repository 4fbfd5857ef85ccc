import math

import numpy as np
import pytest
from tapes import numbers_on, tape_of

import engine
from engine import Value
from engine.lifting.straight.repeated import computed_once
from engine.lifting.straight.runs import TapeRun, runs


def twice(w):
    """One subexpression at two places, its factors in either order."""
    s = w[0]
    for k in range(2, len(w)):
        s = s + engine.sin(s * w[k]) * engine.exp(-engine.sin(w[k] * s) * w[1])
    return s


def constant(w):
    """What is the same each time."""
    s = w[0]
    for k in range(2, len(w)):
        s = (1.0 - w[1]) * s + engine.sqrt(1.0 - w[1]) * w[k]
    return s


def multistep(w):
    """Adams and Bashforth: a function at this place and at those of the last steps."""

    def slope(y):
        return w[4] * y - y * y * w[5]

    ys = w[:4]
    for _ in w:
        ys.append(ys[-1] + 0.01 * (55.0 * slope(ys[-1]) - 59.0 * slope(ys[-2]) + 37.0 * slope(ys[-3])))
    return ys[-1]


def swapped(w):
    """Two numbers that change places."""
    a, b, s = w[0], w[1], w[2]
    for x in w:
        a, b = b + 0.0, a + 0.0
        s = s * 0.5 + (a - b) * x
    return s


def grid(w):
    """A relaxation, two loops deep."""
    u = w[:8]
    for _ in range(12):
        for i in range(1, 7):
            u[i] = (1.0 - w[8]) * u[i] + w[8] * 0.5 * (u[i - 1] + u[i + 1])
    return sum(v * v for v in u)


PROGRAMS = [twice, constant, multistep, swapped, grid]


@pytest.mark.parametrize("fn", PROGRAMS)
def test_what_is_not_computed_has_the_number_that_is_taken_for_it(fn):
    known, cells = tape_of(fn, 60)
    numbers = numbers_on(known, cells)
    found, same = computed_once(known, runs(known.codes))
    assert [numbers[k] for k in same] == numbers
    assert (same[same] == same).all() and (same <= np.arange(len(same))).all()
    assert [run.start for run in found] == [0, *[run.stop for run in found[:-1]]]


@pytest.mark.parametrize("fn", PROGRAMS)
def test_value_and_gradient_stay_right(fn):
    values = [Value(0.3 + 0.002 * k) for k in range(160)]
    program = engine.lift(lambda: fn(values), parameters=values)
    value, gradient = program.value_and_grad()
    root = fn(values)
    root.backward()
    assert math.isclose(value, root.data, rel_tol=1e-13)
    assert np.allclose(gradient.parameters, [v.grad for v in values], rtol=1e-11, atol=1e-14)
    assert "put = v.append" in program.source()
    assert program.stats.proof.kind == "exact" and not program.stats.proof.differs


def test_a_function_is_called_once_for_each_place():
    known, _ = tape_of(multistep, 60)
    found, same = computed_once(known, runs(known.codes))
    longest = max(found, key=lambda run: run.times)
    slots = known.leaves + longest.start + np.arange(longest.period)
    assert (same[slots] != slots).sum() >= 8  # two of three slopes, four operations each
    assert TapeRun(longest.start - longest.period, longest.period, 1) in found


def test_a_first_time_of_its_own_must_pay():
    """What spares fewer operations than it writes again is left."""
    known, _ = tape_of(lambda w: sum((1.0 - w[-1]) * engine.tanh(x * x + x) / (2.0 + x) for x in w[:4]), 5)
    run = TapeRun(1, 6, 4)
    assert [tuple(part) for part in computed_once(known, [TapeRun(0, 1, 1), run]).runs] == [(0, 1, 1), tuple(run)]


def test_what_depends_on_nothing_that_changes_is_computed_once():
    """A leak, what it leaves, and their product, written out each time: also what is so only by way of another."""

    def leaking(w):
        v = 0.0
        for x in w[2:]:
            v = v * engine.exp(-1.0 / w[0]) + (1.0 - engine.exp(-1.0 / w[0])) * (w[1] * 2.0) * x
        return v

    known, _ = tape_of(leaking, 60)
    found, same = computed_once(known, runs(known.codes))
    longest = max(found, key=lambda run: run.times)
    slots = known.leaves + longest.start + np.arange(longest.period)
    assert (same[slots] == slots).sum() == 3  # two products and a sum
