"""What the pipeline is asked of a trace, and what a program says of the answer."""

from __future__ import annotations

import numpy as np

import engine
from engine import Value
from engine.lifting.run.compiling import compiled_for_numpy, task_of


def lifted(**options):
    w = [Value(0.5, "w[0]"), Value(1.0, "w[1]")]
    program = engine.lift(lambda x, n: engine.dot(w, x) * engine.select(w, n), **options)
    program(*((np.ones((3, 2)), np.array([0, 1, 1])) if options.get("batch") else ([1.0, 2.0], 1)))
    return program


def test_a_task_is_of_sources_by_kind():
    program = lifted(batch=True, reduction="sum")
    task = task_of(program, program.latest, "all")
    assert [(s.name, s.kind, s.batched) for s in task.external.inputs] == [("x", "input", True), ("n", "index", True)]
    assert task.reduction == "sum"
    assert [named.array.name for named in task.external.arrays] == ["w"]
    assert task.title is not None


def test_without_a_batch_there_is_no_reduction():
    program = lifted()
    assert task_of(program, program.latest, "inputs").reduction == ""


def test_counts_steps_and_formulas_are_of_one_trace():
    program = lifted(batch=True)
    compiled = compiled_for_numpy(program, program.latest, "parameters")
    assert compiled.stats.scalar_nodes == len(program.latest.trace.ops)
    assert compiled.stats.array_operations == len(program.steps)
    assert compiled.stats.seconds >= program.latest.seconds
    assert compiled.stats.bytes % 8 == 0 < compiled.stats.bytes
