"""What operations do with each kind of number, by arity."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest

from engine import Value
from engine.dispatch import NEVER_UNDEFINED, ieee
from engine.lifting.expr import Expr
from engine.rules import RULES

SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan]
each = pytest.mark.parametrize("rule", [r for r in RULES.values() if r.operands], ids=lambda r: r.name)


@each
def test_no_float_makes_an_operation_raise(rule):
    arity = len(rule.operands) + len(rule.fixed)
    for xs in np.array(np.meshgrid(*[SPECIAL] * arity)).reshape(arity, -1).T.tolist():
        assert isinstance(rule.scalar(*xs), float)


@each
def test_expressions_become_expressions(rule):
    made = rule.array(*[Expr(name) for name in rule.operands], *rule.at[0][len(rule.operands) :])
    assert isinstance(made, Expr)


@pytest.mark.parametrize("form", NEVER_UNDEFINED)
def test_pythons_own_operators_are_taken_as_they_are(form):
    assert ieee(form, form, 2) is form
    for x in SPECIAL:
        for y in SPECIAL:
            assert isinstance(form(x) if form is operator.neg else form(x, y), float)


def test_where_python_raises_the_answer_is_numpys():
    assert ieee(math.log, np.log, 1)(0.0) == -math.inf
    assert ieee(operator.truediv, np.divide, 2)(-1.0, 0.0) == -math.inf
    assert ieee(lambda x, y, z: x / y / z, lambda x, y, z: x / y / z, 3)(1.0, 0.0, 2.0) == math.inf
    with pytest.raises(KeyError):
        ieee(lambda x: {}[x], np.log, 1)(0.0)


@each
def test_the_class_value_is_not_a_number(rule):
    operands = [Value, *rule.at[0][1:]]
    with pytest.raises((TypeError, ValueError)):
        rule.operation(*operands)


def test_kinds_of_number_mix():
    hypot = RULES["hypot"].operation
    x = Value(3.0)
    assert hypot(3, np.float32(4.0)) == 5.0
    assert [v.data for v in hypot(x, np.array([4.0, 0.0]))] == [5.0, 3.0]
    assert str(hypot(Expr("x"), 4.0)) == "hypot(x, 4.0)"
    with pytest.raises(ValueError, match="hypot of arrays of shapes"):
        hypot(np.ones(2), np.ones(3))
