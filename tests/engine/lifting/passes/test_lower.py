"""What NumPy has no function for becomes functions that it has, and computes the same."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import lowering, same

import engine
from engine.lifting.emit.numpy_text import NUMPY
from engine.lifting.emit.writer import NAMES
from engine.lifting.passes.lower import lower
from engine.rules import RULES
from engine.testing import call

UNARY = [name for name, rule in RULES.items() if len(rule.operands) == 1 and not rule.fixed]


@pytest.mark.parametrize("name", UNARY)
def test_every_operation_of_one_operand(name):
    rule = RULES[name]
    points = np.array([point[0] for point in rule.at])
    low = lowering(lambda x: engine.total([call(rule, [v]) for v in x]), points)
    steps = low.steps()
    lowered = lower(steps)
    lowered.check()
    for step in lowered.forward:
        assert step.op in NUMPY.operations or hasattr(np, NAMES.get(step.op, step.op)), step.op
    same(low.run(steps), low.run(lowered))


def test_what_numpy_has_stays_the_step_that_it_was():
    steps = lowering(lambda x: engine.total([engine.tanh(v) for v in x]), np.ones(3)).steps()
    assert str(lower(steps)) == str(steps)


def test_the_last_operation_writes_where_the_step_did():
    steps = lowering(lambda x: engine.total([engine.sigmoid(v) for v in x]), np.ones(3)).steps()
    (place,) = [step.target for step in steps.forward if step.op == "sigmoid"]
    lowered = lower(steps).forward
    assert place in [step.target for step in lowered]
    assert sum(step.nodes for step in lowered) == sum(step.nodes for step in steps.forward)


def test_comparisons_in_between_are_booleans():
    steps = lower(lowering(lambda x: engine.total([engine.leaky_relu(v) for v in x]), np.ones(3)).steps())
    kinds = {step.op: step.target.source.dtype for step in steps.forward}
    assert kinds.get("less_equal", kinds.get("less")) == "bool"
