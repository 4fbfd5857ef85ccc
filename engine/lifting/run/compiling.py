"""A trace of a program, compiled: what the pipeline is asked, and what a program says of the answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.lifting.emit.source import Emitted
from engine.lifting.external import External
from engine.lifting.ir import Steps
from engine.lifting.names import variable
from engine.lifting.pipeline import Lifted, Task, for_jax, for_numpy
from engine.lifting.run.executable import Compiled, Specialisation
from engine.lifting.run.report import Stats
from engine.lifting.views import Source

if TYPE_CHECKING:
    from engine.lifting.run.program import Program


def compiled_for_numpy(program: Program, specialisation: Specialisation, wrt: str) -> Compiled:
    """Return NumPy's text of a trace, with its counts."""
    start = time.perf_counter()
    task = task_of(program, specialisation, wrt)
    lifted = for_numpy(specialisation.trace, task)
    seconds = specialisation.seconds + time.perf_counter() - start
    if not isinstance(lifted, Lifted):
        stats = Stats(len(specialisation.trace.ops), *lifted.operations, 8 * lifted.length, seconds, in_loops=True)
        return Compiled(lifted.emitted, stats, task.external, straight=True)
    steps, emitted = lifted
    stats = Stats(
        len(specialisation.trace.ops),
        len(steps.forward),
        len(steps.backward),
        _bytes(steps),
        seconds,
        tuple(steps.declined),
    )
    return Compiled(emitted, stats, task.external)


def compiled_for_jax(program: Program, specialisation: Specialisation, wrt: str, gradients: str) -> Emitted:
    """Return JAX's text of a trace, with our adjoint or for JAX to differentiate."""
    return for_jax(specialisation.trace, task_of(program, specialisation, wrt if gradients == "lifted" else "")).emitted


def task_of(program: Program, specialisation: Specialisation, wrt: str) -> Task:
    """Return what is asked of a trace: its sources from outside, under names of their own, and its reduction."""
    parameters = specialisation.parameters
    taken = parameters.taken | {p.name for p in parameters.arrays}
    specs = [spec for argument in specialisation.specs for _, spec in argument.arrays("")]
    inputs = [
        Source(variable(name, taken), spec.shape, "index" if spec.integer else "input", batched)
        for name, spec, batched in zip(program.array_names(specialisation.specs), specs, program.batched(len(specs)))
    ]
    external = External.of(parameters.arrays, parameters.flat.cells, inputs, taken)
    reduction = program.reduction if program.batch else ""
    return Task(program.name, external, parameters.places(specialisation.trace), reduction, wrt)


def _bytes(steps: Steps) -> int:
    """Bytes of one sample's results."""
    return 8 * sum(source.size for source in {step.target.source: None for step in steps.forward})
