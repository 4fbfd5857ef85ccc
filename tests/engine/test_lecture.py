"""The lecture's names and its nodes by hand: as micrograd has them, checked by closed forms and our own rules."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import LiftError, TraceError, Value
from engine.value import is_constant


def topological(root):
    """Return the nodes as the lecture's own sort has them."""
    nodes, visited = [], set()

    def build(node):
        if node not in visited:
            visited.add(node)
            for child in node._prev:
                build(child)
            nodes.append(node)

    build(root)
    return nodes


def times(a, b):
    """Return a product whose derivative is written as in the lecture."""
    out = Value(a.data * b.data, (a, b), "*")

    def _backward():
        a.grad += b.data * out.grad
        b.grad += a.data * out.grad

    out._backward = _backward
    return out


def power(a, n):
    """Return a power whose derivative is given as a number."""
    return Value(a.data**n, children=(a,), local_grads=(n * a.data ** (n - 1),))


def expression(a, b):
    c = a * b + 1.0
    return ((c.tanh() - a / b) ** 2 + c.exp()).log() + (a - 3.0).relu() * -b


# --- the names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "symbol"),
    [
        (lambda x: x + 1, "+"),
        (lambda x: 1 + x, "+"),
        (lambda x: x - 1, "-"),
        (lambda x: 1 - x, "-"),
        (lambda x: -x, "-"),
        (lambda x: 2 * x, "*"),
        (lambda x: x / 2, "/"),
        (lambda x: x**3, "**3"),
        (lambda x: x**-1, "**-1"),
        (lambda x: x**0.5, "**0.5"),
        (lambda x: x**math.inf, "**inf"),
        (lambda x: x**x, "**"),
        (lambda x: x.relu(), "ReLU"),
        (lambda x: x.tanh(), "tanh"),
        (lambda x: x.exp(), "exp"),
        (lambda x: x.log(), "log"),
        (lambda x: engine.dot([x], [2.0]), "dot"),
    ],
)
def test_an_operation_has_the_lectures_symbol(f, symbol):
    z = f(Value(1.5))
    assert z._op == symbol
    assert z._children == z.parents
    assert z._prev == set(z.parents)


def test_leaves_and_constants_have_no_operation_and_no_children():
    x = Value(2.0)
    (_, two) = (x * 2.0)._children
    for leaf in (x, two):
        assert (leaf._op, leaf._prev, leaf._children, leaf._local_grads) == ("", set(), (), ())
    assert is_constant(two)
    assert (x * x)._prev == {x}


@given(st.floats(0.5, 2.0), st.floats(0.5, 2.0))
def test_the_lectures_sweep_gives_what_backward_gives(a, b):
    mine, its = [Value(a), Value(b)], [Value(a), Value(b)]
    expression(*mine).backward()
    root = expression(*its)
    root.grad = 1.0
    for node in reversed(topological(root)):
        node._backward()
    assert [x.grad for x in its] == pytest.approx([x.grad for x in mine], rel=1e-12, abs=1e-12)


@given(st.floats(0.5, 2.0), st.floats(0.5, 2.0))
def test_local_derivatives_are_enough_for_a_sweep_of_ones_own(a, b):
    mine, its = [Value(a), Value(b)], [Value(a), Value(b)]
    expression(*mine).backward()
    root = expression(*its)
    root.grad = 1.0
    for node in reversed(topological(root)):
        for child, slope in zip(node._children, node._local_grads):
            child.grad += slope * node.grad
    assert [x.grad for x in its] == pytest.approx([x.grad for x in mine], rel=1e-12, abs=1e-12)


def test_a_step_adds_to_what_is_there():
    a, b = Value(2.0), Value(5.0)
    product = a * b
    a.grad, product.grad = 100.0, 3.0
    product._backward()
    assert (a.grad, b.grad) == (115.0, 6.0)
    a._backward()
    assert a.grad == 115.0


def test_a_training_step_is_written_as_in_the_lecture():
    p = Value(3.0)
    for _ in range(2):
        p.grad = 0
        loss = sum([(p * x - y) ** 2 for x, y in ((1.0, 2.0), (2.0, 1.0))])
        loss.backward()
        p.data += -0.05 * p.grad
    # d/dp of (p - 2)**2 + (2p - 1)**2 is 10p - 8: the error is halved by each step
    assert p.data == pytest.approx(0.8 + (3.0 - 0.8) / 4)


