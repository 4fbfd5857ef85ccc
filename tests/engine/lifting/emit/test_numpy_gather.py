"""Gathers by NumPy, and what is added to the places that they read."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.emit.numpy_text import NUMPY, STRIDED
from engine.lifting.emit.writer import Writer
from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Source, View

N = 3
TABLE, ROWS = Source("W", (5, 4), "input"), Source("Z", (5, 4), "input", batched=True)
ONE, MANY = Source("i", (), "index"), Source("t", (), "index", batched=True)
RNG = np.random.default_rng(0)
GIVEN = {TABLE: RNG.normal(size=(5, 4)), ROWS: RNG.normal(size=(N, 5, 4)), ONE: np.array(2), MANY: np.array([3, 0, 2])}


def gather(source, index, by=None, stride=1, reach=0, distinct=False):
    index = np.asarray(index)
    chosen = by and View(by, index.shape, 0, (0,) * index.ndim)
    return Gather(source, index.shape, index, chosen, stride, distinct, reach)


CASES = {
    "fixed": gather(TABLE, [3, 3, 7]),
    "fixed, of every sample": gather(ROWS, [[1, 2], [2, 19]]),
    "a row that one integer says": gather(TABLE, np.arange(4), ONE, 4, 12),
    "a row for every sample": gather(TABLE, np.arange(4), MANY, 4, 12),
    "one of each row": gather(TABLE, np.arange(5) * 4, MANY, 1, 3),
    "of every sample its own": gather(ROWS, [2, 9], MANY, 3, 9),
    "one number": gather(ROWS, 0, MANY, 1, 3),
}


def executed(steps, sources):
    w = Writer(NUMPY, {}, {"N"}, set())
    w.write(steps)
    space = {"np": np, "dtype": np.float64, "N": N, "constants": w.constants}
    space |= {source.name: array.copy() for source, array in GIVEN.items()}
    exec(STRIDED, space)
    for line in [*w.build, *w.body]:
        exec(line, space)
    return [space[w.variable(s)].reshape(*((N,) if s.batched else ()), *s.shape) for s in sources]


@pytest.mark.parametrize("case", CASES)
def test_what_is_read(case):
    r = Source("r", CASES[case].shape, "value", CASES[case].batched)
    step = Step("gather", r.view, (CASES[case],))
    (got,) = executed([step], [r])
    np.testing.assert_array_equal(got, interpret(Steps([step], []), GIVEN, N)[r])


@pytest.mark.parametrize("g", ["numbers of each sample", "a number", "a negative number"])
@pytest.mark.parametrize("case", CASES)
def test_what_is_added(case, g):
    read = CASES[case]
    dz = Source("dz", read.source.shape, "value", read.source.batched)
    added = {"a number": Literal(2.5), "a negative number": Literal(-2.5)}.get(g)
    steps = [Step("fill", dz.view, (Literal(0.0),))]
    if added is None:
        r = Source("r", read.shape, "value", read.batched)
        steps.append(Step("gather", r.view, (read,)))
        added = r.view
    elif read.batched and not read.source.batched:
        pytest.skip("one number per sample is an array by then")
    steps.append(Step("scatter", dz.view, (read.on(dz), added), accumulate=True))
    (got,) = executed(steps, [dz])
    np.testing.assert_allclose(got, interpret(Steps(steps, []), GIVEN, N)[dz], rtol=1e-14)
