"""What lines assign, by their instructions alone."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from engine.watching.stores import NOTHING, Store, fills_containers, goes_on_to, stored


def code_of(text):
    scope = {}
    exec(compile(text, "<typed>", "exec"), scope)
    return scope["f"].__code__


def names(code):
    return {line: [(s.name, s.loops) for s in stores] for line, stores in stored(code).items()}


def test_variables_of_every_kind():
    text = """def f(x):
    global g
    a = b = x
    c, (d, *e) = x
    g = 1
    if (w := x): pass
    x += 1
    def inner(): return a
    with x as y: pass
"""
    assert names(code_of(text)) == {
        3: [("a", False), ("b", False)], 4: [("c", False), ("d", False), ("e", False)], 5: [("g", False)],
        6: [("w", False)], 7: [("x", False)], 8: [("inner", False)], 9: [("y", False)],
    }  # fmt: skip


def test_what_a_loop_runs_over_is_no_assignment():
    text = """def f(xs):
    for i, (a, b) in enumerate(xs):
        y = a
    z = [u * v for u, v in xs]
    return z
"""
    found = names(code_of(text))
    assert found[2] == [("i", True), ("a", True), ("b", True)]
    assert found[3] == [("y", False)]
    assert found[4] == [("z", False)]


def test_attributes_by_names_and_read_without_running_anything():
    text = """def f(self, cache):
    self.h = 1
    cache.layer.k = 2
    f(self).x = 3
"""
    stores = [store for stores in stored(code_of(text)).values() for store in stores]
    assert [store.name for store in stores] == ["h", "cache.layer.k"]

    class Slotted:
        __slots__ = ("k",)

        @property
        def h(self):
            raise AssertionError

    slotted = Slotted()
    local = {"self": SimpleNamespace(h=5), "cache": SimpleNamespace(layer=slotted)}
    frame = sys._getframe()
    assert stores[0].read(frame, local) == 5
    assert stores[1].read(frame, local) is NOTHING
    slotted.k = 6
    assert stores[1].read(frame, local) == 6
    assert stores[0].read(frame, {"self": slotted}) is NOTHING
    assert Store("NOTHING", "NOTHING").read(frame, {}) is NOTHING
    assert Store("stored", "stored").read(frame, {}) is stored


def test_what_a_line_goes_on_to():
    text = """def f(self, xs):
    total = sum(xs) / len(
        xs)
    for x in g(
            xs):
        total = x
    self.out = total
    out[3] = total
    out.append(total + 1)
    print(total)
    yield total
    return [
        total * 2]
"""
    code = code_of(text)
    assert {line: goes_on_to(code, line) for line in range(2, 14)} == {
        2: "total", 3: "total", 4: "", 5: "", 6: "total", 7: "out", 8: goes_on_to(code, 8), 9: "out", 10: "",
        11: "f", 12: "f", 13: "f",
    }  # fmt: skip
    assert goes_on_to(code, 99) == ""


def steps_of(monkeypatch, *steps):
    """Have a function's instructions be these: (line, name, argument)."""
    made = [
        (line, SimpleNamespace(opname=name, argval=value, arg=value, offset=2 * k))
        for k, (line, name, value) in enumerate(steps)
    ]
    monkeypatch.setattr("engine.watching.stores._instructions", lambda code: made)
    monkeypatch.setattr("dis.get_instructions", lambda code: [step for _, step in made])
    return code_of(f"def f(x, y): return {len(made)}, {id(made)}")


def test_instructions_of_newer_pythons(monkeypatch):
    """From 3.13 on one may store two variables, or store and load one; from 3.12 on comprehensions are inlined."""
    code = steps_of(
        monkeypatch, (2, "UNPACK_SEQUENCE", 2), (2, "STORE_FAST_STORE_FAST", ("a", "b")),
        (3, "FOR_ITER", 9), (3, "STORE_FAST_LOAD_FAST", ("u", "u")), (4, "LOAD_FAST_LOAD_FAST", ("u", "self")),
        (4, "STORE_ATTR", "h"), (5, "LOAD_FAST_AND_CLEAR", "w"), (5, "FOR_ITER", 4), (5, "STORE_FAST", "w"),
        (5, "END_FOR", None), (5, "STORE_FAST", "w"), (5, "STORE_FAST", "z"),
        (6, "LOAD_FAST_BORROW", "cache"), (6, "STORE_ATTR", "k"),
    )  # fmt: skip
    assert names(code) == {
        2: [("a", False), ("b", False)], 3: [("u", True)], 4: [("h", False)], 5: [("z", False)],
        6: [("cache.k", False)],
    }  # fmt: skip
    assert goes_on_to(code, 5) == "z"


def test_containers_that_are_filled_by_key():
    assert fills_containers(code_of("def f(x):\n    x[0] = 1"))
    assert not fills_containers(code_of("def f(x):\n    x = [1]"))


def test_what_is_added_to_an_attribute():
    text = """def f(self, other, x):
    self.v += x * 0.1
    other.cache.total -= self.v
    other.items[0].v += x
"""
    assert names(code_of(text)) == {2: [("v", False)], 3: [("other.cache.total", False)]}
