"""What all derivatives share: by what they are, which trace they are of, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import Layers, alike

import engine
from engine import GuardError, LiftError, NotScalarError, ShapeError, Value


def product(x, y):
    return x[0] * y + x[1]


def test_by_parameters_where_there_are_any_else_by_the_first_argument():
    w = Value(3.0, "w")
    assert engine.lift(lambda x: w * x).jacobian(2.0) == [2.0]
    assert engine.lift(lambda x: w * x).jacobian(2.0, argnums=0) == 3.0
    program = engine.lift(product)
    assert program.jacobian([2.0, 3.0], 4.0) == [4.0, 1.0]
    assert program.jacobian([2.0, 3.0], 4.0, argnums=1) == program.jacobian([2.0, 3.0], 4.0, argnums=-1) == 2.0


def test_another_branch_is_another_trace():
    program = engine.lift(lambda x: x[0] ** 3 if x[0] > 0 else x[1] ** 2)
    assert program.hessian([2.0, 3.0]) == [[12.0, 0.0], [0.0, 0.0]]
    assert program.hessian([-2.0, 3.0]) == [[0.0, 0.0], [0.0, 2.0]]
    assert program.jvp([-2.0, 3.0], [0.0, 1.0]) == (9.0, 6.0)
    assert program.hessian([2.0, 3.0]) == [[12.0, 0.0], [0.0, 0.0]]
    assert len(program.specialisations[program.latest.specs]) == 2


def test_a_row_that_would_branch_is_refused():
    program = engine.lift(lambda x: x * x if x > 0 else -x, batch=True, reduction="none")
    assert program.jacobian(np.array([1.0, 2.0]), argnums=0).tolist() == [2.0, 4.0]
    with pytest.raises(GuardError, match="is False for row 1"):
        program.jacobian(np.array([1.0, -2.0]), argnums=0)


def test_what_the_function_sees_is_noticed():
    scale = [2.0]
    program = engine.lift(lambda x: scale[0] * x * x)
    assert program.hessian(1.0) == 4.0
    scale[0] = 5.0
    assert program.hessian(1.0) == 10.0
    w = Value(2.0)
    program = engine.lift(lambda x: w * x * x)
    assert program.hvp(1.0, 3.0, argnums=0) == 12.0
    w.data = 4.0
    assert program.hvp(1.0, 3.0, argnums=0) == 24.0
    assert program.hvp(1.0, 3.0, argnums=0, parameters=np.array([1.0])) == 6.0


def test_they_are_proven_and_say_what_runs():
    program = engine.lift(product, verify="exact")
    with pytest.raises(LiftError, match="the Jacobian of product was not called yet; call it once before source"):
        program.jacobian.source()
    program.jacobian([2.0, 3.0], 4.0)
    assert program.jacobian.stats.proof.kind == "exact"
    assert "the Jacobian of product" in program.jacobian.source()
    assert "y" in program.jacobian.formulas()
    assert program.jacobian is program.jacobian
    assert program.source().startswith('"""product')


def test_where_values_go_in_the_function_itself_is_differentiated():
    program = engine.lift(product)
    x = [Value(2.0), Value(3.0)]
    gradient = program.jacobian(x, 4.0)
    assert [v.data for v in gradient] == [4.0, 1.0]
    total = engine.lift(lambda x: engine.total(program.jacobian([x, 3.0], x)))
    assert total(2.0) == 3.0
    assert engine.grad(lambda x: program.jacobian([x, 3.0], x * x)[0])(3.0) == 6.0
    assert engine.grad(lambda x: program.hvp([x, 3.0], x, [1.0, 0.0])[0])(3.0) == 0.0
    assert engine.grad(lambda x: program.jvp([x, 3.0], x, [1.0, 0.0])[1])(3.0) == 1.0
    assert engine.grad(lambda x: program.vjp([x, 3.0], x, x)[1][0])(3.0) == 6.0


