"""The pages of the layers: forward and backward pass, and what is said of the mistakes that people make in them.

>>> from nn.layers import softmax
>>> title(softmax)
'Softmax'
>>> print(code(softmax.backward))
def backward(dout: Array, cache: Cache) -> Array:
    (p,) = cache
    mean = (dout * p).sum(axis=1, keepdims=True)
    dz: Array = p * (dout - mean)
    return dz
"""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from nn.diagnosis.backward import check_backward
from nn.diagnosis.report import Diagnosis
from nn.layers import LAYERS
from nn.layers.reference import Reference, Slip

SHOWN = 3  # mistakes with all that is said of them
SEED = 0
HEAD = """# {count} layers, derived by hand

Forward passes as people write them in NumPy, each with its right backward pass, the source of its formula, and mistakes
that people make in it. Every backward pass is compared with the scalar engine's gradient of the forward pass, in double
and single precision and by differences, and every mistake with the name that `nn.check_backward` has for it. Printed by
`python -m nn.layers`.

Your own layer is judged by two lines more, whatever it is; this one forgets that the mean depends on `x` too:

```python
>>> def centred(x, w):
...     mu = x.mean(axis=1, keepdims=True)
...     return (x - mu) * w, (x, mu, w)
>>> def centred_backward(dout, cache):
...     x, mu, w = cache
...     return dout * w, (dout * (x - mu)).sum(axis=0)
>>> import numpy as np
>>> x, w = np.random.default_rng(0).normal(size=(4, 3)), np.array([1.0, -2.0, 0.5])

>>> import nn
>>> print(nn.check_backward(centred, centred_backward, x, w).findings[0].sentence)
the path through `mu` is missing

```

A right one is at hand: `from nn.layers import layer_norm`, and `layer_norm.backward(dout, cache)` with the cache that
`layer_norm.forward(x, gamma, beta)` returned.

| layer | three frequent mistakes | others |
|---|---|---|
"""


def title(layer: Reference) -> str:
    """Return what a layer is called: its docstring up to the first colon or full stop."""
    return _prose(layer).split("\n")[0].split(":")[0].rstrip(".")


def _prose(layer: Reference) -> str:
    return inspect.cleandoc(layer.__doc__ or "")


def file_name(layer: Reference) -> str:
    """Return the name of its page."""
    return f"{layer.__name__.rpartition('.')[2]}.md"


def contents() -> str:
    """Return the page that leads to the others."""
    rows = []
    for layer in LAYERS:
        first = "; ".join(mistake.what for mistake in layer.MISTAKES[:SHOWN])
        rows.append(f"| [{title(layer)}]({file_name(layer)}) | {first} | {len(layer.MISTAKES) - SHOWN} |\n")
    return HEAD.format(count=len(LAYERS)) + "".join(rows)


def page_of(layer: Reference) -> str:
    """Return the page of a layer in Markdown."""
    lines = [f"# {title(layer)}", "", _prose(layer), "", "Printed by `python -m nn.layers`; [all layers](README.md)."]
    forward = "\n\n\n".join(map(code, [*helpers(layer.forward), layer.forward]))
    for heading, text in (("Forward", forward), ("Backward", code(layer.backward))):
        lines += ["", f"## {heading}", "", *fenced(text, "python")]
    lines += ["", "## What people write in its place, and what they are told"]
    for mistake in layer.MISTAKES[:SHOWN]:
        sentences = "\n".join(diagnosis(layer, mistake).sentences())
        lines += ["", f"### {mistake.what[0].upper()}{mistake.what[1:]}", "", *fenced(changed(layer, mistake), "diff")]
        lines += ["", *fenced(sentences, "")]
    lines += ["", "### And", "", "| mistake | right | wrong | called |", "|---|---|---|---|"]
    for mistake in layer.MISTAKES[SHOWN:]:
        cells = [mistake.what, *(f"`{text}`" if text else "nothing" for text in (mistake.right, mistake.wrong))]
        called = " or ".join(f"`{name}`" for name in mistake.names) or "unnamed"
        lines.append(f"| {' | '.join([*cells, called])} |")
    return "\n".join(lines) + "\n"


def helpers(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Return the functions of its own file that a function calls."""
    names = [name for name in function.__code__.co_names if name in function.__globals__]
    called = [function.__globals__[name] for name in names]
    return [f for f in called if inspect.isfunction(f) and f.__module__ == function.__module__]


def code(function: Callable[..., Any]) -> str:
    """Return the source of a function without its docstring."""
    source = inspect.getsource(function)
    definition = ast.parse(source).body[0]
    lines = source.rstrip().split("\n")
    if isinstance(definition, ast.FunctionDef) and ast.get_docstring(definition) is not None:
        docstring = definition.body[0]
        del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines)


def changed(layer: Reference, mistake: Slip) -> str:
    """Return the lines of the backward pass that a mistake changes, right and wrong."""
    right = code(layer.backward)
    lines = difflib.ndiff(right.split("\n"), right.replace(mistake.right, mistake.wrong).split("\n"))
    return "\n".join(f"{line[0]} {line[2:].strip()}" for line in lines if line[0] in "-+")


def diagnosis(layer: Reference, mistake: Slip) -> Diagnosis:
    """Return what is said of a mistake in a layer."""
    inputs = layer.inputs(np.random.default_rng(SEED))
    return check_backward(layer.forward, mistake.made_in(layer.backward), *inputs)


def fenced(text: str, language: str) -> list[str]:
    """Return a block of code in Markdown."""
    return [f"```{language}", *text.split("\n"), "```"]
