"""Steps of every operation, with what each computes: for the vocabulary, and for the texts that spell it."""

from __future__ import annotations

import numpy as np

from engine.lifting.emit.numpy_text import STRIDED
from engine.lifting.emit.writer import Writer
from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Source

A, B = Source("A", (2, 3), "input"), Source("B", (4, 3), "input")
X = Source("X", (2, 3), "input", batched=True)
FLAT, Z = Source("flat", (6,), "input"), Source("z", (2, 4), "value")
RNG = np.random.default_rng(0)
a, b, x, f = (RNG.normal(size=shape) for shape in ((2, 3), (4, 3), (5, 2, 3), 6))
GIVEN = {A: a, B: b, X: x, FLAT: f}
STARTS = {"starts": np.array([0, 1, 4]), "total": 6}


def result(*shape, batched=False):
    return Source("r", shape, "value", batched)


def run(step):
    return interpret(Steps([step], [step.target]), GIVEN, 5)[step.target.source]


def places(source, index):
    return Gather(source, np.shape(index), np.array(index))


def samples(*shape):
    return result(*shape, batched=True).view


CASES = {
    "matmul": (Step("matmul", Z.view, (A.view, B.view)), a @ b.T),
    "matmul of samples": (Step("matmul", samples(2, 4), (X.view, B.view)), x @ b.T),
    "batch_matmul": (Step("batch_matmul", result(3, 3).view, (X.view, A.view)), (np.swapaxes(x, 1, 2) @ a).sum(0)),
    "outer": (Step("outer", samples(3, 4), (X.view[0].expand_dims(-1), B.view[:, 0])), x[:, 0, :, None] * b[:, 0]),
    "product": (Step("product", samples(4), (X.view[0], B.view.T)), x[:, 0] @ b.T),
    "ragged_product": (Step("ragged_product", Z.view, (A.view, B.view.T), terms=np.ones((2, 3), bool)), a @ b.T),
    "batched_product": (Step("batched_product", samples(2), (X.view, B.view[0])), x @ b[0]),
    "summed_product": (Step("summed_product", result(3, 3).view, (X.view, A.view)), (np.swapaxes(x, 1, 2) @ a).sum(0)),
    "weighted_sum": (Step("weighted_sum", result(3).view, (X.view[0, 0], X.view[1])), x[:, 1].T @ x[:, 0, 0]),
    "ones_product": (Step("ones_product", result(2).view, (A.view,)), a.sum(1)),
    "sum": (Step("sum", result(2).view, (A.view,)), a.sum(1)),
    "sum over samples": (Step("sum", result(3).view, (X.view,), axes=(0,), over_batch=True), x.sum((0, 1))),
    "max": (Step("max", samples(2), (X.view,)), x.max(2)),
    "segment_sum": (
        Step("segment_sum", result(3).view, (FLAT.view,), **STARTS), [f[0], f[1:4].sum(), f[4:].sum()],
    ),
    "segment_max": (
        Step("segment_max", result(3).view, (FLAT.view,), **STARTS), [f[0], f[1:4].max(), f[4:].max()],
    ),
    "repeat": (Step("repeat", result(6).view, (A.view[0],), **STARTS), np.repeat(a[0], [1, 3, 2])),
    "gather": (
        Step("gather", samples(2, 2), (places(X, [[0, 5], [5, 1]]),)), x.reshape(5, 6)[:, [[0, 5], [5, 1]]],
    ),
    "copy": (Step("copy", result(3, 2).view.T, (A.view,)), a.T),
    "fill": (Step("fill", result(2).view, (Literal(3.0, -1),)), [0.6, 0.6]),
    "tanh": (Step("tanh", result(2, 3).view, (A.view,)), np.tanh(a)),
    "power_constant": (Step("power_constant", result(2, 3).view, (A.view,), (3.0,)), a**3),
    "add": (Step("add", samples(2, 3), (X.view, A.view)), x + a),
}  # fmt: skip


def executed(library, step, modules):
    """What the text of a step computes, in a library's spelling, after whatever is added to was 1.0."""
    writer = Writer(library, {}, {"N"}, set())
    target = step.target.source
    if step.accumulate:
        writer.write([Step("fill", target.view, (Literal(1.0),))])
    writer.write([step])
    space = dict(modules) | {"N": 5, "dtype": np.float64, "constants": writer.constants}
    space |= {source.name: space["asarray"](array) for source, array in GIVEN.items()}
    exec(STRIDED, space)
    for line in [*writer.build, *writer.body]:
        exec(line, space)
    lead = (5,) if step.batched else ()
    return np.asarray(space[writer.variable(target)]).reshape(*lead, *target.shape)
