"""Methods and sweep steps as text: what is written is what runs, and a traceback shows it."""

from __future__ import annotations

import math
import traceback

import numpy as np
import pytest

from engine import Value
from engine.rules import RULES, rule
from engine.written import compiled, method_text, spread_text

SAMPLES = [r for r in RULES.values() if r.operands]


@pytest.mark.parametrize("reflected", [False, True])
@pytest.mark.parametrize("rule", SAMPLES, ids=lambda r: r.name)
def test_the_text_of_every_rule_is_short_and_names_its_operands(rule, reflected):
    text = method_text(rule, reflected=reflected)
    operands = rule.operands[::-1] if reflected else rule.operands
    assert text.startswith(f"def {rule.name}({', '.join([*operands, *rule.fixed])}):")
    x, y = (*rule.operands, None)[:2] if len(rule.operands) < 3 else (f"({', '.join(rule.operands)})", "MANY")
    assert f"    node._x = {x}\n    node._other = {y}\n" in text
    assert len(text.splitlines()) < 60


def test_pythons_operators_are_used_where_they_are_the_rule():
    assert "z = x_data * y_data" in method_text(RULES["multiply"])
    assert "z = x_data / y_data" in method_text(RULES["divide"])
    assert "z = -x_data" in method_text(RULES["negative"])
    assert "except" not in method_text(RULES["multiply"])
    assert "except UNDEFINED" in method_text(RULES["divide"])


@pytest.mark.parametrize("operands", range(5))
@pytest.mark.parametrize("kept", range(4))
def test_a_step_hands_every_parent_its_cotangent(operands, kept):
    node = Value(0.0)
    node.parents = tuple([Value(0.0) for _ in range(operands or 3)])
    node.grad, node._first, node._second = 2.0, (7.0,) * 3 if kept > 2 else 7.0, 8.0

    def pullback(*bound):
        assert bound == ((7.0,) * 3 if kept > 2 else (7.0, 8.0)[:kept]) + (2.0,)
        return tuple(range(len(node.parents)))

    compiled(spread_text(operands, kept), {"pullback": pullback}, "a test")(node)
    assert [p.grad for p in node.parents] == list(range(len(node.parents)))


def test_a_traceback_shows_the_line_that_was_written():
    def refuses(x):
        raise KeyError(x)

    rule("refuses", refuses, np.negative, at=[(1.0,)])(lambda g: (g,))
    try:
        with pytest.raises(KeyError) as raised:
            Value(1.0).refuses()
        shown = "".join(traceback.format_exception(raised.value))
        assert "z = python(x_data)" in shown
    finally:
        del RULES["refuses"], Value.refuses


@pytest.mark.parametrize("name", ["not a name", "2x", "lambda", ""])
def test_a_rule_needs_a_name_that_a_method_can_have(name):
    with pytest.raises(ValueError, match="name"):
        rule(name, math.sin, np.sin, at=[(1.0,)])(lambda g: (g,))
