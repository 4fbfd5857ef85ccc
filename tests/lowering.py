"""Functions lifted a stage at a time, and their steps run directly: what the tests of passes are made of."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from grammar import generate
from random_programs import inputs_for, load

import engine
from engine.lifting import pipeline
from engine.lifting.external import External
from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps, Trace
from engine.lifting.names import ParameterArray
from engine.lifting.run.compiling import task_of
from engine.lifting.trace.inputs import batch_size
from engine.lifting.views import Literal, Source


@dataclass(frozen=True)
class Lowering:
    """A trace, what is asked of it, and the arrays that it is called with."""

    trace: Trace
    task: pipeline.Task
    given: dict[Source, Any]
    n: int
    f: Any
    inputs: tuple[Any, ...]

    def steps(self) -> Steps:
        """The forward steps."""
        return pipeline.array_operations(self.trace, self.task)

    def run(self, steps: Steps, number: Any = float) -> list[np.ndarray]:
        """The value and the guards' conditions, then the gradients that were asked for, by the interpreter."""
        memory = interpret(steps, self.given, self.n, number)
        results = []
        for x in steps.roots:
            if isinstance(x, Literal):
                results.append(np.asarray(x.value))
            else:
                lead = (self.n,) if x.batched else ()
                results.append(memory[x.source].reshape(*lead, -1)[..., x.offset])
        return [*results, *[memory[g] for g in self.task.wanted.values() if g in memory]]


def lowering(f: Any, *inputs: Any, wrt: str = "all", **options: Any) -> Lowering:
    """Record a function, as a program would for these inputs; values at which its branches go as they went."""
    program = engine.lift(f, verify=False, **options)
    program(*inputs)
    arrays: list[Any] = []
    specs = program._specs(inputs, arrays)
    n = batch_size(arrays, program.array_names(specs)) if program.batch else 1
    task = task_of(program, program.latest, wrt)
    external = task.external
    numbers = [x.astype(float) for x in arrays]
    given = {external.theta: program.traces.parameters.read_cells()} | dict(zip(external.inputs, arrays))
    given |= {source: x for source, x in zip(external.numbers, numbers) if source not in given}
    return Lowering(program.latest.trace, task, given, n, f, inputs)


def random_lowering(seed: int) -> Lowering | None:
    """The random program of a seed (see `grammar`), as it is first called; None if that is with no samples."""
    source, draw = generate(seed), random.Random(seed + 1)
    inputs, n = inputs_for(draw, source, 0)
    if not n:
        return None
    return lowering(load(source)["f"], *inputs, batch=source.batch, reduction=source.reduction)


def same(before: list[np.ndarray], after: list[np.ndarray], units: float = 256.0) -> None:
    """Compare what two programs gave, in units of rounding of each array's largest element."""
    assert len(before) == len(after)
    for a, b in zip(before, after):
        a, b = np.asarray(a, float), np.asarray(b, float)
        scale = np.abs(a[np.isfinite(a)]).max(initial=1e-300)
        np.testing.assert_allclose(b, a, rtol=units * 2.0**-52, atol=units * 2.0**-52 * scale)


def lines(steps: Any) -> list[str]:
    """Printed steps, one per line, without empty ones."""
    return [line for line in str(steps).splitlines() if line]


def caller_of_three() -> External:
    """What a program of three parameter arrays has from its caller, two of one width one after the other."""
    parts = [
        ParameterArray("wq", (2, 3), 0, "wq"),
        ParameterArray("wk", (2, 3), 6, "wk"),
        ParameterArray("b", (3,), 12, "b"),
    ]
    return External.of(parts, 15, [], {"wq", "wk", "b"})
