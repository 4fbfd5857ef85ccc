"""Parameters by the paths through which functions reach them, and arrays of what is reached alike."""

from __future__ import annotations

import functools
import types

import numpy as np
import pytest

from engine import Value
from engine.watching.paths import paths_of


def matrix(rows, columns):
    return [[Value(1.0) for _ in range(columns)] for _ in range(rows)]


class Neuron:
    def __init__(self, n):
        self.w, self.b = [Value(0.0) for _ in range(n)], Value(0.0)

    def __call__(self, x):
        return sum((w * u for w, u in zip(self.w, x)), self.b).tanh()


class Layer:
    def __init__(self, n, m):
        self.neurons = [Neuron(n) for _ in range(m)]


class MLP:
    def __init__(self, *sizes):
        self.layers = [Layer(n, m) for n, m in zip(sizes, sizes[1:])]

    def __call__(self, x):
        return self.layers[0].neurons[0](x)


class Dense:
    def __init__(self):
        self.W, self.b = matrix(2, 3), [Value(0.0), Value(0.0)]


class Net:
    __slots__ = ("__dict__", "scale")

    def __init__(self):
        self.layers, self.scale = [Dense(), Dense()], Value(1.0)
        self.everything = [self.layers[1].W[1][2]]

    def loss(self, x):
        return self.layers[0].b[0] * x


state_dict = {"wte": matrix(3, 2), "layer0.attn_wq": matrix(2, 2)}
params = [value for table in state_dict.values() for row in table for value in row]


def of_tables():
    return state_dict["wte"][0][0] * params[0]


def test_tables_in_a_dictionary_rather_than_a_flat_list():
    values = [state_dict["layer0.attn_wq"][1][0], state_dict["wte"][2][1]]
    assert paths_of(of_tables, values) == [("layer0.attn_wq", (1, 0)), ("wte", (2, 1))]
    assert paths_of(lambda: params[0], values) == [("params", (8,)), ("params", (5,))]


def test_matrices_of_layers():
    net = Net()
    values = [net.layers[1].W[1][2], net.layers[0].b[1], net.scale]
    expected = [("layers.1.W", (1, 2)), ("layers.0.b", (1,)), ("scale", ())]
    for fn in (net.loss, lambda x: net.loss(x), functools.partial(Net.loss, net)):
        assert paths_of(fn, values) == expected


def test_the_neurons_of_a_layer_are_a_matrix():
    model = MLP(3, 4, 1)
    values = [model.layers[0].neurons[2].w[1], model.layers[0].neurons[3].b, model.layers[1].neurons[0].w[2]]
    expected = [("layers.0.neurons.w", (2, 1)), ("layers.0.neurons.b", (3,)), ("layers.1.neurons.w", (0, 2))]
    for fn in (model, model.__call__, lambda x: model(x)):
        assert paths_of(fn, values) == expected


def test_two_networks_keep_their_names():
    first, second = Dense(), Dense()
    values = [first.W[0][0], second.W[0][0]]
    assert paths_of(lambda x: first.W[0][0] * second.W[0][0] * x, values) == [("first.W", (0, 0)), ("second.W", (0, 0))]


def test_single_values_arrays_defaults_and_inner_functions():
    w, a = Value(1.0), np.array([[Value(1.0), Value(2.0)]], dtype=object)
    default, keyword = Value(3.0), Value(4.0)

    def helper():
        return a[0, 0]

    def f(x, d=default, *, k=keyword):
        def inner():
            return w * helper()

        return inner() * d * k * x

    values = [w, a[0, 1], default, keyword]
    assert paths_of(f, values) == [("w", ()), ("a", (0, 1)), ("d", ()), ("k", ())]


def test_what_a_module_holds():
    model = types.ModuleType("model")
    model.table = {"wte": matrix(2, 2)}
    exec("def loss(): return table['wte'][0][0] * 2.0", vars(model))
    scope = {"model": model, "np": np}
    exec("def scores(x): return np.sum(x) * model.loss() * model.table['wte'][1][0]", scope)
    assert paths_of(scope["scores"], [model.table["wte"][1][0]]) == [("wte", (1, 0))]
    exec("def through(): return model.loss()", scope)
    assert paths_of(scope["through"], [model.table["wte"][1][0]]) == [("wte", (1, 0))]


def test_variables_that_lead_to_values():
    w, table = [Value(1.0), Value(2.0)], {"b": Value(3.0)}
    assert paths_of({"w": w, "table": table}, [w[1], table["b"]]) == [("w", (1,)), ("b", ())]


def test_what_no_path_leads_to():
    assert paths_of(lambda x: x, [Value(1.0)]) == [None]
    assert paths_of(abs, [Value(1.0)]) == [None]


def test_nothing_of_anybody_s_runs_and_circles_end():
    class Loud:
        @property
        def w(self):
            raise AssertionError

        def __getattr__(self, name):
            raise AssertionError(name)

        def __eq__(self, other):
            raise AssertionError

        __hash__ = None

    loud = Loud()
    loud.me, loud.value, loud.by_number = loud, Value(1.0), {3: Value(2.0), (1, 2): Value(3.0)}
    values = [loud.value, loud.by_number[3], loud.by_number[1, 2]]
    assert paths_of(lambda: loud.value, values) == [("value", ()), ("by_number", (3,)), ("by_number.(1, 2)", ())]


def test_what_a_rewritten_assertion_mentions_is_not_looked_through(monkeypatch):
    def asserts(x):
        assert x in {0.0, 1.0}

    rewriting = types.SimpleNamespace(held=Value(1.0))
    code = asserts.__code__
    asserts.__code__ = code.replace(co_names=(*code.co_names, "@rewriting"))  # as pytest does: no identifier
    monkeypatch.setitem(globals(), "@rewriting", rewriting)
    assert paths_of(asserts, [rewriting.held]) == [None]


@pytest.mark.parametrize("size", [10, 1000])
def test_a_long_chain_is_no_recursion(size):
    node = {"w": Value(1.0)}
    last = node["w"]
    for _ in range(size):
        node = {"next": node}
    name, index = paths_of(lambda: node, [last])[0]
    assert name.endswith("next.w")
    assert index == ()
