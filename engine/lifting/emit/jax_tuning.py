"""What XLA does slowly, and the form in which it does it fast: three facts, each with what was measured.

The figures are of one thread of a CPU, jax 0.10 and float64 (2026), within a program; those of a whole call of each
form alone are printed by ``python tests/benchmarks/bench_spellings.py``.  Every form computes the same as the plain.
"""

from __future__ import annotations

from engine.lifting.emit.writer import Writer
from engine.lifting.views import Indices

FULLEST = 4  # how many times what they run over padded columns may hold


def pays(padded: int, elements: int) -> bool:
    """Whether sums over padded columns are faster than adding each element to its place."""
    return padded <= FULLEST * elements


def column_sums(w: Writer, rows: str, counts: Indices, axis: int, *, largest: bool = False) -> str:
    """Return the sums (or the largest) of columns of unequal height, below which there is padding.

    Columns, since XLA adds rows to rows a vector at a time: 5 microseconds for 240 runs of 16, where 22 were measured
    for adding each element to its place.
    """
    longest = int(counts.max())
    if (counts < longest).any():
        mask = w.hoist(f"{w.use('np')}.arange({longest})[:, None] < {w.index(counts, 'lengths')}", "inside")
        rows = w.call("where", mask, rows, "-jnp.inf" if largest else "0.0")
    return f"{rows}.{'max' if largest else 'sum'}({axis})"


def picked(w: Writer, flat: str, at: Indices, size: int, batched: bool, name: str) -> str:
    """Return elements of a row of `size` that a fixed index picks.

    Where some are picked again and again they come out of two copies of the row, of which one is used: XLA then keeps
    what made the row, a sum perhaps, out of the loop over what is picked (3 microseconds in place of 20 were measured
    for the causal attention of 16 tokens).
    """
    n = [w.use("N")] if batched else []
    if at.size > size:
        shape = f"({', '.join([*n, '2', str(size)])})"
        copies = w.call("broadcast_to", f"{flat}[:, None]" if batched else flat, shape)
        flat = f"{copies}.reshape({', '.join([*n, '-1'])})"
    return f"{flat}.take({w.index(at, name)}, {int(batched)}, mode='clip')"
