"""Value: numbers in, operators, the sweep, order and identity, NumPy, copies, and what must not be."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import sys
import threading
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import engine
from engine import Label, Value, zero_grad
from engine.tracing import recording
from engine.value import is_constant

# --- numbers in


@pytest.mark.parametrize(
    "given", [3, True, np.float32(2.5), np.int64(4), np.bool_(True), Fraction(1, 4), np.array(2.0)]
)
def test_real_numbers_become_floats(given):
    v = Value(given)
    assert type(v.data) is float
    assert v.data == float(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (1 + 2j, "got complex. Values are real; pass its .real or its .imag."),
        ("3", r"got str. Convert it with float\(...\) first."),
        (None, "got NoneType. A missing number cannot be differentiated"),
        ([1.0], "got list. Make one Value per number"),
        (np.ones(2), r"got an array of shape \(2,\). Make one Value per number"),
        (np.array("x"), r"got an array of shape \(\)"),
        (Value(1.0), "got Value. It is a Value already"),
        (Decimal(1), "got Decimal"),
        (b"1", "got bytes"),
    ],
)
def test_anything_else_is_refused_with_what_to_pass(given, message):
    with pytest.raises(TypeError, match=message):
        Value(given)


def test_an_integer_beyond_the_floats_is_infinite():
    assert Value(10**400).data == math.inf
    assert Value(-(10**400)).data == -math.inf


def test_a_new_value_is_a_leaf_with_zero_gradient():
    v = Value(2.0, "v")
    assert (v.data, v.grad, v.parents, v.op, v.label, v.pullback(1.0)) == (2.0, 0.0, (), "", "v", ())


def test_data_can_be_set_and_is_checked():
    v = Value(1.0)
    v.data = 3
    assert type(v.data) is float
    with pytest.raises(TypeError, match="got str"):
        v.data = "x"


def test_conversions():
    v = Value(2.7, "v")
    assert (float(v), v.item(), int(v), math.trunc(v), bool(v), bool(Value(0.0))) == (
        2.7,
        2.7,
        2,
        2,
        True,
        False,
    )
    assert repr(v) == "Value(2.7, grad=0.0, label='v')"
    assert repr(v + 1.0) == "Value(3.7, grad=0.0, op='add')"


# --- operators

NUMBERS = [2, 2.0, True, np.float64(2.0), np.int32(2), np.array(2.0)]


@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("op", ["+", "-", "*", "/", "**"])
def test_numbers_on_either_side(n, op):
    x = Value(3.0)
    for text, want in [(f"x {op} n", eval(f"3.0 {op} float(n)")), (f"n {op} x", eval(f"float(n) {op} 3.0"))]:
        z = eval(text)
        assert isinstance(z, Value), text
        assert z.data == want, text
        assert x in z.parents


def test_numpy_scalars_do_not_make_arrays():
    assert isinstance(np.float64(2) * Value(3.0), Value)
    assert isinstance(np.float32(2) ** Value(3.0), Value)
    assert np.float64(2) < Value(3.0)
    assert np.float64(4) >= Value(3.0)
    assert not np.float64(4) <= Value(3.0)
    assert np.float64(4) > Value(3.0)


def test_unary_operators():
    x = Value(-3.0)
    assert (-x).data == 3.0
    assert +x is x
    assert abs(x).data == 3.0


@pytest.mark.parametrize("bad", ["a", None, 1j, [1.0], (1.0,), {}, b"x"])
@pytest.mark.parametrize("op", ["+", "*", "-", "/", "**", "<", ">="])
def test_nonsense_operands_are_refused_on_either_side(bad, op):
    x = Value(1.0, "w1")  # noqa: F841 - the expressions below read it
    with pytest.raises(TypeError, match=r"of Value and \w+ is not defined|unsupported operand|not supported"):
        eval(f"x {op} bad")
    with pytest.raises(TypeError):
        eval(f"bad {op} x")


def test_the_message_names_the_value():
    with pytest.raises(TypeError, match=r"multiply of Value and str is not defined \(the Value is 'w1'\)"):
        Value(1.0, "w1") * "a"


def test_an_unknown_type_may_define_the_operation_itself():
    class Other:
        def __rmul__(self, other):
            return "mine"

        def __gt__(self, other):
            return "greater"

    assert Value(1.0) * Other() == "mine"
    assert (Value(1.0) < Other()) == "greater"
    with pytest.raises(TypeError):
        Value(1.0) ** object()
    with pytest.raises(TypeError):
        Value(1.0) < object()  # noqa: B015
    with pytest.raises(TypeError):
        object() - Value(1.0)


def test_power_with_a_number_is_a_rule_of_its_own_and_a_number_elsewhere_is_a_leaf():
    x = Value(3.0)
    assert (x**2).op == "power_constant"
    assert (x**2).parents == (x,)
    assert (x ** Value(2.0)).op == "power"
    assert (2**x).op == "power"
    two = (2.0 * x).parents[0]
    assert is_constant(two)
    assert not is_constant(x)


def test_sum_of_many_values():
    xs = [Value(1.0) for _ in range(100_000)]
    total = sum(xs)
    total.backward()
    assert total.data == 100_000.0
    assert {x.grad for x in xs} == {1.0}


# --- order and identity


def test_order_compares_numbers_and_equality_is_identity():
    a, b = Value(1.0), Value(1.0)
    assert (a < 2.0) is True
    assert (a > 2.0) is False
    assert (a < 2.0) is True
    assert (a <= b) is True
    assert (a >= b) is True
    assert a != b
    assert a == a
    assert len({a, b, a}) == 2
    assert sorted([Value(3.0), Value(1.0)])[0].data == 1.0
    assert max(Value(3.0), Value(1.0)).data == 3.0


# --- the sweep


def test_microgrands_published_sanity_check():
    """micrograd's own test, with the gradients that PyTorch gives for it."""
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = engine.relu(z) + z * x
    h = engine.relu(z * z)
    y = h + q + q * x
    y.backward()
    assert y.data == -20.0
    assert x.grad == 46.0


