"""The forms of rules as text of their own are the rules', to the bit."""

from __future__ import annotations

import math

import numpy as np
import pytest

import engine
from engine import LiftError
from engine.lifting.run.carried import carried
from engine.rules import RULES, rule

EDGES = (0.0, -0.0, 1e300, -1e300, math.inf, -math.inf, math.nan, 0.5)
FIXED_ARITY = [r for r in RULES.values() if not r.variadic]


@pytest.fixture(scope="module")
def names():
    modules, definitions = carried({r.name: f"{r.name}_" for r in FIXED_ARITY}, erf=True)
    found: dict[str, object] = {}
    exec("\n".join(["from __future__ import annotations", *modules, *definitions]), found)
    assert not any("engine" in line for line in modules)
    return found


def outcome(form, at):
    """What a form gives, or the kind of error that it raises."""
    try:
        return form(*at)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("entry", FIXED_ARITY, ids=lambda r: r.name)
def test_they_are_the_rules(entry, names):
    points = [*entry.at, *[(x,) * len(entry.at[0]) for x in EDGES]]
    for at in points:
        np.testing.assert_equal(outcome(names[f"{entry.name}_"], at), outcome(entry.scalar, at))


def test_the_error_function_of_arrays(names):
    x = np.linspace(-2.0, 2.0, 9)
    np.testing.assert_array_equal(names["erf"](x), engine.erf(x))


OFFSET = 0.5


def _shifted(x: float) -> float:
    return math.sqrt(x) + OFFSET


def test_a_rule_of_somebodys_module():
    @rule(_shifted, lambda x: np.sqrt(x) + OFFSET, at=[(2.0,)])
    def shifted(z, g):
        """A square root, moved."""
        return (g / (2.0 * (z - OFFSET)),)

    try:
        with pytest.raises(LiftError, match="The rule 'shifted' cannot be saved .*functions of its module") as raised:
            carried({"shifted": "shifted"}, erf=False)  # it is defined within a function
        assert "\n" not in str(raised.value)
    finally:
        del RULES["shifted"], engine.Value.shifted
