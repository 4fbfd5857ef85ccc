"""The text: nothing is named that is not read, nothing imported that is not used, and it is what one would write."""

from __future__ import annotations

import ast
import random
import warnings
from collections import Counter

import pytest
from grammar import generate
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


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_named_that_is_not_read(seed):
    for program in programs(seed):
        assert not unread(program.source()), program.source()
        if not program.latest.guards and program.reduction != "none":
            for gradients in ("lifted", "jax"):
                pytest.importorskip("jax")
                text = program.to_jax(gradients=gradients).source()
                assert not unread(text), text


@pytest.mark.parametrize("seed", range(40))
def test_a_text_computes_every_name_that_it_reads(seed):
    """Compiled, it knows no global names but its imports, and those of Python."""
    for program in programs(seed):
        texts = [program.source()]
        if not program.latest.guards and program.reduction != "none":
            pytest.importorskip("jax")
            texts.append(program.to_jax(wrt=program.latest_wrt).source())
        for text in texts:
            read = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
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
