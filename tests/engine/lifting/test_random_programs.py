"""Random programs agree with the scalar engine, call after call; `tests/benchmarks/run_random.py` runs any number."""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache

import numpy as np
import pytest
from grammar import Argument, Source, generate
from long_run import shortened
from random_inputs import inputs_for
from random_programs import Tally, as_loops, as_phrases, declared, run

import engine
from engine import Value

COUNT, SHARE, SHORT = 300, 25, 25  # of programs: in all, in a test, in the default run
KINDS = {
    "nested loops": r"for i in .*\n +for j in",
    "closures": r"\n    def v\d+\(u, k=",
    "recursion": r"\n    def (v\d+)\(u, n\):\n.* else \1\(",
    "lists changed in place": r"\[0\] = v\d+\[-1\]",
    "aliases": r"\n    v\d+ = v\d+\n",
    "dictionaries": r"\['b'\] = ",
    "dictionaries as inputs": r"\['k'\]",
    "repeated parameters": r"pW = \[\[.*\]\] \* [23]",
    "a parameter at two places": r"pu = \[.*, p0\]",
    "select": r"engine\.select\(\[",
    "select of a row": r"engine\.select\(\w+, \w+\)\[",
    "where": r"engine\.where\(",
    "combined conditions": r"\) [&|^] \(",
    "conditions in arithmetic": r"\* \(\(0\.0 \+ .* [<>=!]=? ",
    "comparisons of integers": r"\(\w+ [!=]= \d\)",
    "equality of any numbers": r"\(\(0\.0 \+ [^()]+\) [!=]= [^()]+\)",
    "ties": r"engine\.(maximum|minimum)\((\w+), \2\)",
    "cumulative sums": r"\n        s = s [-+] q",
    "folds that subtract": r"\n    for q in .*:\n        (v\d+) (= \1 -|-=|= q -)",
    "folds in reverse": r"for q in reversed\(list\(.*\)\):",
    "recurrences": r"\n    for q in .*:\n        (v\d+) = .*\1.*\n        v\d+\.append\(\1\)",
    "recurrences of two states": r"\n        (v\d+), (v\d+) = .*\n        v\d+\.append\(\1\)",
    "windows": r"\[i:i \+ 2\]",
    "branches": r"\n    if .*:\n",
    "layers": r" for r in pW\]",
    "arrays of Values": r" @ np\.array",
    "powers that vary": r"\*\* (v\d|p\d)",
    "signed zeros": r"-0\.0",
    "steps of time": r"\n    for m in range\(\d+\):\n        (v\d+).* = .*\1",
    "multistep methods": r"\.append\(v\d+\[-1\] \+ 0\.1 \* v\d+\(v\d+\[-1\]\) - ",
    "relaxations": r"\n        for i in range\(1, \d\):\n            (v\d+)\[i\] = ",
    "trees": r"while len\((v\d+)\) > 1:",
    "pairs": r"for j in range\(i \+ 1, \d\):\n            r = ",
    "mutable state": r"self\.x \+= 0\.1 \* self\.v",
    "branches in loops": r"for m in range\(\d+\):\n        if .*:\n",
    "replaced parameters": r"\n    global p0",
    "replaced functions": r"\n    global helper",
    "changed attributes": r"\n    Setting\.scale = ",
    "changed arrays": r"\n    TABLE\[1\] = ",
    "hostile arguments": r"def f\((theta|gradient|seed|N|dx|dw|z1|scale|constants|forward|loss)\b",
    "hostile labels": r"Value\([-\d.]+, '(7\*7|0_1|class|lambda|theta|gradient|N|dw|a b)'\)",
}


