"""Steps as records: what each reads, by role and number, and what it is called."""

from __future__ import annotations

import numpy as np

import engine
from engine import Value


def lifted():
    W = [[Value(0.1 * (i + 2 * j), f"net.W[{i}, {j}]") for i in range(3)] for j in range(2)]
    b = [Value(0.5, f"net.b[{j}]") for j in range(2)]

    table = [Value(1.0 + k, f"table[{k}]") for k in range(2)]

    def f(x, n):
        return engine.total([engine.tanh(engine.dot(w, x, c)) for w, c in zip(W, b)]) * engine.select(table, n)

    program = engine.lift(f, batch=True)
    program.value_and_grad(np.ones((4, 3)), np.array([0, 1, 1, 0]))
    return program


def test_a_record_says_what_is_read():
    records = {record.op: record for record in lifted().steps}
    product, bias, chosen = records["matmul"], records["add"], records["gather"]
    assert dict(product.reads) == {"input": "x", "parameter": "net.W"}
    assert ("parameter", "net.b") in bias.reads
    assert dict(chosen.reads) == {"parameter": "table", "input": "n"}
    assert (product.shape, product.batched) == ((2,), True)


def test_what_goes_on_one_line_is_one_result():
    product, bias = [record for record in lifted().steps if record.op in ("matmul", "add")]
    assert product.result == bias.result
    assert bias.continuation == " + b"
    assert product.continuation == ""


def test_every_scalar_operation_is_in_some_step():
    program = lifted()
    assert sum(record.nodes for record in program.steps) >= sum(1 for op in program.latest.trace.ops if op)


def test_counts_are_said_in_one_line():
    text = str(lifted().stats)
    assert "scalar nodes ->" in text and "array operations forward" in text and "proven at" in text


def test_loops_over_floats_have_lines():
    def steps(x):
        for _ in range(200):
            x = x + 0.01 * engine.sin(x)
        return x

    program = engine.lift(steps)
    program.value_and_grad(1.0)
    assert program.stats.in_loops and "-> 1 lines of loops over floats forward, 1 backward" in str(program.stats)
