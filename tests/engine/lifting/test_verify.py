"""Programs are proven before they answer: what a proof knows, what it finds, what is then said and returned."""

from __future__ import annotations

import copy
import importlib
import warnings
from dataclasses import replace

import numpy as np
import pytest

import engine
from engine import LiftError, Value
from engine.lifting.verify.elements import Elements, same
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_numpy import Count, FieldNumpy
from engine.lifting.verify.primes import CHAINS, Chain
from engine.lifting.verify.reference import outcome, plan

verdict = importlib.import_module("engine.lifting.verify.verdict")
verify = importlib.import_module("engine.lifting.verify.verify")  # `engine.lift` is the function

# --- the field -------------------------------------------------------------------------------------------------


def numbers(seed=1, levels=3, points=3, shape=(5,), count=3):
    field = Field(seed, levels, points)
    return [Elements(field.random(shape), field) for _ in range(count)]


def half(x):
    return 1.0 / (1.0 + np.exp(-x))


IDENTITIES = {
    "distributive": lambda x, y, z: (x * (y + z), x * y + x * z),
    "quotients": lambda x, y, z: (x / y / z, x / (y * z)),
    "powers": lambda x, y, z: (np.power(x, 3.0) * np.power(x, -1.0), x * x),
    "exp of a sum": lambda x, y, z: (np.exp(x + y), np.exp(x) * np.exp(y)),
    "exp of an exp": lambda x, y, z: (np.exp(np.exp(x + y)), np.exp(np.exp(x) * np.exp(y))),
    "softmax and its shift": lambda x, y, z: (np.exp(x - z) / (np.exp(x - z) + np.exp(y - z)), half(x - y)),
    "tanh": lambda x, y, z: (np.tanh(x), 2.0 * half(2.0 * x) - 1.0),
    "sinh and cosh": lambda x, y, z: (np.sinh(x) / np.cosh(x), np.tanh(x)),
    "expm1": lambda x, y, z: (np.expm1(x), np.exp(x) - 1.0),
    "sine of a sum": lambda x, y, z: (np.sin(x + y), np.sin(x) * np.cos(y) + np.cos(x) * np.sin(y)),
    "circle": lambda x, y, z: (np.sin(x) * np.sin(x) + np.cos(x) * np.cos(x), 1.0 + 0.0 * x),
    "softplus": lambda x, y, z: (np.logaddexp(x, 0.0), x + np.logaddexp(-x, 0.0)),
    "relu": lambda x, y, z: (np.maximum(x, 0.0), (x + np.abs(x)) * 0.5),
    "largest and smallest": lambda x, y, z: (np.maximum(x, y), -np.minimum(-x, -y)),
    "largest of three": lambda x, y, z: (np.maximum(np.maximum(x, y), z), np.maximum(x, np.maximum(z, y))),
    "order is odd": lambda x, y, z: (np.less(x, y), np.less(-y, -x)),
    "square root": lambda x, y, z: (np.power(x, 0.5), np.sqrt(x)),
}
UNKNOWN = {
    "log of exp": lambda x, y, z: (np.log(np.exp(x)), x),
    "log of a product": lambda x, y, z: (np.log(x * y), np.log(x) + np.log(y)),
    "square of a root": lambda x, y, z: (np.sqrt(x) * np.sqrt(x), x),
    "a sum moved into a maximum": lambda x, y, z: (np.maximum(x, y) + z, np.maximum(x + z, y + z)),
    "what is simply wrong": lambda x, y, z: (x * y, x * z),
    "a slope at the wrong side": lambda x, y, z: (np.less(x, y), np.less(y, x)),
}


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("seed", range(4))
def test_what_the_field_knows(name, seed):
    assert same(*IDENTITIES[name](*numbers(seed)))


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_the_field_does_not_know(name):
    assert not same(*UNKNOWN[name](*numbers()))