def test_microgrands_published_more_operations():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + engine.relu(b + a))
    d = d + (3 * d + engine.relu(b - a))
    e = c - d
    f = e**2
    g = f / 2.0
    g = g + 10.0 / f
    g.backward()
    assert g.data == pytest.approx(24.70408163265306, abs=1e-12)
    assert a.grad == pytest.approx(138.83381924198252, abs=1e-12)
    assert b.grad == pytest.approx(645.5772594752186, abs=1e-12)


def test_leaves_accumulate_and_interior_nodes_are_recomputed():
    x = Value(3.0)
    y = x * x
    z = y * 2.0
    z.backward()
    assert (x.grad, y.grad, z.grad) == (12.0, 2.0, 1.0)
    z.backward()
    assert (x.grad, y.grad, z.grad) == (24.0, 2.0, 1.0)
    z.backward(seed=-0.5)
    assert (x.grad, y.grad, z.grad) == (18.0, -1.0, -0.5)


def test_zero_grad():
    x = Value(3.0)
    (x * x).backward()
    zero_grad([x])
    assert x.grad == 0.0


def test_backward_of_a_leaf_adds_the_seed():
    x = Value(3.0)
    x.backward()
    x.backward(2.0)
    assert x.grad == 3.0


def test_a_weight_changed_after_the_forward_pass_does_not_change_that_passs_gradient():
    w, x = Value(2.0), Value(3.0)
    z = w * x
    x.data = 100.0
    z.backward()
    assert w.grad == 3.0


def test_shared_nodes_are_pulled_back_once():
    x = Value(2.0)
    y = x
    for _ in range(60):
        y = y + y  # 2**60 paths
    y.backward()
    assert x.grad == 2.0**60


