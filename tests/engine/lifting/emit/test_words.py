"""Words: log-sum-exp and softmax are said where a program computes them, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from formulas_run import compared, named_steps
from lowering import lowering

import engine
from engine.lifting.emit.words import in_words

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))


def loss(x, t):
    return engine.logsumexp(list(x)) - engine.select(list(x), t)


def test_cross_entropy_is_a_log_sum_exp_and_its_gradient_a_softmax():
    text = compared(lowering(loss, X, RNG.integers(0, 3, 4), batch=True))
    assert "logsumexp(x, axis=-1)" in text and "softmax(x, axis=-1)" in text
    assert " exp(x" not in text and ".max(" not in text


def by_hand(x):
    m = engine.stop_gradient(x[0] * 2.0)
    return engine.log(engine.total([engine.exp(v - m) for v in x])) + m


def another(x):
    return engine.log(engine.total([engine.exp(v - x[0]) for v in x])) + x[1]


@pytest.mark.parametrize(("f", "said"), [(by_hand, True), (another, False)])
def test_it_is_one_whatever_is_subtracted_if_that_is_added_again(f, said):
    text = compared(lowering(f, X, batch=True))
    assert ("logsumexp(" in text) == said or not said


def test_steps_without_exponentials_stay():
    steps = named_steps(lowering(lambda x: engine.tanh(x[0]) * x[1], X, batch=True))
    assert list(map(str, in_words(steps).forward)) == list(map(str, steps.forward))


def test_what_is_added_twice_is_added_twice_over():
    text = compared(lowering(lambda x: engine.total([engine.maximum(v, v) for v in x]), X, batch=True))
    assert "2 * " in text


def test_what_is_taken_from_nothing_has_a_sign():
    def taken(x):
        energy = 0.0
        for u in x:
            energy = energy - engine.exp(u)
        return energy

    text = compared(lowering(taken, X, batch=True))
    assert "= 0 - " not in text and "= -e1.sum(axis=-1)" in text
