"""Where in a network a wrong gradient without a name is wrong: which entries, along what, and from which layer on."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.difference import describe
from nn.diagnosis.equations import Array, Problem


def whereabouts(problem: Problem, name: str, gradient: Array) -> str:
    """Return what can be said of the difference between a parameter's gradient and the right one."""
    layer = int(name.split(".")[1])
    a, delta = problem.forward[1][layer], problem.network.cotangents[problem.network.named[f"z{layer + 1}"]]
    lines = {f"the input of sample {i}": row for i, row in enumerate(a)}
    lines |= {f"the delta of sample {i}": row for i, row in enumerate(delta)}
    lines |= {"the mean input": a.mean(axis=0), "the summed delta": delta.sum(axis=0)}
    is_class = layer == problem.layers - 1 and problem.loss == "cross_entropy"
    sentence = describe(gradient - problem.right[name], lines, ("input", "class" if is_class else "unit"))
    dead = np.flatnonzero((problem.forward[1][layer + 1] == 0.0).all(axis=0))
    return sentence + (f"; units {', '.join(map(str, dead[:6]))} are dead on this data" if len(dead) else "")


def inherited(problem: Problem, wrong: list[str]) -> list[str]:
    """Return, where everything is wrong from some layer downward, that the layers below it may only inherit it."""
    first = wrong[0].rsplit(".", 1)[0]
    below = [name for name in problem.order[problem.order.index(wrong[0]) :] if not name.startswith(first)]
    if below and all(name in wrong for name in below):
        return [f"the first difference is in {first}; the layers below it may only inherit it"]
    return []
