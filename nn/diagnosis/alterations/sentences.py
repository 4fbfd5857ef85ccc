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

import re
from collections.abc import Iterator, Sequence, Set

import numpy as np

from engine.lifting.expr import Expr, show
from engine.rules import RULES
from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.authors import call_of
from nn.diagnosis.alterations.candidates import UNEXPLAINED
from nn.diagnosis.alterations.cases import EXTREMES, ONES
from nn.diagnosis.alterations.edges import AGAIN, JOINS, OF_A_VECTOR, OF_THE_RESULT, TIMES_IT
from nn.diagnosis.alterations.exchanged import IN_ONE, PAST_IT
from nn.diagnosis.alterations.formulas import INSIDE, bracketed, formula, is_clip, label, operand, operand_label
from nn.diagnosis.alterations.forward import AS_SAVED
from nn.diagnosis.alterations.groups import through
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.text import (
    CUT_OFF,
    DONE_AGAIN,
    IN_ONE_PLACE,
    IN_PLACE_OF,
    NOT_UNDONE,
    OF_A_CONSTANT,
    OF_A_CUMSUM,
    OF_A_DIVISION,
    OF_A_FACTOR,
    OF_A_LENGTH,
    OF_A_MATRIX,
    OF_A_MEAN,
    OF_A_NUMBER,
    OF_A_SUM,
    OF_ALL,
    OF_AN_INVERSE,
    OF_MULTIPLES,
    OVER_A_LENGTH,
    PAST,
    SENTENCES,
)
from nn.diagnosis.alterations.variants import axes_text
from nn.diagnosis.report import Finding

MOST, SHORT = 3, 12  # factors of one line, each of another time, that are shown, and characters of such
FORMS = OF_A_VECTOR, OF_THE_RESULT, TIMES_IT, AGAIN  # which stand where a kind has a text or an array, and are none
IN_BOTH = {"what", "multiple", "inverse", "another"}
IN_BASE = {"base", "skipped", "instead", "turned", *IN_BOTH}  # words that say what stands there
IN_TIMES = {"times", "number", "more", *IN_BOTH}  # words that say what it is multiplied with
WORDS = IN_BASE | IN_TIMES
LETTERS = ("a for its value", "x for its input")


def said(alteration: BackwardAlteration, leaf: str) -> Finding:
    """Return what an alteration is called and what is said of it, in the author's words."""
    edge = alteration.edges[0]
    base, as_saved, _ = alteration.what.partition(AS_SAVED)
    base, in_one_place, _ = base.partition(IN_ONE)
    forms = (f"{alteration.kind} {form}" for form in (*_forms(alteration, base, bool(in_one_place)), base))
    form = next((form for form in forms if form in SENTENCES), alteration.kind)
    texts = SENTENCES[form]
    says = {word for word in WORDS if f"{{{word}}}" in texts[0]}
    names = _names(alteration, base, says)
    is_base = not says & IN_BASE and OF_A_CUMSUM not in form and base not in ("", *FORMS, names["path"])
    more = f" ({base})" if is_base and not base.startswith("at index") else ""
    is_times = alteration.times and not _of_sum(alteration) and not says & IN_TIMES
    beside = f", and it is multiplied with {alteration.times}" if is_times else ""
    sentence, yours = (text.format(**names) + more + beside + as_saved for text in texts)
    given = "" if names["z"] != "z" or not edge.step.op else f"  with z = {names['at']}"
    right = f"{names['to']} = {names['pulled']}{given}"
    return Finding(alteration.kind, sentence, leaf, _places(alteration), right, yours, "")


def _names(alteration: BackwardAlteration, base: str, says: Set[str]) -> dict[str, str]:
    """Return what the words of a text stand for."""
    edge, times = alteration.edges[0], alteration.times
    path, other = label(_operand(edge)), _beside(alteration.edges)
    other = f"{base} of another time" if base in other.split(", ") else other
    what = " * ".join(filter(None, (times, base))) if says & {"what", "skipped", "multiple"} else base
    form, number = of_form(times)
    product, constant = _constant(edge)
    skipped = re.sub(r"^d\(?|\)?$" if base.startswith("d(") else "^d", "", base.partition(PAST_IT)[0])
    instead, _, belongs = base.partition(" for ")
    return {
        "path": path, "through": _through(edge), "factor": bracketed(path), "other": other, "inner": bracketed(other),
        "turned": turned(other), "at": formula(edge.step), "z": _z(edge), "op": edge.step.op,
        "what": number if form in (OF_AN_INVERSE, OVER_A_LENGTH) and not base else what.replace(PAST_IT, ""),
        "multiple": of_multiple(times, f"the path through `{_through(edge)}`"),
        "bracketed": bracketed(number if alteration.kind == "factor" else what), "base": base,
        "letter": LETTERS["x" in base], "times": times and f"{times} * ", "number": times or "1",
        "product": formula(product), "constant": f"{constant:.6g}", "another": f"{alteration.factor * constant:.6g}",
        "inverse": number, "instead": instead, "belongs": belongs,
        "skipped": skipped, "more": f" times {times}" if times else "", "axes": _right_axes(edge),
        "to": f"d{_variable(_operand(edge))}", "pulled": _pulled(edge),
        "sum": formula(edge.step if edge.step.op == "sum" else edge.parent),
    }  # fmt: skip


