"""Compare scalar, lifted and hand-derived gradients, entry by entry, in units of rounding.

One unit is what one rounding may move an entry: eps times the sum of the absolute values of the terms that make it up
(the same equations on absolute values).  A path may differ by as many units as there are terms in its longest sum.

>>> from nn import MLP
>>> network = MLP(3, [4, 2], activation="tanh")
>>> report = compare_gradients(network, np.ones((5, 3)), np.array([0, 1, 0, 1, 1]))
>>> report.ok, [row.parameter for row in report.rows][:2]
(True, ['layers.0.W', 'layers.0.W'])
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import engine
from nn import matrix
from nn.losses import mean_loss, sample_loss
from nn.neuron import MLP

Array: TypeAlias = npt.NDArray[Any]
EPS = float(np.finfo(np.float64).eps)
SMOOTH = ("tanh", "sigmoid", "softplus", "silu", "gelu")
HEADER = ("parameter", "shape", "path", "max abs error", "max rel error", "units", "worst at", "verdict")


@dataclass(frozen=True)
class Row:
    """How one path's gradient of one parameter compares with the hand-derived one.

    Attributes
    ----------
    parameter, shape, path
        Which array, and whose gradient: "scalar", "lifted" or "candidate".
    absolute, relative
        Largest errors.
    units, allowed
        Largest error in units of rounding, and how many the longest sum allows.
    worst
        Index of the worst entry.
    verdict
        "agrees", or what is wrong.
    """

    parameter: str
    shape: tuple[int, ...]
    path: str
    absolute: float
    relative: float
    units: float
    allowed: float
    worst: tuple[int, ...]
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether it agrees to rounding."""
        return self.verdict == "agrees"


@dataclass(frozen=True)
class Report:
    """All rows; `ok` if every one agrees."""

    rows: tuple[Row, ...]
    value: float

    @property
    def ok(self) -> bool:
        """Whether every path agrees on every parameter."""
        return all(row.ok for row in self.rows)

    def data(self) -> list[dict[str, Any]]:
        """Return the rows as dicts."""
        return [asdict(row) for row in self.rows]

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (
                row.parameter,
                " x ".join(map(str, row.shape)),
                row.path,
                f"{row.absolute:.1e}",
                f"{row.relative:.1e}",
                f"{row.units:.3g}",
                str(list(row.worst)),
                row.verdict,
            )
            for row in self.rows
        ]

    def __str__(self) -> str:
        table = [HEADER, *self._cells()]
        widths = [max(len(cells[k]) for cells in table) for k in range(len(HEADER))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(cells, widths)).rstrip() for cells in table]
        agree = "all gradients agree to rounding" if self.ok else "gradients DIFFER"
        return "\n".join([*lines, agree])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{h}</th>" for h in HEADER)
        body = "".join(f"<tr>{''.join(f'<td>{html.escape(c)}</td>' for c in cells)}</tr>" for cells in self._cells())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def compare_gradients(
    model: MLP,
    X: Array,
    T: Array,
    loss: str = "cross_entropy",
    *,
    strength: float = 0.0,
    candidate: Mapping[str, Array] | None = None,
) -> Report:
    """Compare the gradients of a network's mean loss: scalar graph and lifted program against the equations by hand.

    Parameters
    ----------
    model
        An `MLP` with any activation.
    X, T
        Samples as rows (N, D); classes (N,) or targets (N, C).
    loss
        A name from `nn.losses`.
    strength
        Of 0.5 * strength * sum(W * W).
    candidate
        Somebody's gradients, named as the matrix path names them; they are compared in place of the other two paths.

    Raises
    ------
    ValueError
        If shapes do not fit the network.
    """
    X, T = np.asarray(X, dtype=float), np.asarray(T)
    if X.ndim != 2 or X.shape[1] != model.sizes[0] or len(T) != len(X):
        raise ValueError(f"the network takes samples of {model.sizes[0]} numbers; got X {X.shape} and T {T.shape}.")
    params = model.arrays()
    value, by_hand = matrix.value_and_gradients(
        params, X, T, activation=model.activation, output=model.output, loss=loss, l2=strength
    )
    units, terms = rounding_units(params, X, T, model.activation, model.output, loss, strength)
    if candidate is None:
        paths = {"scalar": _scalar(model, X, T, loss, strength), "lifted": _lifted(model, X, T, loss, strength)}
    else:
        paths = {"candidate": dict(candidate)}
    rows = [
        _row(name, path, by_hand[name], gradients.get(name), units[name], terms)
        for name in params
        for path, gradients in paths.items()
    ]
    return Report(tuple(rows), value)


