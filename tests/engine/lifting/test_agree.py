"""Lifted and eager agree to rounding, and the structures that are matrices are found to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Program, programs

import engine
from engine import Label, Value

EPS = np.finfo(float).eps


def eager(fn, inputs, parameters, batch):
    """Value and gradients by the scalar engine: the mean over samples where there is a batch."""
    for p in parameters:
        p.grad = 0.0
    if not batch:
        xs = [to_values(x) for x in inputs]
        z = fn(*xs)
        z.backward()
        return z.data, [p.grad for p in parameters], [gradient(x) for x in xs]
    n = len(inputs[0])
    total, grads = 0.0, None
    for row in range(n):
        xs = [to_values(x[row]) for x in inputs]
        z = fn(*xs) * (1.0 / n)
        z.backward()
        total += z.data
        rows = [gradient(x) for x in xs]
        grads = [[g] for g in rows] if grads is None else [[*a, g] for a, g in zip(grads, rows)]
    return total, [p.grad for p in parameters], [np.array(g) for g in grads]


def to_values(x):
    if isinstance(x, np.ndarray) and x.ndim:
        return np.frompyfunc(lambda v: int(v) if x.dtype.kind == "i" else Value(v), 1, 1)(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    return Value(float(x))


def gradient(x):
    if isinstance(x, np.ndarray):
        return np.frompyfunc(lambda v: getattr(v, "grad", 0.0), 1, 1)(x).astype(float)
    return np.asarray(getattr(x, "grad", 0.0))


def agree(fn, *inputs, parameters=(), batch=False, units=64, program=None):
    """Lift, run, and compare value and all gradients with the eager engine, in units of rounding."""
    parameters = list(parameters)
    program = program or engine.lift(fn, batch=batch, parameters=parameters)
    value, g = program.value_and_grad(*inputs, wrt="all")
    want, want_parameters, want_inputs = eager(fn, inputs, parameters, batch)
    close(value, want, units)
    close(g.parameters, [*_in_order(program, parameters, want_parameters)], units)
    for got, wanted, x in zip(g.inputs, want_inputs, inputs):
        if np.asarray(x).dtype.kind != "i":
            close(got, wanted, units)
    only = program.value_and_grad(*inputs, parameters=program.pull())[1]
    close(only.parameters, g.parameters, units)
    close(program(*inputs), value, units)
    return program


def _in_order(program, parameters, grads):
    by = dict(zip(parameters, grads))
    return [by[v] for v in program.traces.parameters.values]


def close(got, want, units):
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    assert got.shape == want.shape
    if got.size:
        scale = max(1e-300, float(np.abs(want).max()))
        np.testing.assert_allclose(got, want, rtol=units * EPS, atol=units * EPS * scale)


def weights(name, *shape, seed=0):
    rng = np.random.default_rng(seed)
    make = np.vectorize(lambda v, i: Value(v, f"{name}[{i}]"), otypes=[object])
    places = np.array([", ".join(map(str, i)) for i in np.ndindex(*shape)], dtype=object).reshape(shape)
    return make(rng.normal(size=shape) / np.sqrt(shape[0]), places)


def flat(*arrays):
    return [v for a in arrays for v in np.asarray(a).reshape(-1)]


def ops(program):
    return [s.op for s in program.steps]


def products(source):
    """Matrix products in a program's text; sums written as products with ones do not count."""
    return sum((".dot(" in line and "ones_" not in line) or "np.matmul" in line for line in source.splitlines())


RNG = np.random.default_rng(0)
W1, b1, W2, b2 = weights("W1", 5, 4), weights("b1", 4, seed=1), weights("W2", 4, 3, seed=2), weights("b2", 3, seed=3)
ALL = flat(W1, b1, W2, b2)
X, T = RNG.normal(size=(6, 5)), RNG.integers(0, 3, 6)


def finish(z, t):
    return engine.logsumexp(z) - engine.select(z, t)


def with_dot(x, t):
    a = [engine.relu(engine.dot(W1[:, j], x, b1[j])) for j in range(4)]
    return finish([engine.dot(W2[:, k], a, b2[k]) for k in range(3)], t)


