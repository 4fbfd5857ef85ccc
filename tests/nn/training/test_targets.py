"""Targets: each form that people give, for each loss and number of outputs, is read as meant or refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from nn import losses, matrix, neuron
from nn.training.targets import KNOWN_LOSSES, REACH, Targets, remarks

C2 = np.array([0, 1, 1, 0, 1])
ROWS = np.eye(2)[C2]
REAL = np.array([0.5, -1.5, 2.0, 0.25, 7.0])

READ = {  # form -> (targets, loss, outputs, what they are read as)
    "classes": (C2, "cross_entropy", 2, C2),
    "classes of three outputs": (C2, "cross_entropy", 3, C2),
    "a column of classes": (C2[:, None], "cross_entropy", 2, C2),
    "whole floats": (C2.astype(float), "cross_entropy", 2, C2),
    "booleans": (C2.astype(bool), "cross_entropy", 2, C2),
    "bytes": (C2.astype(np.uint8), "cross_entropy", 2, C2),
    "objects": (C2.astype(object), "cross_entropy", 2, C2),
    "a list": (C2.tolist(), "cross_entropy", 2, C2),
    "a list of rows": (C2[:, None].tolist(), "cross_entropy", 2, C2),
    "one-hot rows": (ROWS, "cross_entropy", 2, ROWS),
    "whole one-hot rows": (ROWS.astype(int), "cross_entropy", 2, ROWS),
    "probabilities": (0.8 * ROWS + 0.1, "cross_entropy", 2, 0.8 * ROWS + 0.1),
    "0 and 1": (C2, "binary_cross_entropy", 1, C2),
    "0 and 1 in a column": (C2[:, None], "binary_cross_entropy", 1, C2[:, None]),
    "yes and no": (C2.astype(bool), "binary_cross_entropy", 1, C2.astype(float)),
    "how probable": (C2 * 0.5 + 0.25, "binary_cross_entropy", 1, C2 * 0.5 + 0.25),
    "labels": (np.ones((5, 2)), "binary_cross_entropy", 2, np.ones((5, 2))),
    "signs": (2 * C2 - 1, "hinge", 1, 2 * C2 - 1),
    "signs of labels": (2 * ROWS - 1, "hinge", 2, 2 * ROWS - 1),
    "numbers": (REAL, "mse", 1, REAL),
    "numbers in a column": (REAL[:, None], "half_mse", 1, REAL[:, None]),
    "rows of numbers": (np.stack([REAL, REAL]).T, "mse", 2, np.stack([REAL, REAL]).T),
    "yes and no as numbers": (C2.astype(bool), "mse", 1, C2.astype(float)),
}

REFUSED = {  # form -> (targets, loss, outputs, what is said)
    "text": (C2.astype(str), "cross_entropy", 2, r"T\[0\] is the text '0'"),
    "names": (np.array(["a", "b", "b", "a", "b"]), "cross_entropy", 2, r"names, T = np.unique\(T, return_inverse=True"),
    "half a class": (C2 + 0.5, "cross_entropy", 2, r"takes integer classes from 0, .*; got 0.5 at \[0\]"),
    "a negative class": (2 * C2 - 1, "cross_entropy", 2, r"got -1 at \[0\]"),
    "a class too many": (
        np.array([0, 1, 2]),
        "cross_entropy",
        2,
        r"class 2 at \[2\] is outside .* 2 outputs \(0 to 1\)",
    ),
    "classes from 1": (np.array([1, 2, 2]), "cross_entropy", 2, r"class 2 at \[1\] is outside"),
    "1e19": (np.array([0.0, 1e19]), "cross_entropy", 2, r"class 1e\+19 at \[1\] is outside"),
    "2**64 - 1": (np.array([0, 2**64 - 1], dtype=np.uint64), "cross_entropy", 2, r"class .* at \[1\] is outside"),
    "2**70": (np.array([0, 2**70], dtype=object), "cross_entropy", 2, r"class .* at \[1\] is outside"),
    "rows of three": (np.eye(3), "cross_entropy", 2, r"T has shape \(3, 3\): pass classes \(N,\), or a probability"),
    "several labels": (np.ones((5, 2)), "cross_entropy", 2, "row 0 of T sums to 2. For several labels per sample"),
    "no label": (np.zeros((5, 2)), "cross_entropy", 2, "row 0 of T sums to 0"),
    "scores": (4 * ROWS, "cross_entropy", 2, r"probabilities from 0 to 1; got 4.0 at \[0, 0\]"),
    "three axes": (np.zeros((5, 1, 1)), "cross_entropy", 2, r"T has shape \(5, 1, 1\): pass one target per sample"),
    "one number": (1, "mse", 1, r"T has shape \(\)"),
    "nan": (np.array([0.0, np.nan]), "cross_entropy", 2, r"T\[1\] is nan"),
    "inf": (np.array([[0.0], [np.inf]]), "mse", 1, r"T\[1, 0\] \(row 1, column 0\) is inf"),
    "missing": ([0, None], "mse", 1, r"T\[1\] is None"),
    "0 and 1 for hinge": (C2, "hinge", 1, r"takes targets of -1 and 1; got 0 at \[0\]. Pass 2 \* T - 1"),
    "one-hot for hinge": (ROWS, "hinge", 2, r"got 0.0 at \[0, 1\]. Pass 2 \* T - 1"),
    "signs for probabilities": (2 * C2 - 1, "binary_cross_entropy", 1, r"got -1 at \[0\]. Pass \(T \+ 1\) / 2"),
    "classes for labels": (C2, "binary_cross_entropy", 2, r"one target per output, \(N, 2\); got T \(5,\)"),
    "classes for numbers": (C2, "mse", 2, r"for classes use loss='cross_entropy', or pass np.eye\(2\)\[T\]"),
    "rows for one output": (ROWS, "mse", 1, r"one target per output, \(N, 1\); got T \(5, 2\)"),
    "a row": (C2[None, :], "mse", 1, r"got T \(1, 5\)"),
    "nothing": (np.zeros(0), "mse", 1, "at least one; got None and 0"),
    "complex": (C2 * 1j, "mse", 1, "an array of complex128"),
    "a name of no loss": (C2, "mae", 1, "loss='mae' is not known; use one of mse,"),
    "a loss that is no name": (C2, nn.mse, 1, "is no name: use one of 'mse'"),
}


@pytest.mark.parametrize("form", READ)
def test_a_form_is_read_as_meant(form):
    T, loss, outputs, want = READ[form]
    targets = Targets.read(T, loss, outputs, samples=len(T))
    np.testing.assert_array_equal(targets.values, want)
    np.testing.assert_array_equal(targets.rows(), matrix.targets(np.asarray(want), outputs, loss))
    assert targets.values.dtype.kind == (
        "i" if loss == "cross_entropy" and np.ndim(want) == 1 else np.asarray(want).dtype.kind
    )


@pytest.mark.parametrize("form", REFUSED)
def test_a_form_is_refused_in_one_sentence(form):
    T, loss, outputs, message = REFUSED[form]
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        Targets.read(T, loss, outputs)
    assert "\n" not in str(caught.value)


def test_series_and_frames():
    pandas = pytest.importorskip("pandas")
    for T in (pandas.Series(C2), pandas.DataFrame({"y": C2}), pandas.Series(C2, dtype="Int64"), pandas.Series(C2 == 1)):
        np.testing.assert_array_equal(Targets.read(T, "cross_entropy", 2).values, C2)
    with pytest.raises(TypeError, match=r"T\[0\] is the text 'a'"):
        Targets.read(pandas.Series(list("abbab"), dtype="category"), "cross_entropy", 2)


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("samples", [1, 4, 6, 60])
def test_as_many_targets_as_samples(form, samples):
    T, loss, outputs, _ = READ[form]
    with pytest.raises(ValueError, match=f"as many targets as samples, and at least one; got {samples} and 5"):
        Targets.read(T, loss, outputs, samples=samples)


@pytest.mark.parametrize("form", READ)
def test_metrics_of_targets_do_not_change_with_the_samples_taken(form):
    T, loss, outputs, _ = READ[form]
    targets = Targets.read(T, loss, outputs)
    if targets.metrics() != ("label_accuracy",):  # of which some rows may have one label
        assert {targets.take(np.array([k])).metrics() for k in range(5)} == {targets.metrics()}
    assert targets.like(T).metrics() == targets.metrics()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_classes_and_their_one_hot_rows_are_the_same_targets(classes):
    by_number = Targets.read(classes, "cross_entropy", 5)
    by_row = Targets.read(np.eye(5)[classes], "cross_entropy", 5)
    np.testing.assert_array_equal(by_number.rows(), by_row.rows())


@pytest.mark.parametrize(
    ("T", "loss", "outputs", "message"),
    [
        (
            np.zeros(6, dtype=int),
            "cross_entropy",
            2,
            r"all 6 targets are the same \(class 0\): there is nothing to tell",
        ),
        (np.ones(6), "binary_cross_entropy", 1, r"all 6 targets are the same \(1.0\)"),
        (np.ones(6), "hinge", 1, "all 6 targets are the same"),
        (np.eye(3)[[1] * 6], "cross_entropy", 3, "all 6 targets are the same"),
        (np.ones((6, 2)), "binary_cross_entropy", 2, "all 6 targets are the same"),
    ],
)
def test_one_class_is_nothing_to_learn(T, loss, outputs, message):
    with pytest.raises(ValueError, match=message):
        Targets.read(T, loss, outputs).check_learnable("identity")


def test_what_is_the_same_everywhere_may_still_be_learnt():
    Targets.read(np.full((6, 2), 0.5), "cross_entropy", 2).check_learnable("identity")
    Targets.read(np.full(6, 3.0), "mse", 1).check_learnable("identity")


@pytest.mark.parametrize("activation", REACH)
@pytest.mark.parametrize("loss", KNOWN_LOSSES)
def test_outputs_that_cannot_reach_their_targets_are_refused(activation, loss):
    """What an activation reaches is measured here, on a grid of pre-activations."""
    values = matrix.ACTIVATIONS[activation].f(np.linspace(-700, 700, 140_001))
    T = {"hinge": 2 * C2 - 1, "mse": REAL, "half_mse": REAL}.get(loss, C2)
    targets = Targets.read(T, loss, 2 if loss == "cross_entropy" else 1)
    wanted = {"hinge": (-0.999, 0.999), "mse": (-1.5, 7.0), "half_mse": (-1.5, 7.0)}.get(loss, (-0.4, 40.0))
    if wanted[0] < values.min() or wanted[1] > values.max():
        with pytest.raises(ValueError, match=rf"output='{activation}' gives numbers from .*: use output='identity'"):
            targets.check_learnable(activation)
    else:
        targets.check_learnable(activation)


def test_tables_name_what_there_is():
    assert set(REACH) == set(neuron.ACTIVATIONS)
    assert tuple(losses.LOSSES) == KNOWN_LOSSES
    for activation, (low, high) in REACH.items():
        values = matrix.ACTIVATIONS[activation].f(np.linspace(-700, 700, 140_001))
        assert values.min() == pytest.approx(low, abs=1e-5) or (low == -np.inf and values.min() < -6)
        assert values.max() == pytest.approx(high, abs=1e-5) or (high == np.inf and values.max() > 600)


@pytest.mark.parametrize(
    ("T", "said"),
    [
        ([[1.0, 1000.0], [2.0, 3000.0]], "output 0 vary little (deviation 0.5) beside those of output 1 (1e+03)"),
        ([[1.0, 2.0, 100.0], [2.0, 1.0, 300.0]], "targets of output 0, 1 vary little"),
        ([[1.0, 1e308], [2.0, -1e308]], "output 0 vary little"),
        ([[1.0, 2.0], [2.0, 5.0]], ""),
        ([[3.0, 2.0], [3.0, 5.0]], "targets of output 0 are 3 in all 2 samples: there is nothing to learn in them"),
        ([3.0, 3.0, 3.0], "targets are 3 in all 3 samples"),
        ([3.0], ""),
        ([3.0, 4.0], ""),
    ],
)
def test_numbers_that_are_hardly_learnt_are_remarked_on(T, said):
    outputs = np.shape(T)[1] if np.ndim(T) == 2 else 1
    found = remarks(Targets.read(T, "mse", outputs))
    assert len(found) == bool(said)
    assert said in "".join(found)
