"""Mistakes in the derivative of the multiclass SVM's loss: which classes count, and how often."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.equations import Array
from nn.diagnosis.mistakes.output import of_output
from nn.diagnosis.mistakes.table import enter

NOTES = "CS231n notes, 'Optimization' (the gradient of the SVM's loss)"
ASSIGNMENT = "CS231n, assignment 1, linear_svm.py"

WORDS = {
    "svm-right-class-missing": (
        "BP1",
        "the right class's row gets no gradient: every class that comes too near counts -1 for it",
        "delta[L] = E / N",
        NOTES,
    ),
    "svm-right-class-once": (
        "BP1",
        "the right class counts -1 once, and not once for every class that comes too near",
        "delta[L] = (E - t) / N",
        ASSIGNMENT,
    ),
    "svm-right-class-counted": (
        "BP1",
        "the right class is counted among those that come too near: its own margin must be set to 0",
        "delta[L] = (E - t * (1 + sum of E over classes)) / N",
        ASSIGNMENT,
    ),
    "svm-margins-for-ones": (
        "BP1",
        "the margins themselves are used: each that is above 0 counts 1",
        "delta[L] = (m - t * (sum of m over classes)) / N, m the margins",
        ASSIGNMENT,
    ),
    "svm-squared": (
        "BP1",
        "this is the derivative of the squares of the margins",
        "delta[L] = 2 (m - t * (sum of m over classes)) / N, m the margins",
        NOTES,
    ),
    "svm-no-margin": (
        "BP1",
        "the margin of 1 is missing: only classes that score more than the right one count",
        "delta[L] with E = 1 where another class's z - z_t > 0",
        NOTES,
    ),
}


def _margins(z: Array, t: Array, margin: float = 1.0) -> Array:
    """Return by how much each class's score comes too near to the right one's, (N, C)."""
    margins: Array = margin + z - (t * z).sum(axis=1, keepdims=True)
    return margins


def _counted(z: Array, t: Array) -> Array:
    """Return which other classes come too near."""
    counted: Array = (_margins(z, t) > 0.0) * (1.0 - t)
    return counted


def _derivative(counted: Array, t: Array) -> Array:
    """Return what each other class counts, and the right class's negative sum of that."""
    others = counted * (1.0 - t)
    derivative: Array = others - t * others.sum(axis=1, keepdims=True)
    return derivative


PROPOSALS = {
    "svm-right-class-missing": of_output(_counted, "svm"),
    "svm-right-class-once": of_output(lambda z, t: _counted(z, t) - t, "svm"),
    "svm-right-class-counted": of_output(lambda z, t: _derivative(_margins(z, t) > 0.0, t) - t, "svm"),
    "svm-margins-for-ones": of_output(lambda z, t: _derivative(np.maximum(_margins(z, t), 0.0), t), "svm"),
    "svm-squared": of_output(lambda z, t: 2.0 * _derivative(np.maximum(_margins(z, t), 0.0), t), "svm"),
    "svm-no-margin": of_output(lambda z, t: _derivative(_margins(z, t, 0.0) > 0.0, t), "svm"),
}
enter(WORDS, PROPOSALS)