def test_the_sweep_is_linear_in_the_seed_and_in_the_function():
    def gradient(make, seed=1.0):
        x = Value(0.7)
        make(x).backward(seed)
        return x.grad

    f, g = (lambda x: engine.tanh(x) * x), (lambda x: engine.exp(x) + x**3)
    assert gradient(lambda x: 2.0 * f(x) + 3.0 * g(x)) == pytest.approx(2 * gradient(f) + 3 * gradient(g), rel=1e-15)
    assert gradient(f, 4.0) == 4.0 * gradient(f)


# --- many operands


def test_dot_is_one_node_whose_local_derivative_is_the_other_factor():
    ws, xs, b = [Value(1.0), Value(2.0)], [Value(3.0), 4.0], Value(0.5)
    z = engine.dot(ws, xs, b)
    z.backward()
    assert z.op == "dot"
    assert z.data == 11.5
    assert [w.grad for w in ws] == [3.0, 4.0]
    assert xs[0].grad == 1.0
    assert b.grad == 1.0


def test_dot_needs_equal_lengths():
    with pytest.raises(ValueError, match="as many weights as inputs; got 2 and 1"):
        engine.dot([1.0, 2.0], [1.0])
    assert engine.dot([], []) == 0.0
    assert engine.dot([], [], Value(2.0)).data == 2.0


def test_many_operands_refuse_nonsense():
    with pytest.raises(TypeError, match="total of Value and str is not defined"):
        engine.total([Value(1.0), "x"])
    with pytest.raises(TypeError, match="total of object is not defined"):
        engine.total([Value(1.0), object()])


# --- NumPy


def test_object_arrays_multiply_and_sum():
    A = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    x = np.array([Value(5.0), Value(6.0)])
    y = A @ x
    assert [v.data for v in y] == [17.0, 39.0]
    assert [v.data for v in np.dot(A, x)] == [17.0, 39.0]
    s = y.sum()
    s.backward()
    assert [v.grad for v in x] == [4.0, 6.0]
    assert [[v.grad for v in row] for row in A] == [[5.0, 6.0], [5.0, 6.0]]


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sqrt", "sin", "arctan", "log1p", "square", "abs"])
def test_ufuncs_on_a_value_and_on_arrays_of_values(name):
    ufunc = getattr(np, name)
    one = ufunc(Value(0.5))
    many = ufunc(np.array([Value(0.5), Value(0.25)])) if name not in ("square",) else None
    assert isinstance(one, Value)
    assert one.data == pytest.approx(float(ufunc(0.5)), rel=1e-15)
    if many is not None:
        assert [v.data for v in many] == pytest.approx(ufunc(np.array([0.5, 0.25])).tolist(), rel=1e-15)


def test_binary_ufuncs():
    x = Value(2.0)
    assert np.maximum(x, 1.0).op == "maximum"
    assert np.arctan2(x, 3.0).op == "arctan2"
    assert np.power(x, 3).op == "power_constant"
    assert np.power(2.0, x).op == "power"
    assert np.true_divide(1.0, x).op == "divide"
    assert np.add(x, np.array(1.0)).op == "add"
    low, high = Value(1.0), Value(2.0)
    assert np.equal(x, x) is True
    assert np.not_equal(x, x) is False
    for a, b in ((low, high), (high, low)):
        assert np.equal(a, b) is False
        assert np.not_equal(a, b) is True


def test_a_value_times_an_array_is_an_array_of_values():
    x = Value(2.0)
    for z in (x * np.array([1.0, 3.0]), np.array([1.0, 3.0]) * x, np.float64(1.0) * np.array([x, x])):
        assert isinstance(z, np.ndarray)
        assert all(isinstance(v, Value) for v in z)
    assert (np.array([x, x]) > 1.0).tolist() == [True, True]


def test_a_ufunc_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="np.floor has no derivative rule. Rules are in engine/rules.py"):
        np.floor(Value(1.5))


def test_a_value_in_a_float_array_is_its_number():
    assert np.array([Value(1.5)], dtype=float).tolist() == [1.5]


# --- copies


def graph():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    z = engine.tanh(w * x) ** 2 + engine.dot([w, x], [x, 1.0]) + engine.clip(x, -1.0, 1.0) * 3
    z.label = "z"
    z.backward()
    return w, x, z


