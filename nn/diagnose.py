"""Say what is wrong with a gradient: which altered equation reproduces it.

>>> import numpy as np
>>> from nn import MLP, matrix
>>> network, X, T = MLP(3, [4, 2]), np.eye(3), np.array([0, 1, 1])
>>> _, gradients = matrix.value_and_gradients(network.arrays(), X, T, reduction="sum")
>>> print(diagnose(network, X, T, gradients).findings[0])
every layer: this is the gradient of the sum over the batch, without the 1/N of its mean (yours = 3 x correct) [no-mean]
  should be:  C = 1/N * (sum over samples of C_i), so delta[L] has one factor 1/N
  yours fits: delta[L] without the factor 1/N
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nn import matrix
from nn.diagnosis import Diagnosis, Finding, Verdict
from nn.difference import describe
from nn.losses import check_targets
from nn.mistakes.equations import RIGHT, Problem
from nn.mistakes.search import Search
from nn.mistakes.table import Suspect
from nn.neuron import MLP
from nn.rounding import EPS, rounding_units

Array: TypeAlias = npt.NDArray[Any]
Gradients: TypeAlias = Callable[[dict[str, Array], Array, Array], Mapping[str, Any]]
SINGLE = float(np.finfo(np.float32).eps)


def diagnose(
    model: MLP,
    X: Any,
    T: Any,
    candidate: Mapping[str, Any] | Gradients,
    loss: str = "cross_entropy",
    *,
    strength: float = 0.0,
    reduction: str = "mean",
    convention: str = "rows",
    previous: tuple[Mapping[str, Any], Any, Any] | None = None,
) -> Diagnosis:
    """Name the mistake in a hand-derived gradient of a network's loss.

    A mistake is named only where the altered equation reproduces what was given, to rounding; a right gradient is never
    given a name.

    Parameters
    ----------
    model
        An `MLP`; its present parameters are those that the gradient was taken at.
    X, T
        Samples as rows (N, D), and classes (N,) or targets (N, C), whatever the convention.
    candidate
        The gradients, ``{"layers.0.W": array, ...}`` in the convention's shapes; or the function that computes them,
        ``candidate(params, X, T)`` with everything in the convention, which is then also tried on random data for
        which mistakes look different from one another.
    loss, strength, reduction
        A name from `nn.losses`; the strength of 0.5 * strength * sum(W * W); "mean" or "sum" over samples.
    convention
        "rows", "columns" or "torch", as `nn.matrix` has them.
    previous
        Parameters, X and T of the call before, for mistakes that leak from one call into the next.

    Returns
    -------
    Diagnosis
        Its ``verdict``, ``findings`` and ``parameters``; printed, a table and a few sentences.

    Raises
    ------
    ValueError
        If the data do not fit the network, or a name is not known.
    """
    check_targets(T, loss)
    X, T = np.asarray(X, dtype=float), np.asarray(T)
    if X.ndim != 2 or X.shape[1] != model.sizes[0] or len(T) != len(X):
        raise ValueError(f"the network takes samples of {model.sizes[0]} numbers; got X {X.shape} and T {T.shape}.")
    kinds = (model.activation,) * (len(model.layers) - 1) + (model.output,)
    scale = 1.0 / len(X) if reduction == "mean" else 1.0
    t = matrix.targets(T, model.sizes[-1], loss)
    problem = Problem(model.arrays(), X, t, kinds, loss, scale, strength)
    if previous is not None:
        params, X0, T0 = previous
        before = {name: np.asarray(value, dtype=float) for name, value in params.items()}
        t0 = matrix.targets(np.asarray(T0), model.sizes[-1], loss)
        last = replace(problem, params=before, X=np.asarray(X0, dtype=float), t=t0)
        problem = replace(problem, previous=last)
    if not callable(candidate):
        return diagnose_problem(problem, candidate, convention)
    return _of_function(problem, candidate, convention, classes=T.ndim == 1 and loss == "cross_entropy")


def _of_function(problem: Problem, function: Gradients, convention: str, classes: bool) -> Diagnosis:
    """Diagnose a function on the caller's data; where that is ambiguous, or right, on random data as well."""
    given = diagnose_problem(problem, call(function, problem, convention, classes), convention)
    if given.verdict in ("named", "unnamed"):
        return given
    other = probe(problem)
    probed = diagnose_problem(other, call(function, other, convention, classes), convention)
    if given.ok or probed.ok:
        where = "on the data given" if probed.ok else "on random data"
        worse = given if probed.ok else probed
        return worse if worse.ok else replace(worse, remarks=(*worse.remarks, f"this shows {where} only"))
    return probed if probed.verdict == "named" else given


