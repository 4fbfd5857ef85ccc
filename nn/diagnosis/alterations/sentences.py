"""What is said of each kind of alteration.

>>> import numpy as np
>>> from nn.diagnosis.alterations.recorded import record
>>> from nn.diagnosis.alterations.alteration import scaled
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
from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.edges import OF_A_VECTOR, OF_THE_RESULT, THE_FIRST, TIMES_IT
from nn.diagnosis.alterations.formulas import bracketed, formula, is_clip, label, operand
from nn.diagnosis.alterations.forward import AS_SAVED
from nn.diagnosis.alterations.groups import through
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.report import Finding

OF_A_MEAN, OF_A_SUM = "of a mean", "of a sum"
JOINS = ("stack", "concatenate", "hstack", "vstack", "column_stack", "dstack")
SENTENCES = {
    "path-missing": ("the path through `{through}` is missing", "{to} without it"),
    "sign": ("the path through `{through}` has the wrong sign", "{to} with the opposite sign"),
    "doubled": ("the path through `{through}` is counted twice", "2 * ({pulled})"),
    "halved": ("the path through `{through}` is counted half", "0.5 * ({pulled})"),
    "factor": ("the path through `{through}` is multiplied with {what}, a factor too many", "{what} * ({pulled})"),
    f"overwritten {THE_FIRST}": (
        "of what comes to each place of `{path}` only {base} is taken", "{to} = {base} of what comes to each place"
    ),
    "overwritten": (
        "contributions to `{path}` are assigned where they must be added (= for +=)",
        "{to} = the one assigned last",
    ),
    "unsummed": ("the sum over what `{path}` was repeated along is not taken", "{to} without its sum"),
    "outer-product": (
        "the gradient of `{path}` is an inner product where it must be an outer one",
        "{to} = the sum of d{z} times the other factor",
    ),
    "upstream-missing": (
        "what arrives at `{at}` is not multiplied with the local derivative (chain rule)",
        "{pulled} with d{z} = 1",
    ),
    f"upstream-missing {OF_THE_RESULT}": (
        "what arrives at `{path}` is not multiplied with the local derivative (chain rule)", "{to} = 1"
    ),
    "ties-in-full": (
        "equal numbers in `{at}` have the whole gradient each, which they must share", "{to} = d{z} at each"
    ),
    "wrong-upstream": (
        "in place of the gradient that arrives at `{at}` stands `{what}`",
        "{pulled} with {what} for d{z}",
    ),
    "slope-missing": ("the derivative of `{at}` is left out", "{to} = d{z}"),
    "value-for-slope": ("the value of `{at}` stands in place of its derivative", "{to} = d{z} * {z}"),
    "applied-for-slope": ("`{op}` of the value of `{at}` stands in place of its derivative", "{to} = d{z} * {op}({z})"),
    "factor-exchanged": ("the factor beside `{path}` is another number ({what})", "{pulled} with {what} for it"),
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
    "mask-of-value": (
        "`{at}` is chosen by its own value ({what}), which is not the condition of the forward pass",
        "{pulled}, chosen where {z} {what}",
    ),
    "slope-at-gradient": (
        "the derivative of `{at}` is taken at the gradient that arrives, which is not multiplied with it",
        "{to} = {op}'(d{z})",
    ),
    f"slope-at-gradient {TIMES_IT}": (
        "the derivative of `{at}` is taken at the gradient that arrives, not at its input",
        "{to} = d{z} * {op}'(d{z})",
    ),
    "mask-leaky": (
        "the mask of `{at}` lets {number} times the gradient through where it is 0",
        "{to} with {number} for 0 in the mask",
    ),
    "mask-inverted": ("the mask of `{at}` is the wrong way round", "{to} with 1 - mask"),
    "parenthesis": ("brackets are missing around the derivative of `{at}`", "{to} = d{z} * 1 - (1 - {op}')"),
    "factor-missing": ("the factor beside `{path}` is left out", "{pulled} without the other factor"),
    f"factor-missing {OF_A_MEAN}": (
        "a sum stands in place of the mean `{at}`, which is differentiated without its division",
        "{pulled} without the division",
    ),
    f"factor {OF_A_SUM}": (
        "a mean stands in place of `{sum}`, which is differentiated with a division by its count",
        "{pulled} divided by the count",
    ),
    "factor-squared": ("the factor beside `{path}` is squared", "{pulled} with the other factor squared"),
    "factor-shifted": ("{number} is added to the factor beside `{path}`", "{pulled} with the other factor + {number}"),
    "factor-unsigned": (
        "the factor beside `{path}` has lost its sign",
        "{pulled} with the other factor's absolute value",
    ),
    "factor-inverted": (
        "the reciprocal of the factor beside `{path}` stands in its place",
        "{pulled} with 1 / the other factor",
    ),
    "factor-transposed": ("the factor beside `{path}` is transposed", "{pulled} with the other factor transposed"),
    f"factor-transposed {OF_A_VECTOR}": (
        "the factor beside `{path}` is repeated along the other axis", "{pulled} with the other factor transposed"
    ),
    "factor-too-late": (
        "the factor beside `{path}` is multiplied too late: with what has come to `{what}`",
        "what comes to {what} of d{z}, times the factor",
    ),
    "factor-too-many": (
        "the share of `{path}` in `{at}` is multiplied with `{what}` as well",
        "({pulled}) * {bracketed}",
    ),
    "result-transposed": ("the gradient of `{path}` has its entries in another order ({what})", "{pulled}: {what}"),
    "slope-times-operand": (
        "the derivative of `{at}` is multiplied with {times}`{path}`{base} as well",
        "({pulled}) * {times}{factor}{base}",
    ),
    "slope-times-value": (
        "the derivative of `{at}` is multiplied with {times}its value{base} as well",
        "({pulled}) * {times}{z}{base}",
    ),
    "slope-shifted": ("{number} is added to the derivative of `{at}`", "d{z} * (derivative + {number})"),
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
    "wrong-gradient": ("in place of the gradient of `{path}` stands `{what}`", "{to} = {what}"),
    "parts-exchanged": ("the gradients of two parts of `{path}` are exchanged ({what})", "{to} with them exchanged"),
    "part-repeated": (
        "the gradient of one part of `{path}` stands in place of another's as well ({what})",
        "{to} with one of them twice",
    ),
    "wrong-error": ("the error that comes to `{path}` is {what}", "{to} = {what}"),
    "slope-formula": ("the derivative of `{at}` is written as {base}, with {letter}", "{to} = d{z} * ({base})"),
    "stale": ("the backward pass reads {what}", "what stands there now, with {what}"),
    "updated-value": (
        "the factor `{base}` beside `{path}` was updated before it was used, by {number} times its gradient",
        "{pulled} with {base} - {number} * d{base}",
    ),
    "term-added": ("`{what}`, which the function has no term for, is added to the gradient", "{to} + {what}"),
    "gradient-zero": ("the gradient is zero: nothing arrives here", "0"),
    "exchanged": ("this is the gradient of `{what}`, which is another argument", "{to} = d{what}"),
    "off-by-one": ("what comes to `{path}` stands one place off ({what})", "{pulled}, {what}"),
    "own-value-for-factor": ("`{path}` itself stands in place of the factor beside it", "{pulled} with {path} for it"),
    "factor-off-by-one": ("the factor beside `{path}` stands one place off ({what})", "{pulled} with it {what}"),
    "factor-rearranged": ("the factor beside `{path}` is in another order ({what})", "{pulled} with it {what}"),
    "mask-missing": ("the mask of `{at}` is not applied", "{pulled} without its mask"),
    "scale-missing": ("the scale that the mask of `{at}` has is left out", "{pulled} with a mask of 0 and 1"),
    "reshaped": ("the gradient of `{path}` is reshaped in another order than it was", "d{z} reshaped, {what}"),
    "spread": ("what comes to a part of `{path}` is added to all of it", "{to} = d{z} at every place"),
    "padding-counted": ("the padding around `{path}` is not cut off at its beginning", "d{z}[:n]"),
    "stride-missing": (
        "windows of `{path}` are taken or put back without the stride ({what})",
        "the share of window i is added at i, not at {what} * i",
    ),
    "cut-in-time": ("nothing goes further back through `{path}` than {what} times", "{to} is 0 before"),
    "truncated": (
        "what comes in at each time goes back through `{path}` only {what} times",
        "{to} without what has passed more than {what} times",
    ),
    "slope-not-carried": (
        "the derivative of the function above `{at}` is not carried down to `{path}`",
        "{pulled} without the slope above",
    ),
    "step-left-out": (
        "the function that is differentiated lacks `{op}`", "the gradient of the function without `{at}`"
    ),
    "step-twice": ("`{op}` is applied twice before it is differentiated", "with {op}({at})"),
    "term-dropped": ("what is differentiated lacks the term `{what}` of `{at}`", "with {at} without {what}"),
    "factor-dropped": ("what is differentiated lacks the factor `{what}` of `{at}`", "with {at} without {what}"),
    "mask-left-out": ("what is differentiated lacks the choice `{at}`: `{what}` is never taken", "without {what}"),
    "slice-exchanged": ("in place of `{at}` stands {what}", "with {what}"),
    "constant-elsewhere": ("a constant stands elsewhere: {what}", "with {what}"),
    "constant-moved": ("a constant of `{at}` is another one ({what})", "with {what}"),
    "tile-for-repeat": ("`{at}` repeats the whole where it must repeat each (tile for repeat)", "with np.tile"),
    "operands-exchanged": ("the operands of `{at}` are exchanged before it is differentiated", "with them exchanged"),
    "wrong-value": ("`{at}` is taken to be `{what}`", "with {what} for {z}"),
}  # fmt: skip
"""The name of a kind -> the sentence, and what the given gradient fits."""


LETTERS = ("a for its value", "x for its input")


def said(alteration: BackwardAlteration, leaf: str) -> Finding:
    """Return what an alteration is called and what is said of it, in the author's words."""
    edge = alteration.edges[0]
    base, as_saved, _ = alteration.what.partition(AS_SAVED)
    times, of_sum, path = alteration.times, _of_sum(alteration), label(_operand(edge))
    texts = SENTENCES.get(f"{alteration.kind} {of_sum or base}", SENTENCES[alteration.kind])
    says = {word for word in ("what", "base", "times", "number") if f"{{{word}}}" in texts[0]}
    what = " * ".join(filter(None, (times, base))) if "what" in says else base
    names = {
        "path": path, "through": _through(edge), "factor": bracketed(path),
        "at": formula(edge.step), "z": edge.step.name or "z", "op": edge.step.op,
        "what": what, "bracketed": bracketed(what), "base": base, "letter": LETTERS["x" in base],
        "times": times and f"{times} * ", "number": times or "1",
        "to": f"d{_variable(_operand(edge))}", "pulled": _pulled(edge),
        "sum": formula(edge.step if edge.step.op == "sum" else edge.parent),
    }  # fmt: skip
    is_base = not says & {"what", "base"} and base not in ("", OF_A_VECTOR, OF_THE_RESULT, TIMES_IT, path)
    more = f" ({base})" if is_base and not base.startswith("at index") else ""
    is_times = times and not of_sum and not says & {"what", "times", "number"}
    beside = f", and it is multiplied with {times}" if is_times else ""
    sentence, yours = (text.format(**names) + more + beside + as_saved for text in texts)
    given = "" if edge.step.name or not edge.step.op else f"  with z = {formula(edge.step)}"
    right = f"{names['to']} = {names['pulled']}{given}"
    return Finding(alteration.kind, sentence, leaf, _places(alteration), right, yours, "")