def test_copy_shares_parents():
    _, _, z = graph()
    twin = copy.copy(z)
    assert twin is not z
    assert twin.parents == z.parents
    assert (twin.data, twin.grad, twin.label, twin.op) == (z.data, z.grad, "z", z.op)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda z: pickle.loads(pickle.dumps(z))])
def test_deep_copies_are_whole_graphs_of_their_own(duplicate):
    w, x, z = graph()
    twin = duplicate(z)
    leaves = {leaf.label: leaf for leaf in engine.graph.leaves(twin) if leaf.label}
    assert (twin.data, twin.grad, twin.label) == (z.data, z.grad, "z")
    assert leaves["w"] is not w
    assert leaves["w"].grad == w.grad
    twin.backward()
    assert leaves["w"].grad == 2 * w.grad
    assert leaves["x"].grad == 2 * x.grad
    assert engine.graph.count(twin) == engine.graph.count(z)


def test_a_deep_copy_keeps_what_is_shared():
    w, _, z = graph()
    twin_w, twin_z = copy.deepcopy([w, z])
    assert twin_w in engine.graph.leaves(twin_z)


def test_a_pickle_keeps_the_forward_pass_and_constants():
    x = Value(2.0)
    z = x * 3.0
    x.data = 50.0
    twin = pickle.loads(pickle.dumps(z))
    twin.backward()
    assert twin.parents[0].grad == 3.0
    assert is_constant(twin.parents[1])
    leaf = pickle.loads(pickle.dumps(Value(1.5, Label("a.0", array="a", place=(0,)))))
    assert (leaf.data, leaf.label.array, leaf.label.place) == (1.5, "a", (0,))


# --- limits