def probe(problem: Problem) -> Problem:
    """Return a random problem of the same layers and another batch size, without dead units."""
    sizes = [problem.X.shape[1], *[len(problem.params[f"layers.{layer}.b"]) for layer in range(problem.layers)]]
    taken = {2, *sizes, len(problem.X)}
    samples = next(n for n in (7, 11, 13, 17, 19, 23) if n not in taken)
    made = Problem.random(sizes, samples=samples, loss=problem.loss, l2=problem.l2 and 0.37, seed=samples)
    mean = problem.scale != 1.0 or len(problem.X) == 1
    return replace(made, kinds=problem.kinds, scale=1.0 / samples if mean else 1.0, l2=problem.l2)


def call(function: Gradients, problem: Problem, convention: str, classes: bool) -> Mapping[str, Any]:
    """Return somebody's gradients of a problem, asked for in their convention."""
    params = {name: value.copy() for name, value in matrix.from_rows(problem.params, convention).items()}
    X, T = problem.X.copy(), problem.t.argmax(axis=1) if classes else problem.t.copy()
    if convention == "columns":
        X, T = X.T.copy(), T.T.copy()
    return function(params, X, T)


# --- the diagnosis of given numbers -----------------------------------------------------------------------------


def diagnose_problem(problem: Problem, candidate: Mapping[str, Any], convention: str = "rows") -> Diagnosis:
    """Diagnose gradients, given in a convention, of a problem."""
    given, shapes, remarks = _comparable(problem, candidate, convention)
    units, tolerance = _units(problem, given)
    single = {name: max(2e-6, min(3e-4, 5e8 * t)) for name, t in tolerance.items()}
    rows = {name: _measured(name, given.get(name), problem.right[name], units[name]) for name in problem.params}
    allowed = max(4.0, 0.5 * math.sqrt(max(len(problem.X), *map(len, problem.params.values()))))
    wrong = [name for name in problem.order if rows[name].units > allowed]
    if not wrong:
        return _right(problem, rows, remarks)
    if _vanished(problem, given, wrong):
        said = "all derivatives have vanished here: take parameters or inputs at which units are not saturated"
        return _concluded(problem, given, [], [], rows, dict.fromkeys(wrong, said) | shapes, remarks, convention)
    search = Search(problem, given, tolerance)
    found = [path for path in search.explanations(pairs=False) if not path[0].mistake.generic]
    if not found and not shapes and all(rows[name].units * EPS / SINGLE <= allowed for name in wrong):
        return _right(problem, rows, [*remarks, _single_precision(rows, wrong)])
    found = found or search.explanations(pairs=not shapes)
    if not found and _looks_single(given):
        found = Search(problem, given, single).explanations()
        remarks = [*remarks, "these numbers have single precision (float32): use float64 to check a gradient"]
    return _concluded(
        problem, given, found, [name for name in wrong if name not in shapes], rows, shapes, remarks, convention
    )


def _comparable(
    problem: Problem, candidate: Mapping[str, Any], convention: str
) -> tuple[dict[str, Array], dict[str, str], list[str]]:
    """Return the candidate in the rows convention, what is wrong with shapes, and remarks."""
    given: dict[str, Array] = {}
    shapes: dict[str, str] = {}
    remarks = [f"{name!r} is no parameter of this network" for name in candidate if name not in problem.params]
    for name, value in problem.params.items():
        wanted = matrix.from_rows({name: value}, convention)[name].shape
        if name not in candidate or candidate[name] is None:
            shapes[name] = "missing"
            continue
        array = np.asarray(candidate[name], dtype=float)
        if array.shape != wanted and value.ndim == 1 and array.size == value.size:
            remarks.append(f"{name} has shape {array.shape}; {wanted} was expected, its numbers are compared")
            array = array.reshape(wanted)
        if array.shape != wanted:
            shapes[name] = f"has shape {array.shape}, not {wanted}" + _shape_hint(problem, name, array, wanted)
            continue
        given[name] = matrix.to_rows({name: array}, convention)[name]
    return given, shapes, remarks


