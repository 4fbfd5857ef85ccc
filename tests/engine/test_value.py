"""Value: numbers in, the sweep, copies, and what must not be."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading

import pytest

import engine
from engine import Label, Value, zero_grad
from engine.value import is_constant


def test_a_new_value_is_a_leaf_with_zero_gradient():
    v = Value(2.0, "v")
    assert (v.data, v.grad, v.parents, v.op, v.label, v.pullback(1.0)) == (2.0, 0.0, (), "", "v", ())


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
    z.backward()
    assert leaves["w"].grad == w.grad
    assert leaves["x"].grad == x.grad
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


@pytest.mark.slow
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
