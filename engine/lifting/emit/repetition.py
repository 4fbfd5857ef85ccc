r"""Lines that repeat, once: a chain of identical layers, its arrays numbered, with how many there are.

>>> print(*folded([f"h{t + 1} = tanh(h{t} @ W + x[:, {t}])" for t in range(1, 6)], "t"), sep="\n")
5 times, t = 2, ..., 6:
    h{t} = tanh(h{t - 1} @ W + x[:, {t - 1}])

Lines repeat if they differ in whole numbers alone, behind a name or by themselves, and each of those goes up or down
by the same from one time to the next. So do the terms of a sum:

>>> Short("t").sum([(False, f"b{k}.sum()") for k in (5, 4, 3, 2, 1)])
'sum(b{5 - t}.sum() for t = 0, ..., 4)'
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from itertools import zip_longest
from typing import NamedTuple

from engine.lifting.expr import Spelling

DECIMAL = r"(?<![\w.])(?:\d+\.\d*(?:e[-+]?\d+)?|\d+e[-+]?\d+)"
WHOLE = r"(?<![\d.])(?:0|[1-9]\d*)(?!\w|\.\d)"
TOKENS = re.compile(rf"({DECIMAL})|({WHOLE})|([^\d]+|\d)")
LONGEST = 80  # lines that are repeated together
FEWEST = 3  # times, but for blocks of so many lines, of which two are enough:
LARGE = 8
TERMS = 4  # of a sum


class Text(NamedTuple):
    """A line in pieces: what stands between its whole numbers, and these."""

    between: tuple[str, ...]
    numbers: tuple[int, ...]


class Short(Spelling):
    """Terms that repeat are written once, `name` saying which it is."""

    def __init__(self, name: str) -> None:
        self.name = name

    def sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        """Write terms, those that repeat as one."""
        texts = [pieces(text) for _, text in terms]
        short: list[tuple[bool, str]] = []
        at = 0
        while at < len(terms):
            signs = [negative for negative, _ in terms[at:]]
            alike = next((k for k, negative in enumerate(signs) if negative != signs[0]), len(signs))
            times = _times(texts[: at + alike], at, 1) if alike > 1 else 1
            short.append((signs[0], self._term(texts[at], texts[at + 1], times) if times >= TERMS else terms[at][1]))
            at += times if times >= TERMS else 1
        return super().sum(short)

    def _term(self, first: Text, second: Text, times: int) -> str:
        start = next((x for x, y in zip(first.numbers, second.numbers) if y == x + 1), 0)
        return f"sum({_numbered(first, second, start, self.name)} for {self.name} = {start}, ..., {start + times - 1})"


def counting(taken: Set[str]) -> str:
    """Return a name for which time it is, that is none of those in the lines."""
    return next(x for x in ("t", "step", *[f"t_{k}" for k in range(len(taken) + 1)]) if x not in taken)


def folded(lines: Sequence[str], name: str) -> list[str]:
    """Return the lines, with a heading and one copy of those that repeat; `name` says which time it is."""
    texts = [pieces(line) for line in lines]
    result: list[str] = []
    at = 0
    while at < len(lines):
        length, times = _longest(texts, at)
        if times == 1:
            result.append(lines[at])
        else:
            result += _block(texts[at : at + length], texts[at + length : at + 2 * length], times, name)
        at += length * times
    return result


def pieces(line: str) -> Text:
    """Return a line in pieces.

    >>> pieces("z2 = a1 * 0.5 + 3")
    Text(between=('z', ' = a', ' * 0.5 + ', ''), numbers=(2, 1, 3))
    """
    between, numbers = [""], []
    for decimal, number, other in TOKENS.findall(line):
        if number:
            numbers.append(int(number))
            between.append("")
        else:
            between[-1] += decimal or other
    return Text(tuple(between), tuple(numbers))


def _longest(texts: Sequence[Text], at: int) -> tuple[int, int]:
    """Return how many lines repeat from one on, and how often, so that most are spared; one, once, if none do."""
    best, spared = (1, 1), 0
    for length in range(1, min(LONGEST, (len(texts) - at) // 2) + 1):
        if texts[at].between != texts[at + length].between:
            continue
        times = _times(texts, at, length)
        enough = times >= FEWEST or (times == 2 and length >= LARGE)
        if enough and length * (times - 1) > spared:
            best, spared = (length, times), length * (times - 1)
    return best


def _times(texts: Sequence[Text], at: int, length: int) -> int:
    """Return how often the lines from one on repeat."""
    times = 1
    while at + (times + 1) * length <= len(texts) and all(
        _goes_on(texts[i], texts[i + length], texts[i + times * length], times) for i in range(at, at + length)
    ):
        times += 1
    return times


def _goes_on(first: Text, second: Text, last: Text, times: int) -> bool:
    """Whether a line is what the first two lead to, so many times on."""
    return first.between == last.between and all(
        z == x + times * (y - x) for x, y, z in zip(first.numbers, second.numbers, last.numbers)
    )


def _block(first: Sequence[Text], second: Sequence[Text], times: int, name: str) -> list[str]:
    """Return the heading and the lines, their numbers in terms of which time it is."""
    changes = [(x, y - x) for a, b in zip(first, second) for x, y in zip(a.numbers, b.numbers) if y != x]
    start = next((x for x, step in changes if step == 1), 0)
    heading = f"{times} times, {name} = {start}, ..., {start + times - 1}:"
    return [heading, *["    " + _numbered(a, b, start, name) for a, b in zip(first, second)]]


def _numbered(first: Text, second: Text, start: int, name: str) -> str:
    numbers = [
        str(x) if x == y else f"{{{_affine(y - x, x - (y - x) * start, name)}}}"
        for x, y in zip(first.numbers, second.numbers)
    ]
    return "".join([part for pair in zip_longest(first.between, numbers, fillvalue="") for part in pair])


def _affine(factor: int, constant: int, name: str) -> str:
    """Return a multiple of a variable and a constant.

    >>> _affine(2, -1, "t"), _affine(-1, 5, "t"), _affine(1, 0, "t")
    ('2 * t - 1', '5 - t', 't')
    """
    size = name if abs(factor) == 1 else f"{abs(factor)} * {name}"
    if factor < 0:
        return f"{constant} - {size}"
    return size if not constant else f"{size} {'+' if constant > 0 else '-'} {abs(constant)}"
