"""Backward passes with a mistake in them, made by changing one place of their code: any place, not those we thought of.

What a mistake is called follows from what was changed, not from what it does.
"""

from __future__ import annotations

import ast
import copy
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.layers.reference import Reference, rewritten

LEAST = 1e-4  # of the largest entry: what is off by less is no mistake that anybody makes
FACTOR = {
    "factor", "factor-missing", "factor-dropped", "slope-missing", "doubled", "halved", "slope-times-operand",
    "slope-times-value", "slope-inverted", "factor-too-many", "factor-inverted", "factor-squared", "slope-squared",
    "mean-for-sum", "upstream-missing", "path-missing", "value-for-slope", "operand-for-slope", "slope-at-value",
    "slope-not-carried", "step-left-out", "constant-moved", "mask-missing", "scale-missing", "gradient-zero",
}  # fmt: skip
SLOPE = {"slope-formula", "slope-of-another", "value-for-slope", "wrong-error"}  # a term of it, or its sign, is wrong
OTHER = FACTOR | {
    "wrong-operand", "wrong-upstream", "wrong-value", "own-value-for-factor", "slope-of-another", "updated-value",
    "exchanged", "wrong-path", "factor-off-by-one", "wrong-index", "wrong-error", "wrong-gradient", "parts-exchanged",
    "part-repeated", "stale",
}  # fmt: skip
KINDS = {
    "path dropped": {
        "path-missing", "term-missing", "term-dropped", "gradient-zero", "factor-missing", "slope-missing", "truncated",
        "cut-in-time", "mask-left-out", *SLOPE,
    },
    "sign turned": {"sign", "term-turned", "factor-unsigned", "slope-unsigned", "parenthesis", *SLOPE},
    "factor dropped": FACTOR | {"gradient-zero", "wrong-operand", "outer-product", "unsummed", "slope-of-another"},
    "constant changed": FACTOR | {"sign", "wrong-operand"},
    "mean for sum": FACTOR,
    "sum for mean": FACTOR,
    "another axis": {"wrong-axis", "slice", "unsummed", "mean-for-sum", "reduced-over-other-axes"},
    "overwritten": {"overwritten", "scatter-assigned", "path-missing", "slice", "truncated", "cut-in-time"},
    "another saved value": OTHER,
    "another gradient": OTHER,
    "not transposed": {
        "factor-transposed", "factor-rearranged", "result-transposed", "transposed", "permuted", "order-of-product",
        "reshaped",
    },
    "mask inverted": {"mask-inverted"},
    "off by one": OTHER | {"off-by-one", "permuted", "overwritten", "truncated"},
    "upstream ignored": FACTOR,
}  # fmt: skip
"""What is changed, and what that may be called."""


@dataclass(frozen=True)
class Injected:
    """A wrong backward pass: what was changed, the line as it is now, and the function."""

    change: str
    line: str
    backward: Callable[..., Any]


def injected(layer: Reference) -> list[Injected]:
    """Return a layer's backward pass with one place changed, in every way that compiles."""
    source = textwrap.dedent(inspect.getsource(layer.backward))
    tree = ast.parse(source)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = function.body[ast.get_docstring(function) is not None :]
    function.returns = None
    arrays, mutants, seen = local_arrays(layer), [], {ast.unparse(tree)}
    for place, node in enumerate(ast.walk(tree)):
        for change, new in replacements(node, arrays):
            changed = Replace(place, new).applied(tree)
            text = ast.unparse(changed)
            if text not in seen:
                seen.add(text)
                before = set(ast.unparse(tree).splitlines())
                line = next((row.strip() for row in text.splitlines() if row not in before), "")
                mutants.append(Injected(change, line, rewritten(layer.backward, text)))
    return mutants


def local_arrays(layer: Reference) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a backward pass's local arrays at its end."""
    arrays: dict[str, tuple[int, ...]] = {}

    def look(frame: Any, event: str, result: Any) -> None:
        if event == "return" and frame.f_code is layer.backward.__code__:
            arrays.update(
                {name: np.shape(x) for name, x in frame.f_locals.items() if isinstance(x, (np.ndarray, float))}
            )

    out, cache = layer.forward(*layer.inputs(np.random.default_rng(0)))
    sys.setprofile(look)
    try:
        layer.backward(np.ones_like(out), cache)
    finally:
        sys.setprofile(None)
    return arrays


def another(name: str, other: str, arrays: dict[str, tuple[int, ...]]) -> str:
    """Return what it is to take one variable for another: of the same shape, and both saved or both gradients."""
    if arrays[name] != arrays[other] or name.startswith("d") != other.startswith("d"):
        return "any value"
    return "another gradient" if name.startswith("d") else "another saved value"


@dataclass
class Replace:
    """One node of a tree, by its place in the walk, and what stands in its place."""

    place: int
    new: ast.AST

    def applied(self, tree: ast.Module) -> ast.Module:
        changed = copy.deepcopy(tree)
        target = list(ast.walk(changed))[self.place]
        for parent in ast.walk(changed):
            for field, value in ast.iter_fields(parent):
                if value is target:
                    setattr(parent, field, self.new)
                elif isinstance(value, list) and any(item is target for item in value):
                    setattr(parent, field, [self.new if item is target else item for item in value])
        return ast.fix_missing_locations(changed)


