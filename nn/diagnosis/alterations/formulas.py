"""A recorded step as the expression that its author wrote, with his names.

>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     var = ((x - x.mean()) ** 2).mean()
...     return x[0] / np.sqrt(var + 1e-5)
>>> root, _ = record(f, [("x", np.array([1.0, 2.0, 4.0]))])
>>> formula(root)
'x[0] / sqrt(var + 1e-05)'
"""

from __future__ import annotations

import re

import numpy as np

from engine.lifting.expr import Expr, show
from engine.rules import RULES
from nn.diagnosis.alterations.authors import as_written, call_of
from nn.diagnosis.alterations.step import ArrayStep

INSIDE = re.compile(r"[(\[][^()\[\]]*[)\]]")
SCANS = ("cumsum", "cumprod", "accumulate", "sort", "roll")  # called as they are written, whatever these record
PARTS_OF_SCANS = ("matmul", "moveaxis", "ravel", "stack", "multiply", "maximum", "minimum", "take_along_axis", "roll")
DEEPEST, LONGEST = 5, 60  # operations in one another, and characters, beyond which a formula is not read


def label(step: ArrayStep) -> str:
    """Return what a step is called: its variable, or else its formula."""
    return step.name or formula(step)


def formula(step: ArrayStep, depth: int = DEEPEST) -> str:
    """Return a step as a formula of its operands' names."""
    name, call = call_of(step) if step.op in PARTS_OF_SCANS else ("", "")
    text = call if name in SCANS else show(expression(step, depth))
    return formula(step, depth - 1) if len(text) > LONGEST and depth > 1 else text


def expression(step: ArrayStep, depth: int = DEEPEST) -> Expr:
    """Return a step as an operation on its operands, which are operations in their turn where they have no name."""
    if not step.operands:
        return Expr(step.name or step.op or "x")
    operands = [operand(step, k, depth - 1) for k in range(len(step.operands))]
    if is_clip(step):
        inside, most = step.operands[0], operands[1]
        return Expr(f"clip({', '.join(show(x) for x in (*(operand(inside, k, depth - 2) for k in (0, 1)), most))})")
    if step.op in RULES:
        return Expr(None, step.op, tuple(operands))
    texts = [show(x) for x in operands]
    if step.op == "matmul":
        return Expr(" @ ".join(map(bracketed, texts)))
    if step.op == "[]":
        return Expr(f"{bracketed(texts[0])}[{step.note}]")
    if step.op == "[]=":  # what was assigned to is the array itself, with one part of it new
        return Expr(f"{bracketed(texts[0])} with a part assigned")
    if step.op == "transpose" and step.value.ndim == 2:
        return Expr(f"{bracketed(texts[0])}.T")
    return Expr(f"{step.op}({', '.join(texts[:3])})")


def is_clip(step: ArrayStep) -> bool:
    """Whether it is the second of the two extremes that `clip` is made of, in one line of the author's."""
    inside = step.operands[0] if step.op == "minimum" and not isinstance(step.operands[1], ArrayStep) else None
    if not isinstance(inside, ArrayStep) or inside.op != "maximum" or inside.name:
        return False
    return bool(step.place) and inside.place == step.place


def bracketed(text: str) -> str:
    """Return a formula in brackets, if it is an operation that has none."""
    outside = INSIDE.sub("", INSIDE.sub("", INSIDE.sub("", text)))
    return f"({text})" if " " in outside or outside.startswith("-") else text


def operand(step: ArrayStep, k: int, depth: int = DEEPEST) -> Expr:
    """Return what stands for an operand in a step's formula."""
    x = step.operands[k]
    if isinstance(x, ArrayStep):
        return Expr(x.name) if x.name else expression(x, depth) if depth > 0 or not x.op else Expr("...")
    if step.constants.get(k):
        return Expr(step.constants[k])
    if not np.ndim(x):
        return Expr(float(f"{x:.6g}"))
    text = as_written(step, k)
    return Expr((text if step.op == "where" else bracketed(text)) or "constant")


def operand_label(step: ArrayStep, k: int) -> str:
    """Return what an operand is called."""
    x = step.operands[k]
    return label(x) if isinstance(x, ArrayStep) else str(operand(step, k).leaf)
