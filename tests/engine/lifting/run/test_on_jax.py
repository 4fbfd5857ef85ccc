"""Lifted programs on JAX: the same value and gradients as NumPy's, under jit, vmap and sharding, on eight devices."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from long_run import shortened, slow
from strategies import programs

import engine
import nn
from engine import LiftError, MissingExtraError, NotScalarError, ShapeError, Value
from nn.gpt import GPT
from nn.training.devices import double_precision
from tests.engine.lifting import test_agree as programs_of
from tests.engine.lifting.test_golden import GOLDEN, two_layers

jax = pytest.importorskip("jax", reason="needs JAX: pip install 'liftgrad[jax]'")
jnp = jax.numpy
EPS = np.finfo(float).eps


@pytest.fixture(autouse=True)
def _in_double_precision():
    with double_precision():
        yield


def close(got, want, units=64):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    scale = max(1e-300, float(np.abs(want).max(initial=0.0)))
    np.testing.assert_allclose(got, want, rtol=units * EPS, atol=units * EPS * scale)


def agree(program, *inputs, units=64):
    """Compare with NumPy's value and all gradients: the emitted adjoint, and the forward pass differentiated by JAX."""
    value, g = program.value_and_grad(*inputs, wrt="all")
    functions = [program.to_jax(gradients=gradients, wrt="all") for gradients in ("lifted", "jax")]
    both = jax.jit(lambda *arguments: [function(*arguments) for function in functions])
    for got, (of_parameters, of_inputs) in both(program.pull(), *inputs):
        close(got, value, units)
        close(of_parameters, g.parameters, units)
        for x, mine, want in zip(inputs, of_inputs, g.inputs):
            if np.asarray(x).dtype.kind != "i":
                close(mine, want, units)
    return program


X, T, ALL = programs_of.X, programs_of.T, programs_of.ALL


@pytest.mark.parametrize("fn", [programs_of.with_dot, programs_of.inputs_outside])
def test_a_layer_agrees_however_it_is_written(fn):
    agree(engine.lift(fn, batch=True, parameters=ALL), X, T)


@pytest.mark.parametrize("causal", shortened([True, False], 1))
def test_attention_agrees_and_its_three_products_are_one(causal):
    def fn(x):
        return programs_of.attention(x, causal)

    fn([[Value(0.0)] * 6] * 4)
    program = engine.lift(fn, batch=True, parameters=programs_of.ATTENTION)
    agree(program, np.random.default_rng(0).normal(size=(3, 4, 6)), units=256)
    assert "wq_wk_wv = jnp.concatenate([wq, wk, wv])" in program.to_jax().source()


def test_windows_tables_ragged_runs_and_choices_agree():
    kernel, table = programs_of.weights("kernel", 3), programs_of.weights("table", 5, 3)

    def windows(x):
        y = [engine.dot(kernel, x[i : i + 3]) for i in range(6)]
        return engine.total([engine.tanh(v) for v in y]) * engine.maximum(y[0], y[3])

    def ragged(x, tokens):
        rows = [engine.select(table, t) for t in tokens]
        sums = [engine.logsumexp([x[j] * rows[i % 3][j % 3] for j in range(i + 1)]) for i in range(4)]
        return engine.total([engine.where(s > 0.5, s * s, engine.erf(s)) for s in sums])

    agree(engine.lift(windows, batch=True), np.random.default_rng(0).normal(size=(4, 8)))
    agree(engine.lift(ragged, batch=True), np.random.default_rng(1).normal(size=(4, 4)), np.array([[1, 4, 1]] * 4))


W = programs_of.weights("W", 7, 7)


def diagonals(x):
    return engine.total([engine.tanh(x[i][i] * W[i][6 - i]) * x[6 - i][i] for i in range(7)])


def one_long_run_and_many_short(x):
    runs = [range(90), *[range(i, i + 2) for i in range(60)]]
    return engine.total([engine.logsumexp([x[i] * x[i] for i in run]) for run in runs])