@cache
def texts():
    """Programs, as many again as are run."""
    return [generate(seed).text for seed in range(2 * COUNT)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_grammar_makes(kind):
    assert sum(bool(re.search(KINDS[kind], text)) for text in texts()) >= 3


@pytest.mark.parametrize("batch", [False, True])
def test_the_inputs_are_of_every_kind(batch):
    draw, seen = random.Random(0), Counter()
    source = Source("", [Argument("x", "matrix", (3, 2)), Argument("t", "count")], batch, "mean", 3)
    for _ in range(600):
        (x, _), n = inputs_for(draw, source, 0)
        seen["samples", 0 if not n else 1 if n == 1 else 2 if n < 40 else 3] += 1
        if not isinstance(x, np.ndarray):
            seen["a list"] += 1
            continue
        seen[x.dtype.name] += 1
        seen["read-only"] += not x.flags.writeable
        seen["with gaps"] += any(s != c for s, c in zip(x.strides, x.copy().strides))
        seen["reversed"] += any(s < 0 for s in x.strides)
        seen["ties"] += x.size > 1 and len(np.unique(x)) < x.size
        seen["negative zeros"] += bool((np.signbit(x) & (x == 0)).any())
    kinds = ["a list", "float32", "int64", "int8", "read-only", "with gaps", "reversed", "ties", "negative zeros"]
    assert all(seen[kind] >= 5 for kind in kinds), seen
    assert all(seen["samples", size] >= 5 for size in ([0, 1, 2, 3] if batch else [1])), seen


def test_parameters_are_declared_in_any_order_in_part_and_twice():
    draw, values = random.Random(0), [Value(float(k)) for k in range(4)]
    lists = [declared(draw, values) for _ in range(50)]
    assert any(len(set(chosen)) < len(chosen) for chosen in lists)
    assert any(len(set(chosen)) < len(values) for chosen in lists)
    assert any(chosen != sorted(chosen, key=values.index) for chosen in lists)


@pytest.mark.parametrize(
    "first", [pytest.param(n, marks=[] if n < SHORT else pytest.mark.slow) for n in range(0, COUNT, SHARE)]
)
def test_random_programs_are_right(first):
    tally = Tally()
    for seed in range(first, first + SHARE):
        run(seed, tally)
    assert not [s for s in tally.seen if s[1] != "refused"]
    assert tally.counts["refused"] <= 0.03 * 3 * SHARE + 2  # of a few; the bar is for many
    assert tally.counts["right"] > 2 * SHARE


@pytest.mark.parametrize("written", [as_loops, as_phrases])
def test_random_programs_are_right_over_floats(written):
    tally = Tally()
    with written():
        for seed in range(40_000, 40_012):
            run(seed, tally)
    assert not [s for s in tally.seen if s[1] != "refused"]
    assert tally.counts["right"] > 24


@pytest.mark.slow
def test_random_programs_are_right_on_jax():
    pytest.importorskip("jax")
    tally = Tally()
    for seed in range(20, 32):
        run(seed, tally, backend="jax")
    assert not tally.seen
    assert tally.counts["right"] > 10
    assert tally.counts["programs on JAX"] >= 6


@pytest.mark.parametrize("count", shortened([4, 10], 1))
def test_pytorch_comes_to_the_same_gradients(count):
    pytest.importorskip("torch")
    tally = Tally()
    for seed in range(1000, 1000 + count):
        run(seed, tally, backend="torch")
    assert not [s for s in tally.seen if s[1] != "refused"]
    assert tally.counts["calls in PyTorch"] > 2 * count


def test_what_is_wrong_is_seen(monkeypatch):
    """A value that is off by a millionth, a gradient that is zero, a crash and a refusal are told apart."""
    lift = engine.lift
    spoilt = {
        "wrong": lambda value, gradient: (value * (1.0 + 1e-6) + 1e-6, gradient),
        "crash": lambda value, gradient: value.nothing_that_a_number_has,
        "refused": lambda value, gradient: engine.lift("no function"),
    }
    for wanted, spoil in spoilt.items():

        class Spoilt:
            def __init__(self, program, spoil):
                self.program, self.spoil = program, spoil

            def value_and_grad(self, *inputs, **options):
                return self.spoil(*self.program.value_and_grad(*inputs, **options))

            def __call__(self, *inputs):
                return self.spoil(self.program(*inputs), None)[0]

            def __getattr__(self, name):
                return getattr(self.program, name)

        monkeypatch.setattr(
            engine, "lift", lambda *a, spoil=spoil, **k: Spoilt(lift(*a, **k), spoil) if callable(a[0]) else lift(*a)
        )
        tally = Tally()
        for seed in range(6):
            run(seed, tally)
        assert tally.seen
        assert {how for _, how, _ in tally.seen} == {wanted}
