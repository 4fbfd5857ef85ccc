"""Repeated lines and terms: written once, they unfold to what they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_formulas import unfolded, written_out

from engine.lifting.emit.repetition import Short, counting, folded, pieces

LAYERS = [line for k in range(1, 7) for line in (f"z{k} = a{k - 1} @ W{k} + b{k}", f"a{k} = tanh(z{k}) * 0.5")]


def test_a_chain_of_layers_is_printed_once_with_its_count():
    text = folded(["x = 1", *LAYERS, "y = a6"], "t")
    assert text == [
        "x = 1", "6 times, t = 1, ..., 6:", "    z{t} = a{t - 1} @ W{t} + b{t}", "    a{t} = tanh(z{t}) * 0.5", "y = a6"
    ]  # fmt: skip
    assert list(unfolded(text)) == ["x = 1", *LAYERS, "y = a6"]


def test_two_layers_are_two():
    assert folded(LAYERS[:4], "t") == LAYERS[:4]


@pytest.mark.parametrize("lines", [
    ["a1 = 1.5", "a2 = 2.5", "a3 = 3.5"],  # numbers that are no whole numbers
    ["a1 = b1", "a2 = b2", "a3 = b5"],  # of no pattern
    ["a1 = b", "c2 = b", "d3 = b"],
])  # fmt: skip
def test_what_does_not_repeat_stays(lines):
    assert folded(lines, "t") == lines


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.integers(1, 4)), min_size=1, max_size=25))
def test_folded_lines_unfold_to_themselves(rows):
    lines = [f"{name}{k} = c{k + 3} * x[{k * step}, 1] - 0.{k}1" for name, k, step in rows]
    assert list(unfolded(folded(lines, "t"))) == lines


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=1, max_size=20))
def test_terms_of_a_sum_are_what_they_were(terms):
    texts = [(negative and i > 0, f"(b{k} + 1).sum()") for i, (negative, k) in enumerate(terms)]
    values = {f"b{k}": float(2**k) for k in range(13)}
    want = sum((-1 if negative else 1) * (values[text[1 : text.index(" ")]] + 1) for negative, text in texts)
    written = written_out(Short("t").sum(texts)).replace(".sum()", "")
    assert eval(written, values) == want


def test_numbers_behind_names_and_by_themselves_are_whole():
    assert pieces("a10[:, 3] * 0.25 + 1e-05").numbers == (10, 3)
    assert counting({"t", "step"}) == "t_0"
