import numpy as np
import pytest
from long_run import shortened

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


def few_operands(w):
    s = w[0]
    for x in w:
        s = engine.tanh(engine.total([s, x]) + engine.dot([s], [x]) + engine.total([x]) * engine.largest([s, x]))
    return s


def chosen(w):
    s = w[0]
    for k in range(len(w) - 3):
        s = engine.largest([s * 0.9, w[k], w[k + 1] * s, w[k]]) + 0.1 * w[k + 2]
    return s


@pytest.mark.parametrize("fn", shortened([scan, chosen, maxima, few_operands], 2))
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


def irregular(w):
    """One number after the other, each by another of three formulas."""
    s = w[0]
    for k, x in enumerate(w):
        s = engine.sin(s) * x if k * k % 7 < 3 else s / (1.0 + x * x) if k % 5 else engine.tanh(s - x)
    return s


def independent(w):
    """As many branches as numbers: what is written differs each time, and can be computed at once."""
    return sum(engine.exp(x * x) if k % 3 else engine.sin(x - 0.5) * x if k % 5 else x for k, x in enumerate(w))


def test_what_hardly_repeats_is_straight_where_it_is_as_many_steps():
    assert is_straight(irregular, 260)
    assert not is_straight(independent, 300)


def test_small_programs_stay_arrays_but_for_those_of_many_kinds():
    assert not is_straight(scan, 30)
    assert is_straight(scan, 70)


def test_an_entry_that_an_input_chooses_is_looked_up_in_a_loop():
    def walk(w, places):
        s = w[0]
        for i in places:
            s = engine.tanh(s * engine.select([w[1], w[2] * s, w[3]], i) + engine.select(list(w[4:9]), i))
        return s

    w, program = np.linspace(-1.0, 1.0, 9), engine.lift(walk, strict=True, verify="exact")
    for places in (np.arange(120) % 3, np.arange(120) // 2 % 3):
        value, gradient = program.value_and_grad(w, places)
        xs = [Value(x) for x in w]
        root = walk(xs, places.tolist())
        root.backward()
        assert value == root.data and np.allclose(gradient.inputs[0], [x.grad for x in xs], rtol=1e-13)
    assert "for i0" in program.source() and program.stats.proof.kind == "exact"


@pytest.mark.parametrize("names", [["one", "kept", "table1"], ["numbers", "steps", "conditions"], ["v", "put", "x0"]])
def test_arguments_may_be_called_as_the_text_calls_its_own(names):
    space = {"engine": engine}
    body = "\n".join(["s = a", "for k in range(150):", " s = s * b + 0.01 if s < c else s - engine.sin(c)", "return s"])
    for old, new in zip("abc", names):
        body = body.replace(f"= {old}", f"= {new}").replace(f" {old} ", f" {new} ").replace(f"({old})", f"({new})")
    exec(f"def f({', '.join(names)}):\n    " + body.replace("\n", "\n    "), space)
    program = engine.lift(space["f"], strict=True)
    xs = [Value(x) for x in (0.3, 0.9, 0.4)]
    root = space["f"](*xs)
    root.backward()
    value, gradient = program.value_and_grad(0.3, 0.9, 0.4, wrt="inputs")
    assert value == root.data and np.allclose(gradient.inputs, [x.grad for x in xs], rtol=1e-13)


def test_lines_do_not_grow_with_the_number_of_times():
    def lines(n):
        program = engine.lift(lambda x: scan(x), verify=False)
        program(np.linspace(0.1, 0.9, n))
        return len(program.source().splitlines())

    assert lines(100) == lines(1000)


def sweeps(w):
    """A relaxation in place: at each distance from the corner many cells, no two edges of which are alike."""
    u = [[0.0] * 16 for _ in range(16)]
    for _ in range(5):
        for i in range(1, 15):
            for j in range(1, 15):
                u[i][j] = 0.25 * (u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1] + w[16 * i + j])
    return sum(v * v for row in u for v in row)


def test_what_looks_wide_is_straight_where_arrays_would_take_many_kinds_of_operations():
    assert is_straight(sweeps, 256)
