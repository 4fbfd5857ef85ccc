"""Compare scalar, lifted and hand-derived gradients, entry by entry, in units of rounding.

One unit is what rounding may move an entry, by the error analysis of `nn.agreement.rounding`.  Right
gradients differ by about one unit; how many are allowed is argued in `engine.agreement`, which decides.

>>> from nn import MLP
>>> network = MLP(3, [4, 2], activation="tanh")
>>> report = compare_gradients(network, np.ones((5, 3)), np.array([0, 1, 0, 1, 1]))
>>> report.ok, [row.parameter for row in report.rows][:2]
(True, ['layers.0.W', 'layers.0.W'])
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import engine
from engine.agreement import agrees, allowed
from engine.arguments import described, finite, number
from engine.collector import collector_paused
from nn import matrix
from nn.agreement.rounding import rounding_units
from nn.losses import mean_loss, sample_loss
from nn.neuron import MLP
from nn.samples import numbers, samples
from nn.training.outputs import check_model
from nn.training.targets import Targets

Array: TypeAlias = npt.NDArray[Any]
FINEST = 1e-9
COMPARED = "gradients are compared where all numbers are finite"
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
        Largest error in units of rounding, and how many are allowed.
    worst
        Index of the worst entry.
    unresolved
        How many entries cancel so much that rounding could hide an error of 1e-9 of them.
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
    unresolved: int
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
        lines.append("all gradients agree to rounding" if self.ok else "gradients DIFFER")
        return "\n".join([*lines, *self._limits()])

    def _limits(self) -> list[str]:
        blind = {row.parameter: row.unresolved for row in self.rows}
        entries = sum(int(np.prod(shape)) for shape in {row.parameter: row.shape for row in self.rows}.values())
        if not sum(blind.values()):
            return []
        return [
            f"in {sum(blind.values()):,} of {entries:,} entries terms cancel so much that rounding hides 1e-9 of them"
        ]

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
        An `MLP` with any activation; of one that standardises, the gradients are those of its layers, for standardised
        samples and targets.
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
        If shapes do not fit the network, or a sample, a target, a parameter or a gradient by hand is not finite.
    """
    check_model(model, "compare_gradients(model, X, T)", MLP)
    strength = number(strength, "strength", least=0.0)
    if candidate is not None:
        candidate = candidate_of(candidate)
    X = samples(X, model.sizes[0])
    model, X, T = model.as_trained(X, Targets.read(T, loss, model.sizes[-1], samples=len(X)).values)
    params = model.arrays()
    for name, array in {"X": X, "T": T, **params}.items():
        finite(array, name, COMPARED)
    value, by_hand = matrix.value_and_gradients(
        params, X, T, activation=model.activation, output=model.output, loss=loss, l2=strength
    )
    for name, array in by_hand.items():
        finite(array, f"the gradient by hand of {name}", COMPARED)
    units = rounding_units(params, X, T, model.activation, model.output, loss, strength)
    most = allowed(max(len(X), *model.sizes))
    if candidate is None:
        paths = {"scalar": _scalar(model, X, T, loss, strength), "lifted": _lifted(model, X, T, loss, strength)}
    else:
        paths = {"candidate": dict(candidate)}
    rows = [
        _row(name, path, by_hand[name], gradients.get(name), units[name], most)
        for name in params
        for path, gradients in paths.items()
    ]
    return Report(tuple(rows), value)


def candidate_of(given: Any) -> dict[str, Any]:
    """Return somebody's gradients as arrays of numbers by name; None stays, for one that is missing.

    Raises
    ------
    TypeError, ValueError
        If it is no dict, or one of them is no array of numbers.
    """
    if not isinstance(given, Mapping):
        raise TypeError(f"candidate must be a dict of arrays, {{'layers.0.W': dW, ...}}; got {described(given)}.")
    return {name: x if x is None else numbers(x, f"candidate[{name!r}]") for name, x in given.items()}


def _scalar(model: MLP, X: Array, T: Array, loss: str, strength: float) -> dict[str, Array]:
    kept = [v.grad for v in model.parameters()]
    model.zero_grad()
    with collector_paused():
        mean_loss(model, X, T, loss, strength).backward()
    gradients: dict[str, Array] = model.arrays("grad")
    for value, grad in zip(model.parameters(), kept):
        value.grad = grad
    return gradients


def _lifted(model: MLP, X: Array, T: Array, loss: str, strength: float) -> dict[str, Array]:
    program = engine.lift(sample_loss(model, loss, strength), batch=True, parameters=model.parameters())
    return program.value_and_grad(X, T)[1].named()


def _row(name: str, path: str, want: Array, got: Array | None, unit: Array, most: float) -> Row:
    unresolved = int(np.sum((want != 0.0) & (FINEST * np.abs(want) <= most * unit)))
    if got is None or np.shape(got) != want.shape:
        found = "missing" if got is None else f"has shape {np.shape(got)}"
        return Row(name, want.shape, path, np.inf, np.inf, np.inf, most, (), unresolved, found)
    got = np.asarray(got, dtype=float)
    error = np.abs(got - want)
    error = np.where(np.isnan(error), np.inf, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = np.where(error == 0.0, 0.0, error / unit)
        relative = np.where(error == 0.0, 0.0, error / np.abs(want))
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(units)), want.shape))
    largest = (float(error.max()), float(relative.max()), float(units.max()))
    verdict = "agrees" if agrees(got, want, most * unit).all() else "DIFFERS"
    return Row(name, want.shape, path, *largest, most, worst, unresolved, verdict)
