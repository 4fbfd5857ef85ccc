"""A diagnosis in the words of a learner: his names of parameters and layers, and his course's symbols in equations.

>>> from nn.diagnosis.dialects import DIALECTS
>>> in_words("dC/dW[l] = delta[l] a[l-1].T", DIALECTS["coursera"])
'dW[l] = 1/m * dZ[l] A[l-1].T'
>>> in_words("delta[L] = (p - t) / N,  p = softmax(z[L])", DIALECTS["cs231n"])
'dz[L] = (p - y) / N,  p = softmax(z[L])'
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from nn.diagnosis.dialects import Dialect
from nn.diagnosis.equations import Problem
from nn.diagnosis.own import Own
from nn.diagnosis.report import Diagnosis, Finding

PARAMETER = re.compile(r"layers\.\d+\.[Wb]\b")
LAYER = re.compile(r"layers\.(\d+)\b(?!\.[Wb])")


def worded(diagnosis: Diagnosis, own: Own, problem: Problem) -> Diagnosis:
    """Return a diagnosis in the words of somebody's own parameters and of his course."""
    dialect = own.dialect

    def named(text: str) -> str:
        text = PARAMETER.sub(lambda match: _gradient(match[0], own), text)
        return LAYER.sub(lambda match: dialect.layer.format(int(match[1]), int(match[1]) + 1), text)

    def spoken(text: str) -> str:
        return PARAMETER.sub(lambda match: own.names.get(match[0], match[0]), text)

    def finding(one: Finding) -> Finding:
        right, yours = (in_words(_divided(text, problem, dialect), dialect) for text in (one.right, one.yours))
        where = own.names.get(one.where, named(one.where)) if one.where in own.names else named(one.where)
        sentence, right, yours = map(spoken, (one.sentence, right, yours))
        return replace(one, sentence=sentence, where=where, found=named(one.found), right=right, yours=yours)

    return replace(
        diagnosis,
        findings=tuple(map(finding, diagnosis.findings)),
        alternatives=tuple(tuple(map(finding, path)) for path in diagnosis.alternatives),
        parameters=tuple(
            replace(row, parameter=named(row.parameter), note=named(row.note)) for row in diagnosis.parameters
        ),
        remarks=tuple(map(named, diagnosis.remarks)),
    )


def _gradient(name: str, own: Own) -> str:
    """Return what somebody calls the gradient of a parameter."""
    if name not in own.names:
        return name
    return own.dialect.gradient.format(own.names[name])


def _divided(text: str, problem: Problem, dialect: Dialect) -> str:
    """Return an equation of the output's delta with what this loss divides it by."""
    if not dialect.is_course:
        return text
    m = "" if problem.summed_outputs or problem.t.shape[1] == 1 else "m"
    N = "" if problem.scale == 1.0 or "dC/dW[l] =" in dialect.words else "N"
    text = re.sub(r" / \(m N\)", f" / ({m} {N})" if m and N else f" / {m or N}" if m or N else "", text)
    text = re.sub(r" / N\b", f" / {N}" if N else "", text) if text.startswith("delta[L]") else text
    return text if m else text.replace(", m outputs", "")


def in_words(text: str, dialect: Dialect) -> str:
    """Return an equation with the symbols of a dialect."""
    if not dialect.words:
        return text
    text = _symbols(dialect.layout, tuple(dialect.words)).sub(lambda match: dialect.words[match[0]], text)
    return text.replace("1/m * m * ", "")


@cache
def _symbols(layout: str, words: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds a dialect's words, the longest first, a name only as a whole."""
    ordered = sorted(words, key=len, reverse=True)
    patterns = (
        (r"\b" if word[0].isalpha() else "") + re.escape(word) + (r"\b" if word[-1].isalnum() else "")
        for word in ordered
    )
    return re.compile("|".join(patterns))
