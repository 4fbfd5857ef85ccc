"""Random networks with a mistake, or two, injected by `wrong_backprop`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nn import matrix
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.mistakes import MISTAKES

from .wrong_backprop import EVERY, SVMS, Wrong

SHAPES = [(5, 4, 3), (4, 4, 4), (3, 6, 5, 2), (5, 5, 5, 5), (6, 4, 4, 4, 3), (7, 3), (3, 3), (8, 6, 4, 3)]
ACTIVATIONS = ["relu", "leaky_relu", "tanh", "sigmoid", "softplus", "silu", "gelu"]
LOSSES = ["cross_entropy", "binary_cross_entropy", "mse", "half_mse", "hinge"]
SQUARES = ["mse", "half_mse"]

ONLY_LOSS = {
    "no-two": ["mse"],
    "error-at-z": [*SQUARES, "hinge"],
    "no-target": ["cross_entropy", "binary_cross_entropy", *SQUARES],
    "scores-for-probabilities": ["cross_entropy", "binary_cross_entropy"],
    "log-base": ["cross_entropy", "binary_cross_entropy"],
    "sum-for-mean-of-outputs": ["binary_cross_entropy", *SQUARES, "hinge"],
}
for _names, _losses in (
    (
        [
            "softmax-diagonal",
            "minus-one",
            "jacobian-twice",
            "no-reciprocal",
            "binary-on-softmax",
            "shift-in-numerator",
            "shift-in-denominator",
            "sigmoid-for-softmax",
            "softmax-over-batch",
            "softmax-twice",
            "softmax-twice-through",
            "not-normalised",
            "only-right-class",
            "softmax-slope",
            "classes-off-by-one",
            "classes-one-too-low",
            "classes-reversed",
        ],
        ["cross_entropy"],
    ),
    (["sigmoid-slope", "no-sigmoid-slope", "only-positive-targets"], ["binary_cross_entropy"]),
    (["no-margin", "perceptron", "hinge-without-target", "hinge-squared", "margin-inverted"], ["hinge"]),
    (SVMS, ["svm"]),
    (["error-squared", "absolute-error", "error-summed-over-outputs", "two-too-many"], SQUARES),
):
    ONLY_LOSS |= dict.fromkeys(_names, _losses)
ONLY_ACTIVATION = {
    "slope-formula-on-z": ["tanh", "sigmoid"],
    "slope-formula-on-error": ["tanh", "sigmoid"],
    "slope-without-square": ["tanh"],
    "slope-without-complement": ["sigmoid"],
    "slope-at-activation": ["tanh", "sigmoid", "softplus", "silu", "gelu"],
    "slope-twice": ["leaky_relu", "tanh", "sigmoid", "softplus", "silu", "gelu"],
    "mask-of-error": ["relu", "leaky_relu"],
    "leaky-slope": ["relu", "leaky_relu"],
    "mask-of-both": ["relu"],
    "mask-inverted": ["relu", "leaky_relu"],
}
SQUARE = ["weights-untransposed", "weights-forgotten", "weights-transposed", "own-activation", "wrong-weights"]
SQUARE += ["slope-of-wrong-layer", "delta-of-wrong-layer", "delta-skips", "layers-swapped", "input-for-activation"]
SLOPES = ["activation-for-slope", "no-slope", "slope-of-another", "slope-of-wrong-layer", *ONLY_ACTIVATION]
BACKS = [
    "weights-untransposed",
    "bias-propagated",
    "bias-propagated-last",
    "weights-forgotten",
    "deltas-summed",
    "averaged-over-neurons",
    "error-propagated",
    "weights-absolute",
    "sign-propagated",
    "averaged-per-layer",
    "wrong-weights",
    "delta-skips",
    "updated-weights",
]
BELOW = ["pre-activation-for-activation", "input-for-activation"]
NEEDS_SLOPE = ["no-slope-in-weights", "bias-without-slope", "no-activation-forward"]
PREVIOUS = ["stale-activations", "inputs-of-another-batch"]


@dataclass(frozen=True)
class Case:
    """A mistake in a network: what is differentiated, what somebody computed, and what it should be called."""

    names: frozenset
    problem: Problem
    candidate: dict
    bugs: dict
    options: dict


def setting(names, rng):
    """A random problem that all of some mistakes can be made in."""
    losses = [x for x in ([*LOSSES, "svm"] if names else LOSSES) if all(x in ONLY_LOSS.get(n, LOSSES) for n in names)]
    kinds = [x for x in ACTIVATIONS if all(x in ONLY_ACTIVATION.get(n, ACTIVATIONS) for n in names)]
    if not losses or not kinds:
        return None
    shapes = SHAPES
    if any(n in SQUARE for n in names):
        shapes = [(5, 5, 5, 5), (4, 4, 4, 4, 4)]
    if any(n in SLOPES + NEEDS_SLOPE + BELOW + BACKS for n in names):
        shapes = [s for s in shapes if len(s) > 2]
    sizes = shapes[rng.integers(len(shapes))]
    loss = losses[rng.integers(len(losses))]
    output = "identity"
    if loss in ("mse", "half_mse", "hinge") and (rng.random() < 0.4 or "error-at-z" in names):
        output = ["tanh", "sigmoid"][rng.integers(2)]
    samples = int(rng.integers(4, 13))
    if "bias-wrong-axis" in names:
        samples = sizes[-1]
    l2 = float(rng.choice([0.1, 0.3])) if any(n.startswith("penalty") for n in names) or rng.random() < 0.3 else 0.0
    return Problem.random(
        sizes,
        samples=samples,
        activation=kinds[rng.integers(len(kinds))],
        output=output,
        loss=loss,
        l2=l2,
        seed=int(rng.integers(2**31)),
    )


def placed(name, problem, rng):
    """The layer that a mistake is made in (or EVERY), and the numbers it needs."""
    last = problem.layers - 1
    options = {}
    if name in SLOPES + NEEDS_SLOPE:
        layer = int(rng.integers(last))
        if name in ("slope-of-another", "no-slope", "slope-twice") and rng.random() < 0.3:
            layer = EVERY
    elif name in BACKS:
        layer = EVERY if name == "updated-weights" else int(rng.integers(1, last + 1))
        if name == "delta-skips":
            layer = int(rng.integers(1, last))
    elif name in BELOW:
        layer = int(rng.integers(1, last + 1))
    elif name == "delta-of-wrong-layer":
        layer = int(rng.integers(last))
    elif name == "bias-wrong-axis":
        layer = last
    elif name in ("weights-permuted",):
        layer = int(rng.integers(last + 1))
    else:
        layer = EVERY if rng.random() < 0.5 or "penalty" not in name else int(rng.integers(last + 1))
    if name == "slope-of-another":
        own = problem.kinds[0]
        others = [k for k in ACTIVATIONS if k != own] + [k + " of a" for k in ("tanh", "sigmoid") if k != own]
        options["other"] = others[rng.integers(len(others))]
    if name in ("slope-of-wrong-layer", "wrong-weights"):
        first = 0 if name == "slope-of-wrong-layer" else 1
        options["layer"] = int(rng.choice([k for k in range(first, last + 1) if k != layer]))
    if name == "leaky-slope":
        options["slope"] = float(rng.choice([0.05, 0.2, 0.3]))
    if name == "layers-swapped":
        options["swap"] = (0, 1)
    if name == "weights-permuted":
        order = np.arange(problem.params[f"layers.{layer}.W"].shape[0])
        options["order"] = [order[::-1], np.roll(order, 1), rng.permutation(order)][rng.integers(3)]
    options["count"] = ["C", "NC", "D", "N-1"][rng.integers(4)]
    options["factor"] = float(rng.uniform(1.5, 9.0))
    options["sample"] = int(rng.integers(len(problem.X)))
    options["lr"] = float(rng.choice([0.1, 0.01, 0.05, 0.5]))
    options["mean"] = bool(rng.random() < 0.5)
    options["base"] = int(rng.choice([2, 10]))
    options["limit"] = float(rng.choice([1.0, 0.5]))
    return layer, options


def case(names, rng):
    """A random case of some mistakes, or None if this draw makes no difference, or none that can be told."""
    names = tuple(names)
    problem = setting(names, rng)
    if problem is None:
        return None
    bugs, options = {}, {}
    for name in names:
        bugs[name], chosen = placed(name, problem, rng)
        options.update(chosen)
    if any(n in PREVIOUS for n in names):
        sizes = [problem.X.shape[1], *[len(problem.params[f"layers.{k}.b"]) for k in range(problem.layers)]]
        before = Problem.random(sizes, samples=len(problem.X), loss=problem.loss, seed=int(rng.integers(2**31)))
        before = replace(before, kinds=problem.kinds, l2=problem.l2, scale=problem.scale)
        problem = replace(problem, previous=before)
        options["previous"] = (before.params, before.X, before.t)
    with np.errstate(all="ignore"):
        try:
            made = gradients(problem, bugs, options)
            alone = [gradients(problem, {n: bugs[n]}, options) for n in names] if len(names) > 1 else []
        except (ValueError, IndexError):
            return None
    if not all(np.isfinite(v).all() for v in made.values()):
        return None
    if any(same(made, other) for other in [problem.right, *alone]) or any(same(g, problem.right) for g in alone):
        return None
    if any(made[k].shape != v.shape for k, v in problem.right.items()):
        return None
    return Case(frozenset(names), problem, made, bugs, options)


def gradients(problem, bugs, options):
    return Wrong(
        problem.params, problem.X, problem.t, problem.kinds, problem.loss, l2=problem.l2, bugs=bugs, options=options
    ).gradients()


def same(one, two):
    return all(one[k].shape == two[k].shape and np.allclose(one[k], two[k], rtol=1e-9, atol=1e-13) for k in two)


BY_SHAPE = {"bias-not-summed", "single-precision"}  # a shape, or the numbers themselves, give these away
NAMES = [name for name in MISTAKES if name not in BY_SHAPE]


def draw(names, rng, tries=60):
    """The next case of these mistakes that can be told from a right gradient."""
    for _ in range(tries):
        made = case(names, rng)
        if made is not None:
            return made
    return None


def outcome(diagnosis, names):
    """ "named", or "ambiguous (n)" with the right ones among the n, or "missed"."""
    found = [{finding.name for finding in path} for path in diagnosis.alternatives or [diagnosis.findings]]
    if set(names) not in found:
        return "missed"
    return diagnosis.verdict if len(found) == 1 else f"ambiguous ({len(found)})"


RIGHT_KINDS = ["double", "one float32 call", "stored as float32", "numerical"]


def right(rng):
    """A random problem and a right gradient of it, by other lines than ours, in double or single precision."""
    problem = setting((), rng)
    with np.errstate(all="ignore"):
        kind, problem, made = _right(problem, rng)
    finite = all(np.isfinite(value).all() for value in made.values())
    return (kind, problem, made) if finite else right(rng)


def _right(problem, rng):
    size = float(rng.choice([0.3, 1.0, 1.0, 3.0]))
    params = {name: size * value for name, value in problem.params.items()}
    problem = replace(problem, params=params, X=problem.X * float(rng.choice([0.1, 1.0, 1.0, 5.0])))
    kind = RIGHT_KINDS[rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])]
    if kind == "numerical":
        return kind, problem, numerical(problem)
    if kind == "one float32 call":
        single = {name: value.astype(np.float32) for name, value in params.items()}
        rounded = replace(problem, params=single, X=problem.X.astype(np.float32), t=problem.t.astype(np.float32))
        return kind, problem, gradients(rounded, {}, {})
    made = gradients(problem, {}, {})
    return kind, problem, {k: v.astype(np.float32) for k, v in made.items()} if kind != "double" else made


def numerical(problem, step=1e-5):
    """Central differences of the loss."""
    made = {}
    for name, value in problem.params.items():
        made[name] = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            up, down = value.copy(), value.copy()
            up[place] += step
            down[place] -= step
            difference = loss_of(problem, name, up) - loss_of(problem, name, down)
            made[name][place] = difference / (2.0 * step)
    return made


def loss_of(problem, name, value):
    params = {**problem.params, name: value}
    return matrix.value_and_gradients(
        params,
        problem.X,
        problem.t,
        activation=problem.kinds[0],
        output=problem.kinds[-1],
        loss=problem.loss,
        l2=problem.l2,
    )[0]


def names_in(module):
    """The names of the mistakes that a module defines."""
    return [name for name in NAMES if name in module.WORDS]


def is_named(name):
    """Whether a mistake that is injected into a random network is named, in every convention."""
    rng = np.random.default_rng([3, *name.encode()])
    for convention in matrix.CONVENTIONS:
        drawn = draw([name], rng)
        candidate = matrix.from_rows(drawn.candidate, convention)
        said = outcome(diagnose_problem(drawn.problem, candidate, convention), [name])
        assert said in ("named", "ambiguous (2)", "ambiguous (3)"), (drawn.bugs, drawn.options, drawn.problem.kinds)
    return True