def _operand(edge: Edge) -> ArrayStep:
    """Return what an edge leads to in the author's formula, in which `clip` is one operation."""
    inside = edge.step.operands[0]
    return inside.operands[0] if is_clip(edge.step) and isinstance(inside, ArrayStep) else edge.parent


def _of_sum(alteration: BackwardAlteration) -> str:
    """Return whether a sum is taken for a mean, or a mean for a sum, where that is what a factor does."""
    edge = alteration.edges[0]
    total = edge.step if edge.step.op == "sum" else edge.parent
    count = value_of(total.operands[0]).size / total.value.size if total.op == "sum" else 1.0
    if alteration.kind == "factor" and count > 1.0 and abs(alteration.factor * count - 1.0) < 1e-9:
        return OF_A_SUM
    is_mean = alteration.kind == "factor-missing" and not alteration.times and total is edge.parent and count > 1.0
    return OF_A_MEAN if is_mean and np.allclose(np.multiply(edge.saved, count), 1.0, rtol=1e-9) else ""


def _through(edge: Edge) -> str:
    """Return what a path goes through, and to which argument."""
    return label(through(edge)) + (f"` to `{edge.parent.name}" if through(edge) is edge.step else "")


def exchanged_leaves(leaf: str, other: str) -> Finding:
    """Return what is said of a gradient that is another leaf's."""
    sentence, yours = (text.format(what=other, to=f"d{leaf}") for text in SENTENCES["exchanged"])
    return Finding("exchanged", sentence, leaf, "", f"d{leaf}", yours, "")