def with_sum(x, t):
    a = [engine.relu(sum((w * v for w, v in zip(W1[:, j], x)), b1[j])) for j in range(4)]
    return finish([sum(w * v for w, v in zip(W2[:, k], a)) + b2[k] for k in range(3)], t)


def with_arrays(x, t):
    a = engine.relu(np.asarray(x) @ W1 + b1)
    return finish(list(a @ W2 + b2), t)


def inputs_outside(x, t):
    z = [b1[j] for j in range(4)]
    for i in range(5):
        for j in range(4):
            z[j] = z[j] + x[i] * W1[i, j]
    a = [engine.relu(v) for v in z]
    return finish([engine.total([W2[j, k] * a[j] for j in range(4)]) + b2[k] for k in range(3)], t)


@pytest.mark.parametrize("fn", [with_dot, with_sum, with_arrays, inputs_outside])
def test_a_layer_is_one_matrix_product_however_it_is_written(fn):
    program = agree(fn, X, T, parameters=ALL, batch=True)
    assert ops(program).count("matmul") == 2
    source = program.source()
    assert products(source) == 5  # one a layer forward, two backward but for the input
    assert ops(program).count("gather") == 1  # the target's score


@pytest.mark.parametrize("fn", [with_dot, with_sum, with_arrays, inputs_outside])
@pytest.mark.parametrize("samples_outside", [True, False])
def test_a_graph_over_a_batch_finds_its_matrices(fn, samples_outside):
    """The loss of a whole batch as one graph, numbers baked in, in either loop order."""
    xs = [[Value.constant(v) for v in row] for row in X.tolist()]
    if samples_outside:
        losses = [fn(x, int(t)) for x, t in zip(xs, T)]
    else:
        layer = [[engine.relu(engine.dot(W1[:, j], x, b1[j])) for x in xs] for j in range(4)]
        scores = [[engine.dot(W2[:, k], [layer[j][n] for j in range(4)], b2[k]) for n in range(6)] for k in range(3)]
        losses = [finish([scores[k][n] for k in range(3)], int(t)) for n, t in enumerate(T)]
    loss = engine.total(losses) / 6.0
    program = engine.lift(loss, parameters=ALL)
    value, g = program.value_and_grad()
    for p in ALL:
        p.grad = 0.0
    loss.backward()
    close(value, loss.data, 16)
    close(g.parameters, [v.grad for v in program.traces.parameters.values], 64)
    assert ops(program).count("matmul") == 2
    assert products(program.source()) == 5


def test_a_new_token_needs_no_new_trace():
    program = agree(with_dot, X, T, parameters=ALL, batch=True)
    traced = program.latest
    program.value_and_grad(X, (T + 1) % 3)
    assert program.latest is traced
    agree(with_dot, X, (T + 1) % 3, parameters=ALL, batch=True, program=program)
    with pytest.raises(IndexError, match="'t' holds 3, which is outside a table of 3 entries"):
        program(X, T * 0 + 3)
    with pytest.raises(IndexError, match="'t' holds -1"):
        program(X, T * 0 - 1)


def test_batch_of_another_size_and_one_sample():
    program = agree(with_dot, X, T, parameters=ALL, batch=True)
    agree(with_dot, X[:1], T[:1], parameters=ALL, batch=True, program=program)
    agree(with_dot, X[:4], T[:4], parameters=ALL, batch=True, program=program)


def test_sum_and_none_reductions():
    by_sum = engine.lift(with_dot, batch=True, reduction="sum", parameters=ALL)
    by_none = engine.lift(with_dot, batch=True, reduction="none", parameters=ALL)
    by_mean = engine.lift(with_dot, batch=True, parameters=ALL)
    each = by_none(X, T)
    assert each.shape == (6,)
    close(by_sum(X, T), each.sum(), 16)
    close(by_mean(X, T), each.mean(), 16)
    close(by_sum.value_and_grad(X, T)[1].parameters, 6 * by_mean.value_and_grad(X, T)[1].parameters, 64)
    with pytest.raises(TypeError, match="value_and_grad needs one number"):
        by_none.value_and_grad(X, T)


