import itertools
import math

import numpy as np
import pytest

import engine
from engine import scalar_forms
from engine.lifting.expr import Expr
from engine.lifting.straight.choices import CHOICES, deciding, outcomes, with_names
from engine.lifting.straight.printing import Printer
from engine.rules import RULES

a, b, g = Expr("a"), Expr("b"), Expr("g")
NUMBERS = (-1.5, -0.0, 0.0, 1.0, 2.5, math.inf, -math.inf, math.nan)
ARITY = {"relu": 1, "abs": 1}


def printed(expr):
    printer = Printer(set())
    text = printer.text(expr)
    return text, {name: getattr(scalar_forms, op) for op, name in printer.functions.items()}


def choices():
    for name in CHOICES[1:]:
        xs = (a, b)[: ARITY.get(name, 2)]
        yield name, Expr.call(name, *xs)
        for k, pulled in enumerate(RULES[name].bind(Expr.call(name, *xs), xs)(g)):
            yield f"d {name} / d {k}", pulled
    for relation in ("less", "less_equal", "equal"):
        condition = Expr.call(relation, a, b)
        yield relation, condition.where(a, g)
        yield f"{relation}, as a number", Expr(None, "float", (condition,)).where(a, g)
        yield f"{relation}, within", condition.where(0.0, Expr.call("less", b, a).where(g, b))
        yield f"{relation}, of expressions", Expr.call(relation, a * b, g / b).where(a * b, b - a)
    yield "a number", a.where(b, g)


@pytest.mark.parametrize(("name", "expr"), list(choices()))
def test_a_choice_is_what_its_function_is(name, expr):
    """Ties, zeros of both signs, infinities and NaN included."""
    text, functions = printed(expr)

    def value(x, known):
        if not x.op:
            return known.get(x.leaf, x.leaf)
        function = float if x.op == "float" else getattr(scalar_forms, x.op)
        return function(*[value(arg, known) for arg in x.args])

    for x, y in itertools.product(NUMBERS, NUMBERS):
        known = {"a": x, "b": y, "g": 0.75}
        assert str(float(eval(text, functions, dict(known)))) == str(float(value(expr, known))), (name, x, y)


def test_no_two_cases_hold_at_once_and_ties_that_change_nothing_are_in_one():
    assert [str(condition) for condition, _ in outcomes((a <= b).where(a, g))] == ["a <= b", "b < a"]
    assert [str(condition) for condition, _ in outcomes((a < b).where(a, g))] == ["a < b", "b <= a"]
    assert [str(condition) for condition, _ in outcomes(Expr.call("maximum", a, b))] == ["b < a", "a < b"]


def test_what_decides_is_computed_once():
    text, _ = printed(Expr.call("maximum", a * b, g))
    assert text.count("a * b") == 1
    assert [str(x) for x in deciding((a * b <= g).where(a, b))] == ["a * b", "g"]
    assert str(with_names(a * b + g, {"a * b": Expr("q")})) == "q + g"


def test_a_long_loop_of_choices_is_the_scalar_engine_s_to_the_last_bit():
    def fn(w):
        s, t = w[0], w[1]
        for k in range(200):
            s = engine.maximum(s * 0.97, engine.relu(t - 0.1 * (k % 7)))
            t = engine.where(s > t, t + w[2], engine.minimum(t, abs(s - w[3])))
        return s + t

    values = [engine.Value(x) for x in (0.3, 0.8, 0.05, 0.6)]
    program = engine.lift(lambda: fn(values), parameters=values)
    value, gradient = program.value_and_grad()
    root = fn(values)
    root.backward()
    assert value == root.data and np.array_equal(gradient.parameters, [v.grad for v in values])
    assert program.stats.proof.kind == "exact" and not program.stats.proof.differs
    assert " if " in program.source()
