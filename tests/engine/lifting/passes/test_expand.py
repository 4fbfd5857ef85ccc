"""Log-sum-exp by its parts: before, after, and what must not change."""

from __future__ import annotations

import numpy as np
from lowering import lowering

import engine
from engine import Value
from engine.lifting.passes.expand import expand
from engine.lifting.trace.record import record


def values():
    return [Value(0.5 + i, f"x[{i}]") for i in range(3)]


def test_a_log_sum_exp_is_written_out():
    x = values()
    before = record([engine.logsumexp(x[:2]) * x[2]], {})
    lines = str(before).splitlines()
    assert lines[3:] == ["3: logsumexp 1 2", "4: multiply 3 0"]
    after = expand(before)
    after.check()
    assert str(after).splitlines()[3:] == [
        "3: shift 1 2", "4: subtract 1 3", "5: exp 4", "6: subtract 2 3", "7: exp 6", "8: total 5 7", "9: log 8",
        "10: add 9 3", "11: multiply 10 0",
    ]  # fmt: skip
    assert after.roots == [11]
    assert str(before).splitlines() == lines  # what was given is as it was


def test_fixed_numbers_leaves_and_guards_move_along():
    def f(x):
        return engine.logsumexp(x) ** 3 + x[0] if engine.logsumexp(x[:2]) < 10.0 else x[0]

    before = lowering(f, np.array([1.0, 2.0, 3.0])).trace
    after = expand(before)
    after.check()
    assert after.fixed == {after.ops.index("power_constant"): (3.0,)}
    assert [after.ops[root] for root in after.roots] == [before.ops[root] for root in before.roots] == ["add", "less"]
    assert sorted(after.leaves.values()) == sorted(before.leaves.values())
    assert all(not after.operands[i] for i in after.leaves)


def test_a_trace_without_any_is_the_same():
    trace = record([values()[0] * 2.0], {})
    assert expand(trace) is trace


def test_the_shift_passes_no_derivative_and_keeps_exponentials_finite():
    low = lowering(lambda x: engine.logsumexp(x), np.array([800.0, 801.0, -5.0]))
    steps = low.steps()
    assert [(s.op, s.constant) for s in steps.forward] == [
        ("max", True), ("subtract", False), ("exp", False), ("sum", False), ("log", False), ("add", False),
    ]  # fmt: skip
    np.testing.assert_allclose(low.run(steps)[0], 801 + np.log1p(np.exp(-1.0)), rtol=1e-15)