def attention(x, causal):
    """Four tokens of six channels, two heads of three."""
    wq, wk, wv = weights("wq", 6, 6), weights("wk", 6, 6, seed=1), weights("wv", 6, 6, seed=2)
    ATTENTION[:] = ATTENTION if ATTENTION else flat(wq, wk, wv)
    p = np.array(ATTENTION, dtype=object).reshape(3, 6, 6)
    q, k, v = ([[engine.dot(w[:, j], list(row)) for j in range(6)] for row in x] for w in p)
    out = []
    for t in range(4):
        for h in range(2):
            d = range(3 * h, 3 * h + 3)
            past = range(t + 1 if causal else 4)
            scores = [engine.dot([q[t][i] for i in d], [k[s][i] for i in d]) * 0.577 for s in past]
            a = engine.softmax(scores)
            out += [engine.dot(a, [v[s][i] for s in past]) for i in d]
    return engine.total([engine.tanh(o) * (0.1 * i) for i, o in enumerate(out)])


ATTENTION: list[Value] = []


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("batch", [False, True])
def test_attention(causal, batch):
    x = RNG.normal(size=(3, 4, 6)) if batch else RNG.normal(size=(4, 6))

    def fn(x):
        return attention(x, causal)

    if not ATTENTION:
        fn([[Value(0.0)] * 6] * 4)
    program = agree(fn, x, parameters=ATTENTION, batch=batch, units=256)
    assert ops(program).count("matmul") >= (1 if causal else 2)
    assert len(program.steps) < 40
    if causal:
        assert ops(program).count("segment_sum") >= 1


def test_recurrent_cell_is_a_few_steps_a_time_step():
    W, U, b = weights("W", 3, 4), weights("U", 4, 4, seed=1), weights("b", 4, seed=2)

    def rnn(xs):
        h = [0.0] * 4
        for t in range(5):
            h = [engine.tanh(engine.dot(W[:, j], list(xs[t])) + engine.dot(U[:, j], h, b[j])) for j in range(4)]
        return engine.total(h)

    program = agree(rnn, RNG.normal(size=(7, 5, 3)), parameters=flat(W, U, b), batch=True, units=256)
    assert ops(program).count("tanh") == 5
    assert len(program.steps) <= 30


def test_sliding_windows_are_views():
    kernel, bias = weights("kernel", 3), Value(0.1, "bias")

    def conv(x):
        return engine.total([engine.tanh(engine.dot(list(kernel), list(x[i : i + 3]), bias)) for i in range(6)])

    program = agree(conv, RNG.normal(size=(5, 8)), parameters=[*kernel, bias], batch=True)
    assert "gather" not in ops(program)
    assert ops(program).count("matmul") == 1


def test_two_dimensional_convolution():
    kernel = weights("kernel", 2, 2)

    def conv(x):
        return engine.total(
            [
                engine.relu(sum(kernel[a, b] * x[i + a, j + b] for a in range(2) for b in range(2)))
                for i in range(3)
                for j in range(4)
            ]
        )

    agree(conv, RNG.normal(size=(3, 4, 5)), parameters=flat(kernel), batch=True)
    agree(conv, RNG.normal(size=(4, 5)), parameters=flat(kernel))


def test_shared_weights_and_skip_connections():
    W = weights("W", 4, 4)

    def fn(x):
        h = list(x)
        for _ in range(3):
            h = [v + engine.tanh(engine.dot(W[:, j], h)) for j, v in enumerate(h)]
        return engine.total([v * v for v in h])

    program = agree(fn, RNG.normal(size=(5, 4)), parameters=flat(W), batch=True, units=256)
    assert ops(program).count("matmul") >= 3


def test_regularisation_depends_on_no_sample():
    def fn(x, t):
        return with_dot(x, t) + 0.01 * engine.total([w * w for w in flat(W1, W2)])

    agree(fn, X, T, parameters=ALL, batch=True)


