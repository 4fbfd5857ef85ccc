"""Mistakes in the derivative of the multiclass SVM's loss: which classes count, and how often."""

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