def _shape_hint(problem: Problem, name: str, array: Array, wanted: tuple[int, ...]) -> str:
    if array.ndim == 2 and array.shape == wanted[::-1]:
        return ": transpose it"
    if len(wanted) == 1 and array.ndim == 2 and len(problem.X) in array.shape:
        return ": sum it over the samples"
    return ""


def _units(problem: Problem, given: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, float]]:
    """Return units of rounding for every entry, and a relative tolerance for every parameter."""
    mean = replace(problem, scale=1.0 / len(problem.X))
    units = rounding_units(mean.params, mean.X, mean.t, mean.kinds[0], mean.kinds[-1], mean.loss, mean.l2)
    units = {name: unit * problem.scale * len(problem.X) for name, unit in units.items()}
    tolerance = {}
    for name, unit in units.items():
        largest = float(np.abs(problem.right[name]).max(initial=0.0))
        relative = 64.0 * float(unit.max(initial=0.0)) / largest if largest else 0.0
        tolerance[name] = min(1e-5, max(1e-11, relative))
    return units, tolerance


def _measured(name: str, given: Array | None, right: Array, unit: Array) -> Verdict:
    if given is None:
        return Verdict(name, "unnamed", math.inf, math.inf)
    error = np.abs(given - right)
    error = np.where(np.isnan(error), np.inf, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = np.where(error == 0.0, 0.0, error / unit)
    largest = float(np.abs(right).max(initial=0.0))
    return Verdict(name, "unnamed", float(units.max(initial=0.0)), float(error.max(initial=0.0)) / (largest or 1.0))


def _right(problem: Problem, rows: Mapping[str, Verdict], remarks: list[str]) -> Diagnosis:
    verdicts = tuple(
        replace(rows[name], verdict="right", note=f"{rows[name].units:.2g} units") for name in problem.params
    )
    return Diagnosis("right", parameters=verdicts, remarks=tuple(remarks))


def _single_precision(rows: Mapping[str, Verdict], wrong: list[str]) -> str:
    worst = max(wrong, key=lambda name: rows[name].units)
    return (
        f"right to single precision only: {worst} is off by {rows[worst].relative:.1e} of its largest entry, which is "
        "float32 or a numerical difference; in double precision expect 1e-15"
    )


def _vanished(problem: Problem, given: Mapping[str, Array], wrong: list[str]) -> bool:
    """Whether what is left of the gradients, yours and the right ones, is below the rounding of its factors."""
    sizes = [
        np.abs(array).max(initial=0.0)
        for name in wrong
        if name in given
        for array in (given[name], problem.right[name])
    ]
    least = 1e-7 if _looks_single(given) else 1e-12
    return bool(sizes) and max(sizes) <= least * problem.scale * float(np.abs(problem.X).max(initial=1.0))


def _looks_single(given: Mapping[str, Array]) -> bool:
    """Whether every number is one that float32 can hold, and not only because they are few and round."""
    numbers = np.concatenate([array.ravel() for array in given.values()] or [np.empty(0)])
    numbers = numbers[np.isfinite(numbers)]
    with np.errstate(over="ignore"):
        held = numbers.astype(np.float32).astype(float) == numbers
    return bool(held.all()) and len(np.unique(numbers)) > 4


def _concluded(
    problem: Problem,
    given: Mapping[str, Array],
    found: list[tuple[Suspect, ...]],
    wrong: list[str],
    rows: Mapping[str, Verdict],
    shapes: Mapping[str, str],
    remarks: list[str],
    convention: str,
) -> Diagnosis:
    """Return the diagnosis that explanations of the whole allow, or else of each parameter by itself."""
    paths = [tuple(Finding.of(suspect, convention, problem.loss) for suspect in path) for path in found]
    verdict = "unnamed" if not paths else "named" if len(paths) == 1 else "ambiguous"
    notes, findings = dict(shapes), paths[0] if verdict == "named" else ()
    kinds = dict.fromkeys(wrong, verdict) | dict.fromkeys(shapes, "unnamed")
    if not paths:
        findings, notes, kinds = _by_parameter(problem, given, wrong, notes, kinds, convention)
        if findings and set(kinds.values()) == {"named"}:
            verdict = "named"
        if wrong:
            remarks = [*remarks, _origin(problem, wrong)]
    verdicts = tuple(
        replace(rows[name], verdict=kinds.get(name, "right"), note=notes.get(name, "")) for name in problem.params
    )
    if shapes and verdict == "named":
        verdict = "unnamed" if any(note != "" for note in shapes.values()) else verdict
    experiment = _experiment(problem, found) if verdict == "ambiguous" else ""
    several = tuple(paths) if verdict == "ambiguous" else ()
    return Diagnosis(verdict, findings, several, experiment, verdicts, tuple(r for r in remarks if r))


def _by_parameter(
    problem: Problem,
    given: Mapping[str, Array],
    wrong: list[str],
    notes: dict[str, str],
    kinds: dict[str, str],
    convention: str,
) -> tuple[tuple[Finding, ...], dict[str, str], dict[str, str]]:
    """Name each wrong parameter's own mistake, one that leaves the right ones right; else say where it differs."""
    _, tolerance = _units(problem, given)
    findings: dict[tuple[str, str], Finding] = {}
    for name in wrong:
        alone = {k: v for k, v in given.items() if k == name or k not in wrong}
        paths = Search(problem, alone, tolerance).explanations(pairs=False)
        if len(paths) == 1:
            finding = Finding.of(paths[0][0], convention, problem.loss)
            findings.setdefault((finding.name, finding.where), finding)
            kinds[name] = "named"
            notes[name] = finding.name
        else:
            notes[name] = _described(problem, name, given[name])
    return tuple(findings.values()), notes, kinds


def _described(problem: Problem, name: str, given: Array) -> str:
    layer = int(name.split(".")[1])
    a, delta = problem.forward[1][layer], _deltas(problem)[layer]
    lines = {f"the input of sample {i}": row for i, row in enumerate(a)}
    lines |= {f"the delta of sample {i}": row for i, row in enumerate(delta)}
    lines |= {"the mean input": a.mean(axis=0), "the summed delta": delta.sum(axis=0)}
    said = describe(
        given - problem.right[name],
        lines,
        {"the parameter": problem.params[name], "the right gradient": problem.right[name]},
    )
    dead = np.flatnonzero((problem.forward[1][layer + 1] == 0.0).all(axis=0))
    return said + (f"; units {', '.join(map(str, dead[:6]))} are dead on this data" if len(dead) else "")


def _deltas(problem: Problem) -> dict[int, Array]:
    tape = RIGHT.tape(problem)
    for _ in RIGHT.backward(tape):
        pass
    return tape.deltas


def _origin(problem: Problem, wrong: list[str]) -> str:
    first = wrong[0].rsplit(".", 1)[0]
    below = [name for name in problem.order[problem.order.index(wrong[0]) :] if not name.startswith(first)]
    if below and all(name in wrong for name in below):
        return f"the first difference is in {first}; the layers below it may only inherit it"
    return ""


def _experiment(problem: Problem, found: list[tuple[Suspect, ...]]) -> str:
    """Return an experiment in which the explanations give different gradients."""
    rng = np.random.default_rng(0)
    bigger = replace(problem, X=rng.normal(size=problem.X.shape), params=_randomised(problem, rng))
    trials = {
        "take a random batch and random parameters of the same shapes": bigger,
        "add regularisation (a strength of 0.1)": replace(bigger, l2=problem.l2 + 0.1),
    }
    for said, trial in trials.items():
        given = [RIGHT.altered(*(s.alteration for s in path)).gradients(trial) for path in found]
        if all(
            any(not np.allclose(one[name], two[name], rtol=1e-6, atol=0.0) for name in one)
            for k, one in enumerate(given)
            for two in given[:k]
        ):
            return said
    return (
        "repeat with another number of samples, of outputs and of inputs, in a fresh process: the factor follows one "
        "of them, or stays"
    )


def _randomised(problem: Problem, rng: np.random.Generator) -> dict[str, Array]:
    return {name: rng.normal(size=value.shape) for name, value in problem.params.items()}
