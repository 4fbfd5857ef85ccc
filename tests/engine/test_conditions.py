"""What comparisons of Values mean: numbers, to Python, to NumPy and to a program that is being lifted."""

from __future__ import annotations

import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watching import Watch

import engine
from engine import Value
from engine.tracing import recording

RELATIONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
numbers = st.one_of(st.floats(), st.integers(-3, 3), st.sampled_from([0.0, -0.0, 1.0, np.float32(1.0), np.int64(2)]))
each = pytest.mark.parametrize("relation", RELATIONS, ids=lambda r: r.__name__)


@each
@given(numbers, numbers)
def test_a_comparison_is_that_of_the_numbers_on_whichever_side_the_values_are(relation, x, y):
    want = bool(relation(float(x), float(y)))
    for a, b in [(Value(x), y), (x, Value(y)), (Value(x), Value(y))]:
        got = relation(a, b)
        assert type(got) in (bool, np.bool_)
        assert got == want


@pytest.mark.parametrize("other", [None, "a", "3.0", b"3", 3 + 0j, [3.0], (3.0,), {}, object(), np.nan])
def test_what_is_no_real_number_equals_no_value(other):
    v = Value(3.0)
    assert (v == other) is False
    assert (other == v) is False
    assert (v != other) is True


def test_containers_find_by_number_and_sets_and_dicts_by_object():
    a, b = Value(2.0), Value(2.0)
    assert a in [b]
    assert a in (2,)
    assert [Value(1.0), a].index(2.0) == 1
    assert [a, a, b].count(b) == 3
    assert [a] == [b]
    assert a not in {b}
    assert {a: 1, b: 2}[a] == 1
    assert len({a, b}) == 2


def test_arrays_of_values_compare_entry_by_entry():
    scores, labels = np.array([Value(1.0), Value(0.0), Value(2.0)]), np.array([1.0, 1.0, 2.0])
    for got in (scores == labels, labels == scores, np.equal(scores, labels)):
        assert got.tolist() == [True, False, True]
    assert np.mean(scores == labels) == pytest.approx(2 / 3)
    assert (scores != labels).tolist() == [False, True, False]
    assert np.float64(2.0) == Value(2.0)
    assert Value(0.5) == Fraction(1, 2)


BRANCHES = {
    "==": lambda x: 5.0 * x if x == 0 else x * x,
    "!=": lambda x: x * x if x != 0 else 5.0 * x,
    "0 ==": lambda x: 5.0 * x if 0 == x else x * x,  # noqa: SIM300
    "in": lambda x: 5.0 * x if x in (7.0, 0.0) else x * x,
    "index": lambda x: 5.0 * x if [3.0, 0.0].count(x) else x * x,
    "of the result": lambda x: 5.0 * x if x * x == 0 else x * x,
    "of two": lambda x: 5.0 * x if x == -x else x * x,
    "a condition that is True": lambda x: 5.0 * x if (x == 0) == True else x * x,  # noqa: E712
    "a condition that is not False": lambda x: 5.0 * x if (x == 0) != 0 else x * x,
    "and": lambda x: 5.0 * x if (x >= 0) & (x <= 0) else x * x,
    "or": lambda x: 5.0 * x if not ((x > 0) | (x < 0)) else x * x,
    "xor": lambda x: 5.0 * x if not ((x > 0) ^ (x < 0)) else x * x,
    "a sum of conditions": lambda x: 5.0 * x if sum(c for c in (x > 0, x < 0)) == 0 else x * x,
    "a difference of conditions": lambda x: 5.0 * x if (x > 0) - (x < 0) == 0 else x * x,
    "numpy": lambda x: 5.0 * x if np.equal(x, 0.0) else x * x,
}


@pytest.mark.parametrize("f", BRANCHES.values(), ids=BRANCHES)
def test_equality_decides_branches_eagerly_in_transforms_and_in_programs(f):
    program = engine.lift(f)
    for x, value, slope in [(2.0, 4.0, 4.0), (0.0, 0.0, 5.0), (-3.0, 9.0, -6.0), (0.0, 0.0, 5.0)]:
        leaf = Value(x)
        f(leaf).backward()
        assert leaf.grad == slope
        assert engine.grad(f)(x) == slope
        got, gradient = program.value_and_grad(x, wrt="inputs")
        assert (got, gradient.inputs[0]) == (value, slope)


