"""Patterns of gathers on JAX: which one it is, and that what is added goes where it was read."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened

from engine.lifting.emit.jax_gather import Fixed, Flat, OnePerRow, PerSample, WholeRows, pattern
from engine.lifting.emit.jax_text import JAX
from engine.lifting.emit.writer import Writer
from engine.lifting.views import Gather, Source, View

N = 3
TABLE, ROWS = Source("W", (5, 4), "input"), Source("Z", (5, 4), "input", batched=True)
ONE, MANY = Source("i", (), "index"), Source("t", (), "index", batched=True)


def choose(source, shape=(), index=None, by=None, stride=1, reach=0):
    index = np.zeros(shape, int) if index is None else np.asarray(index)
    return Gather(source, index.shape, index, by and View(by, index.shape, 0, (0,) * index.ndim), stride, reach=reach)


CASES = [  # one of each kind, then the others
    (Fixed, choose(TABLE, index=[3, 3, 7])),
    (WholeRows, choose(TABLE, index=np.arange(4), by=MANY, stride=4, reach=16)),
    (OnePerRow, choose(TABLE, index=np.arange(5) * 4, by=ONE, reach=3)),
    (Flat, choose(TABLE, index=[2, 9], by=MANY, stride=3, reach=6)),
    (PerSample, choose(ROWS, index=[2, 9], by=MANY, stride=3, reach=6)),
    (Fixed, choose(TABLE, index=np.arange(19, -1, -1))),
    (Fixed, choose(TABLE, index=[0] * 19 + [1])),  # one element gets nearly all
    (Fixed, choose(ROWS, index=[[1, 2], [2, 19]])),
    (Fixed, choose(ROWS, index=[0] * 19 + [1])),
    (WholeRows, choose(TABLE, index=np.arange(8).reshape(2, 4), by=ONE, stride=4, reach=12)),
    (WholeRows, choose(TABLE, index=np.arange(8).reshape(2, 4).T, by=MANY, stride=4, reach=12)),
    (OnePerRow, choose(TABLE, index=np.arange(5) * 4, by=MANY, reach=3)),
    (OnePerRow, choose(ROWS, index=np.arange(5) * 4, by=MANY, reach=3)),
    (Flat, choose(TABLE, index=[2, 9], by=ONE, stride=2, reach=6)),
    (PerSample, choose(ROWS, index=[2, 9], by=ONE, stride=3, reach=6)),
]


@pytest.mark.parametrize(("kind", "gather"), shortened(CASES, 5), ids=lambda x: getattr(x, "__name__", ""))
def test_what_is_added_goes_where_it_was_read(kind, gather):
    jax = pytest.importorskip("jax")
    found = pattern(gather)
    assert type(found) is kind
    writer = Writer(JAX, {}, set(), set())
    name = gather.source.name
    read, add = found.read(writer, name), found.add(writer, name, "g")
    rng = np.random.default_rng(0)
    lead, glead = (N,) * gather.source.batched, (N,) * gather.batched
    x, g = rng.normal(size=(*lead, 5, 4)), rng.normal(size=(*glead, *gather.shape))
    most = gather.reach // max(gather.stride, 1)
    i, t = int(rng.integers(0, most + 1)), rng.integers(0, most + 1, N)
    space = {name: x, "g": g, "i": np.array(i), "t": t, "N": N, "np": np, "jax": jax, "jnp": jax.numpy}
    with jax.enable_x64(True):
        space |= {k: jax.numpy.asarray(space[k]) for k in (name, "g", "i", "t")}
        space["constants"] = writer.constants
        for line in writer.build:
            exec(line, space)
        got, added = eval(read, space), eval(add, space)
    places = _places(gather, i, t)
    flat = np.broadcast_to(x, (N, 5, 4)).reshape(N, 20) if gather.batched else x.reshape(1, 20)
    want = np.stack([row[at] for row, at in zip(flat, places)])
    np.testing.assert_allclose(got, want if gather.batched else want[0], rtol=1e-14)
    total = np.array(x, dtype=float).reshape(-1, 20)
    for k, at in enumerate(places):
        np.add.at(total[k if gather.source.batched else 0], at, g[k] if gather.batched else g)
    np.testing.assert_allclose(added, total.reshape(x.shape), rtol=1e-13)


def _places(gather, i, t):
    """Return the places of each sample, or of all."""
    if gather.chosen is None:
        return [gather.index] * (N if gather.batched else 1)
    chosen = t if gather.chosen.batched else [i] * (N if gather.batched else 1)
    return [gather.index + gather.stride * c for c in chosen]
