"""The table of mistakes as a page, one section per equation."""

from __future__ import annotations

from nn.diagnosis.mistakes.notation import EQUATIONS, altered, equation
from nn.diagnosis.mistakes.table import MISTAKES

TITLES = {
    "mean": "The batch's mean",
    "batch": "The data",
    "forward": "The forward pass",
    "BP1": "The output: BP1",
    "BP2": "From layer to layer: BP2",
    "BP3": "Biases: BP3",
    "BP4": "Weights: BP4",
    "penalty": "Regularisation",
    "result": "The finished gradient",
}
HEAD = """# {count} mistakes in backpropagation

What `nn.diagnose` and `liftgrad check` know by name. A mistake is an altered equation, written in the convention in
which rows are samples (note 001); a gradient gets its name only if the altered equation reproduces it to rounding.
"Note 000" to "note 004" are the five notes on backpropagation that [notes.md](../notes.md) checks. Printed by
`python -m nn.diagnosis.mistakes`.
"""


def page() -> str:
    """Return the table of all mistakes in Markdown.

    >>> page().splitlines()[0].endswith("mistakes in backpropagation")
    True
    """
    lines = HEAD.format(count=len(MISTAKES)).splitlines()
    for key, title in TITLES.items():
        right = "depends on the loss" if key not in EQUATIONS else f"`{equation(key, 'rows', 'mse')}`"
        lines += ["", f"## {title}", "", f"As it should be: {right}", ""]
        lines += ["| name | what its author is told | as it was | who makes it, or warns of it |", "|---|---|---|---|"]
        for mistake in MISTAKES.values():
            if mistake.equation == key:
                wrong = altered(mistake.altered, "rows").replace("|", "\\|")
                lines.append(f"| `{mistake.name}` | {mistake.sentence} | `{wrong}` | {mistake.reference} |")
    return "\n".join(lines) + "\n"