def zero(leaf: str) -> Finding:
    """Return what is said of a gradient of zeros."""
    sentence, yours = SENTENCES["gradient-zero"]
    return Finding("gradient-zero", sentence, leaf, "", f"d{leaf} is not zero", yours, "")


def _places(alteration: BackwardAlteration) -> str:
    at = alteration.what if alteration.what.startswith("at index") else ""
    times = len({edge.step for edge in alteration.edges})
    everywhere = f"wherever `{alteration.edges[0].step.op}` stands, " if _is_of_rule(alteration) else ""
    return ", ".join(text for text in (at, f"{everywhere}{times} times" if times > 1 else "") if text)


def _is_of_rule(alteration: BackwardAlteration) -> bool:
    """Whether one derivative is altered in several lines."""
    edges, first = alteration.edges, alteration.edges[0]
    is_one = all(edge.step.op == first.step.op for edge in edges)
    is_alike = len({id(pull) for pull in alteration.pulls.values()}) == 1
    return is_one and is_alike and first.kind != "move" and any(edge.step.line != first.step.line for edge in edges)


def _pulled(edge: Edge) -> str:
    """Return the formula of what an edge hands on; a rule says it itself."""
    step = edge.step
    g = Expr(f"d{step.name or 'z'}")
    if is_clip(step):
        least, most = show(operand(edge.parent, 1)), show(operand(step, 1))
        return f"{g.leaf} where {least} < {label(_operand(edge))} < {most}, else 0"
    if step.op in RULES:
        return _by_rule(edge, g)
    if step.op == "matmul":
        other = bracketed(show(operand(step, 1 - edge.operand, 2)))
        return f"{g.leaf} @ {other}.T" if edge.operand == 0 else f"{other}.T @ {g.leaf}"
    if step.op == "einsum":
        others = [show(operand(step, k, 2)) for k in range(len(step.operands)) if k != edge.operand]
        return f"einsum({', '.join([str(g.leaf), *others])})"
    if step.op in JOINS:
        return f"its part of {g.leaf}"
    if edge.kind == "local" and len(step.operands) == 1:
        return f"{g.leaf} * {step.op}'({show(operand(step, 0, 2))})"
    return f"{g.leaf}, {REVERSED.get(step.op, 'put where it came from')}"


def _by_rule(edge: Edge, g: Expr) -> str:
    """Return the formula of what an elementwise edge hands on, which a rule says."""
    step = edge.step
    operands: list[Expr | float] = [operand(step, k, 2) for k in range(len(step.operands))]
    rule = RULES[step.op]
    if (
        rule.number
        and edge.operand == 0
        and np.size(step.operands[1]) == 1
        and isinstance(step.operands[1], np.ndarray)
    ):
        rule, operands = RULES[rule.number], [operands[0], float(step.operands[1])]
    shares = rule.bind(Expr(step.name or "z"), operands)(g)
    share = shares[edge.operand]
    text = show(share if isinstance(share, Expr) else Expr(float(share)))
    return f"sum({text})" if edge.parent.value.size < step.value.size else text


REVERSED = {"sum": "repeated", "max": "where the maximum is", "min": "where the minimum is", "where": "where chosen"}


def _variable(step: ArrayStep) -> str:
    """Return what stands behind the d of a gradient."""
    return bracketed(label(step))
