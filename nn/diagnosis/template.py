"""Files to start from, one per dialect: ``liftgrad check --template``; a right gradient of a two-layer network.

>>> [line.strip() for line in template("coursera").splitlines() if "dW2" in line]
['"dW2": dZ2 @ A1.T,']
"""

from __future__ import annotations

import re
import textwrap

from nn.diagnosis.dialects import DIALECTS, Dialect

PAGE = '''"""My backpropagation, to be checked with ``liftgrad check my_backprop.py``.

{about}
"""

import numpy as np

CONVENTION = "{convention}"
SIZES = [5, 4, 3]  # inputs, then neurons in each layer
ACTIVATION = "tanh"  # of the hidden layers: relu, leaky_relu, tanh, sigmoid, softplus, silu, gelu or identity
OUTPUT = "{output}"  # of the last layer
LOSS = "{loss}"  # {losses}
REDUCTION = "{reduction}"  # or "{other}", over the samples
L2 = 0.0  # strength of {penalty}, over all weights and no bias


def gradients({arguments}):
    """Return the gradient of the loss by every parameter.

{takes}
    X        samples, {X}
    T        {T}
    returns  {returns}
    """
{unpacked}
{count}
    # forward
    a1 = np.tanh({z1})
    z2 = {z2}
{forward}

    # backward: put your own derivation here
{backward}
    delta1 = ({back}) * (1.0 - a1**2)
{end}
'''

NAMED = {  # parameters and gradients in dictionaries
    "arguments": "params, X, T",
    "takes": """    params   {{"{w1}": {W0}, "{b1}": {B0}, "{w2}": {W1}, "{b2}": {B1}}}""",
    "unpacked": """    W0, b0, W1, b1 = (params[name] for name in ("{w1}", "{b1}", "{w2}", "{b2}"))""",
    "end": """    return {{
        "{dw1}": {dW0},
        "{db1}": delta1.sum(axis={samples}),
        "{dw2}": {dW1},
        "{db2}": delta2.sum(axis={samples}),
    }}""",
    "returns": "arrays of the same {alike}",
}
LISTED = {  # in a list of weights and one of biases
    "arguments": "weights, biases, X, T",
    "takes": """    weights  a list, {W0} and {W1}
    biases   a list, {B0} and {B1}""",
    "unpacked": """    W0, W1 = weights
    b0, b1 = biases""",
    "end": """    nabla_b = [delta1.sum(axis={samples}), delta2.sum(axis={samples})]
    nabla_w = [{dW0}, {dW1}]
    return nabla_b, nabla_w""",
    "returns": "two lists, of biases and of weights, {alike}",
}

ROWS = {
    "W0": "(5, 4)",
    "W1": "(4, 3)",
    "B0": "(4,)",
    "B1": "(3,)",
    "X": "(N, 5)",
    "targets": "(N, 3)",
    "N": "len(X)",
    "z1": "X @ W0 + b0",
    "z2": "a1 @ W1 + b1",
    "classes": "axis=1, keepdims=True",
    "right": "np.arange(N), T",
    "back": "delta2 @ W1.T",
    "dW0": "X.T @ delta1",
    "dW1": "a1.T @ delta2",
    "samples": "0",
}
TORCH = ROWS | {
    "W0": "(4, 5)",
    "W1": "(3, 4)",
    "z1": "X @ W0.T + b0",
    "z2": "a1 @ W1.T + b1",
    "back": "delta2 @ W1",
    "dW0": "delta1.T @ X",
    "dW1": "delta2.T @ a1",
}
COLUMNS = ROWS | {
    "X": "(5, N)",
    "targets": "(3, N)",
    "N": "X.shape[1]",
    "z1": "W0.T @ X + b0[:, None]",
    "z2": "W1.T @ a1 + b1[:, None]",
    "classes": "axis=0",
    "right": "T, np.arange(N)",
    "back": "W1 @ delta2",
    "dW0": "X @ delta1.T",
    "dW1": "a1 @ delta2.T",
    "samples": "1",
}
COURSERA = COLUMNS | {
    "W0": "(4, 5)",
    "W1": "(3, 4)",
    "B0": "(4, 1)",
    "B1": "(3, 1)",
    "z1": "W0 @ X + b0",
    "z2": "W1 @ a1 + b1",
    "back": "W1.T @ delta2",
    "dW0": "delta1 @ X.T",
    "dW1": "delta2 @ a1.T",
    "samples": "1, keepdims=True",
}
LAYOUTS = {"rows": ROWS, "torch": TORCH, "columns": COLUMNS, "coursera": COURSERA}
"""How products are written where arrays lie so."""