def test_equality_stays_in_a_batched_program_through_where():
    program = engine.lift(lambda x: engine.where(x == 0, 5.0 * x + 1.0, x * x), batch=True, reduction="sum")
    value, gradient = program.value_and_grad([0.0, 3.0, 0.0], wrt="inputs")
    assert value == 11.0
    np.testing.assert_array_equal(gradient.inputs[0], [5.0, 6.0, 5.0])


def test_a_condition_does_not_become_a_plain_number():
    with pytest.raises(engine.TraceError, match="turned into a float"):
        engine.lift(lambda x: x * float(x > 0))(1.0)
    with pytest.raises(engine.TraceError, match="turned into an int"):
        engine.lift(lambda x: [x, 2.0 * x][x > 0])(1.0)
    assert engine.lift(lambda x: x * (x > 0) + (x > 1) * 2)(3.0) == 5.0
    assert engine.lift(lambda x: (x > 0) + (x > 1) + (x > 9) * x)(3.0) == 2.0


def test_comparisons_are_of_numbers_and_the_hash_is_of_the_object():
    a, b = Value(1.0), Value(1.0)
    assert (a < 2.0) is True
    assert (a > 2.0) is False
    assert (a < 2.0) is True
    assert (a <= b) is True
    assert (a >= b) is True
    assert a == b
    assert (a != b) is False
    assert a == 1
    assert a == np.float32(1.0)
    assert a in [b]
    assert a not in {b}
    assert len({a, b, a}) == 2
    assert sorted([Value(3.0), Value(1.0)])[0].data == 1.0
    assert max(Value(3.0), Value(1.0)).data == 3.0


# --- what a comparison is while a function is being lifted


@pytest.mark.parametrize("a", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("b", [1.0, 2.0, 3.0])
def test_while_lifting_a_comparison_is_a_condition_that_stays_undecided(a, b):
    watch = Watch()
    with recording(watch):
        x, y = Value(a), Value(b)
        conditions = [x < y, x <= y, x > y, x >= y, x < b, b < x, np.less(x, y)]
        assert watch.branches == []
        assert [bool(c) for c in conditions] == [a < b, a <= b, a > b, a >= b, a < b, b < a, a < b]
        assert watch.branches == [c.node for c in conditions]
    assert [bool(c) for c in conditions] == [a < b, a <= b, a > b, a >= b, a < b, b < a, a < b]


@pytest.mark.parametrize("p", [False, True])
@pytest.mark.parametrize("q", [False, True])
def test_conditions_combine(p, q):
    with recording(Watch()):
        x = Value(1.0)
        a, b = (x > 0.0 if p else x < 0.0), (x > 0.0 if q else x < 0.0)
        for got, want in [(a & b, p and q), (a | b, p or q), (~a, not p), (a & q, p and q), (q & a, p and q)]:
            assert bool(got) is want
            assert got.node._data == float(want)
        assert (a * b)._data == float(p and q)
        assert (2.0 * a)._data == 2.0 * p
        assert bool(a | q) is (p or q)
        assert bool(q | a) is (p or q)
        chosen = a.where(x, 5.0)
        assert chosen.op == "where"
        assert chosen._data == (1.0 if p else 5.0)
        assert engine.where(a, x, 5.0)._data == chosen._data


def test_a_comparison_with_nonsense_is_refused_while_lifting_too():
    with recording(Watch()), pytest.raises(TypeError):
        operator.lt(Value(1.0), object())


AS_BOOLS = {  # what Python does with a bool beside choosing by it
    "a key": lambda x: x * {True: 3.0, False: 2.0}[x > 0.0],
    "a key that may be missing": lambda x: x * {True: 3.0}.get(x > 0.0, 1.0),
    "an element": lambda x: x * (3.0 if (x > 0.0) in {True} else 1.0),
    "elements": lambda x: x * len({x > 0.0, x > 1.0}),
    "a number as a key": lambda x: x * {1: 3.0, 0: 2.0}[x > 0.0],
    "a number's text": lambda x: x * float(f"{x > 0.0:d}"),
    "negated": lambda x: x * -(x > 0.0),
    "as it is": lambda x: x * +(x > 0.0),
    "its size": lambda x: x * abs(x > 0.0),
}


@pytest.mark.parametrize("kind", AS_BOOLS)
@pytest.mark.parametrize("first", [-1.0, 0.5, 2.0])
def test_a_condition_is_what_its_bool_is(kind, first):
    f = AS_BOOLS[kind]
    program = engine.lift(f, strict=True)
    for number in (first, -1.0, 0.5, 2.0):
        assert program(number) == f(Value(number)).data
