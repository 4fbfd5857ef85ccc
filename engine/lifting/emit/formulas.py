"""A program as formulas: equations of whole arrays where its steps are such, and of their elements where they are not.

    z1 = X @ W1 + b1;  a1 = tanh(z1)  ...  dz1 = (dz2 @ W2.T) * (1 - a1 * a1);  dW1 = X.T @ dz1

These are the batch equations BP1b-BP4b of note 000, found by the machine in a graph of scalars. What they say, axes,
ranges and places included, is what the program computes. What is read once is written where it is read, and what is
added up step by step is one sum.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.lifting.emit.equations import equations
from engine.lifting.emit.latex import latex
from engine.lifting.emit.notation import Notation
from engine.lifting.emit.repetition import Short, counting, folded
from engine.lifting.emit.words import in_words
from engine.lifting.ir import Steps
from engine.lifting.views import Source


class Formulas(str):
    """The text of formulas, with the arrays that it reads and does not print.

    Attributes
    ----------
    constants
        Captured numbers, and tables of places, by the names that the formulas have for them.
    result
        What the formulas call the value.
    latex
        The same formulas, for LaTeX's mathematics.
    """

    constants: dict[str, np.ndarray]
    result: str
    latex: str

    def _repr_latex_(self) -> str:
        """Show the formulas typeset, in a notebook."""
        return f"$\\displaystyle {self.latex}$"


def formulas(steps: Steps) -> Formulas:
    """Return the forward formulas, an empty line, and the backward ones.

    Parameters
    ----------
    steps
        Array operations under their names, products by their kind.
    """
    steps = in_words(_apart(steps))
    lines, notation, result = equations(steps)
    parts = [[line for line in lines if (line.at < len(steps.forward)) == forward] for forward in (True, False)]
    name = counting(notation.taken)
    texts = [folded([line.text(Short(name)) for line in part], name) for part in parts]
    text = Formulas("\n\n".join(map("\n".join, texts)))
    text.constants = notation.constants | {
        source.name: _as_indexed(source, source.value, notation)
        for source in steps.sources
        if source.kind == "constant" and source.value is not None
    }
    text.result, text.latex = result, latex(parts)
    return text


def _as_indexed(source: Source, value: np.ndarray, notation: Notation) -> np.ndarray:
    """Return a constant's numbers where the formulas index them; not a number where a triangle, say, has none."""
    table = notation.packed.get(source)
    if table is None:
        return value
    array = np.full([int(column.max()) + 1 for column in table], np.nan)
    array[table] = value
    return array


def _apart(steps: Steps) -> Steps:
    """Name what is gone on with apart from what it becomes: z1 = X @ W1 + b1 is one line if it can be."""
    taken = {source.name for source in steps.sources}
    first = {source.follows: source for source in steps.sources if source.follows is not None}
    instead = {}
    for source in first:
        name = next(x for k in range(1, len(taken) + 2) if (x := f"{source.name}_{k}") not in taken)
        taken.add(name)
        instead[source] = replace(source, name=name, role="")
    return steps.with_sources(instead)
