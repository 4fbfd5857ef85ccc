"""What a program says of itself, before it was called and after, of several results too."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import LiftError


def test_before_its_first_call():
    program = engine.lift(lambda x: x * x)
    assert repr(program) == "Program(<lambda>, not traced yet)"
    assert (program.latest, program.specialisations) == (None, {})
    for ask in (program.source, program.formulas, lambda: program.stats, lambda: program.steps):
        with pytest.raises(LiftError, match="is traced at its first call; call it once before"):
            ask()


def test_formulas_of_several_results_define_them_all():
    program = engine.lift(lambda x: [x[1], x[0] * x[0], 3.0])
    program([1.0, 2.0])
    assert "x[0]" in program.formulas() or "x" in program.formulas()
    assert program.formulas().rstrip()
    doubled = engine.lift(lambda x: [2.0 * v for v in x])
    doubled(np.ones(4))
    assert str(doubled.formulas()).strip() == "loss = 2 * x"
    assert doubled.inputs == {"x": (4,)}
    assert [step.op for step in doubled.steps] == ["multiply"]
