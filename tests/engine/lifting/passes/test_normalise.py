"""Additions become n-ary sums, whose value is that of the trace; what is used twice, or is to keep its zero, stays."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.lifting.ir import Sum
from engine.lifting.passes.normalise import normalise
from engine.lifting.trace.record import record


def traced(f, count=4):
    return record([f([Value(0.5 + i, f"x[{i}]") for i in range(count)])], {})


def evaluated(normal):
    """The value of the root, in fractions."""
    trace, numbers = normal.trace, []
    for i, item in enumerate(normal.items):
        if i in trace.leaves:
            leaf = trace.leaves[i]
            numbers.append(Fraction(leaf.value if leaf.role == "constant" else trace.parameters[leaf.position].data))
        elif isinstance(item, Sum):
            numbers.append(sum(numbers[a] * (1 if b < 0 else numbers[b]) for a, b in zip(item.left, item.right)))
        elif item is not None and trace.ops[i] == "multiply":
            numbers.append(numbers[item[0]] * numbers[item[1]])
        else:
            numbers.append(None)
    return numbers[trace.roots[0]]


@st.composite
def polynomials(draw):
    """A function of sums and products, some parts of which are used again: of Values, or of fractions and `sum`."""
    step = st.tuples(st.sampled_from("+*"), st.integers(0, 20), st.integers(0, 20))
    steps = draw(st.lists(step, min_size=1, max_size=12))

    def f(x, total=engine.total):
        values = list(x)
        for sign, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(a + b if sign == "+" else a * b)
        return total(values[-3:])

    return f


@given(polynomials())
def test_a_sum_of_any_shape_has_the_value_of_its_trace(f):
    """Also where it has more digits than a float, or is beyond these: powers of powers."""
    normal = normalise(traced(f))
    normal.check()
    assert evaluated(normal) == f([Fraction(0.5 + i) for i in range(4)], sum)


def test_powers_beyond_floats_have_their_value_too():
    def f(x, total=engine.total):
        for _ in range(12):
            x = [v * v for v in x]
        return total(x)

    assert evaluated(normalise(traced(f))) == f([Fraction(0.5 + i) for i in range(4)], sum) > 2**5_000


def test_a_chain_is_one_sum_however_long():
    trace = traced(lambda x: sum(x, 0.0), 5000)
    items = [item for item in normalise(trace).items if isinstance(item, Sum)]
    assert [len(item.left) for item in items] == [5000]  # without the 0.0 that sum() starts from


@pytest.mark.parametrize("number", [0.0, 1.0])
def test_a_zero_that_is_alone_stays(number):
    trace = traced(lambda x: engine.total([Value.constant(number)]) + engine.total([Value.constant(number)]))
    assert evaluated(normalise(trace)) == 2 * number


def test_an_addition_that_keeps_the_sign_of_its_zero_is_no_sum():
    trace = traced(lambda x: x[0] + x[1] + x[2])
    (inner, outer) = [i for i, op in enumerate(trace.ops) if op == "add"]
    signed = normalise(replace(trace, signed=frozenset([inner])))
    assert signed.items[inner] == trace.operands[inner]
    assert isinstance(signed.items[outer], Sum)
