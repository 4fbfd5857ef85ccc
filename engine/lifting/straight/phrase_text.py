"""Phrases as one loop, each a branch of it: which phrase comes next, and the places that it reads, is a list of pairs.

for phrase, row in steps:                       back = reversed(kept1).__next__
    if phrase == 0:                             for phrase, row in reversed(steps):
        (i0, i1) = row                              if phrase == 0:
        r1 = v[i1]                                      (i0, i1) = row
        x0 = v[i0] * r1                                 (r1,) = back()
        put(x0)                                         d0 = pop()
        keep((r1,))                                     g[i0] += d0 * r1
    else:                                               ...
        ...                                         else:
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.lifting.emit.views import tuple_text
from engine.lifting.straight.block_text import INDENT, BlockText
from engine.lifting.straight.body import BodyLine

Written = tuple[BlockText, Sequence[BodyLine]]  # a phrase, and its lines of one direction


def forward_phrases(written: Sequence[Written], stack: str) -> list[str]:
    """Return the lines of `forward`."""
    head = [f"{stack} = []", f"keep = {stack}.append"] if any(text.body.kept() for text, _ in written) else []
    return [*head, "for phrase, row in steps:", *_branches([_forward(*phrase) for phrase in written])]


def backward_phrases(written: Sequence[Written], stack: str) -> list[str]:
    """Return the lines of `backward`."""
    head = [f"back = reversed({stack}).__next__"] if any(text.body.kept() for text, _ in written) else []
    return [*head, "for phrase, row in reversed(steps):", *_branches([_backward(*phrase) for phrase in written])]


def _branches(phrases: Sequence[Sequence[str]]) -> list[str]:
    """Return each phrase's lines under its condition."""
    lines: list[str] = []
    for number, phrase in enumerate(phrases):
        last = number == len(phrases) - 1
        lines.append("else:" if last and number else f"{'elif' if number else 'if'} phrase == {number}:")
        lines += [INDENT + line for line in phrase or ["pass"]]
    return [INDENT + line for line in lines]


def _forward(text: BlockText, lines: Sequence[BodyLine]) -> list[str]:
    body, indices = text.body, text.indices()
    read = [f"{tuple_text(indices)} = row"] if indices else []
    read += [f"{name} = {text.at('v', x.slot)}" for name, x in body.fixed()]
    return [*read, *text.computed(lines), *[f"keep({tuple_text(names)})" for names in [body.kept()] if names]]


def _backward(text: BlockText, lines: Sequence[BodyLine]) -> list[str]:
    body, indices = text.body, text.indices()
    fixed = [(name, x) for name, x in body.fixed() if name in body.differentiated]
    indexed = any(target.startswith("g[") for target, _, _ in lines)
    read = [f"{tuple_text(indices)} = row"] if indices and indexed else []
    read += [f"{tuple_text(residuals)} = back()" for residuals in [body.kept()] if residuals]
    read += [f"e{name[1:]} = 0.0" for name, _ in fixed]
    read += [f"{name} = {text.at('v', x.slot)}" for name, x in body.fixed() if name in body.needed]
    return [*read, *map(text.line, lines), *[f"{text.at('g', x.slot)} += e{name[1:]}" for name, x in fixed]]
