"""The five notes: their single results, and formula by formula what is printed against the scalar engine.

`python -m tests.nn.test_notes` writes the table anew from the records in tests/nn/notes.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from nn import matrix, notes

from .notes import note_000_softmax, note_001_softmax, note_002, note_003_layers, note_004
from .notes.note_001_softmax import softmax_loss_vectorized
from .notes.record import deviation, table

NOTES = [module.note for module in (note_000_softmax, note_001_softmax, note_002, note_003_layers, note_004)]
FORMULAS = [formula for note in NOTES for formula in note.formulas]
RNG = np.random.default_rng(0)
PAGE = Path(__file__).resolve().parents[2] / "nn" / "notes.md"
TABLE = re.compile(r"(?<=<!-- table -->\n).*(?=\n<!-- /table -->)", re.DOTALL)


def by_id(formula):
    return f"{formula.id} {formula.values.__name__}"


@pytest.mark.parametrize("formula", FORMULAS, ids=by_id)
def test_formula(formula):
    truth, *printed = formula.values()
    assert all(value is not truth for value in printed)
    if formula.verdict == "right":
        assert printed
        assert max(deviation(value, truth) for value in printed) < 1e-12
        return
    as_printed, corrected, *amounts_to = printed
    assert deviation(corrected, truth) < 1e-12
    if formula.raises:
        with pytest.raises(formula.raises):
            as_printed()
        return
    assert deviation(as_printed, truth) > 1e-3
    assert all(deviation(as_printed, value) < 1e-12 for value in amounts_to)


def test_the_table_is_printed_from_the_formulas():
    assert TABLE.search(PAGE.read_text(encoding="utf-8"))[0] == table(NOTES)


def test_what_is_not_right_has_its_correction():
    for formula in FORMULAS:
        assert bool(formula.corrected) == (formula.verdict != "right"), formula.id
        assert bool(formula.raises) == (formula.verdict == "cannot run"), formula.id


@pytest.mark.parametrize(("a", "expected"), [([1.0, 2.0 + 1e-9], 5e-10), ([2.0, 1.0], 0.5), ([np.nan, 2.0], np.inf)])
def test_a_deviation_is_seen(a, expected):
    assert deviation(a, [1.0, 2.0]) == pytest.approx(expected, rel=1e-6)
    assert deviation([a], [1.0, 2.0]) == np.inf


# --- single results of the notes against each other --------------------------------------------------------------


def parameters(sizes):
    rng = np.random.default_rng(0)
    layers = list(enumerate(zip(sizes, sizes[1:])))
    weights = {f"layers.{layer}.W": rng.normal(size=(d, c)) / np.sqrt(d) for layer, (d, c) in layers}
    return weights | {f"layers.{layer}.b": rng.normal(size=c) * 0.1 for layer, (_, c) in layers}


def test_note_000_single_samples_add_up_to_the_batch():
    X, p = RNG.normal(size=(5, 4)), parameters([4, 6, 3])
    T = RNG.normal(size=(5, 3))
    _, want = matrix.value_and_gradients(p, X, T, activation="tanh", output="tanh", loss="half_mse")
    weights, biases = [p["layers.0.W"], p["layers.1.W"]], [p["layers.0.b"], p["layers.1.b"]]
    each = [notes.single_sample_gradients(weights, biases, x, t, "tanh", "half_mse") for x, t in zip(X, T)]
    for layer in range(2):
        np.testing.assert_allclose(
            np.mean([dW[layer] for dW, _ in each], axis=0), want[f"layers.{layer}.W"], rtol=1e-13
        )
        np.testing.assert_allclose(
            np.mean([db[layer] for _, db in each], axis=0), want[f"layers.{layer}.b"], rtol=1e-13
        )


def test_note_001_one_neuron_is_a_column_of_the_layer():
    X, dy = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 3))
    dW = matrix.weight_gradient(X, dy)
    for j in range(3):
        np.testing.assert_allclose(notes.neuron_gradient_of_many_inputs(X, dy[:, j]), dW[:, j], rtol=1e-14)
        added = sum(notes.neuron_gradient(X[k], dy[k, j]) for k in range(5))
        np.testing.assert_allclose(added, dW[:, j], rtol=1e-13)


def test_note_001_loop_and_vectorized_softmax_loss_agree():
    W, X, y = RNG.normal(size=(4, 3)), RNG.normal(size=(7, 4)), RNG.integers(0, 3, 7)
    loop, dW_loop = notes.softmax_loss_loop(W, X, y, 0.3)
    value, dW = notes.softmax_loss_vectorized(W, X, y, 0.3)
    assert loop == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(dW_loop, dW, rtol=1e-12)
    layer = {"layers.0.W": W, "layers.0.b": np.zeros(3)}
    general, gradients = matrix.value_and_gradients(layer, X, y, l2=0.3)
    assert general == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(gradients["layers.0.W"], dW, rtol=1e-13)


@pytest.mark.parametrize("size", [1.0, 1e3, 1e5, 1e300])
def test_softmax_loss_is_finite_for_any_scores(size):
    W, X, y = RNG.normal(size=(4, 3)) * size, np.ones((2, 4)), np.array([0, 2])
    for f in (notes.softmax_loss_loop, notes.softmax_loss_vectorized):
        value, dW = f(W, X, y, 0.0)
        assert np.isfinite(value)
        assert np.isfinite(dW).all()


def test_note_003_recursion_with_its_one_hot_code():
    p = parameters([4, 6, 5, 3])
    X, y = RNG.normal(size=(5, 4)), RNG.integers(0, 3, 5)
    weights = [p[f"layers.{k}.W"].T for k in range(3)]
    dW, db = notes.relu_softmax_gradients(weights, [p[f"layers.{k}.b"] for k in range(3)], X, y)
    _, want = matrix.value_and_gradients(p, X, y)
    for k in range(3):
        np.testing.assert_allclose(dW[k].T, want[f"layers.{k}.W"], rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(db[k], want[f"layers.{k}.b"], rtol=1e-12, atol=1e-16)


def test_note_004_output_layer():
    W, b, a, y = RNG.normal(size=(3, 4)), RNG.normal(size=3), RNG.normal(size=4), RNG.normal(size=3)
    delta, dW, db = notes.sigmoid_mse_output_gradients(a, W, b, y)
    layer = {"layers.0.W": W.T, "layers.0.b": b}
    _, want = matrix.value_and_gradients(layer, a[None, :], y[None, :], output="sigmoid", loss="half_mse")
    np.testing.assert_allclose(dW.T, want["layers.0.W"], rtol=1e-13)
    np.testing.assert_allclose(db, want["layers.0.b"], rtol=1e-13)
    np.testing.assert_allclose(delta, db)


# --- where the notes themselves are at hand ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def texts(data):
    folder = data.parent / "notes"
    if not folder.is_dir():
        pytest.skip("the notes are not beside the data folder")
    return {note.number: next(folder.glob(f"{note.number}_*")).read_text(encoding="utf-8") for note in NOTES}


def lines_of_mathematics_or_code(text):
    """Numbers of the lines that hold a formula or code; within $$ ... $$ every line that has a letter or a sign."""
    fenced = display = False
    for number, line in enumerate(text.splitlines(), start=1):
        mathematics = fenced or display or "$" in line
        if line.startswith("```"):
            fenced = not fenced
        elif mathematics and not re.fullmatch(r"\s*(\$\$)?\s*(\\(begin|end)\{\w+\})?\s*(\$\$)?\s*", line):
            yield number
        if not fenced and line.count("$$") % 2:
            display = not display


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.number)
def test_every_line_of_mathematics_or_code_has_a_verdict(note, texts):
    judged = {line for formula in note.formulas for line in formula.lines}
    lines = set(lines_of_mathematics_or_code(texts[note.number]))
    assert lines - judged == set(note.silent)


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.number)
def test_a_quotation_is_on_its_lines(note, texts):
    lines = texts[note.number].splitlines()
    for formula in note.formulas:
        there = " ".join(" ".join(lines[n - 1] for n in formula.lines).split())
        for quotation in re.findall("“(.*?)”", formula.printed):
            assert " ".join(quotation.split()) in there, formula.id


def test_the_function_that_runs_is_the_one_printed(texts):
    block = re.search(r"```python\n(def .*?)```", texts["001"], re.DOTALL)[1]
    printed, ours = (ast.parse(text).body[0] for text in (block, inspect.getsource(softmax_loss_vectorized)))
    assert ast.get_docstring(printed)
    assert ast.dump(ast.Module(printed.body[1:], [])) == ast.dump(ast.Module(ours.body, []))


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(lambda _: table(NOTES), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