@pytest.mark.parametrize(
    "name",
    ["sigmoid", "softplus", "silu", "gelu", "leaky_relu", "abs", "sign", "sqrt", "erf", "arctan", "square", "log1p"],
)
def test_elementwise_functions(name):
    f = getattr(engine, name)
    agree(lambda x: engine.total([f(v * 1.5 + 2.0) * f(v + 3.0) for v in x]), np.array([0.3, 1.2, 2.0]), units=256)


def test_powers_clips_choices():
    agree(lambda x: x[0] ** 3 + x[1] ** -1.5 + x[2] ** 2 + x[0] ** x[1] + 2 ** x[2], np.array([1.3, 0.7, 2.0]))
    agree(lambda x: engine.total([engine.clip(v, -1.0, 1.0) * v for v in x]), np.array([-3.0, 0.5, 1.0, 4.0]))
    agree(lambda x: engine.maximum(x[0], x[1]) * engine.minimum(x[1], x[2]), np.array([1.0, 1.0, 2.0]))
    agree(lambda x: engine.where(x[0] > x[1], x[0] * 2, x[1] * x[2]), np.array([1.0, 3.0, 2.0]))
    agree(lambda x: engine.hypot(x[0], x[1]) + engine.arctan2(x[1], x[2]) + engine.logaddexp(x[0], x[2]), np.ones(3))


def test_where_follows_its_condition_in_every_call():
    program = engine.lift(lambda x: engine.where(x > 0, x * x, -x), batch=True)
    x = np.array([1.0, -2.0, 3.0, 0.0])
    value, g = program.value_and_grad(x, wrt="inputs")
    assert value == (1 + 2 + 9 + 0) / 4
    np.testing.assert_array_equal(g.inputs[0], np.array([2.0, -1.0, 6.0, -1.0]) / 4)


def test_combined_conditions():
    def f(x):
        return engine.where((x > 0) & (x < 2) | (x > 5), x, 0.0 * x)

    assert engine.lift(f, batch=True, reduction="none")(np.array([-1.0, 1.0, 3.0, 6.0])).tolist() == [
        0.0,
        1.0,
        0.0,
        6.0,
    ]


CONDITIONS_IN_ARITHMETIC = {
    "taken from a number": lambda x: engine.tanh(x[0]) - x[1] * (x[0] > x[1]),
    "negated": lambda x: -(x[0] * (x[1] >= 0.5)) - (x[0] == x[1]),
    "one less": lambda x: x[0] * (1.0 - (x[0] < x[1])) - x[1] * (1.0 - (x[1] < 0.5)),
    "two that add up": lambda x: x[0] * (x[0] > 0.0) + x[0] * (x[1] > 0.0) - (x[0] > 0.0) * (x[1] > 0.0) * x[1],
    "a product of conditions times a number": lambda x: x[0] * ((x[0] > 0.0) & (x[1] > 0.0)) - x[1],
    "in sums of many": lambda x: sum(-(q * (p != q)) for p in x for q in x) - sum((p == q) * p for p in x for q in x),
    "of a whole list": lambda x: (
        engine.dot(list(x), [1.0 * (q > 0.0) for q in x]) ** 2 - engine.total([1.0 * (q < 1.0) for q in x])
    ),
}


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("kind", CONDITIONS_IN_ARITHMETIC)
def test_conditions_in_arithmetic_are_numbers(kind, batch):
    X = np.array([[0.5, -1.5], [-1.0, 2.0], [1.0, 1.0], [0.0, 0.5]])
    for x in [X] if batch else X:
        agree(CONDITIONS_IN_ARITHMETIC[kind], x, batch=batch)


def test_the_same_operand_twice():
    agree(lambda x: x * x + x / x - (x - x), 3.0)
    agree(lambda x: engine.dot([x, x], [x, x]), 3.0)
    agree(lambda x: engine.total([x, x, x]) * engine.logsumexp([x, x]), 0.5)


