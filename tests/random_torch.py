"""Random programs in PyTorch: the same text, run on tensors, whose gradients PyTorch finds by itself."""

from __future__ import annotations

import functools
import math
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from grammar import Source
from random_truth import Truth, as_values, defined, gathered, gradient_of

DOUBLE = torch.float64
IN_PLACE = re.compile(r"^( *)(\S+) ([-+*])= (.*)$", re.MULTILINE)  # changes a tensor, where a Value is replaced


class Unsupported(Exception):
    """PyTorch has no such operation on these operands, or another convention for it."""


def in_torch(source: Source, inputs: list[Any], n: int, changed: bool) -> Truth:
    """Run a program's text on tensors, at the numbers that it defines, or has after it changed its surroundings.

    The gradients of the parameters are by their number in the text.
    """
    space: dict[str, Any] = {"engine": FUNCTIONS, "Value": _parameter, "np": ARRAYS, "__name__": "random_program"}
    if ".mean()" in source.text:
        raise Unsupported("the mean of an array of tensors")
    text = IN_PLACE.sub(r"\1\2 = \2 \3 (\4)", source.text)
    exec(compile(text, "<random program>", "exec"), space)
    if changed:
        space["change"]()
    parameters = defined(space, torch.Tensor)
    rows, gradients = [], []
    for row in range(n):
        arguments = [as_values(x, source.batch, row, number=_parameter) for x in inputs]
        root = space["f"](*arguments)
        if isinstance(root, torch.Tensor) and root.requires_grad:
            root.backward(torch.tensor(1.0 / n if source.batch and source.reduction == "mean" else 1.0, dtype=DOUBLE))
        rows.append(float(root.detach() if isinstance(root, torch.Tensor) else root))
        gradients.append([gradient_of(_with_numbers(x)) for x in arguments])
    return gathered(source, rows, {k: _gradient(t) for k, t in enumerate(parameters)}, gradients)


def _parameter(number: float, label: str = "") -> torch.Tensor:
    return torch.tensor(float(number), dtype=DOUBLE, requires_grad=True)


def _gradient(t: torch.Tensor) -> float:
    return 0.0 if t.grad is None else float(t.grad)


def _with_numbers(x: Any) -> Any:
    """Return an argument with its gradients as numbers."""
    if isinstance(x, dict):
        return {k: _with_numbers(v) for k, v in x.items()}
    if isinstance(x, list):
        return [_with_numbers(v) for v in x]
    if isinstance(x, np.ndarray):
        return np.frompyfunc(_with_numbers, 1, 1)(x)
    return SimpleNamespace(grad=_gradient(x)) if isinstance(x, torch.Tensor) else x


# --- the functions of the engine ---------------------------------------------------------------------------------


def tensor(x: Any) -> torch.Tensor:
    """Return a number as a tensor."""
    return x.to(DOUBLE) if isinstance(x, torch.Tensor) else torch.tensor(float(x), dtype=DOUBLE)


def _stack(xs: Any) -> torch.Tensor:
    items = [tensor(x) for x in xs]
    return torch.stack(items) if items else torch.zeros(0, dtype=DOUBLE)


def _on_tensors(function: Any) -> Any:
    return lambda *xs: function(*map(tensor, xs))


def _dot(ws: Any, xs: Any, bias: Any = 0.0) -> torch.Tensor:
    return torch.dot(_stack(ws), _stack(xs)) + tensor(bias)


def _where(condition: Any, x: Any, y: Any) -> torch.Tensor:
    return torch.where(torch.as_tensor(condition).bool(), tensor(x), tensor(y))


def _leaky_relu(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, 0.01 * x)


def _clip(x: Any, low: Any, high: Any) -> torch.Tensor:
    """Where a bound is computed and met, who gets the gradient is a convention: PyTorch's differs."""
    x, low, high = tensor(x), tensor(low), tensor(high)
    if bool((x == low) | (x == high)) or bool(low >= high):
        raise Unsupported("clip on a bound")
    return torch.minimum(torch.maximum(x, low), high)


FUNCTIONS = SimpleNamespace(
    **{
        name: _on_tensors(getattr(torch, name))
        for name in (
            "tanh", "sin", "cos", "sigmoid", "relu", "abs", "arctan", "square", "sign", "erf", "arcsinh", "exp",
            "exp2", "expm1", "log", "log2", "log1p", "sqrt", "cosh", "sinh", "arcsin", "arccos", "reciprocal",
            "arctan2", "hypot", "logaddexp", "maximum", "minimum",
        )
    },
    softplus=_on_tensors(lambda x: torch.logaddexp(x, torch.zeros((), dtype=DOUBLE))),
    silu=_on_tensors(lambda x: x * torch.sigmoid(x)),
    gelu=_on_tensors(lambda x: x * 0.5 * torch.erfc(-x / math.sqrt(2.0))),
    cbrt=_on_tensors(lambda x: x.abs() ** (1.0 / 3.0) * x.sign()),
    largest=lambda xs: torch.amax(_stack(xs), 0),
    smallest=lambda xs: torch.amin(_stack(xs), 0),
    leaky_relu=_on_tensors(_leaky_relu),
    stop_gradient=_on_tensors(torch.Tensor.detach),
    clip=_clip,
    where=_where,
    dot=_dot,
    total=lambda xs: _stack(xs).sum(),
    logsumexp=lambda xs: torch.logsumexp(_stack(xs), 0),
    softmax=lambda xs: list(torch.softmax(_stack(xs), 0)),
    select=lambda table, i: table[i],
)  # fmt: skip


# --- the functions of NumPy --------------------------------------------------------------------------------------


def _array(rows: Any, dtype: Any = None) -> Any:
    """Return an array of tensors; NumPy would make numbers of them."""
    if dtype is not None:
        return np.array(rows, dtype)
    items = list(rows)
    nested = bool(items) and isinstance(items[0], (list, tuple, np.ndarray))
    if not nested:
        array = np.empty(len(items), dtype=object)
        for k, item in enumerate(items):
            array[k] = item.item() if isinstance(item, np.ndarray) and not item.ndim else item
        return array
    return np.stack([_array(row) for row in items])


ARRAYS = SimpleNamespace(
    array=_array,
    cumsum=np.cumsum,
    dot=lambda a, b: functools.reduce(lambda total, pair: total + pair[0] * pair[1], zip(a, b), 0.0),
    prod=lambda a: functools.reduce(lambda total, x: total * x, a, 1.0),
    tanh=lambda a: np.frompyfunc(FUNCTIONS.tanh, 1, 1)(a),
)
