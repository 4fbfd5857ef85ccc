"""Random programs agree with the scalar engine, call after call; `tests/benchmarks/run_random.py` runs any number."""

from __future__ import annotations

import re

import pytest
from grammar import generate
from random_programs import Tally, run

import engine

COUNT, SHARE = 300, 25
KINDS = {
    "nested loops": r"for i in .*\n +for j in",
    "closures": r"\n    def v\d+\(u, k=",
    "lists changed in place": r"\[0\] = v\d+\[-1\]",
    "aliases": r"\n    v\d+ = v\d+\n",
    "dictionaries": r"\['b'\] = ",
    "dictionaries as inputs": r"\['k'\]",
    "repeated parameters": r"pW = \[\[.*\]\] \* [23]",
    "select": r"engine\.select\(",
    "where": r"engine\.where\(",
    "combined conditions": r"\) [&|] \(",
    "comparisons of integers": r"\(\w+ [!=]= \d\)",
    "ties": r"engine\.(maximum|minimum)\((\w+), \2\)",
    "cumulative sums": r"\n        s = s \+ q",
    "branches": r"\n    if .*:\n",
    "layers": r" for r in pW\]",
    "arrays of Values": r" @ np\.array",
    "powers that vary": r"\*\* (v\d|p\d)",
    "replaced parameters": r"\n    global p0",
    "hostile arguments": r"def f\((theta|gradient|seed|N|dx|dw|z1|scale|constants|forward|loss)\b",
    "hostile labels": r"Value\([-\d.]+, '(7\*7|0_1|class|lambda|theta|gradient|N|dw|a b)'\)",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_grammar_makes(kind):
    assert sum(bool(re.search(KINDS[kind], generate(seed).text)) for seed in range(2 * COUNT)) >= 3


@pytest.mark.parametrize("first", range(0, COUNT, SHARE))
def test_random_programs_are_right(first):
    tally = Tally()
    for seed in range(first, first + SHARE):
        run(seed, tally)
    assert not [s for s in tally.seen if s[1] != "refused"]
    assert tally.counts["refused"] <= 0.03 * 3 * SHARE + 2  # of a few; the bar is for many
    assert tally.counts["right"] > 2 * SHARE


def test_random_programs_are_right_on_jax():
    pytest.importorskip("jax")
    tally = Tally()
    for seed in (3, 8, 21, 34, 55):
        run(seed, tally, backend="jax")
    assert not tally.seen
    assert tally.counts["right"] > 10


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
