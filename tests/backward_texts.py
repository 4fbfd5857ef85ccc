"""Functions out of texts: right backward passes in NumPy, and what is wrong with one where a part of it is another."""

import ast
import linecache
from itertools import count

import numpy as np

from nn.diagnosis.mending.edits import edits
from nn.diagnosis.mending.program import Program
from nn.diagnosis.mending.written import Written

NUMBER = count()
NORM = """
def backward(dout, x, g):
    n = x.shape[1]
    mu = x.mean(axis=1, keepdims=True)
    xc = x - mu
    var = (xc ** 2).mean(axis=1, keepdims=True)
    std = np.sqrt(var + 1e-5)
    xhat = xc / std
    dxhat = dout * g
    dvar = np.sum(dxhat * xc * -0.5 * (var + 1e-5) ** -1.5, axis=1, keepdims=True)
    dmu = -np.sum(dxhat / std, axis=1, keepdims=True)
    dx = dxhat / std + dvar * 2 * xc / n + dmu / n
    dg = np.sum(dout * xhat, axis=0)
    return dx, dg
"""
LAYER = """
def backward(dout, x, w, b):
    a = np.tanh(x @ w + b)
    dz = dout * (1 - a ** 2)
    dx = dz @ w.T
    dw = x.T @ dz
    db = dz.sum(axis=0)
    return dx, dw, db
"""
LOOP = """
def backward(dout, x, w, u):
    h = [np.zeros(u.shape[0])]
    for t in range(len(x)):
        h.append(np.tanh(x[t] @ w + h[t] @ u))
    dx, dw, du, dh = np.zeros_like(x), np.zeros_like(w), np.zeros_like(u), np.zeros(u.shape[0])
    for t in range(len(x) - 1, -1, -1):
        dz = (dout[t] + dh) * (1 - h[t + 1] ** 2)
        dx[t] = dz @ w.T
        dw += np.outer(x[t], dz)
        du += np.outer(h[t], dz)
        dh = dz @ u.T
    return dx, dw, du
"""
SHAPES = {NORM: [(5, 4), (4,)], LAYER: [(5, 4), (4, 3), (3,)], LOOP: [(5, 4), (4, 3), (3, 3)]}
RESULTS = {NORM: (5, 4), LAYER: (5, 3), LOOP: (5, 3)}


def of_text(text, name="backward", **beside):
    """Return a function that is written so."""
    file = f"<text {next(NUMBER)}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    names = {"np": np, **beside}
    exec(compile(text, file, "exec"), names)
    return names[name]


def drawn(text, seed, shapes=None, result=None):
    """Return inputs of a right function, and what arrives at its result."""
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=shape) + 0.3 for shape in shapes or SHAPES[text]]
    return inputs, rng.normal(size=result or RESULTS[text])


def points(right_text, wrong_text, seeds=(0, 1, 2), shapes=None, result=None, **beside):
    """Return a wrong function at several points, beside the right gradients there."""
    right, wrong = of_text(right_text), of_text(wrong_text, **beside)
    return [_point(right, wrong, *drawn(right_text, seed, shapes, result)) for seed in seeds]


def _point(right, wrong, inputs, dout):
    def run(function):
        return dict(enumerate(function(dout.copy(), *[x.copy() for x in inputs])))

    return Written(wrong, run, len, len, run(right), run(wrong), dict(enumerate("abcd")))


def wrong_places(several):
    """Return the gradients that are wrong."""
    return [at for at, x in several[0].given.items() if not several[0].is_right(at, x)]


def changes(text):
    """Return changes of a right function that can be written down."""
    program, (inputs, dout) = Program(), drawn(text, 0)
    function = program.followed(of_text(text))
    program.record(lambda: function(dout, *inputs))
    simple = [node for node in program.nodes if node.key in program.seen and isinstance(node.statement, ast.Assign)]
    return [edit for node in simple for edit in edits(node, *program.seen[node.key]) if not edit.is_fitted]