def counted_comparisons(x):
    return engine.total([(x[i] < x[i + 1]) * x[i] + (x[i] <= 0.5) * 2.0 + x[0] for i in range(5)])


def scattered_pieces(x):
    z = [engine.sin(x[i]) for i in range(6)] + [engine.cos(x[i]) for i in range(6)]
    order = [0, 7, 3, 11, 5, 5, 2, 9]
    return engine.total([z[i] * z[j] for i, j in zip(order, order[::-1])]) * engine.total([z[i] for i in order[:3]])


def middle_of_a_cube(x):
    return engine.total([engine.exp(x[i][1][j]) * x[j % 2][i % 3][i] for i in range(2) for j in range(2)])


def own_choice(x, n):
    every_other = [engine.tanh(x[i]) for i in range(6)]
    return engine.select(every_other[::2], n) * engine.select(x[:3], n) + engine.total(every_other)


def own_choices(x, n):
    return engine.total([engine.select([x[i][j] for i in range(3)], n[j]) * x[0][j] for j in range(4)])


def shared_rows_moved(x, n):
    return engine.total([engine.select([W[i][j] for i in range(7)], n[j]) * x[j] for j in range(3)])


CASES = [
    (diagonals, (7, 7), None),
    (one_long_run_and_many_short, (90,), None),
    (counted_comparisons, (6,), None),
    (scattered_pieces, (6,), None),
    (middle_of_a_cube, (2, 3, 2), None),
    (own_choice, (6,), ()),
    (own_choices, (3, 4), (4,)),
    (shared_rows_moved, (3,), (3,)),
]


@pytest.mark.parametrize(("fn", "shape", "chosen"), CASES)
@pytest.mark.parametrize("samples", [3, slow(None)])
def test_what_is_irregular_agrees(fn, shape, chosen, samples):
    rng = np.random.default_rng(0)
    lead = (samples,) if samples else ()
    inputs = [rng.normal(size=lead + shape)]
    if chosen is not None:
        inputs.append(rng.integers(0, 3, lead + chosen)[()])
    agree(engine.lift(fn, batch=bool(samples)), *inputs, units=512)


def test_structured_inputs_and_graphs_agree():
    w = Value(0.5, "w")
    program = engine.lift(lambda p, scale: w * p["a"][0] * p["b"] + engine.total(p["a"]) * scale)
    inputs = ({"a": [1.0, 2.0], "b": 3.0}, 2.0)
    value, g = program.value_and_grad(*inputs, wrt="all")
    got, (of_w, (of_p, of_scale)) = jax.jit(program.to_jax(wrt="all"))({"w": 0.5}, *inputs)
    assert (float(got), float(of_w["w"])) == (value, g.parameters[0])
    assert [*map(float, of_p["a"]), float(of_p["b"]), float(of_scale)] == [*g.inputs[0]["a"], g.inputs[0]["b"], 3.0]
    graph = engine.lift(w * w + engine.sin(w))
    value, g = graph.value_and_grad()
    got, of_w = jax.jit(graph.to_jax())(graph.pull())
    close(got, value)
    close(of_w, g.parameters)


@given(programs(8))
@settings(max_examples=8)
def test_random_programs_agree(program):
    def fn(*xs):
        return program.on_values(list(xs))

    agree(engine.lift(fn), *program.inputs, units=4096)


@pytest.mark.slow
def test_the_gpt_agrees():
    model = GPT(9, channels=8, heads=2, context=4)
    program = engine.lift(model.loss, parameters=model.parameters())
    agree(program, [8, 1, 0, 5, 8], units=1024)


# --- JAX's transformations ---------------------------------------------------------------------------------------


