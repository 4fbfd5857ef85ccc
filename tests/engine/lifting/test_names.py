"""No decision is taken from a name: arguments and labels may be called as they like, also as what is emitted is."""

from __future__ import annotations

import builtins
import keyword
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from long_run import shortened

import engine
from engine import Value

EMITTED = [
    "theta", "gradient", "seed", "scale", "N", "np", "dtype", "constants", "build", "forward", "backward",
    "program", "strided", "erf", "jax", "jnp", "lax", "value", "loss", "losses", "x", "dx", "ddx", "z1", "dz1",
    "a1", "da1", "m1", "s1", "e1", "t1", "dt1", "c1", "l1", "g1", "g2", "b1", "db1", "picked1", "ones_N",
    "ones_2", "z1_view", "s1_view", "x_view", "x_view1", "x_2", "dx_2", "x_flat_view", "x_i", "x_i_view",
    "x_row_view", "block", "z1_", "s0", "b0", "v0", "v1", "d_theta", "d_x", "p", "W", "dW", "add", "take",
    "reshape", "T", "self", "add_2", "runs_view", "inside",
]  # fmt: skip
WORDS = [*EMITTED, *keyword.kwlist, *[n for n in dir(builtins) if not n.startswith("__")]]
IDENTIFIERS = [w for w in WORDS if w.isidentifier() and not keyword.iskeyword(w)]
LABELS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(EMITTED).map(lambda w: f"{w}[0]"),
    st.sampled_from(["", "0_1", "1-2", "7/8", "7*7", "a.b", "layers.0.W", '"""', "\\", "x\ny", "θ", "[]", "w[1][2]"]),
    st.text(max_size=6),
)


def formula(a, b, i, p, q, r):
    """Something of everything: a product, a sum, a choice, a table, a softmax."""
    z = [engine.dot([p, q], [a, b], r), engine.dot([q, p], [a, b], r)]
    h = [engine.tanh(v) for v in z]
    chosen = engine.select([h[0], h[1], q], i)
    return (
        engine.logsumexp([*h, a]) - chosen + engine.where(a < b, p * a, q * b * b) + engine.sigmoid(a + p) + (b + p) * r
    )


A, B, WHICH = np.array([0.3, -0.8, 1.1]), np.array([0.5, 0.25, -1.0]), np.array([0, 2, 1])
START = (0.7, -0.4, 0.2)


def wanted():
    """Value and gradients of the mean by the scalar engine."""
    p = [Value(v) for v in START]
    a, b = [Value(v) for v in A], [Value(v) for v in B]
    mean = sum([formula(*x, *p) for x in zip(a, b, WHICH.tolist())]) * (1 / 3)
    mean.backward()
    return mean.data, [v.grad for v in p], [v.grad for v in a], [v.grad for v in b]


WANTED = wanted()


def called(names, labels):
    """`formula` as a function whose arguments have these names, of Values with these labels."""
    parameters = [Value(v, label) for v, label in zip(START, labels)]
    namespace = {"formula": formula, "parameters": parameters}
    arguments = ", ".join(names)
    exec(
        f"def f({arguments}):\n    return call({arguments}, *values)",
        {"call": formula, "values": parameters},
        namespace,
    )
    return namespace["f"], parameters


def agrees(names, labels):
    """Whether value and gradients are right, theta stays as it was, and every name is legal and names one thing."""
    f, parameters = called(names, labels)
    program = engine.lift(f, batch=True, parameters=parameters)
    theta = program.pull()
    before = theta.copy()
    value, g = program.value_and_grad(A, B, WHICH, parameters=theta, wrt="all")
    by_named = sorted([v for array in g.named().values() for v in array.reshape(-1).tolist()])
    for got, want in zip((value, g.parameters, *g.inputs[:2], by_named), (*WANTED, sorted(WANTED[1]))):
        np.testing.assert_allclose(got, want, rtol=1e-12)
    np.testing.assert_array_equal(theta, before)
    np.testing.assert_allclose(program.value_and_grad(A, B, WHICH)[1].parameters, WANTED[1], rtol=1e-12)
    defined = re.findall(r"^    (\w+) = ", program.source(), re.MULTILINE)
    assert len(set(defined)) == len(defined)
    assert all(n.isidentifier() and not keyword.iskeyword(n) and not hasattr(builtins, n) for n in defined)
    assert len(set(program.inputs)) == 3
    assert len({*program.inputs, *program.parameters, *[s.name for s in program.steps]}) >= 3 + len(program.parameters)
    return program


@settings(max_examples=6)
@given(st.lists(st.sampled_from(IDENTIFIERS), min_size=3, max_size=3, unique=True), st.tuples(LABELS, LABELS, LABELS))
def test_arguments_and_labels_may_be_called_as_they_like(names, labels):
    agrees(names, labels)


@pytest.mark.parametrize("labels", [("t", "dt", "ddt"), ("x", "dx", "gradient"), ("p[0]", "p", ""), ("w", "", "w")])
@pytest.mark.parametrize(
    "names", [("x", "dx", "ddx"), ("t", "dt", "theta"), ("seed", "z1", "a1"), ("float", "N", "np")]
)
def test_names_that_meet_those_of_gradients(names, labels):
    agrees(names, labels)


