"""What is said of each kind of alteration.

>>> from nn.diagnosis.alterations.recorded import record
>>> from nn.diagnosis.alterations.edges import scaled
>>> from nn.diagnosis.alterations.sweep import Sweep
>>> def f(x):
...     mu = x.mean()
...     return ((x - mu) ** 3).sum()
>>> root, leaves = record(f, [("x", np.array([1.0, 2.0, 4.0]))])
>>> (edge,) = [edge for edge in Sweep(root, leaves).edges if edge.parent.name == "mu"]
>>> print(said(scaled((edge,), 0.0, "path-missing"), "x"))
x: the path through `mu` is missing [path-missing]
  should be:  dmu = sum(-dz)  with z = x - mu
  yours fits: dmu without it
"""

from __future__ import annotations

import numpy as np

from engine.lifting.expr import Expr, show
from engine.rules import RULES
from nn.diagnosis.alterations.edges import EdgeAlteration
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.report import Finding

SENTENCES = {
    "path-missing": ("the path through `{path}` is missing", "{to} without it"),
    "sign": ("the path through `{path}` has the wrong sign", "{to} with the opposite sign"),
    "doubled": ("the path through `{path}` is counted twice", "2 * ({pulled})"),
    "halved": ("the path through `{path}` is counted half", "0.5 * ({pulled})"),
    "factor": ("the path through `{path}` is multiplied with a factor too many", "{what} * ({pulled})"),
    "overwritten": (
        "contributions to `{path}` are assigned where they must be added (= for +=)",
        "{to} = the last of them",
    ),
    "unsummed": ("the sum over what `{path}` was repeated along is not taken", "{to} without its sum"),
    "upstream-missing": (
        "what arrives at `{at}` is not multiplied with the local derivative (chain rule)",
        "{pulled} with d{z} = 1",
    ),
    "wrong-upstream": (
        "in place of the gradient that arrives at `{at}` stands `{what}`",
        "{pulled} with {what} for d{z}",
    ),
    "slope-missing": ("the derivative of `{at}` is left out", "{to} = d{z}"),
    "value-for-slope": ("the value of `{at}` stands in place of its derivative", "{to} = d{z} * {z}"),
    "slope-at-value": (
        "the derivative of `{at}` is taken at its value, not at its input",
        "{to} = d{z} * {op}'({z})",
    ),
    "operand-for-slope": ("the input of `{at}` stands in place of its derivative", "{to} = d{z} * {path}"),
    "slope-of-another": ("the derivative of `{at}` is that of another function ({what})", "{to} = d{z} * ({what})'"),
    "mask-of-error": (
        "the mask is taken of the gradient that arrives, not of what `{at}` was given",
        "{to} where d{z} > 0",
    ),
    "mask-inverted": ("the mask of `{at}` is the wrong way round", "{to} with 1 - mask"),
    "parenthesis": ("brackets are missing around the derivative of `{at}`", "{to} = d{z} * 1 - (1 - {op}')"),
    "factor-missing": ("the factor beside `{path}` is left out", "{pulled} without the other factor"),
    "factor-squared": ("the factor beside `{path}` is squared", "{pulled} with the other factor squared"),
    "factor-unsigned": (
        "the factor beside `{path}` has lost its sign",
        "{pulled} with the other factor's absolute value",
    ),
    "factor-inverted": (
        "the reciprocal of the factor beside `{path}` stands in its place",
        "{pulled} with 1 / the other factor",
    ),
    "factor-transposed": ("the factor beside `{path}` is transposed", "{pulled} with the other factor transposed"),
    "factor-too-many": ("the derivative of `{at}` is multiplied with `{what}` as well", "({pulled}) * {what}"),
    "result-transposed": ("the gradient of `{path}` is transposed", "({pulled}).T"),
    "slope-times-operand": (
        "the derivative of `{at}` is multiplied with `{path}`{what} as well",
        "({pulled}) * {path}{what}",
    ),
    "slope-times-value": (
        "the derivative of `{at}` is multiplied with its value{what} as well",
        "({pulled}) * {z}{what}",
    ),
    "slope-inverted": ("the reciprocal of the derivative of `{at}` stands in its place", "d{z} / derivative"),
    "slope-squared": ("the derivative of `{at}` is squared", "d{z} * derivative**2"),
    "slope-unsigned": ("the derivative of `{at}` has lost its sign", "d{z} * abs(derivative)"),
    "wrong-operand": ("the derivative of `{at}` is computed with `{what}`", "{pulled} with {what} in it"),
    "wrong-axis": ("the gradient of `{path}` is summed over the wrong axes ({what})", "{to} summed over {what}"),
    "mean-for-sum": (
        "the gradient of `{path}` is a mean where it must be a sum ({what})",
        "{to} averaged over {what}",
    ),
    "slice": ("the gradient of `{path}` is one slice where it must be a sum ({what})", "{to} at one index of {what}"),
    "wrong-path": (
        "the gradients of two paths are added before the first, and go down it together",
        "(d1 + d2) through `{path}`",
    ),
    "updated-value": ("the factor beside `{path}` was updated before it was used", "{pulled} with {what}"),
    "gradient-zero": ("the gradient is zero: nothing arrives here", "0"),
}  # fmt: skip
"""The name of a kind -> the sentence, and what the given gradient fits."""


