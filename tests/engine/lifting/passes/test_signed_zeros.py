"""The sign of a zero: where it decides a result, a lifted program has the one that the scalar engine has."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import Value
from engine.lifting.passes.signed_zeros import with_signed_zeros
from engine.rules import RULES, rule

ZEROS = (0.0, -0.0)


def lifted(f: Callable[..., Any], x: Any, **options: Any) -> engine.lifting.Program:
    """Return a strict program, traced where no number is zero."""
    program = engine.lift(f, strict=True, **options)
    program.value_and_grad(x, wrt="inputs")
    return program


def eager(f: Callable[..., Any], xs: list[float]) -> tuple[float, list[float]]:
    values = [Value(x) for x in xs]
    z = f(values)
    if not isinstance(z, Value):
        return float(z), [0.0] * len(xs)
    z.backward()
    return z.data, [v.grad for v in values]


def same(x: float, y: float) -> bool:
    return (x != x and y != y) or x == y or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9)


READERS: list[tuple[str, Callable[[Any], Any]]] = [
    ("divide", lambda z: 1.0 / z),
    ("reciprocal", lambda z: engine.reciprocal(z)),
    ("power -1", lambda z: z**-1),
    ("power -3", lambda z: z**-3.0),
    ("height", lambda z: engine.arctan2(z, -1.0)),
    ("breadth", lambda z: engine.arctan2(0.0, z)),
    ("log", engine.log),
    ("sqrt", engine.sqrt),
    ("after tanh", lambda z: 1.0 / engine.tanh(2.0 * z)),
    ("after a choice", lambda z: 1.0 / engine.where(z > 1.0, 2.0, z)),
    ("after a division", lambda z: 1.0 / (z / 3.0)),
]
MAKERS: list[tuple[str, Callable[[Any], Any]]] = [
    ("itself", lambda x: x[0] + 0.0 * x[1]),
    ("0 + x", lambda x: 0 + x[0]),
    ("x + 0", lambda x: x[0] + 0.0),
    ("x - 0", lambda x: x[0] - 0.0),
    ("x + -0", lambda x: x[0] + -0.0),
    ("x * -0", lambda x: x[0] * -0.0 + x[1] * -0.0),
    ("sum", sum),
    ("sum from a Value", lambda x: sum(x[1:], x[0])),
    ("a chain", lambda x: x[0] + x[1] + x[2] + x[3]),
    ("a chain of products", lambda x: x[0] * x[1] + x[2] * x[3]),
    ("a sum of products", lambda x: sum(a * b for a, b in zip(x[:2], x[2:]))),
    ("total", engine.total),
    ("dot", lambda x: engine.dot(x[:2], x[2:])),
    ("dot of one", lambda x: engine.dot(x[:1], x[1:2])),
    ("dot and bias", lambda x: engine.dot(x[:1], x[1:2], x[2])),
    ("object arrays", lambda x: np.array(x[:2], dtype=object) @ np.array(x[2:], dtype=object)),
    ("a difference", lambda x: x[0] - x[1]),
    ("a difference of products", lambda x: x[0] - x[1] * x[2]),
    ("a negated product", lambda x: -(x[0] * x[1])),
    ("maximum", lambda x: engine.maximum(x[0], x[1])),
    ("maximum with 0", lambda x: engine.maximum(x[0], 0.0)),
    ("minimum", lambda x: engine.minimum(x[0], x[1])),
    ("minimum with 0", lambda x: engine.minimum(x[0], 0.0)),
    ("clip", lambda x: engine.clip(x[0], 0.0, 1.0)),
    ("clip below", lambda x: engine.clip(x[0], -1.0, -0.0)),
    ("relu", lambda x: engine.relu(x[0])),
    ("leaky", lambda x: engine.leaky_relu(x[0], 0.1)),
    ("abs", lambda x: abs(x[0])),
    ("square root", lambda x: x[0] ** 0.5),
    ("cube", lambda x: x[0] ** 3),
    ("a mean", lambda x: sum(x) / len(x)),
    ("constants", lambda x: sum([x[0], 1.0, -1.0])),
]


@pytest.mark.parametrize("made", [m for _, m in MAKERS], ids=[name for name, _ in MAKERS])
def test_a_zero_keeps_its_sign_on_its_way_to_what_tells(made: Callable[[Any], Any]) -> None:
    for name, read in READERS:
        program = lifted(lambda x, read=read: read(made(x)), [0.3, 0.7, 0.2, 0.4])
        for a in (*ZEROS, 1.0):
            for b in (*ZEROS, -1.0):
                for xs in ([a, b, a, b], [a, b, b, a], [a, a, b, b]):
                    value, slopes = eager(lambda x, read=read: read(made(x)), xs)
                    got, gradient = program.value_and_grad(xs, wrt="inputs")
                    assert same(got, value), (name, xs)
                    assert all(map(same, gradient.inputs[0], slopes)), (name, xs)


@pytest.mark.parametrize("made", [m for _, m in MAKERS], ids=[name for name, _ in MAKERS])
def test_so_it_does_in_every_sample_of_a_batch(made: Callable[[Any], Any]) -> None:
    def f(x: Any) -> Any:
        return engine.arctan2(0.0, made(x)) + engine.arctan2(made(x), -2.0)

    program = engine.lift(lambda x: f(list(x)), batch=True, reduction="none", strict=True)
    X = np.array([[a, b, c, a] for a in (*ZEROS, 1.0) for b in ZEROS for c in (*ZEROS, -1.0)])
    program(np.random.default_rng(0).normal(size=X.shape))
    np.testing.assert_allclose(program(X), [eager(f, row)[0] for row in X.tolist()], rtol=1e-9)


@pytest.mark.parametrize("zero", ZEROS)
def test_constants_of_either_sign_are_two(zero: float) -> None:
    def f(x: Any) -> Any:
        return engine.total([engine.arctan2(c, v) for c, v in zip((0.0, -0.0, zero, 1.0), x)])

    xs = [-1.0, -2.0, -3.0, -4.0]
    got, _ = engine.lift(f, strict=True).value_and_grad(xs, wrt="inputs")
    assert same(got, eager(f, xs)[0])


def test_fixed_numbers_of_either_sign_are_two() -> None:
    @rule("signed_as", lambda x, c: math.copysign(x, c), np.copysign, at=[(1.0, 2.0), (2.0, -1.0)], operands=("x",))
    def signed_as(x: Any, c: float, g: Any) -> tuple[Any]:
        """The size of x with the sign of c; dz/dx = 0 here."""
        return (0.0 * g,)

    try:
        program = engine.lift(lambda x: x[0].signed_as(0.0) + 10.0 * x[1].signed_as(-0.0), strict=True)
        assert program([1.0, 1.0]) == -9.0
    finally:
        del RULES["signed_as"], Value.signed_as


def test_a_rule_of_ones_own_that_tells_zeros_apart_is_seen_to() -> None:
    @rule("sign_of", lambda x, y: math.copysign(1.0, y) * x, lambda x, y: np.copysign(1.0, y) * x, at=[(1.0, 2.0)])
    def sign_of(x: Any, y: Any, g: Any) -> tuple[Any, Any]:
        """The number x with its sign changed where y has one; dz/dx = 1."""
        return g, 0.0 * g

    try:
        program = engine.lift(lambda x: x[0].sign_of(sum(x[1:])), strict=True, verify=False)
        assert program([1.0, 1.0, 2.0]) == 1.0
        assert program([1.0, -0.0, -0.0]) == 1.0
    finally:
        del RULES["sign_of"], Value.sign_of


NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -1.0])
UNARY = [
    lambda a: -a, lambda a: abs(a), lambda a: engine.relu(a), lambda a: engine.tanh(a), lambda a: a**3,
    lambda a: a * -0.0, lambda a: 0 + a, lambda a: engine.sin(a), lambda a: engine.clip(a, 0.0, 2.0),
    lambda a: engine.stop_gradient(a) + a,
]  # fmt: skip
BINARY = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: engine.maximum(a, b),
    lambda a, b: engine.minimum(a, b), lambda a, b: sum([a, b]), lambda a, b: engine.total([a, b, a]),
    lambda a, b: engine.dot([a], [b]), lambda a, b: engine.where(a < b, a, b), lambda a, b: a * b + b * a,
]  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn) -> Callable[[Any], Any]:
    """Return a function of four numbers whose value shows the signs of zeros."""
    step = st.tuples(st.integers(0, 19), st.integers(0, 50), st.integers(0, 50))
    steps = draw(st.lists(step, min_size=1, max_size=8))

    def f(x: Any) -> Any:
        known = list(x)
        for which, i, j in steps:
            a, b = known[-1 - i % len(known)], known[-1 - j % len(known)]
            known.append(UNARY[which](a) if which < 10 else BINARY[which - 10](a, b))
        return engine.arctan2(known[-1], -1.0) + engine.arctan2(known[-2], known[-1])

    return f


@given(f=expressions(), xs=st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_program_has_the_zeros_of_the_scalar_engine(f: Callable[[Any], Any], xs: list[list[float]]) -> None:
    program = lifted(f, [0.3, -0.7, 0.2, 0.4])
    for x in xs:
        value, slopes = eager(f, x)
        got, gradient = program.value_and_grad(x, wrt="inputs")
        assert same(got, value)
        assert all(map(same, gradient.inputs[0], slopes))


ORDINARY: list[Callable[[Any], Any]] = [
    lambda x: sum(a * a for a in x),
    lambda x: engine.softmax(x)[0],
    lambda x: sum(engine.exp(a) for a in x) ** 0.5,
    lambda x: (x[0] - x[1]) / engine.sqrt(sum((a - x[0]) ** 2 for a in x) / 4 + 1e-5),
    lambda x: engine.log(sum(engine.exp(a) for a in x)),
    lambda x: engine.log(engine.maximum(engine.sigmoid(x[0]), 1e-9)),
    lambda x: 1.0 / (1.0 + x[0] * x[0] + abs(x[1])),
    lambda x: engine.relu(engine.dot(x, x)) + engine.tanh(sum(x)),
]


@pytest.mark.parametrize("f", ORDINARY)
def test_ordinary_programs_stay_as_they_are(f: Callable[[Any], Any]) -> None:
    program = engine.lift(f)
    program([0.3, 0.7, 0.2, 0.4])
    trace = program.latest.trace
    assert with_signed_zeros(trace) is trace