@pytest.mark.parametrize(
    ("x", "y", "which"),
    shortened([("seed", "theta", "z1"), ("jnp", "a1", "da1"), ("x", "dx", "ddx"), ("dtype", "constants", "value")], 1),
)
def test_names_meet_on_jax_too(x, y, which):
    jax = pytest.importorskip("jax")
    names = (x, y, which)
    with jax.enable_x64(True):
        program = agrees(names, names)
        value, (of_theta, of_inputs) = jax.jit(program.to_jax(wrt="all"))(program.pull(), A, B, WHICH)
        for got, want in zip((value, of_theta, *of_inputs[:2]), WANTED):
            np.testing.assert_allclose(got, want, rtol=1e-10)


def test_every_reading_of_formulas_and_steps_is_of_one_thing():
    program = agrees(("z1", "losses", "dz1"), ("a1", "s1", "m1"))
    text = program.formulas()
    left = [line.split(" = ")[0] for line in text.splitlines() if " = " in line]
    assert not {"z1", "losses", "dz1", "a1", "s1", "m1"} & set(left)


def test_labels_as_titles():
    for label in ('"""', "\\", "a\nb", "\ud800", "}{", "'"):
        w = Value(2.0, label)
        assert engine.lift(w * w)() == 4.0
        v = w * 3.0
        v.label = label
        assert engine.lift(v)() == 6.0


def test_two_inputs_of_one_name():
    def f(x, x_0):
        return x[0] * 2.0 + x[1][0] * x_0

    program = engine.lift(f)
    assert program([1.0, [2.0]], 3.0) == 8.0
    assert list(program.inputs) == ["x_0", "x_1", "x_0_2"]


# --- parameters -------------------------------------------------------------------------------------------------


def test_parameters_stay_in_the_order_given():
    w = [Value(1.0, "w"), Value(2.0, ""), Value(3.0, "w"), Value(4.0, "W[1]"), Value(5.0, "W[0]")]
    program = engine.lift(lambda x: sum([v * x * 10.0**k for k, v in enumerate(w)]), parameters=w)
    value, g = program.value_and_grad(1.0)
    assert g.parameters.tolist() == [1.0, 10.0, 100.0, 1000.0, 10000.0]
    assert program.pull().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert {k: v.tolist() for k, v in g.named().items()} == {"w": [1.0, 100.0], "p": 10.0, "W": [10000.0, 1000.0]}
    theta = program.pull()
    place = np.full(5, np.nan)
    again = program.value_and_grad(1.0, parameters=theta, out=place)
    assert again[0] == value
    assert again[1].parameters is place
    assert place.tolist() == g.parameters.tolist()
    assert program.value_and_grad(1.0, parameters=np.zeros(5))[0] == 0.0
    program.push(np.arange(5.0))
    assert [v.data for v in w] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_modules_parameters_are_the_flat_vector():
    import nn

    model = nn.MLP(3, [4, 2], activation="tanh")
    program = engine.lift(nn.sample_loss(model, "cross_entropy"), batch=True, parameters=model.parameters())
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(5, 3)), rng.integers(0, 2, 5)
    g = program.value_and_grad(X, t)[1].parameters
    model.zero_grad()
    (sum([nn.cross_entropy(model(list(x)), int(k)) for x, k in zip(X, t)]) * 0.2).backward()
    np.testing.assert_allclose(g, [v.grad for v in model.parameters()], rtol=1e-12)
    assert program.traces.parameters.flat.order is None  # nothing is moved at a call


def test_a_parameter_given_twice_has_one_number():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    program = engine.lift(lambda x: a * b * x, parameters=[a, b, a])
    assert program.value_and_grad(1.0)[1].parameters.tolist() == [3.0, 2.0, 3.0]
    assert program.value_and_grad(1.0, parameters=np.array([5.0, 3.0, 5.0]))[0] == 15.0
    with pytest.raises(engine.ShapeError, match="given twice has two different numbers"):
        program.value_and_grad(1.0, parameters=np.array([5.0, 3.0, 4.0]))
    with pytest.raises(TypeError, match=r"parameters\[1\] is 2.0"):
        engine.lift(lambda x: a * x, parameters=[a, 2.0])


# --- what is bound ----------------------------------------------------------------------------------------------


def test_a_program_reads_its_own_arrays_after_another_trace_has_found_more():
    w, b = Value(2.0, "w"), Value(10.0, "b")
    program = engine.lift(lambda x: x * w if x > 0 else x * b + w)
    assert [program(3.0), program(-1.0), program(3.0)] == [6.0, -8.0, 6.0]
    for x, want in ((3.0, [3.0, 0.0]), (-1.0, [1.0, -1.0]), (3.0, [3.0, 0.0])):
        for out in (None, np.full(2, np.nan)):
            _, g = program.value_and_grad(x, parameters=program.pull(), out=out)
            assert g.parameters.tolist() == want
            assert g.named() == dict(zip("wb", want))


def test_arrays_of_one_name_that_later_traces_find():
    w = [Value(2.0, "w[0]"), Value(10.0, "w[1]")]
    program = engine.lift(lambda x: x * w[0] if x > 0 else x * w[1])
    program(1.0)
    first = program.value_and_grad(1.0)[1]
    g = program.value_and_grad(-1.0)[1]
    assert g.named() == {"w": [0.0], "w (2)": [-1.0]}
    assert first.named() == {"w": [1.0]}
    assert program.parameters == {"w": (1,), "w (2)": (1,)}
