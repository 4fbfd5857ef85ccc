"""Copies and pickles: what is shared stays shared, nothing recurses, nothing is kept."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.graph import count, order

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def through(x, protocol=pickle.DEFAULT_PROTOCOL):
    return pickle.loads(pickle.dumps(x, protocol))


def python_pickle(x):
    """Pickle by the pickler that is written in Python."""
    out = io.BytesIO()
    pickle._Pickler(out).dump(x)
    return pickle.loads(out.getvalue())


def layered():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    hidden = engine.tanh(w * x)
    other = hidden * hidden + 3.0
    loss = engine.dot([hidden, other], [w, 2.0], x)
    return w, x, hidden, other, loss


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("names", ["wxhol", "lohxw", "hl", "lh", "ol", "wl", "ll", "hoh"])
def test_results_that_are_pickled_together_keep_what_they_share(names, protocol):
    originals = dict(zip("wxhol", layered()))
    back = through([originals[name] for name in names], protocol)
    originals["l"].backward()
    restored = dict(zip(names, back))
    assert all(a is b for a, b in zip(back, [restored[name] for name in names]))
    assert count(*back) == count(*[originals[name] for name in names])
    if "l" in restored:
        restored["l"].backward()
        assert all(restored[name].grad == originals[name].grad for name in names)


def test_the_pickler_that_is_written_in_python_shares_as_well():
    _, _, hidden, _, loss = layered()
    hidden, loss = python_pickle({"hidden": hidden, "loss": loss}).values()
    loss.backward()
    assert hidden in order(loss)
    assert hidden.grad != 0.0


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=25), st.randoms())
def test_any_selection_of_nodes_of_any_graph_comes_back_with_its_structure(pairs, rng):
    nodes = [Value(1.0, "a"), Value(2.0, "b")]
    for i, j in pairs:
        nodes.append(nodes[i % len(nodes)] * 0.5 + nodes[j % len(nodes)])
    chosen = rng.choices(nodes, k=5)
    back = through(chosen)
    place = {node: i for i, node in enumerate(order(*chosen))}
    again = {node: i for i, node in enumerate(order(*back))}
    assert [[place[p] for p in node.parents] for node in place] == [[again[p] for p in node.parents] for node in again]
    assert [place[node] for node in chosen] == [again[node] for node in back]
    assert [node.data for node in place] == [node.data for node in again]


def test_a_pickle_of_one_result_holds_no_more_than_its_graph_whatever_was_pickled_before():
    x = Value(2.0)
    hidden = x * x
    loss = hidden
    for _ in range(200):
        loss = loss * 1.01
    alone = len(pickle.dumps(hidden))
    pickle.dumps(loss)
    assert len(pickle.dumps(hidden)) == alone


def test_a_pickle_holds_the_numbers_of_its_own_time():
    x = Value(2.0, "x")
    z = x * x
    pickler = pickle.Pickler(io.BytesIO())
    pickler.dump(z)  # its memo is alive
    z.backward()
    assert through(z).grad == 1.0
    del pickler


class Probe(str):
    """A label that can be referred to weakly, as Values cannot."""


def test_nothing_is_kept_after_a_pickle_without_the_collector():
    gc.disable()
    try:
        x = Value(2.0)
        z = x * x
        z.label = Probe("z")
        reference = weakref.ref(z.label)
        pickle.dumps((z, x))
        with pytest.raises((TypeError, AttributeError)):
            pickle.dumps((z, x, lambda: None))  # one that fails keeps nothing either
        del x, z
        assert reference() is None
    finally:
        gc.enable()


def test_a_thousand_results_of_one_chain_cost_one_chain():
    results = [Value(1.0)]
    for _ in range(2000):
        results.append(results[-1] * 1.001)
    assert len(pickle.dumps(results)) < 20 * len(pickle.dumps(results[-1]))
    back = through(results)
    assert count(*back) == count(*results)


VARIABLES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy of a list": lambda x: copy.deepcopy([x])[0],
    "deepcopy of an array": lambda x: copy.deepcopy(np.array([x, x]))[0],
    "deepcopy of a result": lambda x: copy.deepcopy(x * 1.0),
}


@pytest.mark.parametrize("copied", VARIABLES.values(), ids=VARIABLES)
def test_a_copy_inside_a_function_that_is_differentiated_or_lifted_is_the_value_itself(copied):
    f = lambda x: copied(x) * x  # noqa: E731
    assert engine.grad(f)(3.0) == 6.0
    assert engine.grad(engine.grad(f))(3.0) == 2.0
    program = engine.lift(f)
    assert [program(3.0), program(5.0)] == [9.0, 25.0]


def test_what_does_not_depend_on_the_variables_is_copied_as_ever():
    w = Value(3.0, "w")

    def f(x):
        twin = copy.deepcopy(w)
        twin.data = 100.0
        return x * twin

    assert engine.grad(f)(2.0) == 100.0
    assert w.data == 3.0


def test_a_pickle_inside_a_function_that_is_differentiated_is_refused():
    with pytest.raises(engine.TraceError, match="turned into a pickle"):
        engine.grad(lambda x: through(x) * x)(3.0)