SOFTMAX = (
    ["e = np.exp(z2 - z2.max({classes}))", "p = e / e.sum({classes})"],
    ["delta2 = p.copy()", "delta2[{right}] -= 1.0"],
)
SIGMOID = ["a2 = 1.0 / (1.0 + np.exp(-z2))"]
OUTPUTS = {
    "cross_entropy": SOFTMAX,
    "binary_cross_entropy": (SIGMOID, ["delta2 = a2 - T"]),
    "half_mse": (SIGMOID, ["delta2 = (a2 - T) * a2 * (1.0 - a2)"]),
}
"""The last lines of the forward pass, and the first of the backward pass, by the loss."""


def template(convention: str = "rows") -> str:
    """Return a file to start from, in a dialect."""
    dialect = DIALECTS[convention]
    layout, is_mean = LAYOUTS[dialect.layout], dialect.reduction == "mean"
    forward, backward = ([line.format(**layout) for line in lines] for lines in OUTPUTS[dialect.loss])
    weight, bias = dialect.also or (dialect.weight, dialect.bias)
    names = {
        f"{kind}{k + 1}": name.format(k, k + 1, 2 * k) for k in (0, 1) for kind, name in (("w", weight), ("b", bias))
    }
    of_gradients = {f"d{kind}": dialect.gradient.format(name) for kind, name in names.items()}
    form = LISTED if "[" in weight else NAMED
    text = PAGE.format(
        convention=convention,
        about=textwrap.fill(dialect.about, 98),
        output=dialect.output if dialect.of_outputs and dialect.loss != "cross_entropy" else "identity",
        loss=dialect.loss,
        losses=_losses(dialect),
        reduction=dialect.reduction,
        other="sum" if is_mean else "mean",
        penalty=dialect.penalty.format("L2"),
        T=_targets_in_words(dialect, layout["targets"]),
        count=f"    N = {layout['N']}\n" if is_mean or dialect.loss == "cross_entropy" else "",
        forward=_indented(forward),
        backward=_indented([*backward, *(["delta2 /= N"] if is_mean else [])]),
        **{key: text.format(**layout, **names, **of_gradients, alike=_alike(dialect)) for key, text in form.items()},
        **{key: layout[key] for key in ("X", "z1", "z2", "back")},
    )
    return _in_symbols(text, dialect)


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), "    ")


def _losses(dialect: Dialect) -> str:
    others = "binary_cross_entropy, mse, half_mse, hinge"
    if not dialect.is_course:
        return "of scores; or binary_cross_entropy (of scores), mse, half_mse, hinge"
    if dialect.loss == "cross_entropy":
        return f"or svm, {others}"
    known = ["cross_entropy", "binary_cross_entropy", "mse", "half_mse", "hinge", "svm"]
    return f"or {', '.join(loss for loss in known if loss != dialect.loss)}"


def _targets_in_words(dialect: Dialect, shape: str) -> str:
    if dialect.loss == "cross_entropy":
        return f"classes, (N,) integers; with another loss targets, {shape}"
    return f"targets, {shape}; with cross_entropy classes, (N,) integers"


def _alike(dialect: Dialect) -> str:
    if dialect.gradient == "{}":
        return "names and shapes as params"
    return "shapes" if "[" not in dialect.weight else "of the same shapes"


def _in_symbols(text: str, dialect: Dialect) -> str:
    """Return a page with the symbols of a course: its names of activations, deltas and targets."""
    words = dialect.words
    if not dialect.is_course:
        return text
    letters = {"delta": words.get("delta", "delta"), "a": words.get("a[", "a[")[0], "z": words.get("z[", "z[")[0]}
    for letter, own in letters.items():
        text = re.sub(rf"\b{letter}(?=[12]\b)", own, text)
    letters = {"T": words.get("t", "T"), "N": words.get("N", "N"), "params  ": "parameters", "params": "parameters"}
    for name, own in letters.items():
        text = re.sub(rf"(?<!\.)\b{name}(?![\w(])", own, text)
    for local, own in {"W0": "W1", "b0": "b1"}.items():
        text = re.sub(rf"\b{own}\b(?!\")", "\0", text)
        text = re.sub(rf"\b{local}\b", own, text).replace("\0", own.replace("1", "2"))
    return text
