"""The vocabulary: what is no operation is refused with its reason, and each computes what its name says."""

from __future__ import annotations

import numpy as np
import pytest
from array_steps import CASES, FLAT, GIVEN, STARTS, A, B, X, Z, f, places, result, run

from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import OPS, Step, operation
from engine.lifting.views import Literal
from engine.rules import RULES


@pytest.mark.parametrize("case", CASES)
def test_what_an_operation_computes(case):
    step, want = CASES[case]
    assert step.wrong() == ""
    np.testing.assert_allclose(run(step), want, rtol=1e-15)


def test_every_operation_is_computed_somewhere():
    assert {case.split()[0] for case in CASES} | {"scatter"} >= set(OPS)


def test_what_is_scattered_is_added_place_by_place():
    g = result(6)
    start = Step("fill", g.view, (Literal(0.0),))
    add = Step("scatter", g.view, (places(g, [0, 2, 2]), FLAT.view[:3]), accumulate=True)
    memory = interpret(Steps([start, add], [g.view]), GIVEN, 5)
    np.testing.assert_allclose(memory[g], [f[0], 0, f[1] + f[2], 0, 0, 0])


WRONG = [
    (Step("matmul", Z.view, (A.view, FLAT.view)), r"it gives shape \(0, -1\)"),
    (Step("matmul", Z.view.T, (A.view, B.view)), r"it gives shape \(2, 4\)"),
    (Step("matmul", Z.view, (A.view, Literal(1.0))), "it takes view, view"),
    (Step("product", Z.view, (A.view, B.view)), r"it gives shape \(0, -1\)"),
    (Step("ragged_product", Z.view, (A.view, B.view.T)), r"it gives shape \(0, -1\)"),
    (Step("outer", Z.view, (A.view, B.view)), r"it gives shape \(0, -1\)"),
    (Step("ones_product", Z.view, (A.view,), axes=(0, 1)), r"it gives shape \(0, -1\)"),
    (Step("tanh", result(2).view, (A.view[0],)), r"it gives shape \(0, -1\)"),
    (Step("tanh", result(2, 3).view, (A.view, A.view)), "it takes view or literal"),
    (Step("tahn", result(2, 3).view, (A.view,)), "there is no such operation"),
    (Step("logsumexp", result(2).view, (A.view,)), "there is no such operation"),
    (Step("gather", result(2, 3).view, (A.view,)), "it takes gather"),
    (Step("sum", result(3).view, (A.view,)), r"it gives shape \(2,\)"),
    (Step("segment_sum", result(2).view, (FLAT.view,), **STARTS), r"it gives shape \(3,\)"),
    (Step("repeat", result(5).view, (A.view[0],), **STARTS), r"it gives shape \(6,\)"),
    (Step("fill", Z.view, (A.view,)), "it takes literal"),
    (Step("scatter", result(6).view, (places(FLAT, [0]), Literal(1.0)), accumulate=True), "it gives shape"),
    (Step("exp", result(2, 3).view, (X.view,)), "its result must have an axis for the samples"),
]


@pytest.mark.parametrize(("step", "reason"), WRONG)
def test_what_is_no_operation_is_refused(step, reason):
    with pytest.raises(AssertionError, match=f"Step 0, .*: {reason}"):
        Steps([step], [step.target]).check()


def test_what_is_read_must_have_been_written():
    r = result(2, 3)
    later = Step("exp", result(2, 3).view, (r.view,))
    with pytest.raises(AssertionError, match=r"Step 0, .*: it reads r before it is written"):
        Steps([later], []).check()
    with pytest.raises(AssertionError, match=r"Step 0, .*: it reads r before it is written"):
        Steps([Step("exp", r.view, (A.view,), accumulate=True)], []).check()
    Steps([Step("exp", r.view, (A.view,)), later], []).check()


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if not rule.variadic])
def test_every_rule_is_an_operation(name):
    rule = RULES[name]
    known = operation(name)
    assert len(known.takes) == len(rule.operands)
    for point in rule.at:
        xs, fixed = point[: len(rule.operands)], point[len(rule.operands) :]
        step = Step(name, result().view, tuple(map(Literal, xs)), fixed)
        assert run(step) == pytest.approx(rule.scalar(*xs, *fixed), rel=1e-14)