def test_a_lifted_graph():
    w = [Value(2.0, "w[0]"), Value(3.0, "w[1]")]
    program = engine.lift(w[0] * w[0] * w[1])
    alike(program.hessian(), [[6.0, 4.0], [4.0, 0.0]])
    alike(program.hvp(np.array([1.0, 0.0])), [6.0, 4.0])
    alike(program.jacobian(), program.value_and_grad()[1].parameters)


def test_parameters_that_were_given_in_another_order():
    w = [Value(2.0, "w[0]"), Value(5.0, "b"), Value(3.0, "w[1]")]
    program = engine.lift(lambda x: w[0] ** 2 * w[2] * x + w[1] ** 3, parameters=w)
    alike(program.hessian(1.0), [[6.0, 0.0, 4.0], [0.0, 30.0, 0.0], [4.0, 0.0, 0.0]])
    alike(program.hvp(1.0, np.array([0.0, 1.0, 1.0])), [4.0, 30.0, 0.0])
    alike(program.jacobian(1.0), [12.0, 75.0, 4.0])
    alike(program.vjp(1.0, 2.0)[1], [24.0, 150.0, 8.0])
    alike(program.jvp(1.0, np.array([0.0, 0.0, 1.0]))[1], 4.0)


REFUSED = [
    (lambda p: p.jacobian([2.0, 3.0], 4.0, argnums=2), IndexError, "argnums is 2, but there are 2 arguments"),
    (lambda p: p.jacobian([2.0, 3.0], 4.0, argnums=0.5), TypeError, "argnums .* must be a whole number; got 0.5"),
    (lambda p: p.jacobian([2.0, 3.0], 4.0, sparse="yes"), TypeError, "sparse must be True, False or None; got 'yes'"),
    (lambda p: p.jacobian([2.0, 3.0]), TypeError, "it takes"),
    (lambda p: p.hvp([2.0, 3.0], 4.0, [1.0]), ShapeError, r"must have the structure .* shape \(2,\); got shape \(1,\)"),
    (lambda p: p.hvp(), TypeError, "takes a direction after the inputs; got nothing"),
    (lambda p: p.vjp([2.0, 3.0], 4.0, [1.0]), ShapeError, "must have the structure of the function's result"),
    (lambda p: p.jvp([2.0, 3.0], 4.0, ["a", "b"]), ShapeError, "got nothing"),
    (lambda p: p.sample_gradients([2.0, 3.0], 4.0), LiftError, "has no samples; lift .* with batch=True"),
    (lambda p: p.hessian([2.0, 3.0], 4.0, parameters=np.zeros(3)), ShapeError, "must be a float64 vector of 0 numbers"),
]


@pytest.mark.parametrize(("call", "error", "match"), REFUSED)
def test_what_is_refused(call, error, match):
    program = engine.lift(product)
    program([2.0, 3.0], 4.0)
    with pytest.raises(error, match=match) as raised:
        call(program)
    assert "\n" not in str(raised.value)


def test_what_several_results_refuse():
    program = engine.lift(lambda x: [x, x * x])
    for call in (program.value_and_grad, program.hessian, lambda x: program.hvp(x, 1.0)):
        with pytest.raises(
            NotScalarError, match=r"one number; this one returned a list of 2. Use jacobian, vjp or jvp"
        ):
            call(2.0)
    with pytest.raises(NotScalarError, match="to_jax needs a function that returns one number"):
        program(2.0)
        program.to_jax()
    with pytest.raises(LiftError, match="has no parameters and takes no inputs"):
        engine.lift(lambda: 3.0).jacobian()


def test_samples_of_one_mean_have_no_matrix_by_an_argument():
    layers = Layers()
    program = engine.lift(layers.loss, batch=True)
    with pytest.raises(LiftError, match="has a matrix for each sample; lift it with reduction='none'"):
        program.jacobian(layers.X, layers.T, argnums=0)
    single = engine.lift(layers.loss, batch=True, reduction="none")
    with pytest.raises(LiftError, match="a sparse one is one alone"):
        single.hessian(layers.X, layers.T, argnums=0, sparse=True)
