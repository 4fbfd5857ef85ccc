"""Steps written as expressions of single numbers, for the tests of what writes them."""

from __future__ import annotations

from engine.lifting.emit.element_steps import write_steps
from engine.lifting.emit.numpy_scalars import Scalars
from engine.lifting.emit.numpy_text import NUMPY
from engine.lifting.emit.writer import Writer
from engine.lifting.views import Source


def source(name, shape=(), kind="value", **more):
    return Source(name, shape, kind, **more)


def written(steps, small, *, returned=()):
    """Return the lines that steps are written as, those of `small` as expressions."""
    w = Writer(NUMPY, {}, {"x", "p"}, set())
    n = Scalars(w, frozenset(small))
    write_steps(n, steps)
    for view in returned:
        n.named(n.newest(view))
    n.finish()
    lines = w.finished()
    n.settle()
    return w.build, [line for line in map(str, lines) if line]