def said(alteration: EdgeAlteration, leaf: str) -> Finding:
    """Return what an alteration is called and what is said of it, in the author's words."""
    edge = alteration.edges[0]
    names = {
        "path": _short(edge.parent), "at": _formula(edge.step), "z": edge.step.name or "z", "op": edge.step.op,
        "what": alteration.what, "to": f"d{_short(edge.parent)}", "pulled": _pulled(edge),
    }  # fmt: skip
    sentence, yours = (text.format(**names) for text in SENTENCES[alteration.kind])
    given = "" if edge.step.name or not edge.step.op else f"  with z = {_formula(edge.step)}"
    right = f"{names['to']} = {names['pulled']}{given}"
    return Finding(alteration.kind, sentence, leaf, _places(alteration), right, yours, "")


def zero(leaf: str) -> Finding:
    """Return what is said of a gradient of zeros."""
    sentence, yours = SENTENCES["gradient-zero"]
    return Finding("gradient-zero", sentence, leaf, "", f"d{leaf} is not zero", yours, "")


def _places(alteration: EdgeAlteration) -> str:
    return f"{len(alteration.edges)} times" if len({edge.step for edge in alteration.edges}) > 1 else ""


def _pulled(edge: Edge) -> str:
    """Return the formula of what an edge hands on; a rule says it itself."""
    step = edge.step
    g = Expr(f"d{step.name or 'z'}")
    if step.op in RULES:
        operands = [Expr(_operand(step, k)) for k in range(len(step.operands))]
        shares = RULES[step.op].bind(Expr(step.name or "z"), operands)(g)
        text = show(shares[edge.operand])
        return f"sum({text})" if edge.parent.value.size < step.value.size else text
    if step.op == "matmul":
        other = _operand(step, 1 - edge.operand)
        return f"{g.leaf} @ {other}.T" if edge.operand == 0 else f"{other}.T @ {g.leaf}"
    return f"{g.leaf}, {REVERSED.get(step.op, 'put where it came from')}"


REVERSED = {"sum": "repeated", "max": "where the maximum is", "min": "where the minimum is", "where": "where chosen"}


def _short(step: ArrayStep) -> str:
    return step.name or _formula(step)


def _formula(step: ArrayStep) -> str:
    """Return a step as a formula of its operands' names."""
    if not step.op:
        return step.name or "x"
    operands = [_operand(step, k) for k in range(len(step.operands))]
    if step.op in RULES:
        return show(Expr(None, step.op, tuple(map(Expr, operands))))
    if step.op == "matmul":
        return " @ ".join(operands)
    return f"{operands[0]}[...]" if step.op.startswith("[]") else f"{step.op}({', '.join(operands)})"


def _operand(step: ArrayStep, k: int) -> str:
    x = step.operands[k]
    if isinstance(x, ArrayStep):
        return x.name or (f"{x.op}(...)" if x.op in RULES or x.op.isalpha() else "(...)")
    if step.constants.get(k):
        return step.constants[k]
    return f"{float(x):.4g}" if not np.ndim(x) else "constant"
