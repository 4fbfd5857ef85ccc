"""A program as matrix formulas: what its steps say, with what is read only once written where it is read.

    z1 = X @ W1 + b1;  a1 = tanh(z1)  ...  dz1 = (dz2 @ W2.T) * (1.0 - a1 * a1);  dW1 = X.T @ dz1

These are the batch equations BP1b-BP4b of note 000, found by the machine in a graph of scalars.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from engine.lifting.expr import ATOM, INFIX
from engine.lifting.ir import Step
from engine.lifting.views import Gather, Literal, Operand, Source, View

Text: TypeAlias = tuple[str, int]  # and its precedence
PRODUCT = 5  # precedence of @, which is that of *


def formulas(forward: Sequence[Step], backward: Sequence[Step]) -> str:
    """Return the forward formulas, an empty line, and the backward ones."""
    read = Counter(name for s in [*forward, *backward] for x in s.operands for name in _names(x))
    writes = Counter(s.target.source.name for s in [*forward, *backward])
    inlined: dict[str, Text] = {}
    parts = []
    for steps in (forward, backward):
        lines = []
        writing: dict[str, list[Step]] = {}
        for step in steps:
            writing.setdefault(step.target.source.name, []).append(step)
        for step in steps:
            if step.op == "fill" and step.operands[0] == Literal(0.0):
                continue
            name = step.target.source.name
            text = _line(step, inlined)
            chained = any(name in _names(x) for x in step.operands)
            whole = math.prod(step.target.shape) == step.target.source.size
            once = read[name] == 1 and writes[name] == 1 and whole and not chained
            adds_later = chained and not step.accumulate
            if adds_later and name in inlined:
                inlined.pop(name)
            if (once and not _kept(step.target.source)) or _continues(step, writing[name]):
                inlined[name] = text
            elif step.op == "scatter":
                lines.append(text[0])
            else:
                lines.append(f"{_target(step.target)} {'+=' if step.accumulate else '='} {text[0]}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _kept(source: Source) -> bool:
    """Whether this is a quantity of the notes, which has a line of its own: z, a, or dz."""
    return bool(source.role) or (source.of is not None and source.of.role == "z")


def _continues(step: Step, writing: Sequence[Step]) -> bool:
    """Whether the next step that writes the same name only adds to it, as a bias is added to a product."""
    return (
        len(writing) == 2
        and writing[0] is step
        and step.op == "matmul"
        and writing[1].op == "add"
        and not writing[1].accumulate
    )


def _names(x: Operand) -> tuple[str, ...]:
    return () if isinstance(x, Literal) else (x.source.name,)


def _line(step: Step, inlined: dict[str, Text]) -> Text:
    """Return the right side of a step."""
    op, xs = step.op, step.operands
    if op == "scatter":
        return _scatter(step, inlined)
    texts = [_operand(x, inlined) for x in xs]
    if op in ("matmul", "batch_matmul"):
        return _product(step, texts)
    if op in ("copy", "fill", "gather"):
        return texts[0]
    if op in ("sum", "max"):
        axis = 0 if step.over_batch else -1
        both = step.over_batch and step.axes and len(step.operands) and step.axes != (-1,)
        return f"{_wrapped(texts[0], ATOM)}.{op}({'' if both else f'axis={axis}'})", ATOM
    if op == "negative":
        return f"-{_wrapped(texts[0], 6)}", 6
    infix = INFIX.get(op)
    if infix and len(texts) == 2:
        symbol, precedence = infix
        right = precedence if op in ("add", "multiply") else precedence + 1
        return f"{_wrapped(texts[0], precedence)} {symbol} {_wrapped(texts[1], right)}", precedence
    if op in ("square", "power_constant"):
        return f"{_wrapped(texts[0], 8)} ** {2 if op == 'square' else step.fixed[0]:g}", 7
    return f"{op}({', '.join([*[t for t, _ in texts], *[f'{n:g}' for n in step.fixed]])})", ATOM


def _product(step: Step, texts: list[Text]) -> Text:
    """A @ B.T, or P.T @ Q; where the result lies turned, both sides are turned: (A @ B.T).T is B @ A.T."""
    left, right = texts
    if step.op == "matmul":
        right = _transposed(right)
    else:
        left = _transposed(left)
    if _lies_turned(step.target):
        left, right = _transposed(right), _transposed(left)
    return f"{_wrapped(left, PRODUCT)} @ {_wrapped(right, PRODUCT + 1)}", PRODUCT


def _scatter(step: Step, inlined: dict[str, Text]) -> Text:
    gather, g = step.operands
    text, precedence = _operand(g, inlined)
    place = _operand(gather, inlined)[0]
    if text.startswith("-"):
        return f"{place} -= {text[1:]}", ATOM
    return f"{place} += {text}", precedence


def _operand(x: Operand, inlined: dict[str, Text]) -> Text:
    if isinstance(x, Literal):
        text = f"{x.value:g}"
        return (text, ATOM) if not x.batch_power else (f"{text} {'/' if x.batch_power < 0 else '*'} N", 5)
    name = x.source.name
    if isinstance(x, Gather):
        return f"{name}[{x.chosen.source.name if x.chosen else '...'}]", ATOM
    text, precedence = inlined.get(name, (name, ATOM))
    return _transposed((text, precedence)) if _lies_turned(x) else (text, precedence)


def _target(x: View) -> str:
    return x.source.name


def _transposed(text: Text) -> Text:
    if text[0].endswith(".T"):
        return text[0][:-2], ATOM
    return f"{_wrapped(text, ATOM)}.T", ATOM


def _lies_turned(x: View) -> bool:
    return len(x.shape) == 2 and min(x.shape) > 1 and 0 < x.strides[0] < x.strides[1]


def _wrapped(text: Text, precedence: int) -> str:
    return text[0] if text[1] >= precedence else f"({text[0]})"
