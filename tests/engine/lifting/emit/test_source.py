"""The text: nothing is named that is not read, nothing imported that is not used, and it is what one would write."""

from __future__ import annotations

import ast
import random
import warnings
from collections import Counter

import numpy as np
import pytest
from grammar import generate
from long_run import shortened
from random_programs import inputs_for, load

import engine


def programs(seed):
    """Yield a random program that was called, if it can be."""
    source, draw = generate(seed), random.Random(seed + 1)
    inputs, n = inputs_for(draw, source, 0)
    if not n:
        return
    program = engine.lift(load(source)["f"], batch=source.batch, reduction=source.reduction, verify=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program(*inputs)
            if not (source.batch and source.reduction == "none"):
                program.value_and_grad(*inputs, wrt="all")
    except (engine.GuardError, engine.LiftError, engine.NotScalarError, engine.ShapeError, engine.TraceError):
        return
    yield program


def unread(text: str) -> set[str]:
    """Return the names that a text assigns or imports and does not read; what is added to is read."""
    tree = ast.parse(text)
    added_to = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AugAssign)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = Counter(n.id for n in names if isinstance(n.ctx, ast.Store) and id(n) not in added_to)
    everything = Counter(n.id for n in names)
    return {name for name in {*stored, *imported(tree)} if everything[name] == stored[name]}


def imported(tree: ast.AST) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return {a.asname or a.name for node in imports for a in node.names}


@pytest.mark.parametrize("seed", shortened(range(40), 8))
def test_a_text_reads_every_name_that_it_computes_and_computes_every_name_that_it_reads(seed):
    """Compiled, it knows no global names but its imports, and those of Python."""
    for program in programs(seed):
        texts = [program.source()]
        if not program.latest.guards and program.reduction != "none":
            pytest.importorskip("jax")
            kinds = {("lifted", "parameters"), ("jax", "parameters"), ("lifted", program.latest_wrt)}
            texts += [program.to_jax(gradients=gradients, wrt=wrt).source() for gradients, wrt in sorted(kinds)]
        for text in texts:
            read = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
            assert not unread(text), text
            assert read <= _defined(text), read - _defined(text)


def _defined(text: str) -> set[str]:
    tree = ast.parse(text)
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= {a.arg for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in n.args}
    names |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    names |= {
        a.asname or a.name for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names
    }
    return names | {"float", "int", "bool"}


def branching(rows):
    """A program with a branch for each row; of its groups of comparisons, one has a row and the other the rest."""

    def f(w):
        total = 0.0
        for row in rows:
            total = total + (w[0] * row if w[1] > row else w[2] * row)
        return total

    return engine.lift(f, strict=True)


def test_conditions_that_lie_in_a_row_are_returned_as_one():
    rows = [0.1, 0.9, 0.4, 0.7, 0.2, 0.8]
    program = branching(rows)
    for limit in (0.5, 0.75, 0.5, 0.0):  # each goes another way, or one that is known
        w = np.array([2.0, limit, 3.0])
        value, gradient = program.value_and_grad(w, wrt="inputs")
        low, high = sum(r for r in rows if limit > r), sum(r for r in rows if limit <= r)
        assert value == pytest.approx(2.0 * low + 3.0 * high)
        assert gradient.inputs[0] == pytest.approx([low, 0.0, high])
    assert "(total_less,)" in program.source()
    assert sum(map(len, program.specialisations.values())) == 3


def test_a_few_conditions_are_returned_one_by_one():
    program = branching([0.1, 0.9])
    program(np.array([2.0, 0.5, 3.0]))
    assert "_less," not in program.source()


@pytest.mark.parametrize(("steps", "branches"), shortened([(5, False), (400, True)], 1))
def test_a_long_build_begins_with_a_branch(steps, branches):
    def f(x):
        for _ in range(steps):
            x = [engine.tanh(v * 0.5) for v in x]
        return engine.total(x)

    program = engine.lift(f, verify=False)
    program(np.linspace(0.1, 0.9, 40))  # of few, it would be a loop over floats
    body = ast.parse(program.source()).body[-1].body
    assert isinstance(body[0], ast.Assert) == branches
