"""Repeated calls go their way without asking, and only where nothing can have changed."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.run.plans import MOST, call_kind


def lifted(**options):
    w = [Value(0.5, "w[0]"), Value(-1.0, "w[1]")]
    return engine.lift(lambda x: engine.tanh(engine.dot(w, x)), batch=True, parameters=w, **options)


def kinds(program):
    return list(program.traces.plans.known)


def test_the_second_call_of_a_kind_has_a_plan_and_the_same_answer():
    program, X = lifted(), np.random.default_rng(0).normal(size=(3, 2))
    first = program.value_and_grad(X)
    assert kinds(program) == [call_kind([X])]
    second = program.value_and_grad(X)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1].parameters, second[1].parameters)
    assert not np.shares_memory(first[1].parameters, second[1].parameters)


@pytest.mark.parametrize(
    "inputs",
    [[[1.0, 2.0]], np.ones((4, 4))[:, ::2], np.ones((2, 2), np.float32), np.ones((2, 2), np.int32)],
    ids=["a list", "not contiguous", "float32", "int32"],
)
def test_other_inputs_are_looked_at_every_time(inputs):
    program = lifted()
    for _ in range(2):
        program.value_and_grad(inputs)
    assert not kinds(program)


def test_a_program_in_single_precision_has_no_plans():
    program = lifted(dtype=np.float32)
    program.value_and_grad(np.ones((2, 2)))
    assert not kinds(program)


def test_the_way_that_branches_went_last_is_tried_first_and_no_other_is_believed():
    def bent(x):
        low = x[0] * 2.0 if x[0] > 0.0 else x[1]
        return low * low if low > 1.0 else low

    program = engine.lift(bent)
    points = [[1.0, 2.0], [-1.0, 2.0], [-1.0, 0.5], [0.25, 3.0], [2.0, 1.0]]
    for x in map(np.array, [*points, *points[::-1], *points[:1] * 2]):
        value, gradient = program.value_and_grad(x)
        (slope,) = gradient.inputs
        low = 2.0 * x[0] if x[0] > 0.0 else x[1]
        way = program.traces.plans.known[call_kind([x])].specialisation
        assert way is program.traces.latest
        assert way.way == bytes(map(bool, [x[0] > 0.0, low > 1.0]))
        outer = 2.0 * low if low > 1.0 else 1.0
        assert value == bent(x)
        np.testing.assert_array_equal(slope, [2.0 * outer, 0.0] if x[0] > 0.0 else [0.0, outer])


def test_a_row_of_a_batch_that_parts_from_the_others_is_refused_by_a_plan_too():
    program = engine.lift(lambda x: x[0] if x[0] > 0.0 else -x[0], batch=True)
    for _ in range(3):
        program.value_and_grad(np.ones((3, 1)))
    with pytest.raises(engine.GuardError, match="row 1"):
        program.value_and_grad(np.array([[1.0], [-1.0], [1.0]]))
    assert program.value_and_grad(np.ones((3, 1)))[0] == 1.0


def test_gradients_of_inputs_are_asked_for_anew():
    program = lifted()
    program.value_and_grad(np.ones((2, 2)), wrt="inputs")
    assert not kinds(program)


def test_no_more_kinds_are_remembered_than_there_are_sizes_with_buffers():
    program = lifted()
    for n in range(1, MOST + 4):
        program.value_and_grad(np.ones((n, 2)))
    assert len(kinds(program)) == MOST
    assert kinds(program)[-1] == call_kind([np.ones((MOST + 3, 2))])
    assert program.value_and_grad(np.ones((1, 2)))[0] == pytest.approx(np.tanh(-0.5))


def test_buffers_are_one_threads_at_a_time():
    program, X = lifted(), np.ones((3, 2))
    program.value_and_grad(X)
    plan = program.traces.plans.take(call_kind([X]))
    assert program.traces.plans.take(call_kind([X])) is None  # held
    assert program.value_and_grad(X)[0] == pytest.approx(np.tanh(-0.5))  # another has buffers of its own
    with plan.buffers:
        pass
    again = program.traces.plans.take(call_kind([X]))
    assert again is not None
    with pytest.raises(ZeroDivisionError), again.buffers:
        raise ZeroDivisionError
    assert again.buffers.take()  # given back all the same


def test_threads_that_share_a_program_each_get_their_own_answer():
    program = lifted()
    inputs = [np.random.default_rng(k).normal(size=(4, 2)) for k in range(8)]
    wanted = [program(x) for x in inputs]
    answers = {}

    def run(k):
        answers[k] = [program.value_and_grad(inputs[k])[0] for _ in range(50)]

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(set(answers[k]) == {wanted[k]} for k in range(8))


def test_forgetting_forgets_plans():
    scale = [2.0]
    program = engine.lift(lambda x: scale[0] * x[0])
    program.value_and_grad(np.ones(2))
    scale[0] = 3.0
    assert program.value_and_grad(np.ones(2))[0] == 3.0