@pytest.mark.parametrize("primes", CHAINS)
def test_a_chain_is_of_primes_each_a_divisor_of_the_one_above_minus_one(primes):
    for p in primes:
        assert all(p % k for k in range(2, int(p**0.5) + 1) if k < 4 or k % 2)
        assert p % 4 == 1
        assert p < 2**31
    assert all((p - 1) % q == 0 for p, q in zip(primes, primes[1:]))
    chain = Chain.of(CHAINS.index(primes), 3)
    for p, q, g in zip(primes, primes[1:], chain.generators):
        assert pow(g, q, p) == 1 != g


def test_floats_are_the_rationals_that_they_are():
    field = Field(2, 2, 1)
    p = field.primes[0]
    assert field.number(0.75)[0, 0] == 3 * pow(4, -1, p) % p
    assert field.number(-2.0)[0, 0] == p - 2
    many = np.array([0.1, -3.5, 1e-300, 7e200, 0.0, 2.0**-1074, np.inf, np.nan, 12.0, -0.0])
    assert np.array_equal(field.floats(many)[:, :, 0].T, [field.number(x)[:, 0] for x in many.tolist()])


ARRAYS = {
    "slices": lambda x, np: x[1:, ::2],
    "one element": lambda x, np: x[2, ...],
    "new axes": lambda x, np: x[:, None, 1:] + x[0][:, None][None, :1],
    "turned": lambda x, np: x.T.reshape(2, 6)[:, 1:3],
    "transposed": lambda x, np: x.reshape(1, 3, 4).transpose(2, 0, 1),
    "sums": lambda x, np: np.add.reduce(x, 0) * np.add.reduce(x, (0, 1)),
    "runs": lambda x, np: np.add.reduceat(x, [0, 2], 1),
    "product": lambda x, np: x.dot(x.T) + x @ x.T,
    "with a vector": lambda x, np: x.dot(x[0]) + np.matmul(x, x[1]),
    "products of several": lambda x, np: np.matmul(x.reshape(3, 2, 2), x.reshape(3, 2, 2)),
    "taken": lambda x, np: x.take([[0, 5], [11, 5]]) + x.take([1, 1], 1)[0],
    "spread": lambda x, np: np.broadcast_to(x[0], (2, 4)) * 3,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_a_field_are_arrays(name):
    """Whole numbers computed by NumPy, and as elements of a field, in the same shapes."""
    whole = np.random.default_rng(0).integers(-50, 50, (3, 4))
    field = Field(0, 2, 2)
    want = ARRAYS[name](whole, np)
    got = ARRAYS[name](Elements(field.integers(whole), field), FieldNumpy(field))
    assert got.shape == want.shape
    assert same(got, Elements(field.integers(want), field))


def test_a_view_reaches_nowhere_outside_and_memory_is_garbage():
    numpy = FieldNumpy(Field(0, 1, 1))
    x = numpy.empty((6,))
    strided = numpy.lib.stride_tricks.as_strided
    assert same(strided(x[1:], (2, 2), [16, 8]), x[1:5].reshape(2, 2))
    assert same(strided(x[3:], (3,), [-8]), x[1:4][::-1])
    for view, shape, strides in [(x[1:], (3, 2), [16, 8]), (x[2:], (4,), [-8]), (x, (2, 4), [8, 8 * 2])]:
        with pytest.raises(IndexError, match="reaches outside"):
            strided(view, shape, strides)
    assert not same(numpy.empty((6,)), numpy.empty((6,)))
    with pytest.raises(ValueError, match="C-ordered"):
        numpy.empty((2, 2)).dot(numpy.empty((2, 2)), numpy.empty((2, 2)).T)
    with pytest.raises(ValueError, match="its place is"):
        np.add.reduce(numpy.empty((2, 2)), 0, out=numpy.empty((1, 2)))


def test_the_number_of_samples_is_a_size_and_an_exact_number():
    field = Field(0, 1, 1)
    n = Count(3, field)
    assert n * 4 == 4 * n == 12
    assert list(range(n)) == [0, 1, 2]
    assert same(1.0 / n * 3.0, 1.0 + 0.0 * (1.0 / n))
    assert same(np.float64(6.0) / n, 2.0 + 0.0 * (1.0 / n))


# --- the trace, walked -------------------------------------------------------------------------------------------


def everything(x, n):
    w, table = [Value(0.3 + 0.2 * k, f"w[{k}]") for k in range(3)], [x[0], x[1] * 2.0, engine.exp(x[2])]
    a = engine.dot(w, x) + engine.dot(w, x, 0.5) + engine.logsumexp(x) + engine.total([x[0], x[0], w[1]])
    b = engine.where(x[0] > x[1], x[0] * a, engine.tanh(x[1])) + engine.select(table, n) * n
    return a * b / (1.0 + x[2] ** 2) + engine.maximum(x[0], x[0]) + engine.softmax(x)[1]


def test_a_trace_walked_in_floats_is_the_scalar_engine():
    program = engine.lift(everything)
    x, n = np.array([0.5, -1.5, 0.25]), 2
    program(x, n)
    trace = program.latest.trace
    cells = program.registry.read_cells()
    found = outcome(program, trace, plan(trace), np, cells, [x, np.array(float(n))], 1)
    leaves = [Value(v) for v in x]
    root = everything(leaves, n)
    root.backward()
    assert found.value == pytest.approx(root.data, rel=1e-14)
    np.testing.assert_allclose(found.inputs[0], [v.grad for v in leaves], rtol=1e-13)


# --- what is found -----------------------------------------------------------------------------------------------


def changed(program, old, new, times=1):
    """Have a program's compiler emit another text."""
    compile_right = program.compile

    def compile_wrong(variant, wrt):
        made = compile_right(variant, wrt)
        assert old in made.emitted.text, made.emitted.text
        return replace(made, emitted=replace(made.emitted, text=made.emitted.text.replace(old, new, times)))

    program.compile = compile_wrong
    return program


X = np.array([[0.5, -1.0], [2.0, 0.25], [0.5, 3.0], [1.0, 1.0]])


def neuron(options=None, **more):
    w, b = [Value(0.5, "w[0]"), Value(-1.5, "w[1]")], Value(0.25, "b")
    return engine.lift(lambda x: engine.tanh(engine.dot(w, x) + b), **{"batch": True, **(options or {}), **more})


def test_the_text_that_the_cases_change():
    program = neuron()
    program.value_and_grad(X, wrt="all")
    for line in ("np.matmul(x, w, out=z1)", "np.add(z1, b, out=z1)", "np.tanh(z1, out=a1)", "/ N", "np.empty"):
        assert line in program.source(), program.source()


WRONG = {
    "a term is left out": ("        np.add(z1, b, out=z1)\n", ""),
    "another function": ("np.tanh(z1, out=a1)", "np.sin(z1, out=a1)"),
    "the mean without its N": ("1.0 / N", "1.0"),
    "what it was given is overwritten": ("np.add(z1, b, out=z1)", "np.add(z1, b, out=z1); b += 1.0"),
    "memory that nobody wrote": ("        np.matmul(x, w, out=z1)\n", ""),
    "another shape": ("np.matmul(x, w, out=z1)", "np.matmul(x, w[:1], out=z1)"),
    "a name that is not there": ("np.tanh(z1, out=a1)", "np.tanh(z7, out=a1)"),
    "no Python": ("np.tanh(z1, out=a1)", "np.tanh(z1, out=a1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_text_is_not_believed(name):
    right = neuron().value_and_grad(X, wrt="all")
    program = changed(neuron(), *WRONG[name])
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations: .*the scalar engine answers") as said:
        value, gradient = program.value_and_grad(X, wrt="all")
    assert len(said) == 1
    assert all(part in str(said[0].message) for part in ("with seed ", "program.source()", "NumPy", "wrt='all'"))
    assert said[0].filename == __file__
    assert value == pytest.approx(right[0], rel=1e-14)
    np.testing.assert_allclose(gradient.parameters, right[1].parameters, rtol=1e-13)
    np.testing.assert_allclose(gradient.inputs[0], right[1].inputs[0], rtol=1e-13)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        assert program.value_and_grad(X, wrt="all")[0] == value
        assert program.value_and_grad(X, parameters=program.pull())[0] == value
    assert "REFUSED" in str(program.stats)
    with pytest.raises(LiftError, match="differs from its scalar operations: .*This is an error in liftgrad, not in"):
        changed(neuron(strict=True), *WRONG[name]).value_and_grad(X, wrt="all")


def test_only_the_second_call_is_wrong():
    """Something that `build` made and the first call overwrites."""
    program = changed(neuron(), "    def forward", "    calls = np.zeros(1, dtype)\n\n    def forward")
    again = "np.add(z1, b, out=z1); np.add(z1, calls, out=z1); np.add(calls, 1.0, out=calls)"
    with pytest.warns(RuntimeWarning, match="its value when it is called again"):
        assert changed(program, "np.add(z1, b, out=z1)", again)(X) == pytest.approx(neuron()(X))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_scalar_engine_answers_for_any_batch(reduction, dtype):
    right, wrong = (neuron(reduction=reduction, dtype=dtype) for _ in range(2))
    changed(wrong, "np.tanh(z1, out=a1)", "np.cos(z1, out=a1)")
    many = np.random.default_rng(0).normal(size=(150, 2))
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        got = wrong(many)
    np.testing.assert_allclose(got, right(many), rtol=1e-5 if dtype == np.float32 else 1e-13)
    if reduction != "none":
        a, b = (p.value_and_grad(many)[1].parameters for p in (wrong, right))
        np.testing.assert_allclose(a, b, rtol=1e-4 if dtype == np.float32 else 1e-12)


def test_the_scalar_engine_keeps_to_branches():
    w = Value(2.0, "w")
    program = changed(engine.lift(lambda x: w * x if x > 0 else x * x * w), "np.multiply", "np.add")
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        assert program.value_and_grad(3.0)[0] == 6.0
    assert [program(-3.0), program(4.0), program(-1.0)] == [18.0, 8.0, 2.0]


def test_a_slope_at_ties_and_both_sides_of_a_decision_are_looked_at():
    for old, new in [("0.5", "0.25"), ("np.less", "np.less_equal")]:
        program = engine.lift(lambda x: engine.maximum(x[0], x[1]), strict=True)
        with pytest.raises(LiftError, match="the gradient of x"):
            changed(program, old, new).value_and_grad(np.array([1.0, 2.0]), wrt="inputs")


def test_points_are_taken_one_at_a_time_where_memory_is_short(monkeypatch):
    proof = importlib.import_module("engine.lifting.verify.proof")
    monkeypatch.setattr(proof, "LARGE", 3)
    assert engine.lift(lambda x: engine.relu(x[0]) * x[1], strict=True)(np.array([1.0, 2.0])) == 2.0
    with pytest.raises(LiftError, match="the gradient of x"):
        changed(engine.lift(lambda x: engine.maximum(x[0], x[1]), strict=True), "0.5", "0.25").value_and_grad(
            np.array([1.0, 2.0]), wrt="inputs"
        )


def test_the_scalar_engine_chooses_and_computes_with_integers():
    table = [Value(1.0 + k, f"p{k}") for k in range(3)]
    program = changed(
        engine.lift(lambda x, n: engine.tanh(engine.select(table, n) * x) * n, batch=True, reduction="sum"),
        "np.tanh",
        "np.cos",
    )
    x, n = np.array([0.5, 0.25, 1.0]), np.array([2, 0, 1])
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        value, gradient = program.value_and_grad(x, n, wrt="all")
    assert value == pytest.approx(2.0 * np.tanh(1.5) + np.tanh(2.0))
    slopes = np.array([0.25 * 0.0, 1.0 - np.tanh(2.0) ** 2, (1.0 - np.tanh(1.5) ** 2) * 0.5 * 2.0])
    np.testing.assert_allclose(gradient.parameters, slopes, rtol=1e-13)
    np.testing.assert_allclose(gradient.inputs[1], np.tanh(x * (1.0 + n)), rtol=1e-13)


def test_a_graph_is_proven_too():
    w = Value(2.0, "w")
    program = changed(engine.lift(engine.tanh(w) * 3.0), "np.tanh", "np.cos")
    with pytest.warns(RuntimeWarning, match="the graph, lifted, differs"):
        value, gradient = program.value_and_grad()
    assert value == pytest.approx(3.0 * np.tanh(2.0))
    assert gradient.parameters == pytest.approx([3.0 * (1.0 - np.tanh(2.0) ** 2)])


# --- options -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ordinary(monkeypatch):
    """Outside the project's tests, not every program is proven."""
    monkeypatch.delenv("LIFTGRAD_CHECK")


def test_nothing_is_proven_on_request(ordinary):
    program = neuron(verify=False)
    program(X)
    assert "not verified" in str(program.stats)
    assert changed(neuron(verify=False), "np.tanh", "np.cos")(X) != program(X)
    for bad in ("yes", None, 2):
        with pytest.raises(ValueError, match="verify=.* is not known; use True, False or 'exact'"):
            engine.lift(lambda x: x, verify=bad)


def test_what_was_proven_is_said(ordinary):
    program = neuron()
    program.value_and_grad(X)
    assert "proven at 3 points modulo" in str(program.stats)
    proof = program.stats.proof
    assert (proof.kind, proof.points, proof.samples) == ("exact", 3, 3)
    assert 0.0 < proof.seconds < 5.0
    decided = engine.lift(lambda x: engine.relu(x))
    decided(1.0)
    assert decided.stats.proof.points == 26


def test_large_programs_are_compared_in_floats(ordinary, monkeypatch):
    monkeypatch.setattr(verify, "EXACT", 3)
    program = neuron()
    program.value_and_grad(X)
    assert "compared in floats at 2 points" in str(program.stats)
    exact = neuron(verify="exact")
    exact.value_and_grad(X)
    assert "proven at 3 points" in str(exact.stats)
    for old, new in WRONG.values():
        with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
            changed(neuron(), old, new).value_and_grad(X, wrt="all")


def test_a_factor_that_is_zero_at_the_traced_point_is_seen_at_the_other(ordinary, monkeypatch):
    monkeypatch.setattr(verify, "EXACT", 3)
    w, v = Value(0.0, "w"), Value(1.0, "v")
    program = changed(engine.lift(lambda x: engine.tanh(w * x) * v, batch=True), "np.tanh", "np.sin")
    with pytest.warns(RuntimeWarning, match="differs from its scalar operations"):
        program.value_and_grad(np.array([1.0, 2.0]))


def test_a_proof_can_be_repeated(monkeypatch):
    monkeypatch.setenv("LIFTGRAD_SEED", "173")
    program = neuron()
    program(X)
    assert program.stats.proof.seed == 173
    assert program.stats.proof.modulus == CHAINS[173 % len(CHAINS)][0]


# --- floats ------------------------------------------------------------------------------------------------------


def test_overflow_in_an_equal_text_is_said():
    program = changed(
        engine.lift(lambda x: engine.tanh(x)), "np.tanh(x, out=a1)", "np.divide(np.sinh(x), np.cosh(x), out=a1)"
    )
    with pytest.warns(RuntimeWarning, match="in floats the value differs from that of <lambda> itself: .*NaN"):
        assert np.isnan(program(1000.0))


def test_cancellation_is_said():
    def f(x):
        return 1e17 * x[0] + x[1] - 1e17 * x[0]

    program = changed(engine.lift(f), "return float(", "return float(x[1]) + 0.0 * float(")
    with pytest.warns(RuntimeWarning, match="in floats the value differs from that of f itself: rounding"):
        assert program(np.array([1.0, 3.0])) == 3.0


def test_a_function_that_is_another_one_while_it_is_traced_is_said():
    program = engine.lift(lambda x: x * (2.0 if engine.tracing.LOCAL.active is None else 3.0))
    with pytest.warns(RuntimeWarning, match="goes another way than when it was traced"):
        assert program(1.0) == 3.0


def test_a_function_that_only_lifting_can_run_is_not_compared():
    def f(x):
        if engine.tracing.LOCAL.active is None:
            raise RuntimeError("not without a trace")
        return x * 2.0

    program = engine.lift(f)
    assert program(1.0) == 2.0
    assert program.stats.proof.samples == 0


def test_samples_of_every_structure_are_compared():
    w = Value(2.0, "w")
    cases = [
        (lambda x, t, n: x * t[0] * w + n, (np.arange(4.0), np.ones((4, 2)), np.arange(4)), True, 3),
        (lambda x, d: x[0][1] * d["a"] * w, ([[1.0, 2.0]], {"a": 3.0}), False, 1),
        (lambda x: x[0] * w, (np.ones((5, 1)),), True, 1),  # all alike
    ]
    for f, inputs, batch, samples in cases:
        program = engine.lift(f, batch=batch)
        program.value_and_grad(*inputs, wrt="all")
        assert program.stats.proof.samples == samples
        assert program.stats.proof.eager_seconds > 0.0


def test_no_gradient_of_the_users_changes():
    w = Value(2.0, "w")
    w.grad = 7.0
    engine.lift(lambda x: x * w).value_and_grad(3.0)
    assert w.grad == 7.0


def test_samples_that_part_ways_are_not_compared():
    """One that goes another way is refused by its guard, and not for what the eager run makes of it."""
    program = engine.lift(lambda x: x if x > 0 else -5.0 * x, batch=True)
    with pytest.raises(engine.GuardError):
        program(np.array([1.0, -1.0]))


# --- JAX ---------------------------------------------------------------------------------------------------------


def test_integers_that_compute_go_to_jax_in_their_order():
    pytest.importorskip("jax")
    table = [Value(1.0 + k, f"p{k}") for k in range(4)]

    def f(k, x, m, n):
        chosen = [engine.select(table, i) for i in (k, m, n)]
        return k * 100.0 + m * 10.0 + n + engine.dot(chosen, [x, x, x])

    program = engine.lift(f, batch=True)
    inputs = np.array([0, 1, 3]), np.array([0.5, -1.0, 2.0]), np.array([3, 2, 1]), np.array([1, 1, 0])
    value = program(*inputs)
    assert float(program.to_jax()(program.pull(), *inputs)[0]) == pytest.approx(value, rel=1e-5)


def test_text_for_jax_is_proven(ordinary):
    pytest.importorskip("jax")
    program = neuron(verify="exact")
    value = program.value_and_grad(X)[0]
    assert float(program.to_jax()(program.pull(), X)[0]) == pytest.approx(value, rel=1e-5)
    compile_right = program.compile_for_jax
    for old, new in [("jnp.tanh(", "jnp.cos("), ("jnp.add(z1, b)", "z1 * b"), ("seed * ", "2.0 * seed * ")]:

        def compile_wrong(*given, old=old, new=new):
            made = compile_right(*given)
            assert old in made.text, made.text
            return replace(made, text=made.text.replace(old, new, 1))

        program.compile_for_jax = compile_wrong
        for gradients in ("lifted", "jax"):
            with pytest.raises(
                LiftError, match="for JAX, differs from its scalar operations: .*use the program on NumPy"
            ):
                program.to_jax(gradients=gradients)
    program.verify = False
    program.to_jax()


# --- of which kind a difference in floats is --------------------------------------------------------------------------


def difference(got, want):
    """Return the first difference of two arrays."""
    return verdict.first_difference([("the value", np.array(got), np.array(want))], 1e-7, 1e-10)


NAN, INF = np.nan, np.inf
VERDICTS = [  # text, function, scalars, scalars in a finer type, whether a zero is told apart; what is said
    ([1.0, NAN, 2.0], [1.0, 3.0, 2.0], [1.0, 3.0, 2.0], [1.0, 3.0, 2.0], False, "NaN"),
    ([1.0, NAN, 2.0], [1.0, 3.0, 2.0], [1.0, NAN, 2.0], [1.0, NAN, 2.0], False, "NaN"),
    ([1.0, 3.0, 2.0], [1.0, NAN, 2.0], [1.0, 7.0, 2.0], [1.0, 7.0, 2.0], False, "NaN"),
    ([INF, 1.0], [5.0, 1.0], [5.0, 1.0], [5.0, 1.0], False, "overflow"),
    ([5.0, 1.0], [INF, 1.0], [INF, 1.0], [5.0, 1.0], False, "overflow"),
    ([INF, 1.0], [-INF, 1.0], [-INF, 1.0], [-INF, 1.0], True, verdict.SIGN),
    ([np.pi, NAN], [-np.pi, NAN], [-np.pi, NAN], [-np.pi, NAN], True, verdict.SIGN),
    ([INF, 1.0], [-INF, 1.0], [-INF, 1.0], [-INF, 1.0], False, "overflow"),
    ([3.0, NAN], [2.0, NAN], [2.0, NAN], [2.0, NAN], False, "rounding"),
    ([3.0, 1.0], [2.0, 1.0], [3.0, 1.0], [2.5, 1.0], False, "rounding"),
    ([3.0, 1.0], [2.0, 1.0], [3.0, NAN], [3.0, NAN], False, "a branch"),
    ([3.0, 1.0], [2.0, 1.0], [3.0, 1.0], [3.0, 1.0], True, "a branch"),
]


@pytest.mark.parametrize(("got", "want", "scalars", "finer", "zeros", "kind"), VERDICTS)
def test_the_kind_of_a_difference_is_judged_where_it_is(got, want, scalars, finer, zeros, kind):
    found = difference(got, want)
    assert verdict.kind_of(found, np.array(scalars), np.array(finer), zeros, 1e-7, 1e-10) == kind


def test_equal_arrays_have_no_difference():
    assert difference([1.0, NAN, INF, -INF, 0.0], [1.0, NAN, INF, -INF, -0.0]) is None


def test_nan_in_one_sample_is_no_branch():
    """The text of `tanh` as a quotient is NaN for one sample, where exponentials overflow; no branch is taken."""
    program = changed(
        engine.lift(lambda x: engine.tanh(x[0]), batch=True, reduction="none"),
        "np.tanh(x_view, out=a1)",
        "np.divide(np.sinh(x_view), np.cosh(x_view), out=a1)",
    )
    with pytest.warns(RuntimeWarning, match="the value differs from that of <lambda> itself: one of them is NaN"):
        found = program(np.array([[1.0], [1000.0], [2.0]]))
    assert np.isnan(found).tolist() == [False, True, False]


def test_overflow_is_said_to_be_overflow():
    f = engine.lift(lambda x: x * 3.0 + 1.0)
    program = changed(f, "np.multiply(3.0, x,", "np.multiply(3.0 * 2.0**-1000, x * 2.0**1000,")
    with pytest.warns(RuntimeWarning, match="itself: one of them is infinite where the other is not"):
        assert program(1e150) == np.inf


def test_a_zero_of_the_wrong_sign_is_an_error_and_no_rounding():
    """A text whose algebra is right, and whose zero is not."""

    def wrong(strict):
        f = engine.lift(lambda x: engine.arctan2(x[0] + x[1], -1.0), strict=strict)
        return changed(f, "x_view1, out=t1)", "x_view1, out=t1); np.add(t1, 0.0, out=t1)")

    with pytest.raises(LiftError, match="differs from its scalar operations: the sign of a zero, on which the value"):
        wrong(strict=True).value_and_grad([-0.0, -0.0], wrt="inputs")
    with pytest.warns(RuntimeWarning, match="the sign of a zero, on which the value depends"):
        assert wrong(strict=False)([-0.0, -0.0]) == -np.pi


def test_copies_are_variables_in_the_eager_run_too():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = engine.lift(lambda x: copy.copy(x) * copy.deepcopy(x) * x, strict=True)
        assert f.value_and_grad(2.0, wrt="inputs")[1].inputs == (12.0,)


# --- integers and ties -----------------------------------------------------------------------------------------------


def test_every_entry_of_a_table_is_chosen_by_the_proof():
    proof = importlib.import_module("engine.lifting.verify.proof")
    for shape, most, n in [((), 3, 1), ((), 9, 3), ((4,), 5, 3), ((2, 3), 1, 3)]:
        drawn = [proof._spread(7, 0, most, shape, n, k) for k in range(proof.ROUNDS)]
        chosen = np.concatenate(drawn).reshape(proof.ROUNDS * n, -1)
        assert all(set(column.tolist()) == set(range(most)) for column in chosen.T)
    far = np.concatenate([proof._spread(7, 0, 1000, (4,), 3, k) for k in range(3)])
    assert (np.ptp(far, axis=0) > 700).all() and len(np.unique(far)) > 9


def test_an_entry_of_a_table_that_is_wrong_is_found():
    table = [Value(float(k), f"p{k}") for k in range(3)]
    for chosen in range(3):
        program = engine.lift(lambda x, n: engine.select(table, n) * x, strict=True)
        changed(program, "picked1, x,", "picked1, x + (n == 2),")
        with pytest.raises(LiftError, match="differs from its scalar operations"):
            program.value_and_grad(1.5, chosen)


@pytest.mark.parametrize(
    ("old", "new"), [("np.less_equal(", "np.less("), ("np.equal(", "np.not_equal("), ("np.equal(", "np.less(")]
)
def test_ties_of_wide_sums_are_met(old, new):
    """Two layers of 48, whose pre-activations are sums of as many products."""
    W = [[Value(0.1 * ((3 * i + 5 * j) % 7 - 3), f"W[{i}, {j}]") for j in range(48)] for i in range(48)]

    def f(x):
        h = [engine.relu(engine.dot(w, list(x))) for w in W]
        return engine.total([engine.maximum(engine.dot(w, h), engine.dot(v, h)) for w, v in zip(W, W[1:])])

    program = changed(engine.lift(f, strict=True), old, new)
    with pytest.raises(LiftError, match="differs from its scalar operations"):
        program.value_and_grad(np.linspace(-1.0, 1.0, 48))


FOLDED_TO_PLAIN = {  # products of constants that are nearly, not exactly, numbers that a proof computes with itself
    "one": (lambda x: x * (1 / 3) * 3.0, 1.0),
    "one of a batch": (lambda x: x * 1e3 * 1e-3 + x, 2.0),
    "minus one": (lambda x: x * 1e30 * -1e-30, -1.0),
    "one half": (lambda x: x * (1 / 6) * 3.0, 0.5),
    "two": (lambda x: x * 0.2 * 10.0, 2.0),
    "three": (lambda x: x * 0.1 * 30.0, 3.0),
    "beside tanh": (lambda x: engine.tanh(x * (1 / 3) * 3.0), None),
    "beside a power": (lambda x: (x * (1 / 6) * 3.0) ** 0.5, None),
    "in a sum": (lambda x: engine.dot([x, x, x], [0.1 * 10, 1.0, 0.5]) * 0.1 * 10.0, None),
}


@pytest.mark.parametrize("name", FOLDED_TO_PLAIN)
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("wrt", ["inputs", "all"])
def test_a_folded_number_next_to_a_plain_one_is_no_alarm(name, batch, wrt):
    f, slope = FOLDED_TO_PLAIN[name]
    program = engine.lift(f, batch=batch, reduction="sum" if batch else "mean", strict=True)
    x = np.array([1.5, 2.5, 0.25]) if batch else 1.5
    _, gradient = program.value_and_grad(x, wrt=wrt)
    want = [slope if slope is not None else engine.grad(f)(float(v)) for v in np.atleast_1d(x)]
    np.testing.assert_allclose(np.atleast_1d(gradient.inputs[0]), want, rtol=1e-14)
    assert program.stats.proof.kind == "exact"


def test_a_folded_number_next_to_a_plain_one_is_no_alarm_on_jax():
    jax = pytest.importorskip("jax")
    for f, _ in FOLDED_TO_PLAIN.values():
        program = engine.lift(f, strict=True)
        value = program(1.5)
        with jax.enable_x64(True):
            got, _ = program.to_jax(wrt="inputs")(program.pull(), 1.5)
        assert float(got) == pytest.approx(value, rel=1e-14)
