"""Each level tells what the one before it does, and no more than it should."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nn
from nn.checking.hints import LEVELS, TELLING, data, kinds, places, reaches, told
from nn.diagnosis.report import Finding

X = np.array([0.5, -1.0, 2.0])


def found(backward):
    return nn.check_backward(lambda x: np.tanh(x), backward, X)


RIGHT = found(lambda dout, x: dout * (1 - np.tanh(x) ** 2))
NAMED = found(lambda dout, x: dout * np.tanh(x))
UNNAMED = found(eval("lambda dout, x: (dout + x) * np.cos(x) ** 3"))  # without a text, which is not mended
AMBIGUOUS = nn.Diagnosis(
    "ambiguous",
    alternatives=(NAMED.findings, (Finding("other", "another sentence", "x", "", "a = b", "a = c", "somebody"),)),
    experiment="try another x",
    parameters=NAMED.parameters,
)


@pytest.mark.parametrize("diagnosis", [NAMED, UNNAMED, AMBIGUOUS], ids=["named", "unnamed", "ambiguous"])
def test_no_level_tells_what_a_later_one_does(diagnosis):
    for level in LEVELS:
        said = "\n".join(told(diagnosis, level)) + json.dumps(data(diagnosis, level))
        for finding in (*diagnosis.findings, *(f for path in diagnosis.alternatives for f in path)):
            for later in LEVELS[LEVELS.index(level) + 1 :]:
                hidden = [text for key in TELLING[later] for text in np.atleast_1d(getattr(finding, key))]
                assert [text for text in hidden if text and text in said] == []
        assert ("x" in said) and diagnosis.verdict in said


def test_what_each_level_says():
    assert [told(NAMED, level)[0] for level in LEVELS[:3]] == [
        "wrong in x",
        "x: [value-for-slope]",
        str(NAMED.findings[0]).splitlines()[0],
    ]
    assert told(NAMED, "equation") == str(NAMED.findings[0]).splitlines()
    assert told(AMBIGUOUS, "kind") == ["x: [value-for-slope or other]"]
    assert told(AMBIGUOUS, "sentence")[2] == "to tell them apart: try another x"
    assert told(UNNAMED, "where") == ["wrong in x"]
    assert told(UNNAMED, "kind") == ["x: no known mistake"]
    assert UNNAMED.parameters[0].note in told(UNNAMED, "sentence")[1]
    for level in LEVELS:
        assert told(RIGHT, level) == ["right: the gradient agrees with the equations to rounding"]


def test_another_convention_is_said_at_every_level():
    turned = nn.Diagnosis("other convention", conventions=("weights are (outputs, inputs)",))
    for level in LEVELS:
        assert told(turned, level) == ["right in another convention: weights are (outputs, inputs)"]


def test_plain_data_has_one_shape_at_every_level():
    keys = set(NAMED.data())
    for level in LEVELS:
        assert set(data(AMBIGUOUS, level)) == keys
    assert data(AMBIGUOUS, "equation") == AMBIGUOUS.data() | {
        "alternatives": list(map(list, AMBIGUOUS.data()["alternatives"])),
        "findings": [],
    }
    assert data(AMBIGUOUS, "where")["alternatives"] == [[{"where": "x"}]]  # two mistakes in one place are one


def test_places_and_kinds():
    assert (places(NAMED), kinds(NAMED)) == (["x"], ["value-for-slope"])
    assert (places(UNNAMED), kinds(UNNAMED)) == (["x"], [])
    assert (places(RIGHT), kinds(RIGHT)) == ([], [])
    assert all(reaches(level, LEVELS[0]) for level in LEVELS)
