"""The right equations as text, in each convention of the weights, with note 000's names.

>>> equation("BP2", "columns", "mse")
"delta[l] = (W[l+1] delta[l+1]) * f'(z[l])"
"""

from __future__ import annotations

NOTATION: dict[str, dict[str, str]] = {
    "rows": {
        "forward": "a[l-1] W[l] + b[l]",
        "no_bias": "a[l-1] W[l]",
        "back": "delta[l+1] W[l+1].T",
        "untransposed": "delta[l+1] W[l+1]",
        "updated": "delta[l+1] (W[l+1] - lr dC/dW[l+1]).T",
        "other": "delta[l+1] W[l].T",
        "error_back": "(dC/da[l+1]) W[l+1].T",
        "outer": "a[l-1].T delta[l]",
        "of_z": "z[l-1].T delta[l]",
        "of_x": "x.T delta[l]",
        "of_own": "a[l].T delta[l]",
        "of_error": "a[l-1].T (dC/da[l])",
        "of_next": "a[l-1].T delta[l+1]",
        "turned": "(a[l-1].T delta[l]).T",
    },
    "columns": {
        "forward": "W[l].T a[l-1] + b[l]",
        "no_bias": "W[l].T a[l-1]",
        "back": "W[l+1] delta[l+1]",
        "untransposed": "W[l+1].T delta[l+1]",
        "updated": "(W[l+1] - lr dC/dW[l+1]) delta[l+1]",
        "other": "W[l] delta[l+1]",
        "error_back": "W[l+1] (dC/da[l+1])",
        "outer": "a[l-1] delta[l].T",
        "of_z": "z[l-1] delta[l].T",
        "of_x": "x delta[l].T",
        "of_own": "a[l] delta[l].T",
        "of_error": "a[l-1] (dC/da[l]).T",
        "of_next": "a[l-1] delta[l+1].T",
        "turned": "(a[l-1] delta[l].T).T",
    },
    "torch": {
        "forward": "a[l-1] W[l].T + b[l]",
        "no_bias": "a[l-1] W[l].T",
        "back": "delta[l+1] W[l+1]",
        "untransposed": "delta[l+1] W[l+1].T",
        "updated": "delta[l+1] (W[l+1] - lr dC/dW[l+1])",
        "other": "delta[l+1] W[l]",
        "error_back": "(dC/da[l+1]) W[l+1]",
        "outer": "delta[l].T a[l-1]",
        "of_z": "delta[l].T z[l-1]",
        "of_x": "delta[l].T x",
        "of_own": "delta[l].T a[l]",
        "of_error": "(dC/da[l]).T a[l-1]",
        "of_next": "delta[l+1].T a[l-1]",
        "turned": "(delta[l].T a[l-1]).T",
    },
    "coursera": {
        "forward": "W[l] a[l-1] + b[l]",
        "no_bias": "W[l] a[l-1]",
        "back": "W[l+1].T delta[l+1]",
        "untransposed": "W[l+1] delta[l+1]",
        "updated": "(W[l+1] - lr dC/dW[l+1]).T delta[l+1]",
        "other": "W[l].T delta[l+1]",
        "error_back": "W[l+1].T (dC/da[l+1])",
        "outer": "delta[l] a[l-1].T",
        "of_z": "delta[l] z[l-1].T",
        "of_x": "delta[l] x.T",
        "of_own": "delta[l] a[l].T",
        "of_error": "(dC/da[l]) a[l-1].T",
        "of_next": "delta[l+1] a[l-1].T",
        "turned": "(delta[l] a[l-1].T).T",
    },
}

EQUATIONS = {
    "mean": "C = 1/N * (sum over samples of C_i), so delta[L] has one factor 1/N",
    "batch": "C = 1/N * (C_1 + ... + C_N), every sample once, with its own target",
    "forward": "z[l] = {forward},  a[l] = f(z[l])",
    "BP2": "delta[l] = ({back}) * f'(z[l])",
    "BP3": "dC/db[l] = sum of delta[l] over samples",
    "BP4": "dC/dW[l] = {outer}",
    "penalty": "dC/dW[l] += l2 * W[l], and nothing for b[l]",
    "result": "the gradient of this call, as it is",
}

OUTPUT_ERRORS = {
    "cross_entropy": "delta[L] = (p - t) / N,  p = softmax(z[L])",
    "binary_cross_entropy": "delta[L] = (p - t) / (m N),  p = sigmoid(z[L]), m outputs",
    "mse": "delta[L] = 2 (a[L] - t) / (m N) * f'(z[L]), m outputs",
    "half_mse": "delta[L] = (a[L] - t) / (m N) * f'(z[L]), m outputs",
    "hinge": "delta[L] = (-t where t a[L] < 1, else 0) / (m N) * f'(z[L]), m outputs",
    "svm": "delta[L] = (E - t * (sum of E over classes)) / N,  E = 1 where another class's z - z_t + 1 > 0, else 0",
}


def equation(key: str, convention: str, loss: str) -> str:
    """Return the right equation; "BP1" depends on the loss."""
    return OUTPUT_ERRORS[loss] if key == "BP1" else EQUATIONS[key].format(**NOTATION[convention])


def altered(text: str, convention: str, at_output: bool = False) -> str:
    """Return a mistake's altered equation in a convention; at the output dC/da comes from the loss.

    >>> altered("delta[l] = ({back}) * f'(a[l])", "torch"), altered("delta[l] = ({back}) * f'(a[l])", "torch", True)
    ("delta[l] = (delta[l+1] W[l+1]) * f'(a[l])", "delta[L] = dC/da[L] * f'(a[L])")
    """
    if at_output:
        return text.replace("({back})", "{back}").replace("{back}", "dC/da[L]").replace("[l]", "[L]")
    return text.format(**NOTATION[convention])