# --- nodes by hand -----------------------------------------------------------------------------------------------


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_nodes_by_hand_give_what_the_rules_give(a, b):
    def f(multiply, raised):
        x, y = Value(a), Value(b)
        z = multiply(x, y)
        out = raised(multiply(z, z), 3) + x  # z is there twice
        out.backward()
        return out.data, x.grad, y.grad, z.grad

    by_rules = f(lambda x, y: x * y, lambda x, n: x**n)
    assert f(times, power) == pytest.approx(by_rules, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("children", [lambda a, b: (a, b), lambda a, b: [a, b], lambda a, b: {a, b}])
def test_children_may_be_any_collection_of_values(children):
    a, b = Value(2.0), Value(3.0)
    out = Value(6.0, children(a, b), "*", "product")
    assert (out._prev, out._op, out.label) == ({a, b}, "*", "product")


@pytest.mark.parametrize("names", [("_children", "_op"), ("_prev", "_op"), ("children", "op")])
def test_children_and_operation_go_by_the_names_that_people_use(names):
    a = Value(2.0)
    out = Value(data=4.0, **dict(zip(names, [(a,), "**2"])), label="z")
    assert (out._children, out._op, out.label) == ((a,), "**2", "z")


def test_a_label_is_the_second_argument_or_goes_by_its_name():
    assert Value(1.0, "x").label == Value(1.0, label="x").label == Value(1.0, (), label="x").label == "x"
    label = engine.Label("w.0", array="w", place=(0,))
    assert Value(1.0, label).label is label
    assert Value(1.0, (), "")._op == Value(1.0, (), ())._op == ""


def test_a_leaf_may_have_a_symbol_and_is_a_leaf():
    x = Value(2.0, (), "input", label="x")
    assert (x._op, x.op, x._prev, is_constant(x)) == ("input", "", set(), False)
    (x * x).backward()
    x._backward()
    assert x.grad == 4.0
    program = engine.lift(x * x + 1.0)
    assert (program(), program.pull().tolist()) == (5.0, [2.0])
    assert engine.lift(lambda y: y * Value(2.0, (), "input"), strict=True)(3.0) == 6.0
    assert pickle.loads(pickle.dumps(x * x)).parents[0].label == "x"


def test_a_node_without_a_derivative_is_refused_never_zero():
    a = Value(2.0)
    guess = Value(4.0, (a,), "**2")
    for sweep in (guess.backward, (guess * 3.0).backward, lambda: guess._local_grads, lambda: guess.pullback(1.0)):
        with pytest.raises(ValueError, match=r"children .*'\*\*2'.* but no derivative\. Assign its _backward"):
            sweep()
    assert a.grad == 0.0


def test_a_nodes_pullback_is_what_its_author_says_and_changes_no_gradient():
    a, b = Value(2.0), Value(3.0)
    product, square = times(a, b), times(a, a)
    a.grad, b.grad, product.grad = 7.0, 8.0, 9.0
    assert product.pullback(2.0) == (6.0, 4.0)
    assert sum(square.pullback(1.0)) == 4.0
    assert (a.grad, b.grad, product.grad) == (7.0, 8.0, 9.0)


def test_leaves_whose_gradient_is_none_start_from_zero():
    a, b = Value(2.0), Value(3.0)
    a.grad = b.grad = None
    times(a, b).backward()
    assert (a.grad, b.grad) == (3.0, 2.0)
    a.grad = b.grad = None
    Value(6.0, (a, b), (3.0, 2.0)).backward()
    assert (a.grad, b.grad) == (3.0, 2.0)


def test_a_step_of_ones_own_replaces_a_rules():
    x = Value(3.0)
    y = x * x
    y._backward = lambda: setattr(x, "grad", x.grad + 100.0 * y.grad)
    (y * 2.0).backward()
    assert x.grad == 200.0
    assert y._op == "*"


def test_an_error_in_an_authors_step_is_its_own():
    x = Value(3.0)
    y = Value(9.0, (x,), "own")
    y._backward = lambda: [][0]
    with pytest.raises(IndexError):
        y.backward()

    def step():
        raise TypeError("mine")

    y._backward = step
    with pytest.raises(TypeError, match="mine"):
        y.backward()


def test_births_put_nodes_by_hand_in_their_place():
    x = Value(0.5)
    y = x
    for _ in range(500):
        y = times(y, Value(1.0)) + power(x, 2) * 0.0
    y.backward()
    assert x.grad == 1.0


@pytest.mark.parametrize(
    ("arguments", "names", "error", "message"),
    [
        ((1.0, (Value(1.0), 2.0)), {}, TypeError, r"children are Values; one is 2\.0"),
        ((1.0, (1.0, 2.0)), {}, TypeError, "label is text; got a tuple of 2"),
        ((1.0, "a", "", "b"), {}, TypeError, "one label; got 'a' and 'b'"),
        ((1.0, (), (2.0,)), {}, TypeError, r"op=.* says how a Value comes from its children, and there are none"),
        ((1.0, (Value(1.0),), 3), {}, TypeError, "op must be a symbol"),
        ((1.0, (Value(1.0),), (1.0, 2.0)), {}, ValueError, "one local derivative per child; got 2 for 1"),
        ((1.0, (Value(1.0),), ("x",)), {}, TypeError, "a local derivative needs one real number"),
        ((1.0,), {"lable": "x"}, TypeError, "no argument 'lable'. It takes data, label, children and op"),
    ],
)
def test_what_is_no_node_is_refused_where_it_is_made(arguments, names, error, message):
    with pytest.raises(error, match=message):
        Value(*arguments, **names)


def test_a_step_is_a_function_and_of_a_node_with_children():
    x = Value(2.0)
    with pytest.raises(TypeError, match=r"_backward is a function of no arguments; got 3"):
        (x * x)._backward = 3
    with pytest.raises(TypeError, match=r"a leaf, which hands nothing back. Name its children"):
        x._backward = lambda: None
    with pytest.raises(AttributeError):
        x._prev = {x}


def test_a_method_of_ones_own_is_set_on_the_class_and_every_result_has_it(monkeypatch):
    monkeypatch.setattr(Value, "swish", lambda x: x * x.sigmoid(), raising=False)
    x = Value(0.7)
    (x * 2.0).swish().backward()
    s = 1.0 / (1.0 + math.exp(-1.4))
    assert x.grad == pytest.approx(2.0 * (s + 1.4 * s * (1.0 - s)), rel=1e-12)
    assert engine.lift(lambda x: (x * 2.0).swish())(0.7) == pytest.approx(1.4 * s, rel=1e-12)


def test_a_second_sweep_adds_the_same_again_and_the_forward_pass_decides():
    x = Value(3.0)
    y = x * x + 1.0
    x.data = 10.0
    y.backward()
    y.backward()
    assert x.grad == 12.0


# --- where a node by hand meets the rest -------------------------------------------------------------------------


@pytest.mark.parametrize("made", [times, lambda a, b: Value(a.data * b.data, (a, b), (b.data, a.data))])
def test_a_node_by_hand_is_never_taken_for_a_rules(made):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    product = made(a, b)
    with pytest.raises(LiftError, match="is computed by no rule, so that it cannot be lifted"):
        engine.lift(product + 1.0)
    with pytest.raises(LiftError, match="is computed by no rule"):
        engine.lift(lambda x: x * product)(2.0)
    with pytest.raises(TraceError, match=r"a Value was turned into a float \(by \.data\)"):
        engine.grad(lambda a: made(a, b))(2.0)
    assert engine.check_gradients(lambda x: x * product, 2.0)


@pytest.mark.parametrize("name", ["tanh", "sign", "multiply", "stop_gradient", "constant", ""])
def test_an_operation_that_is_called_as_a_rule_is_need_not_be_it(name):
    x = Value(2.0)
    y = Value(10.0, (x,), name)
    assert y._op == name
    assert y.op not in engine.rules.RULES and y.op
    y._backward = lambda: setattr(x, "grad", x.grad + 5.0 * y.grad)
    y.backward()
    assert x.grad == 5.0


def test_second_derivatives_of_what_only_its_author_differentiates_are_refused():
    x = Value(2.0)
    y = power(x, 3)

    def f(v):
        captured = Value(float(engine.stop_gradient(v)) ** 3, (v,), (12.0,))
        return captured * v

    assert engine.grad(f)(2.0) == 32.0
    with pytest.raises(TypeError, match="has no derivative that the engine knows"):
        engine.grad(engine.grad(f))(2.0)
    assert y.pullback(1.0) == (12.0,)


def test_a_function_that_is_lifted_makes_no_nodes_by_hand():
    with pytest.raises(TraceError, match=r"'x' was turned into a Value of which its author says the number"):
        engine.lift(lambda x: Value(4.0, (x,), "**2") * x)(2.0)


def test_copies_and_pickles_keep_numbers_and_refuse_functions():
    a, b = Value(2.0), Value(3.0)
    sloped = Value(6.0, (a, b), (3.0, 2.0)) * 2.0
    for twin in (copy.deepcopy(sloped), pickle.loads(pickle.dumps(sloped))):
        twin.backward()
        first, second = twin.parents[0].parents
        assert (first.grad, second.grad) == (6.0, 4.0)
    stepwise = times(a, b) * 2.0
    with pytest.raises(TypeError, match=r"_backward somebody has assigned .* cannot be copied"):
        copy.deepcopy(stepwise)
    with pytest.raises(TypeError, match=r"a function of its author's .* cannot be pickled"):
        pickle.dumps(stepwise)
    assigned = a * b
    assigned.pullback = lambda g: (0.0, 0.0)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(assigned)


def test_a_node_of_numbers_is_freed_at_once():
    class Watched(Value):
        __slots__ = ("__weakref__",)

    gc.disable()
    try:
        node = Watched(6.0, (Value(2.0),), (3.0,))
        node.backward()
        alive = weakref.ref(node)
        del node
        assert alive() is None
    finally:
        gc.enable()


def test_a_class_of_ones_own_may_be_built_on_it():
    class Extended(Value):
        def __init__(self, data, _children=(), _op=""):
            super().__init__(data, _children, _op)

        def square(self):
            out = Extended(self.data**2, (self,), "square")

            def _backward():
                self.grad += 2.0 * self.data * out.grad

            out._backward = _backward
            return out

    x = Extended(3.0)
    (x.square() + 1.0).backward()
    assert x.grad == 6.0
