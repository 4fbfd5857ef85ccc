import numpy as np
import pytest

import engine
from engine import Value


def is_straight(fn, n, **more):
    values = [Value(0.5 + 0.001 * k) for k in range(n)]
    program = engine.lift(lambda: fn(values), parameters=values, verify=False, **more)
    value, gradient = program.value_and_grad()
    root = fn(values)
    root.backward()
    assert value == pytest.approx(root.data, rel=1e-12)
    assert np.allclose(gradient.parameters, [v.grad for v in values], rtol=1e-10)
    return "put = v.append" in program.source()


def scan(w):
    s = w[0]
    for x in w:
        s = engine.tanh(s * x + 0.1)
    return s


def maxima(w):
    s = w[0]
    for a, b in zip(w, w[1:]):
        s = engine.logsumexp([s, a, b]) * 0.5 + engine.total([s, a * b, b]) * 0.1
    return s


@pytest.mark.parametrize("fn", [scan, maxima])
def test_a_recurrence_is_straight(fn):
    assert is_straight(fn, 300)


@pytest.mark.parametrize(
    "fn",
    [
        lambda w: sum(engine.exp(x) * x for x in w),
        lambda w: engine.total([x * y for x in w[:20] for y in w[20:]]),
        lambda w: sum(engine.tanh(engine.dot(w[:16], w[k : k + 16])) for k in range(200)),
    ],
)
def test_what_arrays_do_at_once_is_left_to_them(fn):
    assert not is_straight(fn, 300)


def triangle(w):
    """Elimination of a small matrix: no two of its loops are equally long."""
    rows = [[w[9 * i + j] + 9.0 * (i == j) for j in range(9)] for i in range(8)]
    for c in range(8):
        for i in range(c + 1, 8):
            ratio = rows[i][c] / rows[c][c]
            rows[i] = [a - ratio * b for a, b in zip(rows[i], rows[c])]
    return sum(rows[i][i] * rows[i][8] for i in range(8))


def independent(w):
    """As many branches as numbers: what is written differs each time, and can be computed at once."""
    return sum(engine.exp(x * x) if k % 3 else engine.sin(x - 0.5) * x if k % 5 else x for k, x in enumerate(w))


def test_what_hardly_repeats_is_straight_where_it_is_as_many_steps():
    assert is_straight(triangle, 80)
    assert not is_straight(independent, 300)


def test_small_programs_stay_arrays():
    assert not is_straight(scan, 30)


def test_lines_do_not_grow_with_the_number_of_times():
    def lines(n):
        program = engine.lift(lambda x: scan(x), verify=False)
        program(np.linspace(0.1, 0.9, n))
        return len(program.source().splitlines())

    assert lines(200) == lines(2000)
