import pytest

import engine
from engine import Value
from engine.lifting.straight.groups_of_trace import count_groups
from engine.lifting.straight.width import width
from engine.lifting.trace.record import record


def trace_of(f, n):
    return record([f([Value(0.5 + 0.01 * k) for k in range(n)])], {})


def layers(x):
    for _ in range(3):
        x = [engine.tanh(sum(a * b for a, b in zip(x, x[k:] + x[:k]))) for k in range(len(x))]
    return sum(x)


def sweeps(x):
    """Each cell is computed of those before it in the same sweep, behind edges that stay as they are."""
    n = 14
    u = [[0.0] * n for _ in range(n)]
    for _ in range(4):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                u[i][j] = 0.25 * (u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1] + x[n * i + j])
    return sum(v * v for row in u for v in row)


@pytest.mark.parametrize("n", [5, 11])
def test_what_arrays_do_at_once_is_of_one_kind(n):
    assert count_groups(trace_of(layers, n)) == 2 + 3 * 3 + 1  # parameters, a 0; products, sums, tanh


def test_a_sum_is_of_one_kind_whatever_its_length_and_the_order_of_its_terms():
    def f(x):
        inner = [engine.total([x[k] * x[k + 1] for k in range(j)]) for j in range(1, 6)]
        return engine.total([engine.exp(x[0] + y) if k % 2 else engine.exp(y + x[0]) for k, y in enumerate(inner)])

    assert count_groups(trace_of(f, 9)) == 5  # parameters, products, sums, exponentials and their sum


def test_cells_that_read_one_another_look_wide_and_are_of_many_kinds():
    trace = trace_of(sweeps, 14 * 14)
    assert len(trace.ops) < 16 * count_groups(trace)
    assert len(trace.ops) > 2 * width(trace) and width(trace) > 20


def test_a_long_chain_takes_no_longer_for_each_term():
    trace = trace_of(lambda x: sum(engine.tanh(v) for v in x), 20_000)
    assert count_groups(trace) == 4  # sum's 0 is one