def _forms(alteration: BackwardAlteration, base: str, in_one_place: bool) -> Iterator[str]:
    """Yield the forms of its kind that an alteration has, what is special first."""
    edge = alteration.edges[0]
    step = edge.step
    yield _of_sum(alteration)
    if alteration.kind == "factor":
        yield from [OF_A_CONSTANT] * bool(alteration.rank >= UNEXPLAINED and _constant(edge)[1])
        yield of_form(alteration.times)[0]
    if in_one_place:
        yield IN_ONE_PLACE
    if PAST_IT in base:
        yield PAST
    if " for " in base:
        yield IN_PLACE_OF
    if edge.kind == "move" and edge.saved is not None and step.op not in ("reshape", "ravel"):
        is_whole = len(edge.saved[0]) == step.value.size
        yield from [(DONE_AGAIN if base == AGAIN else NOT_UNDONE) if is_whole else CUT_OFF] * (base in ("", AGAIN))
    if call_of(step)[0] == "cumsum":
        yield OF_A_CUMSUM + OF_ALL * (base == ONES)
    if step.op == "divide" and edge.operand == 0 and (alteration.kind != "factor-dropped" or base == _beside([edge])):
        yield from [OF_AN_INVERSE] * alteration.times.startswith("1/")
        yield OF_A_DIVISION
    elif edge.kind == "product" and np.ndim(edge.saved) == 2:
        yield OF_A_MATRIX
    elif step.op == "multiply" or edge.kind == "product":
        yield OF_A_FACTOR


def _constant(edge: Edge) -> tuple[ArrayStep, float]:
    """Return a product with a number that an edge comes from or leads to, and the number; 0 where there is none."""
    for step in (edge.step, edge.parent):
        numbers = [x for x in step.operands if isinstance(x, np.ndarray) and x.size == 1]
        if step.op == "multiply" and numbers:
            return step, float(numbers[0].item())
    return edge.step, 0.0


def of_form(times: str) -> tuple[str, str]:
    """Return the form of a number that something is multiplied with, and it; of an inverse, what is inverted."""
    is_inverse = times.startswith("1/") and " * " not in INSIDE.sub("", times)
    number = times.removeprefix("1/")
    number = number[1:-1] if is_inverse and number.startswith("(") else number
    is_length = bool(re.fullmatch(r"[\w.]+\.shape\[.*\]|\d+", number))
    forms = (OVER_A_LENGTH if is_length else OF_AN_INVERSE) if is_inverse else OF_A_LENGTH if is_length else OF_A_NUMBER
    return forms, number if is_inverse else times


def of_multiple(times: str, of: str = "the gradient") -> str:
    """Return what is said of something that is multiplied with a number."""
    form, number = of_form(times)
    return OF_MULTIPLES[form].format(of=of, what=number)


def turned(text: str) -> str:
    """Return a matrix transposed."""
    return text.removesuffix(".T") if text.endswith(".T") else f"{bracketed(text)}.T"


def _z(edge: Edge) -> str:
    """Return what a step is called in an equation: its variable, if that is not the operand's as well."""
    name = edge.step.name
    return name if name and name != _operand(edge).name else "z"


def _beside(edges: Sequence[Edge]) -> str:
    """Return what stands beside an operand, the others; at several places the first few, and of one alone its mask."""
    if len(edges[0].step.operands) < 2:
        return "mask" if edges[0].step.op in EXTREMES else f"{edges[0].step.op}'"
    several = [[operand_label(e.step, k) for k in range(len(e.step.operands)) if k != e.operand] for e in edges]
    distinct = list(dict.fromkeys(" and ".join(others) for others in several if others))
    return ", ".join(distinct[: MOST if len(distinct[0]) <= SHORT else 1])


def _right_axes(edge: Edge) -> str:
    """Return the axes along which an operand was repeated."""
    shape, whole = edge.parent.value.shape, edge.step.value.shape
    wide = (1,) * (len(whole) - len(shape)) + shape
    return axes_text(tuple(k for k, (n, m) in enumerate(zip(wide, whole)) if n != m))


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
    return Finding("gradient-zero", sentence, leaf, "", f"the gradient by {leaf}", yours, "")


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
    g = Expr(f"d{_z(edge)}")
    if is_clip(step):
        least, most = show(operand(edge.parent, 1)), show(operand(step, 1))
        return f"{g.leaf} where {least} < {label(_operand(edge))} < {most}, else 0"
    if step.op in RULES:
        return _by_rule(edge, g)
    if step.op == "matmul":
        other = turned(show(operand(step, 1 - edge.operand, 2)))
        return f"{g.leaf} @ {other}" if edge.operand == 0 else f"{other} @ {g.leaf}"
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
    shares = rule.bind(Expr(_z(edge)), operands)(g)
    share = shares[edge.operand]
    text = show(share if isinstance(share, Expr) else Expr(float(share)))
    return f"sum({text})" if edge.parent.value.size < step.value.size else text


REVERSED = {"sum": "repeated", "max": "where the maximum is", "min": "where the minimum is", "where": "where chosen"}


def _variable(step: ArrayStep) -> str:
    """Return what stands behind the d of a gradient."""
    return bracketed(label(step))