def replacements(node: ast.AST, arrays: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, ast.AST]]:
    """Yield what people write in place of a node."""
    if isinstance(node, ast.BinOp):
        yield from _of_operator(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign turned", node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value not in (0.0, 1.0):
        yield "constant changed", ast.Constant(1.0)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        yield "overwritten", ast.Assign([node.target], node.value)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in arrays:
        others = [name for name in arrays if name != node.id]
        yield from ((another(node.id, name, arrays), ast.Name(name, ast.Load())) for name in others)
        if node.id == "dout":
            yield "upstream ignored", ast.parse("np.ones_like(dout)", mode="eval").body
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "not transposed", node.value
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in INVERSE:
        yield "mask inverted", ast.Compare(node.left, [INVERSE[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _of_index(node)


INVERSE = {ast.Gt: ast.LtE, ast.Lt: ast.GtE, ast.Eq: ast.NotEq}


def _of_operator(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    left, right = node.left, node.right
    if isinstance(node.op, (ast.Add, ast.Sub)):
        is_sum = isinstance(node.op, ast.Add)
        yield "path dropped", left
        yield "path dropped", right if is_sum else ast.UnaryOp(ast.USub(), right)
        yield "sign turned", ast.BinOp(left, ast.Sub() if is_sum else ast.Add(), right)
    elif isinstance(node.op, ast.Mult):
        yield "factor dropped", left
        yield "factor dropped", right
    elif isinstance(node.op, (ast.Div, ast.Pow)):
        yield "factor dropped", left
    elif isinstance(node.op, ast.MatMult):
        yield "not transposed", ast.BinOp(right, ast.MatMult(), left)


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    if not isinstance(node.func, ast.Attribute):
        return
    name = node.func.attr
    if name in ("sum", "mean"):
        other = "mean" if name == "sum" else "sum"
        yield f"{other} for {name}", _with(node, func=ast.Attribute(node.func.value, other, ast.Load()))
        for k, keyword in enumerate(node.keywords):
            if keyword.arg == "axis":
                for axes in _other_axes(ast.literal_eval(keyword.value)):
                    keywords = [*node.keywords[:k], ast.keyword("axis", ast.Constant(axes)), *node.keywords[k + 1 :]]
                    yield "another axis", _with(node, keywords=keywords)
    elif name in ("swapaxes", "copy"):
        yield "not transposed", node.func.value
    elif name == "at":  # np.add.at(sums, index, terms)
        sums, index, terms = node.args
        if isinstance(sums, ast.Name):
            place = f"{ast.unparse(sums)}.__setitem__({ast.unparse(index)}, {ast.unparse(terms)})"
            yield "overwritten", ast.parse(place, mode="eval").body


def _other_axes(axis: int | tuple[int, ...]) -> list[Any]:
    if isinstance(axis, int):
        return [k for k in (0, 1, 2) if k != axis]
    return [tuple(k for k in axis if k != left) for left in axis] + [tuple(k + 1 for k in axis)]


def _of_index(node: ast.Subscript) -> Iterator[tuple[str, ast.AST]]:
    """Yield the neighbours of an index that is a variable: states[t], w[:, :, i, j]."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for k, part in enumerate(parts):
        is_moving = isinstance(part, ast.Name) and part.id in ("t", "i", "j", "k", "y")
        if is_moving or isinstance(part, ast.BinOp):
            for op in (ast.Add(), ast.Sub()):
                moved: list[ast.expr] = [*parts[:k], ast.BinOp(part, op, ast.Constant(1)), *parts[k + 1 :]]
                index = ast.Tuple(moved, ast.Load()) if isinstance(node.slice, ast.Tuple) else moved[0]
                yield "off by one", ast.Subscript(node.value, index, node.ctx)


def _with(node: ast.Call, **fields: Any) -> ast.Call:
    return ast.Call(**{"func": node.func, "args": node.args, "keywords": node.keywords, **fields})


def gradients(layer: Reference, backward: Callable[..., Any], inputs: tuple[Any, ...], seed: int) -> list[Any] | None:
    """Return what a backward pass makes of a random `dout`; None where it fails, or a number is none."""
    copies = [x.copy() if isinstance(x, np.ndarray) else x for x in inputs]
    out, cache = layer.forward(*copies)
    dout = np.random.default_rng(seed).normal(size=np.shape(out))
    try:
        with np.errstate(all="ignore"):
            returned = backward(dout, cache)
    except (ValueError, TypeError, IndexError, AttributeError, KeyError, UnboundLocalError, NameError):
        return None
    arrays = list(returned) if isinstance(returned, tuple) else [returned]
    is_good = all(isinstance(x, (np.ndarray, float)) and np.isfinite(x).all() for x in arrays)
    return arrays if is_good else None


def is_wrong(layer: Reference, backward: Callable[..., Any], inputs: tuple[Any, ...], seed: int) -> bool:
    """Whether a backward pass runs, returns arrays of the right shapes, and one entry is off."""
    right, given = gradients(layer, layer.backward, inputs, seed), gradients(layer, backward, inputs, seed)
    assert right is not None
    if given is None or [np.shape(x) for x in given] != [np.shape(x) for x in right]:
        return False
    return any(np.abs(a - b).max() > LEAST * max(np.abs(b).max(), 1e-300) for a, b in zip(given, right))