def _scalar(model: MLP, X: Array, T: Array, loss: str, strength: float) -> dict[str, Array]:
    kept = [v.grad for v in model.parameters()]
    model.zero_grad()
    mean_loss(model, X, T, loss, strength).backward()
    gradients: dict[str, Array] = model.arrays("grad")
    for value, grad in zip(model.parameters(), kept):
        value.grad = grad
    return gradients


def _lifted(model: MLP, X: Array, T: Array, loss: str, strength: float) -> dict[str, Array]:
    program = engine.lift(sample_loss(model, loss, strength), batch=True, parameters=model.parameters())
    return program.value_and_grad(X, T)[1].named()


def _row(name: str, path: str, want: Array, got: Array | None, unit: Array, terms: int) -> Row:
    if got is None or np.shape(got) != want.shape:
        found = "missing" if got is None else f"has shape {np.shape(got)}"
        return Row(name, want.shape, path, np.inf, np.inf, np.inf, terms, (), found)
    error = np.abs(np.asarray(got, dtype=float) - want)
    error = np.where(np.isnan(error), np.inf, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = np.where(error == 0.0, 0.0, error / unit)
        relative = np.where(error == 0.0, 0.0, error / np.abs(want))
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(units)), want.shape))
    verdict = "agrees" if units.max() <= terms else "DIFFERS"
    return Row(
        name, want.shape, path, float(error.max()), float(relative.max()), float(units.max()), terms, worst, verdict
    )


def rounding_units(
    params: Mapping[str, Array], X: Array, T: Array, activation: str, output: str, loss: str, strength: float
) -> tuple[dict[str, Array], int]:
    """Return the size of one unit of rounding for every entry, and the number of terms in the longest sum.

    The forward and backward equations run on absolute values, so that cancellation is accounted for: an entry whose
    terms cancel may honestly be less accurate.
    """
    layers = matrix.depth(params)
    kinds = [activation] * (layers - 1) + [output]
    zs, acts = matrix.forward(params, X, kinds)
    sizes = [np.abs(acts[0])]  # magnitudes of what each activation was computed from
    reach = []
    for layer in range(layers):
        W, b = params[f"layers.{layer}.W"], params[f"layers.{layer}.b"]
        reach.append(sizes[-1] @ np.abs(W) + np.abs(b))
        sizes.append(np.maximum(np.abs(acts[layer + 1]), reach[-1]))
    t = matrix.targets(T, acts[-1].shape[1], loss)
    scale = 1.0 / len(X)
    delta = np.abs(matrix.output_delta(acts[-1], zs[-1], t, loss, output, scale))
    delta = delta + scale * (1.0 + np.abs(acts[-1])) * _slope(output, zs[-1], acts[-1], reach[-1]) / t.shape[1]
    units: dict[str, Array] = {}
    for layer in reversed(range(layers)):
        W = params[f"layers.{layer}.W"]
        units[f"layers.{layer}.W"] = EPS * (sizes[layer].T @ delta + strength * np.abs(W))
        units[f"layers.{layer}.b"] = EPS * delta.sum(axis=0)
        if layer:
            slope = _slope(kinds[layer - 1], zs[layer - 1], acts[layer], reach[layer - 1])
            delta = (delta @ np.abs(W).T) * slope
    terms = len(X) + sum(n + 1 for n in _widths(params, layers))
    return units, terms


def _slope(kind: str, z: Array, a: Array, reach: Array) -> Array:
    slope = np.abs(matrix.ACTIVATIONS[kind].derivative(z, a))
    return slope + np.minimum(reach, 1.0) * slope if kind in SMOOTH else slope


def _widths(params: Mapping[str, Array], layers: int) -> Iterator[int]:
    for layer in range(layers):
        yield from params[f"layers.{layer}.W"].shape