def test_a_chain_of_a_million_nodes():
    n = 1_000_000
    x = Value(1.0)
    y = x
    for _ in range(n // 2):
        y = -y
    for _ in range(n // 2):
        y = y + x
    y.backward()
    assert x.grad == 1.0 + n / 2
    assert engine.graph.count(y) == n + 1
    assert len(engine.graph.order(y)) == n + 1
    twin = copy.deepcopy(y)
    restored = pickle.loads(pickle.dumps(y))
    assert twin.data == restored.data == y.data
    del y, twin, restored  # freed without recursion, or the interpreter dies here
    assert x.grad == 1.0 + n / 2


def test_dropped_graphs_leave_nothing_to_the_collector():
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            _, _, z = graph()
            h = engine.grad(engine.grad(lambda x: engine.exp(x) * x))(0.5)
            engine.hessian(lambda x: x[0] * x[1])([1.0, 2.0])
            del z, h
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_dropped_graph_is_freed_at_once():
    x = Value(1.0)
    before = sys.getrefcount(x)
    z = engine.tanh(x * x) + x
    z.backward()
    del z
    assert sys.getrefcount(x) == before


def test_threads_do_not_disturb_each_other():
    failures = []

    def work(seed):
        for k in range(200):
            x = Value(seed + k)
            z = x * x
            for _ in range(20):
                z = engine.tanh(z) + x
            z.backward()
            want = engine.grad(lambda x: _nest(x, 20))(seed + k)
            if x.grad != want:
                failures.append((seed, k, x.grad, want))

    threads = [threading.Thread(target=work, args=(0.1 * i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == []


def _nest(x, depth):
    z = x * x
    for _ in range(depth):
        z = engine.tanh(z) + x
    return z


def test_a_label_says_where_its_scalar_sits():
    label = Label("layers.0.neurons.3.w.5", array="layers.0.W", place=(5, 3))
    assert label == "layers.0.neurons.3.w.5"
    assert copy.deepcopy(label).place == (5, 3)
    assert hash(label) == hash("layers.0.neurons.3.w.5")


def test_a_value_shows_itself_as_text_where_viz_is_not_loaded(monkeypatch):
    monkeypatch.delitem(sys.modules, "viz", raising=False)
    assert Value(1.0)._repr_mimebundle_() == {"text/plain": "Value(1.0, grad=0.0)"}


def test_a_value_shows_its_graph_where_viz_is_loaded(monkeypatch):
    class Viz:
        @staticmethod
        def svg(root):
            return f"<svg>{root.data}</svg>"

    monkeypatch.setitem(sys.modules, "viz", Viz)
    assert Value(1.0)._repr_mimebundle_()["image/svg+xml"] == "<svg>1.0</svg>"


# --- conditions: what comparisons are while a function is being lifted --------------------------------------------


class Watch:
    """A trace that notes what it is told."""

    def __init__(self):
        self.branches, self.leaks = [], []

    def branch(self, condition):
        self.branches.append(condition)
        return condition._data != 0.0

    def leak(self, value, into):
        self.leaks.append(into)
        raise TypeError(into)


@pytest.mark.parametrize("a", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("b", [1.0, 2.0, 3.0])
def test_while_lifting_a_comparison_is_a_condition_that_stays_undecided(a, b):
    watch = Watch()
    with recording(watch):
        x, y = Value(a), Value(b)
        conditions = [x < y, x <= y, x > y, x >= y, x < b, b < x, np.less(x, y)]
        assert watch.branches == []
        assert [bool(c) for c in conditions] == [a < b, a <= b, a > b, a >= b, a < b, b < a, a < b]
        assert watch.branches == [c.node for c in conditions]
    assert [bool(c) for c in conditions] == [a < b, a <= b, a > b, a >= b, a < b, b < a, a < b]


@pytest.mark.parametrize("p", [False, True])
@pytest.mark.parametrize("q", [False, True])
def test_conditions_combine(p, q):
    with recording(Watch()):
        x = Value(1.0)
        a, b = (x > 0.0 if p else x < 0.0), (x > 0.0 if q else x < 0.0)
        for got, want in [(a & b, p and q), (a | b, p or q), (~a, not p), (a & q, p and q), (q & a, p and q)]:
            assert bool(got) is want
            assert got.node._data == float(want)
        assert (a * b)._data == float(p and q)
        assert (2.0 * a)._data == 2.0 * p
        assert bool(a | q) is (p or q)
        assert bool(q | a) is (p or q)
        chosen = a.where(x, 5.0)
        assert chosen.op == "where"
        assert chosen._data == (1.0 if p else 5.0)
        assert engine.where(a, x, 5.0)._data == chosen._data


def test_while_lifting_numbers_do_not_leak():
    watch = Watch()
    x = Value(2.0)
    with recording(watch):
        for leak in (
            float,
            int,
            bool,
            math.trunc,
            lambda v: v.data,
            lambda v: v.item(),
            lambda v: setattr(v, "data", 1.0),
        ):
            with pytest.raises(TypeError):
                leak(x)
        assert is_constant(Value(3.0))
    assert watch.leaks == [
        "a float", "an int", "a bool", "an int", "a float (by .data)", "a float",
        "a place to store a number (by .data = ...)",
    ]  # fmt: skip
    assert x.data == 2.0


def test_a_comparison_with_nonsense_is_refused_while_lifting_too():
    with recording(Watch()), pytest.raises(TypeError):
        Value(1.0) < object()  # noqa: B015


def test_zero_dimensional_arrays_are_numbers_and_boxes_of_objects_are_not():
    assert (Value(3.0) * np.array(2.0)).data == 6.0
    box = np.empty((), dtype=object)
    box[()] = "x"
    with pytest.raises(TypeError):
        Value(3.0) * box
    assert Value(3.0) < np.array(4.0)
    with pytest.raises(TypeError):
        Value(3.0) < np.array("x")  # noqa: B015


@pytest.mark.parametrize(("x", "truth"), [(2.7, True), (0.0, False), (-0.0, False), (-1.0, True), (math.nan, True)])
def test_the_truth_of_a_value_is_its_numbers(x, truth):
    assert bool(Value(x)) is truth