def test_jax_maps_and_differentiates_the_function():
    program = engine.lift(programs_of.with_dot, batch=True, parameters=ALL)
    want = program.value_and_grad(X, T)[1].parameters
    function, theta = jax.jit(program.to_jax()), program.pull()
    many = np.stack([theta, 2.0 * theta, -theta])
    values, gradients = jax.vmap(function, (0, None, None))(many, X, T)
    close(gradients[0], want)
    assert values.shape == (3,)
    close(values[2], program(X, T, parameters=-theta))
    close(jax.grad(lambda p: function(p, X, T)[0])(theta), want)
    close(jax.vmap(lambda x, t: function(theta, x[None], t[None])[1])(X, T).mean(axis=0), want)


@pytest.mark.skipif(len(jax.devices()) < 8, reason="needs XLA_FLAGS=--xla_force_host_platform_device_count=8")
def test_a_batch_spread_over_eight_devices_moves_gradients_only():
    P = jax.sharding.PartitionSpec
    program = engine.lift(programs_of.with_dot, batch=True, parameters=ALL)
    x, t = np.random.default_rng(0).normal(size=(16, 5)), np.arange(16) % 3
    value, g = program.value_and_grad(x, t)
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:8]), ("data",))
    spread, everywhere = (jax.sharding.NamedSharding(mesh, P(*axes)) for axes in (("data",), ()))
    step = jax.jit(program.to_jax(), in_shardings=(everywhere, spread, spread), out_shardings=everywhere)
    got, gradient = step(program.pull(), x, t)
    close(got, value)
    close(gradient, g.parameters)
    text = step.lower(program.pull(), x, t).compile().as_text()
    assert "all-reduce" in text
    assert "all-gather" not in text
    assert "all-to-all" not in text


# --- parameters, weights, shapes ---------------------------------------------------------------------------------


def test_parameters_are_a_vector_or_named_and_gradients_come_back_the_same_way():
    program = engine.lift(programs_of.with_dot, batch=True, parameters=ALL)
    g = program.value_and_grad(X, T)[1]
    named = {p.name: p.of(program.pull()) for p in program.traces.parameters.arrays}
    got = jax.jit(program.to_jax())(named, X, T)[1]
    assert got.keys() == named.keys()
    for name, want in g.named().items():
        close(got[name], want)
    with pytest.raises(ShapeError, match=r"with_dot has the parameters \['W1', 'W2', 'b1', 'b2'\]; got \['W1'\]."):
        program.to_jax()({"W1": named["W1"]}, X, T)
    with pytest.raises(ShapeError, match=r"'W1' must have shape \(5, 4\); got \(4, 5\)."):
        program.to_jax()(named | {"W1": named["W1"].T}, X, T)
    with pytest.raises(ShapeError, match=r"vector of 39 numbers, as pull\(\) returns; got \(38,\)."):
        program.to_jax()(program.pull()[1:], X, T)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_weight_of_zero_leaves_a_sample_out(reduction):
    program = engine.lift(programs_of.with_dot, batch=True, parameters=ALL, reduction=reduction)
    value, g = program.value_and_grad(X[:4], T[:4])
    got, gradient = jax.jit(program.to_jax())(program.pull(), X, T, weights=np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0]))
    close(got, value)
    close(gradient, g.parameters)


def test_single_precision_parameters_give_single_precision_results():
    program = engine.lift(programs_of.with_dot, batch=True, parameters=ALL)
    want = program.value_and_grad(X, T)[1].parameters
    value, gradient = jax.jit(program.to_jax())(program.pull().astype(np.float32), X.astype(np.float32), T)
    assert (value.dtype, gradient.dtype) == (np.float32, np.float32)
    assert 1e-10 < abs(gradient - want).max() < 1e-5


def test_an_integer_outside_its_table_gives_nan_for_its_sample():
    program = engine.lift(programs_of.with_dot, batch=True, parameters=ALL)
    program(X, T)
    function = jax.jit(program.to_jax())
    for wrong in (3, -1):
        t = T.copy()
        t[2] = wrong
        value, gradient = function(program.pull(), X, t)
        assert np.isnan(value)
        assert np.isnan(gradient).any()


