"""The record, and the decorator: one paragraph gives an operation everywhere."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

import engine
import viz
import viz.expression
from engine import Value
from engine.arrays.loops import BY_ARRAY_FORM
from engine.rules import RULES, rule, table
from engine.testing import check_rule


@pytest.fixture
def cbrt():
    @rule(lambda x: math.copysign(math.fabs(x) ** (1 / 3), x), np.cbrt, at=[(-8.0,), (0.5,), (27.0,)])
    def cbrt(z, g):
        """Cube root; dz/dx = 1 / (3 * z**2)."""
        return (g / (3.0 * z * z),)

    yield cbrt
    del RULES["cbrt"], Value.cbrt


def test_the_decorated_name_is_the_operation_on_every_kind_of_number(cbrt):
    assert cbrt is RULES["cbrt"].operation is engine.cbrt
    assert cbrt(8.0) == cbrt(8) == cbrt(np.float32(8.0)) == 2.0
    np.testing.assert_allclose(cbrt(np.array([8.0, -27.0])), [2.0, -3.0], rtol=1e-15)
    assert [v.data for v in cbrt(np.array([Value(8.0), Value(0.0)]))] == [2.0, 0.0]
    assert cbrt(Value(8.0)).op == "cbrt"
    assert cbrt.__doc__ == "Cube root; dz/dx = 1 / (3 * z**2)."
    with pytest.raises(TypeError, match="cbrt of 'x' is not defined"):
        cbrt("x")


def test_the_method_the_ufunc_and_derivatives_of_any_order_follow(cbrt):
    x = Value(8.0)
    for z in (x.cbrt(), np.cbrt(x), np.cbrt(np.array([x]))[0]):
        z.backward()
    assert x.grad == pytest.approx(3.0 / 12.0, rel=1e-15)
    assert engine.grad(engine.grad(cbrt))(8.0) == pytest.approx(-2.0 / 9.0 / 32.0, rel=1e-14)
    check_rule(RULES["cbrt"])
    assert engine.check_gradients(lambda x: cbrt(x) * x, 0.7).ok
    with engine.provenance():
        assert cbrt(x).place[0] == __file__


def test_lifting_and_its_proof_follow(cbrt):
    X = np.linspace(0.5, 2.0, 7)

    def f(x):
        return cbrt(cbrt(x) + 1.0) * x

    program = engine.lift(f, batch=True, reduction="sum", verify=True)
    value, gradient = program.value_and_grad(X, wrt="inputs")
    assert value == pytest.approx(float(np.sum(np.cbrt(np.cbrt(X) + 1.0) * X)), rel=1e-14)
    assert gradient.inputs[0] == pytest.approx([engine.grad(f)(x) for x in X], rel=1e-13)
    assert "np.cbrt(x" in program.source()
    assert "cbrt" in program.formulas()


def test_pictures_and_typed_expressions_follow(cbrt):
    z, _ = viz.expression.evaluate("cbrt(x) * 2", {"x": 8.0})
    assert z.data == 4.0
    assert "cbrt" in viz.draw(z).source
    assert "| `cbrt` | Cube root; dz/dx = 1 / (3 * z**2). | |" in table()


def test_what_is_derived_ends_with_the_rule():
    assert not hasattr(engine, "cbrt")
    with pytest.raises(AttributeError, match="module 'engine' has no attribute 'cbrt'"):
        engine.cbrt  # noqa: B018


def test_a_rule_whose_name_is_not_its_ufuncs_is_found_by_the_ufunc():
    doubling = rule("doubling", lambda x: 2.0**x, np.exp2, at=[(0.5,)])(lambda z, g: (g * (math.log(2.0) * z),))
    try:
        x = Value(3.0)
        assert np.exp2(x).op == doubling(x).op == "doubling"
        assert RULES["doubling"].pullback.__name__ == "<lambda>"
        check_rule(RULES["doubling"])
    finally:
        del RULES["doubling"], Value.doubling, BY_ARRAY_FORM["exp2"]


@pytest.mark.parametrize("name", RULES)
def test_operations_are_found_by_name_and_pickled(name):
    operation = RULES[name].operation
    assert getattr(engine, name) is operation
    assert operation.__name__ == name
    assert pickle.loads(pickle.dumps(operation)) is operation


def test_a_rule_without_sample_points_is_refused():
    with pytest.raises(ValueError, match="Rule 'untested' has no sample points"):
        rule("untested", abs, np.abs, at=[])
    with pytest.raises(ValueError, match="has no sample points"):
        rule(abs, np.abs, at=[])


def test_a_rule_needs_both_forms():
    for forms in (["formless"], ["formless", abs], [abs]):
        with pytest.raises(ValueError, match="needs its scalar and array forms"):
            rule(*forms, at=[(1.0,)])(lambda g: (g,))


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="already a rule named 'tanh'"):
        rule("tanh", math.tanh, np.tanh, at=[(1.0,)])

    def sinh(g):
        return (g,)

    with pytest.raises(ValueError, match="already a rule named 'sinh'"):
        rule(math.sinh, np.sinh, at=[(1.0,)])(sinh)


def test_the_page_of_rules_is_what_the_rules_print():
    page = (Path(engine.__file__).parent / "RULES.md").read_text(encoding="utf-8")
    assert page.endswith(f"\n\n{table()}\n")
    for name in RULES:
        assert f"| `{name}` |" in page