def test_constants_parameters_and_inputs_as_results():
    assert engine.lift(lambda x: 3.0).value_and_grad(1.0, wrt="inputs")[1].inputs == (0.0,)
    assert engine.lift(lambda x: x).value_and_grad(2.0, wrt="inputs")[1].inputs == (1.0,)
    w = Value(4.0, "w")
    value, g = engine.lift(lambda x: w).value_and_grad(1.0, wrt="all")
    assert (value, g.parameters.tolist(), g.inputs) == (4.0, [1.0], (0.0,))


def test_structures_of_inputs():
    program = engine.lift(lambda p, x: p["a"][0] * x[0][1] + p["b"] * x[1][0])
    value, g = program.value_and_grad({"a": [2.0], "b": 3.0}, [[1.0, 5.0], [7.0]], wrt="inputs")
    assert value == 31.0
    assert g.inputs == ({"a": [5.0], "b": 7.0}, [[0.0, 2.0], [3.0]])


def test_ragged_tables_and_embeddings():
    table = weights("table", 5, 3)

    def fn(tokens):
        rows = [engine.select(table, t) for t in tokens]
        h = [engine.total([row[j] for row in rows]) for j in range(3)]
        return engine.total([engine.tanh(v) * v for v in h])

    agree(fn, np.array([1, 4, 1, 0]), parameters=flat(table))
    agree(fn, np.array([[1, 4, 1], [2, 2, 2]]), parameters=flat(table), batch=True)


def test_an_input_gathered_beside_parameters_has_a_gradient_of_its_own():
    table = weights("table", 5, 3)

    def fn(x):
        sums = [engine.logsumexp([x[j] * table[i % 3][j % 3] for j in range(i + 1)]) for i in range(4)]
        return engine.total([s * s for s in sums])

    agree(fn, RNG.normal(size=4), parameters=flat(table))
    agree(fn, RNG.normal(size=(3, 4)), parameters=flat(table), batch=True)


def test_two_choices_of_one_shape_keep_their_places_apart():
    def fn(x, n):
        every = [engine.tanh(v) for v in x]
        return engine.select(every[::2], n) * engine.select(x[:3], n) + engine.total(every)

    agree(fn, RNG.normal(size=(5, 6)), np.array([0, 1, 2, 1, 0]), batch=True)


def test_the_same_choice_twice():
    def fn(x, n):
        a = [engine.tanh(v) for v in x]
        return engine.select(a, n) + engine.total([engine.select(a, n), engine.select(a, n) * x[0]])

    agree(fn, RNG.normal(size=4), 2)
    agree(fn, RNG.normal(size=(3, 4)), np.array([2, 0, 3]), batch=True)


def test_a_sum_added_to_a_cotangent_of_one_number():
    def fn(x):
        e = engine.exp(x[0] * x[1])
        return engine.total([engine.tanh(e * x[i]) for i in range(3)]) - e * x[2]

    for order in (slice(None), slice(None, None, -1)):
        agree(lambda x, order=order: fn(list(x)[order]), RNG.normal(size=3))
    line = (("exp", 30, 19), ("arcsinh", 4, 0), ("subtract", 3, 23), ("add", 11, 12), ("subtract", 14, 20))
    line = (("subtract", 23, 12), *line, ("arctan", 4, 1), ("multiply", 24, 16), ("exp", 30, 19), ("arctan", 4, 1))
    program = Program((-0.0, -0.625554, -0.625554), (*line, ("multiply", 8, 9)))
    agree(lambda xs: program.on_values(list(xs)) + 0.0 * xs[0], np.array(program.inputs), units=4096)


def test_integers_read_out_of_order_or_from_two_inputs_still_choose():
    table = weights("table", 5, 3)

    def fn(x, tokens, others):
        rows = [engine.select(table, tokens[i % 3]) for i in (2, 0, 1, 0)] + [engine.select(table, n) for n in others]
        return engine.total([engine.tanh(row[0] * x[i % 2]) for i, row in enumerate(rows)])

    x, tokens, others = RNG.normal(size=(2, 2)), np.array([[1, 4, 1], [0, 3, 2]]), np.array([[2, 2], [4, 0]])
    agree(fn, x, tokens, others, parameters=flat(table), batch=True)
    agree(fn, x[0], tokens[0], others[0], parameters=flat(table))


