"""The order of a vector that nobody gave: by the operations that read its Values, biases of dots behind weights."""

from __future__ import annotations

import engine
from engine import Value
from engine.lifting.run.first_use import by_first_use
from engine.lifting.trace.record import record


def test_weights_of_one_height_come_before_biases_and_what_is_read_later():
    w, b, u = [Value(1.0), Value(2.0)], Value(3.0), Value(4.0)
    root = engine.dot(w, [Value.constant(1.0), Value.constant(2.0)], b) * u
    assert by_first_use(record([root], {})) == [*w, u, b]


def test_a_root_that_is_a_parameter_is_met():
    w = Value(1.0)
    assert by_first_use(record([w], {})) == [w]
