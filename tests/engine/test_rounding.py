"""What the analysis allows is what rounding does, not less, and not much more."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.agreement import EPS
from engine.graph import order
from engine.rounding import analysed, value_error

MPMATH = {
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "tanh": mpmath.tanh, "exp": mpmath.exp, "sin": mpmath.sin, "square": lambda x: x * x,
    "log": mpmath.log, "sqrt": mpmath.sqrt, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
}  # fmt: skip


def exactly(root, leaves):
    """The value and the gradient of a graph in 60 digits, by reverse differences of the same graph."""
    with mpmath.workdps(60):

        def value(numbers):
            known = dict(zip(leaves, numbers))
            for node in order(root):
                if node not in known:
                    known[node] = (
                        MPMATH[node.op](*[known[p] for p in node.parents]) if node.parents else mpmath.mpf(node.data)
                    )
            return known[root]

        at = [mpmath.mpf(leaf.data) for leaf in leaves]
        h = mpmath.mpf(10) ** -25
        moved = lambda i, d: value([x + d * (i == k) for k, x in enumerate(at)])  # noqa: E731
        return value(at), [(moved(i, h) - moved(i, -h)) / (2 * h) for i in range(len(leaves))]


@st.composite
def graphs(draw):
    leaves = [Value(draw(st.floats(-3, 3).filter(lambda x: abs(x) > 1e-2))) for _ in range(3)]
    nodes = list(leaves)
    for _ in range(draw(st.integers(2, 12))):
        x, y = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        op = draw(st.sampled_from(["add", "subtract", "multiply", "tanh", "sin", "square", "sigmoid", "divide"]))
        if op in ("add", "subtract", "multiply", "divide"):
            nodes.append(getattr(Value, op)(x, y if op != "divide" else y * y + 1.0))
        elif abs(x.data) < 50:
            nodes.append(getattr(engine, op)(x))
    return nodes[-1], leaves


@given(graphs())
def test_value_and_derivatives_are_as_near_as_the_analysis_says(graph):
    root, leaves = graph
    for leaf in leaves:
        leaf.grad = 0.0
    root.backward()
    value, gradient = exactly(root, leaves)
    analysis = analysed(root, leaves)
    assert abs(root.data - value) <= 2.0 * analysis.value
    assert value_error(root) == analysis.value
    for leaf, want, error, size in zip(leaves, gradient, analysis.derivatives, analysis.sizes):
        assert abs(leaf.grad - want) <= 4.0 * error + 1e-20 * abs(want)
        assert abs(leaf.grad) <= size * (1.0 + 1e-12)


def test_what_cancels_has_a_large_error_and_what_does_not_a_small_one():
    x = Value(1.0)
    assert value_error(x * x * 3.0) < 4.0 * EPS * 3.0
    assert 1e-9 < value_error((x + 1e8) - 1e8) < 1e-7
    saturated = analysed(engine.tanh(x * 18.0), [x])
    assert saturated.derivatives[0] > 0.01 * engine.grad(lambda x: engine.tanh(x * 18.0))(1.0)


def test_beside_a_kink_either_slope_may_be_right():
    x = Value(0.1)
    z = engine.relu((x * 3.0 - 0.3) * 1e10)
    below, above = analysed(z, [x]).jumps[0]
    assert below + above == pytest.approx(3e10) and analysed(z, [x]).derivatives[0] < 1.0
    (sides,) = analysed(engine.relu((x * 3.0 - 0.3) * 1e10) * -2.0, [x]).jumps
    assert sides == (2.0 * above, 2.0 * below)


@pytest.mark.parametrize(("name", "least", "most"), [("abs", -1.0, 1.0), ("relu", 0.0, 1.0)])
def test_of_a_kink_that_rounding_may_have_moved_the_derivatives_are_those_of_its_sides(name, least, most):
    x = Value(0.1)
    z = getattr(engine, name)(x * 3.0 - 0.3)
    z.backward()
    ((below, above),) = analysed(z, [x]).jumps
    assert [x.grad - below, x.grad + above] == pytest.approx([3.0 * least, 3.0 * most])


def test_choices_and_constants_bring_no_error_of_their_own():
    x, i = Value(2.0), Value.constant(1.0)
    z = Value.select([x, x * x, i]) + engine.stop_gradient(x) + engine.where(x > 1, x, 0.0)
    assert np.isfinite(analysed(z, [x]).derivatives).all()
    assert analysed(Value(3.0), [x]) == engine.rounding.Analysis(0.0, (0.0,), (0.0,), ((0.0, 0.0),))


def test_the_largest_of_exact_numbers_has_exact_slopes():
    xs = [Value(x) for x in (0.3, 0.7, 0.1)]
    largest = engine.largest(xs)
    assert max(analysed(largest, xs).derivatives) < 10 * EPS
    computed = engine.largest([x * 1.1 + 0.3 for x in xs])
    assert max(analysed(computed, xs).derivatives) < 20 * EPS