def test_single_precision_on_request():
    program = engine.lift(with_dot, batch=True, parameters=ALL, dtype=np.float32)
    want = engine.lift(with_dot, batch=True, parameters=ALL).value_and_grad(X, T)
    value, g = program.value_and_grad(X, T)
    assert g.parameters.dtype == np.float64
    assert 1e-12 < abs(g.parameters - want[1].parameters).max() < 1e-5
    assert value == pytest.approx(want[0], rel=1e-5)


def test_results_of_two_calls_share_no_memory_unless_asked():
    program = engine.lift(with_dot, batch=True, parameters=ALL)
    a = program.value_and_grad(X, T)[1]
    b = program.value_and_grad(X, T)[1]
    assert not np.shares_memory(a.parameters, b.parameters)
    out = np.empty(len(ALL))
    c = program.value_and_grad(X, T, out=out)[1]
    assert c.parameters is out
    np.testing.assert_array_equal(out, a.parameters)


def test_pull_and_push():
    program = engine.lift(with_dot, batch=True)
    program(X, T)
    theta = program.pull()
    before = program(X, T)
    program.push(theta * 0.5)
    assert program(X, T) != before
    assert program(X, T, parameters=theta) == before
    program.push(theta)
    assert program(X, T) == before
    assert dict(program.parameters.items()) == {"W1": (5, 4), "b1": (4,), "W2": (4, 3), "b2": (3,)}


def test_labels_name_the_arrays():
    w = [Value(0.5, Label(f"layers.0.neurons.0.w.{i}", array="layers.0.W", place=(i, 0))) for i in range(3)]
    program = engine.lift(lambda x: engine.dot(w, x), batch=True)
    _, g = program.value_and_grad(np.ones((2, 3)))
    assert list(g.named()) == ["layers.0.W"]
    assert g.named()["layers.0.W"].shape == (3, 1)
    assert "W1" in program.source()


@settings(max_examples=60)
@given(programs(14), st.booleans())
def test_random_programs(program, batch):
    """Random scalar programs: the unstructured graphs that only gathers can hold."""
    x = np.array([program.inputs, [v + 0.25 for v in program.inputs]]) if batch else np.array(program.inputs)
    agree(lambda xs: program.on_values(list(xs)) + 0.0 * xs[0], x, batch=batch, units=4096)


@settings(max_examples=25)
@given(programs(8), st.integers(2, 5))
def test_random_programs_in_loops_over_shared_inputs(program, n):
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 3))

    def fn(xs):
        terms = [program.on_values(list(row)) for row in xs]
        return engine.total([terms[i] * terms[(i + 1) % n] for i in range(n)]) + 0.0 * xs[0][0]

    agree(fn, x, units=4096)


@settings(max_examples=25)
@given(programs(8), programs(8), st.lists(st.floats(-1, 1).map(lambda v: round(v, 3)), min_size=3, max_size=3))
def test_random_programs_with_branches(one, other, moved):
    """A Python branch between two random programs: the second inputs may take the other way."""

    def fn(xs):
        a = one.on_values(list(xs)) + 0.0 * xs[0]
        return a * 2.0 if a > xs[1] else other.on_values(list(xs)) - xs[2] * engine.where(a > 0, a, xs[0])

    program = agree(fn, np.array(one.inputs), units=8192)
    agree(fn, np.array(moved), units=8192, program=program)


@pytest.mark.parametrize("inner", [2, 3, 4, 7, 8, 16])
@pytest.mark.parametrize("samples", [1, 2, 3, 8, 33])
def test_a_negation_from_one_strided_place_into_another(inner, samples):
    """NumPy's own reads the wrong elements where the step is eight numbers."""
    program = engine.lift(lambda x: -(x[0] * x[1]) + 2.0 * x[0], batch=True, reduction="sum")
    X = np.random.default_rng(samples).normal(size=(samples, inner))
    want = np.zeros_like(X)
    want[:, 0], want[:, 1] = 2.0 - X[:, 1], -X[:, 0]
    np.testing.assert_array_equal(program.value_and_grad(X, wrt="inputs")[1].inputs[0], want)
