import numpy as np

from engine import Value, exp
from engine.lifting.ir import Leaf
from engine.lifting.straight.tape import Kind, tape
from engine.lifting.trace.record import record


def test_operations_are_in_the_order_in_which_they_were_computed():
    w = [Value(1.0), Value(2.0)]
    first = w[1] * 3.0
    second = exp(w[0])
    written = tape(record([second - first], {}), np.array([0, 1]), 2, [])
    assert [written.kinds[k].op for k in written.codes] == ["multiply", "exp", "subtract"]
    assert (written.cells, written.constants.tolist(), written.leaves) == (2, [3.0], 3)
    # the walk from the end meets the exponential first, so that its parameter is the first of the trace
    assert written.reads.tolist() == [1, 2, 0, 4, 3]
    assert written.roots.tolist() == [5]


def test_equal_constants_are_one_slot_and_zeros_of_either_sign_two():
    x = Value(1.0)
    z = (x * 0.0 + x * -0.0) + (x * 0.0 + 5.0)
    assert sorted(map(str, tape(record([z], {}), np.array([0]), 1, []).constants)) == ["-0.0", "0.0", "5.0"]


def test_inputs_follow_the_parameters():
    x = [Value(0.0) for _ in range(3)]
    trace = record([x[2] * x[1]], {v: Leaf("input", k, 1) for k, v in enumerate(x)})
    assert tape(trace, np.zeros(0, np.int64), 4, [2, 3]).reads.tolist() == [4 + 2 + 2, 4 + 2 + 1]


def test_fixed_numbers_are_part_of_a_kind():
    x = Value(2.0)
    kinds = tape(record([x**3 + x**4], {}), np.array([0]), 1, []).kinds
    assert {kind.fixed for kind in kinds if kind.op == "power_constant"} == {(3.0,), (4.0,)}
    assert Kind("power_constant", 1, ((0.5, 1.0),)).fixed == (0.5,)
