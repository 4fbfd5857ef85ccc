"""Programs whose compiler is made to emit another text, for the tests of proofs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import engine
from engine import Value


def changed(program, old, new, times=1):
    """Have a program's compiler emit another text."""
    compile_right = program.compile

    def compile_wrong(specialisation, wrt):
        made = compile_right(specialisation, wrt)
        assert old in made.emitted.text, made.emitted.text
        return replace(made, emitted=replace(made.emitted, text=made.emitted.text.replace(old, new, times)))

    program.compile = compile_wrong
    return program


X = np.array([[0.5, -1.0], [2.0, 0.25], [0.5, 3.0], [1.0, 1.0]])


def neuron(options=None, **more):
    w, b = [Value(0.5, "w[0]"), Value(-1.5, "w[1]")], Value(0.25, "b")
    return engine.lift(lambda x: engine.tanh(engine.dot(w, x) + b), **{"batch": True, **(options or {}), **more})


WRONG = {
    "a term is left out": ("        np.add(z1, b, out=z1)\n", ""),
    "another function": ("np.tanh(z1, out=a1)", "np.sin(z1, out=a1)"),
    "the mean without its N": ("1.0 / N", "1.0"),
    "what it was given is overwritten": ("np.add(z1, b, out=z1)", "np.add(z1, b, out=z1); b += 1.0"),
    "memory that nobody wrote": ("        x.dot(w, z1)\n", ""),
    "another shape": ("x.dot(w, z1)", "x.dot(w[:1], z1)"),
    "a name that is not there": ("np.tanh(z1, out=a1)", "np.tanh(z7, out=a1)"),
    "no Python": ("np.tanh(z1, out=a1)", "np.tanh(z1, out=a1"),
}
