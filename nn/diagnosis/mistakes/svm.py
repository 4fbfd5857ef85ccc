"""Mistakes in the derivative of the multiclass SVM's loss: which classes count, and how often."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.equations import Array
from nn.diagnosis.mistakes.output import at_output

SVM = "svm"
NOTES = "CS231n notes, 'Optimization' (the gradient of the SVM's loss)"
ASSIGNMENT = "CS231n, assignment 1, linear_svm.py"


def _margins(z: Array, t: Array, margin: float = 1.0) -> Array:
    """Return by how much each class's score comes too near to the right one's, (N, C)."""
    margins: Array = margin + z - (t * z).sum(axis=1, keepdims=True)
    return margins


def _derivative(counted: Array, t: Array) -> Array:
    """Return what each other class counts, and the right class's negative sum of that."""
    others = counted * (1.0 - t)
    derivative: Array = others - t * others.sum(axis=1, keepdims=True)
    return derivative


@at_output(SVM, altered="delta[L] = E / N", reference=NOTES)
def svm_right_class_missing(z: Array, t: Array) -> Array:
    """The right class's row gets no gradient: every class that comes too near counts -1 for it."""
    counted: Array = (_margins(z, t) > 0.0) * (1.0 - t)
    return counted


@at_output(SVM, altered="delta[L] = (E - t) / N", reference=ASSIGNMENT)
def svm_right_class_once(z: Array, t: Array) -> Array:
    """The right class counts -1 once, and not once for every class that comes too near."""
    counted: Array = (_margins(z, t) > 0.0) * (1.0 - t)
    return counted - t


@at_output(SVM, altered="delta[L] = (E - t * (1 + sum of E over classes)) / N", reference=ASSIGNMENT)
def svm_right_class_counted(z: Array, t: Array) -> Array:
    """The right class is counted among those that come too near: its own margin must be set to 0."""
    derivative: Array = _derivative(_margins(z, t) > 0.0, t) - t
    return derivative


@at_output(SVM, altered="delta[L] = (m - t * (sum of m over classes)) / N, m the margins", reference=ASSIGNMENT)
def svm_margins_for_ones(z: Array, t: Array) -> Array:
    """The margins themselves are used: each that is above 0 counts 1."""
    return _derivative(np.maximum(_margins(z, t), 0.0), t)


@at_output(SVM, altered="delta[L] = 2 (m - t * (sum of m over classes)) / N, m the margins", reference=NOTES)
def svm_squared(z: Array, t: Array) -> Array:
    """This is the derivative of the squares of the margins."""
    return 2.0 * _derivative(np.maximum(_margins(z, t), 0.0), t)


@at_output(SVM, altered="delta[L] with E = 1 where another class's z - z_t > 0", reference=NOTES)
def svm_no_margin(z: Array, t: Array) -> Array:
    """The margin of 1 is missing: only classes that score more than the right one count."""
    return _derivative(_margins(z, t, 0.0) > 0.0, t)
