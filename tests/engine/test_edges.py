"""Values and derivatives at zeros, infinities, NaN and ties agree with PyTorch, as recorded."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from engine import Value, grad
from engine.rules import RULES
from engine.testing import call

NAMES = {"add": "add", "mul": "multiply", "div": "divide", "pow": "power"}


def number(x):
    return float(x)


def same(got: float, want: float) -> bool:
    if math.isnan(want):
        return math.isnan(got)
    return got == want or math.isclose(got, want, rel_tol=1e-14, abs_tol=0.0)


def rows(path: Path) -> list[dict]:
    return json.loads((path / "edge_cases.json").read_text())


def test_all_recorded_cases_agree_with_pytorch_by_backward(data):
    wrong = []
    table = rows(data)
    assert len(table) == 129
    for row in table:
        xs = [Value(number(x)) for x in row["x"]]
        z = call(RULES[NAMES.get(row["op"], row["op"])], xs)
        z.backward()
        want = [number(x) for x in row["torch"]]
        got = [z.data, *[x.grad for x in xs]]
        if not all(map(same, got, want)):
            wrong.append((row["op"], row["x"], got, want))
    assert wrong == []


def test_all_recorded_cases_agree_when_the_rules_run_on_values(data):
    """Inside another transform the rules compute with Values, not floats: the edges must not move."""
    wrong = []
    for row in rows(data):
        xs = [number(x) for x in row["x"]]
        rule = RULES[NAMES.get(row["op"], row["op"])]
        values = [Value(x) for x in xs]
        got = grad(lambda *v, rule=rule: call(rule, v), tuple(range(len(xs))))(*values)
        want = [number(x) for x in row["torch"]][1:]
        if not all(map(same, [float(g) for g in got], want)):
            wrong.append((row["op"], row["x"], got, want))
    assert wrong == []


def test_the_sign_of_a_zero_result_is_pytorchs_or_where_they_differ_jaxs(data):
    """They differ for relu at -0.0, which is the larger of two zeros: 0.0, as IEEE 754-2019 has it."""
    for row in rows(data):
        torch, jax = [number(row[name][0]) for name in ("torch", "jax")]
        want = jax if row["op"] == "relu" else torch
        if want == 0.0:
            got = call(RULES[NAMES.get(row["op"], row["op"])], [Value(number(x)) for x in row["x"]])
            assert math.copysign(1.0, got.data) == math.copysign(1.0, want), row


@pytest.mark.parametrize("rule", [r for r in RULES.values() if r.kinks], ids=lambda r: r.name)
def test_kinks_are_what_the_rule_says(rule):
    for point, derivatives, reason in rule.kinks:
        assert reason
        fixed = rule.at[0][len(rule.operands) :]
        xs = [Value(x) for x in point]
        call(rule, xs, fixed).backward()
        assert all(map(same, [x.grad for x in xs], derivatives)), (point, [x.grad for x in xs])


def test_ties_share_whatever_cotangent_arrives():
    for op in ("maximum", "minimum"):
        x, y = Value(2.0), Value(2.0)
        call(RULES[op], [x, y]).backward(6.0)
        assert (x.grad, y.grad) == (3.0, 3.0)


EXTREMES = [0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, 745.0, -746.0, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda r: r.name)
def test_no_arithmetic_exception_leaves_an_operation(rule):
    n = 2 if rule.variadic else len(rule.operands)
    fixed = list(rule.at[0][len(rule.operands) :]) if not rule.variadic else []
    for x in EXTREMES:
        for y in EXTREMES if n > 1 else [0.0]:
            point = [x, y, 1.0][:n]
            if rule.name == "select":
                point = [x, y, 1.0]
            xs = [Value(v) for v in point]
            z = call(rule, xs, fixed)
            z.backward()
            assert isinstance(z.data, float)
            grad(lambda *v: call(rule, v, fixed), 0)(*[Value(v) for v in point])
