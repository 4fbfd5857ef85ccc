"""Formulas of a lowering, read by themselves, beside what the program's steps compute."""

from __future__ import annotations

from functools import reduce
from operator import getitem
from typing import Any

import numpy as np
from lowering import Lowering
from reading_formulas import read

from engine.lifting.emit.formulas import Formulas, formulas
from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.passes.differentiate import differentiate
from engine.lifting.passes.name_results import name_results
from engine.lifting.passes.tidy import tidy
from engine.lifting.run.compiling import task_of
from engine.lifting.run.program import Program
from engine.lifting.run.report import shown

TOLERANCE = 1e-9  # of sums that the program and a reader add up in another order


def named_steps(case: Lowering) -> Steps:
    """Return the steps, forward and backward, under their names."""
    steps = case.steps()
    backward = tidy(differentiate(steps, case.task.wanted, case.task.seed(steps.roots[0])))
    return name_results(backward, set(case.task.external.taken))


def compared(case: Lowering) -> Formulas:
    """Return a lowering's formulas, having compared what they say with what its steps compute."""
    steps = named_steps(case)
    external = case.task.external
    text = formulas(shown(steps, external.arrays))
    memory = interpret(steps, case.given, case.n)
    got = read(text, _names(case, text), {named.gradient.name: named.part.shape for named in external.arrays})
    pairs = [(got[text.result], case.run(steps)[0]), *_gradients(case, memory, got)]
    scale = max(1.0, *[np.abs(want[np.isfinite(want)]).max(initial=0.0) for _, want in pairs])
    for said, want in pairs:
        assert np.size(said) == np.size(want), text
        said = np.reshape(np.asarray(said, float), np.shape(want))
        np.testing.assert_allclose(said, want, rtol=TOLERANCE, atol=1e-3 * TOLERANCE * scale, err_msg=text)
    return text


def _names(case: Lowering, text: Formulas) -> dict[str, Any]:
    """Return what a reader is given: parameters, inputs, constants, the number of samples."""
    external, theta = case.task.external, np.asarray(case.given[case.task.external.theta])
    arrays = {named.array.name: named.part.of(theta) for named in external.arrays}
    inputs = {source.name: array for source, array in case.given.items() if source is not external.theta}
    return {**arrays, **inputs, **text.constants, "N": case.n}


def _gradients(case: Lowering, memory: dict[Any, Any], got: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Return each gradient as it was read and as it is; what formulas do not mention is zero."""
    external, pairs = case.task.external, []
    for gradient in case.task.wanted.values():
        shape = (case.n, *gradient.shape) if gradient.batched else gradient.shape
        want = np.asarray(memory.get(gradient, np.zeros(shape)), float)
        if gradient is external.gradient:
            parts = [(named.gradient.name, named.part.of(want)) for named in external.arrays]
        else:
            parts = [(gradient.name, want)]
        pairs += [(got.get(name, np.zeros(part.shape)), part) for name, part in parts]
    return pairs


def compared_program(program: Program, *inputs: Any) -> Formulas:
    """Return a program's formulas in its author's words, having compared what they say with what it computes."""
    wrt = "all" if inputs else "parameters"
    value, gradient = program.value_and_grad(*inputs, wrt=wrt)
    external = task_of(program, program.latest, wrt).external
    arrays: list[Any] = []
    specs = program._specs(inputs, arrays)
    parameters = program.traces.parameters
    theta, text = parameters.read_cells(), program.formulas()
    names = {named.array.name: named.part.of(theta) for named in external.arrays}
    names |= {source.name: array for source, array in zip(external.inputs, arrays)}
    names |= {source.name: array for source, array in zip(external.numbers, arrays)}
    names |= text.constants | {"N": len(arrays[0]) if program.batch else 1}
    got = read(text, names, {named.gradient.name: named.part.shape for named in external.arrays})
    result = got[text.result]
    if program.batch:
        result = {"mean": np.mean, "sum": np.sum}[program.reduction](np.broadcast_to(result, (names["N"],)))
    pairs = [(result, value)]
    if gradient.parameters is not None and len(gradient.parameters):
        cells = parameters.flat.cells_of(gradient.parameters)
        held = [named for named in external.arrays if not named.part.read]
        pairs += [(got.get(x.gradient.name, 0.0), x.part.of(cells)) for x in held]
    parts = [
        (g, keys) for spec, g in zip(specs, gradient.inputs or ()) for keys, x in spec.parts() if x.kind != "static"
    ]
    pairs += [(got.get(slot.name, 0.0), reduce(getitem, keys, g)) for slot, (g, keys) in zip(external.slots, parts)]
    for said, want in pairs:
        want = np.asarray(want, float)
        said = np.broadcast_to(said, want.shape) if np.size(said) == 1 else np.reshape(said, want.shape)
        scale = max(1.0, np.abs(want[np.isfinite(want)]).max(initial=0.0))
        np.testing.assert_allclose(said, want, rtol=TOLERANCE, atol=1e-3 * TOLERANCE * scale, err_msg=text)
    return text
