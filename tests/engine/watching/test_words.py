"""Of all names that a node was lent, the best; and everybody's chain, line and repetition."""

from __future__ import annotations

import functools

import numpy as np

from engine import Value, dot, tanh
from engine.watching import CallSite, run_watched

FILE = __file__


def named(fn, *arguments):
    """The name of each interior node, in the order of their numbers, "" where it has none."""
    result, words = run_watched(fn, *arguments)
    origins = words.origins(*(result if isinstance(result, (list, tuple)) else [result]))
    return [origins[node].name for node in sorted((n for n in origins if n.parents), key=lambda n: n.born)]


def x3():
    return [Value(1.0), Value(2.0), Value(3.0)]


def inner(x):
    y = [u * 2.0 for u in x]
    return y


def test_the_caller_s_variable_is_a_better_name_than_the_callee_s():
    def f(x):
        z = inner(x)
        return tanh(z[0])

    assert named(f, x3()) == ["z[0]", ""]


def test_the_callee_s_variable_is_better_than_none():
    assert named(lambda x: inner(x)[1] + 1.0, x3()) == ["y[1]", ""]


def test_the_last_assignment_before_the_use_counts():
    def f(x):
        a = x * 2.0
        b = a
        c = tanh(b)
        d = a
        return c * d

    assert named(f, Value(1.0)) == ["b", "c", ""]


def test_a_part_lends_no_name_to_what_has_one_as_a_whole():
    def f(x):
        q = inner(x)
        q_h = q[:2]
        head = q[0]
        return head * q_h[1]

    assert named(f, x3()) == ["q[0]", "q[1]", ""]


def test_a_callee_does_not_rename_what_its_caller_has_named():
    def callee(x):
        y = x
        z = list(y)
        return tanh(z[0])

    def f(x):
        h = inner(x)
        return callee(h)

    assert named(f, x3())[0] == "h[0]"


def test_what_a_loop_runs_over_keeps_its_name():
    def f(x):
        h = inner(x)
        total = 0.0
        for u in h:
            total = total + u
        return total

    assert named(f, x3())[:3] == ["h[0]", "h[1]", "h[2]"]
    assert named(f, x3())[3:] == ["total"] * 3

    def generated(x):
        total = 0.0
        for u in (v * v for v in x):
            total = total + u
        return total

    assert named(generated, x3())[::2] == ["u", "u", "u"]


def test_what_is_put_into_containers_has_their_names():
    def f(x):
        listed, keyed = [], {}
        for u in x:
            listed.append(u * 2.0)
            keyed["k"] = u * 3.0
        array = np.empty((1, 2), dtype=object)
        array[0, 1] = x[0] * 4.0
        total = listed[2] + keyed["k"]
        listed = [x[0] * 5.0]
        return total + array[0, 1] + listed[0]

    assert named(f, x3()) == ["listed[2]", "keyed['k']", "array[0][1]", "total", "listed[0]", "", ""]


def test_a_variable_that_held_a_container_may_hold_a_number():
    def f(x):
        h = [x * 2.0]
        y = h[0]
        for _ in range(2):
            h = 3
            h = h + 1
        return y * h

    assert named(f, Value(1.0)) == ["y", ""]


def test_attributes_of_self_and_of_others():
    class Cell:
        def step(self, x):
            self.h = x * 2.0
            return self.h + 1.0

    def f(cell, x):
        cell.y = cell.step(x)
        return tanh(cell.y)

    assert named(f, Cell(), Value(1.0)) == ["h", "cell.y", ""]


def test_chains_lines_and_repetitions():
    first = test_chains_lines_and_repetitions.__code__.co_firstlineno

    def layer(x):
        return [tanh(u) for u in x]

    def f(x):
        for _ in range(2):
            x = layer(x)
        return functools.reduce(lambda a, b: a + b, (u * u for u in map(abs, x)))

    result, words = run_watched(f, x3())
    origins = sorted(words.origins(result).items(), key=lambda item: item[0].born if item[0].parents else 0)
    origins = [origin for node, origin in origins if node.parents]
    outer, called = CallSite("f", FILE), CallSite("layer", FILE, first + 8)
    assert [o.chain for o in origins] == [(outer, called)] * 6 + [(outer,)] * 8
    assert [o.times for o in origins] == [(0, 0)] * 3 + [(0, 1)] * 3 + [(0,)] * 8
    assert [o.line - first for o in origins] == [4] * 6 + [9] * 8
    assert {o.holder for o in origins[:6]} == {(outer,)}
    assert [o.towards for o in origins[6:]] == [""] * 8


def test_methods_go_by_the_class_of_their_object():
    class Neuron:
        def __init__(self):
            self.w = x3()

        def __call__(self, x):
            return dot(self.w, x)

    class Unit(Neuron):
        pass

    result, words = run_watched(Unit(), x3())
    assert [c.function for c in words.origins(result)[result].chain] == ["Unit.__call__"]


def test_what_a_line_goes_on_to_assign_where_no_variable_held_it():
    def f(x):
        scale = (x * x + 1.0) ** -0.5
        return scale * x

    result, words = run_watched(f, Value(2.0))
    origins = words.origins(result)
    inner_nodes = sorted((n for n in origins if n.parents), key=lambda n: n.born)
    assert [(origins[n].variable, origins[n].towards) for n in inner_nodes] == [
        ("", "scale"), ("", "scale"), ("scale", ""), ("", ""),
    ]  # fmt: skip


def test_leaves_and_what_nobody_watched():
    before = Value(1.0) * 2.0

    def f(x):
        w = Value(0.5)
        return w * x + before

    result, words = run_watched(f, Value(2.0))
    origins = words.origins(result)
    assert before not in origins
    assert {origin.name for node, origin in origins.items() if not node.parents} == {"w"}
    after = result * 2.0
    assert after not in words.origins(after)


def test_assignments_hold_the_very_objects():
    def forward(x):
        mu = sum(x) / 3.0
        xhat = [u - mu for u in x]
        n = len(x)
        xhat[0] = xhat[0] * n
        return xhat

    result, words = run_watched(forward, x3())
    assigned = {a.variable: a.value for a in words.assignments}
    assert list(assigned) == ["mu", "xhat"]
    assert assigned["xhat"] is result
    assert [c.function for c in words.assignments[0].holder] == ["forward"]


def test_a_generator_is_one_call_that_goes_on():
    def halves(x):
        for u in x:
            half = u * 0.5
            yield half

    def f(x):
        total = 0.0
        for h in halves(x):
            total = total + h
        return total

    result, words = run_watched(f, x3())
    origins = words.origins(result)
    chains = [(tuple(c.function for c in o.chain), o.times) for n, o in origins.items() if n.op == "multiply"]
    assert chains == [(("f", "halves"), (0, 0))] * 3
    assert {tuple(c.function for c in o.chain) for n, o in origins.items() if n.op == "add"} == {("f",)}
