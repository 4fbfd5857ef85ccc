"""Mistakes in what is done to finished gradients: steps and updates, clipping, other orders, another layer's place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from nn.agreement.tolerance import close
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.equations import Array
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.proposals import Proposal, Propose

NICE = [m * 10.0**-k for k in range(7) for m in (1.0, 2.0, 3.0, 5.0)]
RATES = {f"lr = {rate:g}": rate for rate in NICE if rate < 1.0}
NORMS = [0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0]


def _times(e: Evidence, factors: Mapping[str, float]) -> Iterator[Proposal]:
    """Propose that the whole gradient is multiplied, penalty and all."""
    for text, factor in factors.items() if e.top else ():
        if e.is_factor(factor):
            yield "every layer", text, e.finish(partial(_multiplied, factor=factor))


def _multiplied(leaf: ArrayStep, g: Array, factor: float) -> Array:
    return factor * g


def _updated_parameters(e: Evidence) -> Iterator[Proposal]:
    step = e.problem.params[e.name] - e.want
    square = float((e.have * e.have).sum())
    rate = float((step * e.have).sum()) / square if square else 0.0
    if e.top and 0.0 < rate <= 10.0 and close(e.want, e.problem.params[e.name] - rate * e.have, e.tolerance):
        yield "every layer", f"lr = {rate:.6g}", e.finish(lambda leaf, g: leaf.value - rate * g)


def _accumulated(e: Evidence) -> Iterator[Proposal]:
    yield from _times(e, {"two equal calls": 2.0})
    before = e.problem.previous.right if e.problem.previous is not None else None
    if before is not None and e.close(e.have + before[e.name]):
        text = "this call's gradient plus the previous one's"
        yield "every layer", text, e.finish(lambda leaf, g: g + before[leaf.name])


def _normalised(e: Evidence) -> Iterator[Proposal]:
    if e.factor is None or e.factor <= 0.0 or not e.top:
        return
    whole, own = (math.sqrt(sum(float((g * g).sum()) for g in gs)) for gs in (e.candidate.values(), [e.want]))
    for limit in NORMS:
        if abs(whole - limit) <= 1e-9 * limit:
            yield from _times(e, {f"the norm of all gradients together is {limit:g}": e.factor})
    for limit in NORMS:
        if abs(own - limit) <= 1e-9 * limit and e.want.size > 1:
            yield "every layer", f"each array's norm is at most {limit:g}", e.finish(partial(_shortened, limit=limit))


def _shortened(leaf: ArrayStep, g: Array, limit: float) -> Array:
    return g * min(1.0, limit / max(float(np.linalg.norm(g)), 1e-300))


def _clipped(e: Evidence) -> Iterator[Proposal]:
    limit = max(float(np.abs(g).max(initial=0.0)) for g in e.candidate.values())
    cut = sum(int((np.abs(g) == limit).sum()) for g in e.candidate.values())
    if float(np.abs(e.have).max(initial=0.0)) < 1.001 * limit:
        return
    if cut >= 2 or any(abs(limit - nice) < 1e-12 for nice in [*NICE, *NORMS]):
        yield "every layer", f"limit {limit:.6g}", e.finish(lambda leaf, g: np.clip(g, -limit, limit))


def _signs_only(e: Evidence) -> Iterator[Proposal]:
    if e.top and np.isin(e.want, (-1.0, 0.0, 1.0)).all():
        yield "every layer", "", e.finish(lambda leaf, g: np.sign(g))


def _layers_swapped(e: Evidence) -> Iterator[Proposal]:
    right = e.problem.right
    for other in range(e.problem.layers) if not e.is_bias else ():
        name = f"layers.{other}.W"
        if other != e.layer and right[name].shape == e.want.shape and e.close(right[name]):
            pair = {e.name: right[name], name: right[e.name]}
            yield f"layers.{e.layer}", f"that of layers.{other}", e.finish(partial(_exchanged, pair=pair))


def _exchanged(leaf: ArrayStep, g: Array, pair: Mapping[str, Array]) -> Array:
    return pair.get(leaf.name, g)


def _weights_permuted(e: Evidence) -> Iterator[Proposal]:
    for text, permute in _orders(e).items() if not e.is_bias else ():
        if e.close(permute(e.have)):
            yield e.name, text, e.finish(partial(_permuted, name=e.name, permute=permute))


def _permuted(leaf: ArrayStep, g: Array, name: str, permute: Callable[[Array], Array]) -> Array:
    return permute(g) if leaf.name == name else g


def _orders(e: Evidence) -> dict[str, Callable[[Array], Array]]:
    """Return orders of rows and columns: those with a simple rule, and the one that sorting by their sums suggests."""
    orders: dict[str, Callable[[Array], Array]] = {}
    for axis, lines, late, early in ((0, "rows", "down", "up"), (1, "columns", "right", "left")):
        orders[f"{lines} reversed"] = partial(np.flip, axis=axis)
        orders[f"{lines} moved {late} by one"] = partial(np.roll, shift=1, axis=axis)
        orders[f"{lines} moved {early} by one"] = partial(np.roll, shift=-1, axis=axis)
        weighing = np.arange(1.0, e.have.shape[1 - axis] + 1.0)
        have, want = (np.tensordot(g, weighing, axes=(1 - axis, 0)) for g in (e.have, e.want))
        order = np.empty(len(have), dtype=int)
        order[np.argsort(want)] = np.argsort(have)
        if not np.array_equal(order, np.arange(len(order))):
            shown = ", ".join(map(str, order[:8].tolist())) + (", ..." if len(order) > 8 else "")
            orders[f"{lines} in the order {shown}"] = partial(np.take, indices=order, axis=axis)
    return orders


RESULTS: dict[str, Propose] = {
    "learning-rate": lambda e: _times(e, RATES),
    "update": lambda e: _times(e, {text: -rate for text, rate in RATES.items()}),
    "updated-parameters": _updated_parameters,
    "accumulated": _accumulated,
    "normalised": _normalised,
    "clipped": _clipped,
    "signs-only": _signs_only,
    "layers-swapped": _layers_swapped,
    "weights-permuted": _weights_permuted,
}
