"""Source, formulas and records in the author's words: what runs, under other names."""

from __future__ import annotations

import io
import random
import tokenize

import numpy as np
import pytest
from formulas_run import compared_program
from scalar_gpt import NAMES, PARAMETERS, loss_of, of_select, tokens

import engine
from engine import Value, tanh

rng = random.Random(0)
layers = [[[Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(3)] for _ in range(2)]
bias = [Value(0.5)] * 3


def dense(x, weights):
    out = []
    for row in weights:
        z = sum(w * u for w, u in zip(row, x))
        out.append(z)
    return out


def normed(x):
    power = sum(u * u for u in x) / len(x)
    scale = (power + 1e-5) ** -0.5
    return [u * scale for u in x]


def network(x, t):
    h = [tanh(z) for z in dense(x, layers[0])]
    h = normed(h)
    scores = dense(h, layers[1])
    errors = [(s - u) ** 2 for s, u in zip(scores, t)]
    return sum(errors) / len(errors)


def branching(x):
    y = x * x
    if y > 1.0:
        y = y - 1.0
    return y * x


X = np.linspace(-1.0, 1.0, 12).reshape(4, 3)
CASES = {
    "batched": (network, (X, X[::-1]), {"batch": True}),
    "one sample": (network, (X[0], X[1]), {}),
    "none": (network, (X, X[::-1]), {"batch": True, "reduction": "none"}),
    "a guard": (branching, (2.0,), {}),
    "a lambda": (lambda x: tanh(x * x), (0.5,), {}),
    "the GPT": (lambda: loss_of(tokens), (), {}),
}


def lifted(case):
    fn, inputs, options = CASES[case]
    program = engine.lift(fn, **options)
    if options.get("reduction") == "none":
        program(*inputs)
    else:
        program.value_and_grad(*inputs, wrt="all" if inputs else "parameters")
    return program, inputs


def words(text):
    """The tokens of a text, but for comments and how it is laid out: (whether it is a variable, the token)."""
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    tokens_ = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in skipped]
    following = [*[t.string for t in tokens_[1:]], ""]
    before = ["", *[t.string for t in tokens_[:-1]]]
    attributes = [b == "." or (a == "=" and b == ",") for b, a in zip(before, following)]
    return [(t.type == tokenize.NAME and not attribute, t.string) for t, attribute in zip(tokens_, attributes)]


def renaming(one, other):
    """The names of one text, and what the other has in their places; all else must be the same."""
    one, other = words(one), words(other)
    assert len(one) == len(other)
    renamed = {}
    for (varies, first), (also, second) in zip(one, other):
        assert varies == also
        assert renamed.setdefault(first, second) == second if varies else first == second
    assert len(set(renamed.values())) == len(renamed)
    return renamed


@pytest.mark.parametrize("case", CASES)
def test_what_is_shown_is_what_runs_under_other_names(case):
    program, _ = lifted(case)
    assert renaming(program.latest.compiled[program.latest_wrt].emitted.text, program.source())


@pytest.mark.parametrize("case", CASES)
def test_what_is_shown_runs_and_gives_the_same(case):
    program, inputs = lifted(case)
    wrt = program.latest_wrt
    compiled = program.latest.compiled[wrt]
    text = program.source()
    call = (lambda: program(*inputs)) if wrt == "parameters" and inputs else None
    call = call or (lambda: program.value_and_grad(*inputs, wrt=wrt))
    expected = call()
    compiled.sizes.clear()
    compiled.namespace.clear()
    exec(compile(text, "<shown>", "exec"), compiled.namespace)
    again = call()
    if isinstance(expected, tuple):
        assert again[0] == expected[0]
        if expected[1].parameters is not None:
            np.testing.assert_array_equal(again[1].parameters, expected[1].parameters)
    else:
        np.testing.assert_array_equal(again, expected)


def test_results_are_called_by_their_author_s_variables():
    program, _ = lifted("batched")
    names = [record.name for record in program.steps]
    assert {"h", "scale", "scores", "errors"} <= set(names)
    assert "power" in program.source()
    chains = {r.name: [c.function for c in r.origin.chain] for r in program.steps if r.origin}
    assert chains["scale"] == ["network", "normed"]
    assert chains["scores"] == ["network", "dense"]
    assert "# network/normed, test_describing.py:" in program.source()


def test_no_name_stands_for_two_results():
    for case in CASES:
        program, _ = lifted(case)
        results = {}
        for record in program.steps:
            assert results.setdefault(record.name, record.result) == record.result


def test_parameters_by_their_paths():
    program, _ = lifted("the GPT")
    assert {name: int(np.prod(shape)) for name, shape in program.parameters.items()} == PARAMETERS
    assert set(program.value_and_grad()[1].named()) == set(PARAMETERS)


def test_the_scalar_gpt_reads_like_its_source():
    program, _ = lifted("the GPT")
    known = {name: record for record in program.steps if record.origin for name in record.origin.variable.split(", ")}
    assert set(NAMES) <= set(known)
    for name, chain in NAMES.items():
        assert [call.function for call in known[name].origin.chain][1 : 1 + len(chain)] == chain, name
    with_words = [r for r in program.steps if r.origin and (r.origin.variable or r.origin.towards)]
    assert len(with_words) >= 0.9 * len(program.steps)


def test_tokens_that_are_inputs_change_no_name():
    program = engine.lift(of_select)
    program.value_and_grad(tokens)
    assert set(program.parameters) == set(PARAMETERS)
    variables = {v for r in program.steps if r.origin for v in r.origin.variable.split(", ")}
    assert set(NAMES) <= variables
    assert all(r.origin and (r.origin.variable or r.origin.towards) for r in program.steps)
    compared_program(program, tokens)


def test_a_graph_that_was_watched_goes_by_its_caller_s_variables():
    W = [[Value(0.1 * i + j) for j in range(3)] for i in range(2)]
    gain = Value(2.0)
    with engine.provenance():
        scores = [tanh(sum(w * u for w, u in zip(row, (1.0, 2.0, 3.0)))) for row in W]
        total = (scores[0] + scores[1]) * gain
    program = engine.lift(total)
    program.value_and_grad()
    assert program.parameters == {"W": (2, 3), "gain": ()}
    assert "scores" in program.formulas()
    compared_program(program)


@pytest.mark.parametrize("case", [case for case in CASES if case != "none"])
def test_formulas_are_what_runs(case):
    program, inputs = lifted(case)
    compared_program(program, *inputs)


def test_names_decide_nothing():
    """The same network under other variables has the same text but for names."""

    def other(a, t):
        quite = [tanh(another) for another in dense(a, layers[0])]
        different = normed(quite)
        names = dense(different, layers[1])
        here = [(s - u) ** 2 for s, u in zip(names, t)]
        return sum(here) / len(here)

    texts = []
    for f in (network, other):
        program = engine.lift(f, batch=True)
        program.value_and_grad(X, X[::-1])
        texts.append(program.source().split("\n", 1)[1])
    assert renaming(*texts)
    assert texts[0] != texts[1]
