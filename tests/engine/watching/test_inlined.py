"""A watched run says the same of a comprehension, whether Python runs it in the frame around it or in one of its own.

A generator expression has a frame of its own in every Python: ``list(... for ...)`` is the truth of ``[... for ...]``.
"""

from __future__ import annotations

import ast

import pytest

from engine import Value, tanh
from engine.watching import run_watched
from engine.watching.inlined import inlined
from engine.watching.stores import stored

TEXTS = {
    "what it runs over is made in it": """
y = [x * 2.0 for x in [u * u for u in xs]]
return sum(y)""",
    "on many lines, with conditions": """
y = [
    tanh(x)
    for x in [u * u
              + 1.0 for u in xs]
    if x > 0.0
]
z = {
    k: v * 3.0
    for k, v in enumerate(y)
}
s = sum([
    z[k] + 0.5
    for k in z
]) + 1.0
return s * sum([v
                * 0.1 for v in xs])""",
    "variables of the function's names": """
xs = [x * 2.0 for x in xs]
for x in [x * 3.0 for x in xs]:
    y = [x * u for u in xs]
    xs = [xs * 0.5 for xs in y]
x = [x for x in xs]
x, y = [x * 2.0 for x in y], [y * 3.0 for y in x]
return sum(x) * sum(y)""",
    "one in another": """
rows = [[u * v for v in xs if v > 1.0] for u in xs]
pairs = [a * b for a in xs for b in xs if a is not b]
return sum([sum([c * 2.0 for c in row]) for row in rows]) + sum(pairs)""",
    "what lines go on to": """
p, q = xs[0] * 2.0 + 1.0, xs[1] * 3.0 + 1.0
ys = []
ys.extend([x * 2.0 for x in xs])
if any([x * 3.0 > 1.0 for x in xs]) and p * 2.0 > q * 3.0 - 9.0:
    ys.append(sum([y * y for y in ys]))
while len(ys) < 6:
    ys = [y * 0.5 for y in ys] + [ys[-1] * 2.0]
[ys.append(x * 5.0) for x in xs]
t = {x: x * 2.0 for x in xs}
a, *rest = [y * t[xs[0]] for y in ys]
return a * sum(rest)""",
    "functions that are called in it, and closures": """
def scaled(x):
    h = [x * u for u in xs]
    return sum(h)
fs = [lambda t, x=x: t * x for x in xs]
ys = [
    scaled(x) *
    f(2.0) for x, f in zip(xs, fs)
]
try:
    ys = [y / 0.0 for y in (1.0, 2.0)]
except ZeroDivisionError:
    z = [k for k in ys]
return sum(z)""",
}


class InFramesOfTheirOwn(ast.NodeTransformer):
    """Comprehensions as generator expressions."""

    def visit_ListComp(self, node):
        generator = ast.copy_location(ast.GeneratorExp(node.elt, node.generators), node)
        return self.generic_visit(self.call("list", generator, node))

    def visit_DictComp(self, node):
        pair = ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node.key)
        generator = ast.copy_location(ast.GeneratorExp(pair, node.generators), node)
        return self.generic_visit(self.call("dict", generator, node))

    def call(self, name, generator, node):
        called = ast.copy_location(ast.Name(name, ast.Load()), node)
        return ast.copy_location(ast.Call(called, [generator], []), node)


def function_of(tree):
    scope = {"Value": Value, "tanh": tanh}
    exec(compile(ast.fix_missing_locations(tree), "<typed>", "exec"), scope)
    return scope["f"]


def told(f):
    """Everything that a watched run tells."""
    result, words = run_watched(f, [Value(1.0), Value(2.0), Value(3.0)])
    origins = [
        (node.op, node.data, o.name, o.towards, o.line, [(c.function, c.line) for c in o.chain], o.times)
        for node, o in words.origins(result).items()
    ]
    return origins, [(a.variable, a.line, [c.function for c in a.holder]) for a in words.assignments]


@pytest.mark.parametrize("name", TEXTS)
def test_a_comprehension_is_told_as_one_in_a_frame_of_its_own(name):
    text = "def f(xs):" + TEXTS[name].replace("\n", "\n    ")
    own = function_of(InFramesOfTheirOwn().visit(ast.parse(text)))
    assert inlined(own.__code__) == frozenset()
    assert told(function_of(ast.parse(text))) == told(own)


def test_the_targets_of_one_line_are_in_the_order_in_which_they_are_written():
    text = "def f(xs):\n    p, q, r = xs[0] * 2.0, xs[1] * 2.0, [x * 2.0 for x in xs]\n    return p * q * sum(r)"
    assert [variable for variable, *_ in told(function_of(ast.parse(text)))[1]] == ["p", "q", "r"]
    text = (
        "def f(xs):\n    a = b = xs[0] * 2.0\n    c = a; d = b\n    a, b = b * 2.0, a * 3.0\n    return a * b * c * d"
    )
    assert [variable for variable, *_ in told(function_of(ast.parse(text)))[1]] == ["a", "b", "c", "d", "a", "b"]


def test_an_asynchronous_one_hides_nothing():
    scope = {}
    exec("async def f(xs):\n    y = [x async for x in xs]\n    z = 1.0\n    return y, z", scope)
    names = {line: [store.name for store in stores] for line, stores in stored(scope["f"].__code__).items()}
    assert names[3] == ["z"]
