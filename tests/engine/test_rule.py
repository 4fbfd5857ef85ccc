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
from engine.rules import RULES, rule, table
from engine.testing import check_rule


@pytest.fixture
def sech():
    @rule(lambda x: 1.0 / math.cosh(x), lambda x: 1.0 / np.cosh(x), at=[(-2.0,), (0.5,), (1.7,)])
    def sech(x, z, g):
        """Hyperbolic secant; dz/dx = -z * tanh(x)."""
        return (-g * (z * engine.tanh(x)),)

    yield sech
    del RULES["sech"], Value.sech


@pytest.fixture
def deg2rad():
    @rule(math.radians, np.deg2rad, at=[(-90.0,), (45.0,)])
    def deg2rad(g):
        """Degrees as radians; dz/dx = pi / 180."""
        return (g * (math.pi / 180.0),)

    yield deg2rad
    del RULES["deg2rad"], Value.deg2rad


def test_the_decorated_name_is_the_operation_on_every_kind_of_number(sech):
    assert sech is RULES["sech"].operation is engine.sech
    assert sech(2.0) == sech(2) == sech(np.float32(2.0)) == 1.0 / math.cosh(2.0)
    np.testing.assert_allclose(sech(np.array([0.5, -3.0])), [1 / math.cosh(0.5), 1 / math.cosh(3.0)], rtol=1e-15)
    assert [v.data for v in sech(np.array([Value(2.0), Value(0.0)]))] == [1.0 / math.cosh(2.0), 1.0]
    assert sech(Value(8.0)).op == "sech"
    assert sech.__doc__ == "Hyperbolic secant; dz/dx = -z * tanh(x)."
    with pytest.raises(TypeError, match="sech of 'x' is not defined"):
        sech("x")


def test_the_ufunc_follows(deg2rad):
    x = Value(90.0)
    for z in (x.deg2rad(), np.deg2rad(x), np.deg2rad(np.array([x]))[0]):
        assert z.data == pytest.approx(math.pi / 2.0, rel=1e-15)
        z.backward()
    assert x.grad == pytest.approx(3.0 * math.pi / 180.0, rel=1e-15)
    program = engine.lift(lambda x: engine.total([deg2rad(v) * v for v in x]))
    assert program([90.0] * 9) == pytest.approx(9 * 45.0 * math.pi)
    assert "np.deg2rad(x" in program.source()
    single = engine.lift(lambda x: deg2rad(x) * x)
    assert single(90.0) == pytest.approx(45.0 * math.pi)
    assert "import deg2rad" in single.source()


def test_the_method_and_derivatives_of_any_order_follow(sech):
    x = Value(0.7)
    x.sech().backward()
    assert x.grad == pytest.approx(-math.tanh(0.7) / math.cosh(0.7), rel=1e-15)
    second = (math.tanh(0.7) ** 2 - 1.0 / math.cosh(0.7) ** 2) / math.cosh(0.7)
    assert engine.grad(engine.grad(sech))(0.7) == pytest.approx(second, rel=1e-14)
    check_rule(RULES["sech"])
    assert engine.check_gradients(lambda x: sech(x) * x, 0.7).ok
    with engine.provenance():
        assert sech(x).place[0] == __file__


def test_lifting_and_its_proof_follow(sech):
    X = np.linspace(0.5, 2.0, 7)

    def f(x):
        return sech(sech(x) + 1.0) * x

    program = engine.lift(f, batch=True, reduction="sum", verify=True)
    value, gradient = program.value_and_grad(X, wrt="inputs")
    assert value == pytest.approx(float(np.sum(X / np.cosh(1.0 / np.cosh(X) + 1.0))), rel=1e-14)
    assert gradient.inputs[0] == pytest.approx([engine.grad(f)(x) for x in X], rel=1e-13)
    assert "np.cosh(x" in program.source()
    assert "sech" in program.formulas()


def test_pictures_and_typed_expressions_follow(sech):
    z, _ = viz.expression.evaluate("sech(x) * 2", {"x": 0.0})
    assert z.data == 2.0
    assert "sech" in viz.draw(z).source
    assert "| `sech` | Hyperbolic secant; dz/dx = -z * tanh(x). | |" in table()


def test_what_is_derived_ends_with_the_rule():
    assert not hasattr(engine, "sech")
    with pytest.raises(AttributeError, match="module 'engine' has no attribute 'sech'"):
        engine.sech  # noqa: B018


def test_a_rule_whose_name_is_not_its_ufuncs_is_found_by_the_ufunc():
    turned = rule("turned", math.radians, np.deg2rad, at=[(0.5,)])(lambda g: (g * (math.pi / 180.0),))
    try:
        x = Value(3.0)
        assert np.deg2rad(x).op == turned(x).op == "turned"
        assert RULES["turned"].pullback.__name__ == "<lambda>"
        check_rule(RULES["turned"])
    finally:
        del RULES["turned"], Value.turned


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