def test_inputs_that_do_not_fit_are_refused():
    program = engine.lift(programs_of.with_dot, batch=True, parameters=ALL)
    program(X, T)
    function, theta = program.to_jax(), program.pull()
    with pytest.raises(ShapeError, match=r"'x' has shape \(6, 4\); this function was made for \('N', 5\). Call"):
        function(theta, X[:, 1:], T)
    with pytest.raises(ShapeError, match="'x' has 6 samples and 't' has 5"):
        function(theta, X, T[1:])
    with pytest.raises(ShapeError, match="takes 2 inputs; got 1"):
        function(theta, X)
    with pytest.raises(TypeError, match="'t' is an array of float64; integers are needed"):
        function(theta, X, T * 1.0)
    with pytest.raises(ShapeError, match=r"one number for each of 6 samples; got shape \(5,\)"):
        function(theta, X, T, weights=np.ones(5))
    nested = engine.lift(lambda p, how: p["a"] * (2.0 if how == "twice" else 1.0))
    nested({"a": 1.0}, "twice")
    function = nested.to_jax(wrt="inputs")
    assert float(function({}, {"a": 3.0}, "twice")[0]) == 6.0
    assert function({}, {"a": 3.0}, "twice")[1] == ({"a": 2.0}, None)
    with pytest.raises(ShapeError, match="'how' was 'twice' when the function was made; got 'once'"):
        function({}, {"a": 3.0}, "once")
    with pytest.raises(ShapeError, match="'p' must be a dict of 1, as when the function was made"):
        function({}, [3.0], "twice")
    single = engine.lift(lambda x: x * x)
    single(1.0)
    with pytest.raises(ShapeError, match="is not of a batch"):
        single.to_jax(wrt="inputs")({}, 1.0, weights=np.ones(1))


def test_what_no_pure_function_can_do_is_refused():
    program = engine.lift(lambda x: x * x if x > 0 else -x)
    with pytest.raises(LiftError, match=r"call it once before to_jax\(\)"):
        program.to_jax()
    program(1.0)
    with pytest.raises(LiftError, match=r"test_on_jax.py:\d+ .* branches on a value.*engine.where"):
        program.to_jax()
    none = engine.lift(lambda x: x * x, batch=True, reduction="none")
    with pytest.raises(NotScalarError, match="to_jax needs one number"):
        none.to_jax()
    with pytest.raises(ValueError, match="gradients='torch' is not known"):
        program.to_jax(gradients="torch")
    with pytest.raises(ValueError, match="wrt='x' is not known"):
        program.to_jax(wrt="x")


def test_without_jax_the_extra_is_named(monkeypatch):
    program = engine.lift(lambda x: x * x)
    program(2.0)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'liftgrad\[jax\]'"):
        program.to_jax()


def test_nothing_imports_jax_before_it_is_asked_for():
    code = "import sys, engine, viz, nn, nn.__main__; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_stopped_gradient_stops_jax_too():
    program = agree(engine.lift(lambda x: x * engine.stop_gradient(x * x)), 3.0)
    assert float(program.to_jax(gradients="jax", wrt="inputs")({}, 3.0)[1][0]) == 9.0


@pytest.mark.parametrize("exponent", [-0.0, 0, 1, 2, 3, 7])
def test_powers_of_zero_have_jaxs_derivative_too(exponent):
    agree(engine.lift(lambda x: engine.tanh(x) ** exponent + 3.0 * x, batch=True), np.array([0.0, -0.0, 0.5, -2.0]))


def test_the_text_is_what_one_would_have_written():
    assert two_layers()[1].to_jax().source() == (GOLDEN / "two_layers_jax.py").read_text()


def test_a_network_of_nn_agrees_with_the_equations_by_hand():
    model, program, x, t = two_layers()
    value, gradients = jax.jit(program.to_jax())(model.arrays(), x, t)
    want, wanted = nn.matrix.value_and_gradients(model.arrays(), x, t, activation="tanh")
    close(value, want)
    for name, g in wanted.items():
        close(gradients[name], g)
