"""The backward pass as equations that can be exchanged one at a time.

`RIGHT` holds the equations of `nn.matrix`; a mistake is an alteration: for some of the equations, a function that is
given the right one and returns the wrong one.  Alterations compose, so that two mistakes at once are one call more.

>>> problem = Problem.random((3, 2), samples=4)
>>> wrong = RIGHT.altered({"error": lambda right: lambda tape: -right(tape)})
>>> all(np.array_equal(-right, wrong.gradients(problem)[name]) for name, right in problem.right.items())
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from nn import matrix
from nn.derivatives import JUDGED_LOSSES, OF_CLASSES
from nn.samples import Array as Array

Alteration: TypeAlias = Mapping[str, Callable[[Any], Any]]


@dataclass(frozen=True)
class Problem:
    """What a gradient is the gradient of: a network's mean loss on a batch; rows are samples, W is D x C.

    Attributes
    ----------
    params
        ``layers.0.W`` (D, C), ``layers.0.b`` (C,), ...
    X, t
        Samples (N, D) and targets (N, C); classes are one-hot rows.
    kinds
        Activation of each layer, the output's last.
    loss, scale, l2
        The loss, what its sum over samples is multiplied with (1/N), and the strength of 0.5 * l2 * sum(W * W).
    previous
        What the gradient was taken of before, where that is known: some mistakes leak from one call into the next.
    summed_outputs, averaged_penalty
        Whether the loss is summed over the outputs where its usual form is their mean, and whether `l2` is some other
        strength divided by N.
    absent
        Parameters that the network does not have: biases, held at zero.
    rate
        The learning rate of the update that gradients are read from, as (old - new) / rate; infinite without one.
    """

    params: Mapping[str, Array]
    X: Array
    t: Array
    kinds: tuple[str, ...]
    loss: str
    scale: float
    l2: float = 0.0
    previous: Problem | None = None
    summed_outputs: bool = False
    averaged_penalty: bool = False
    absent: frozenset[str] = frozenset()
    rate: float = math.inf

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        *,
        samples: int = 7,
        activation: str = "tanh",
        output: str = "identity",
        loss: str = "cross_entropy",
        reduction: str = "mean",
        l2: float = 0.0,
        seed: int = 0,
    ) -> Problem:
        """Return a problem of random numbers without dead units, in which mistakes look different from one another."""
        rng = np.random.default_rng(seed)
        widths = list(zip(sizes, sizes[1:]))
        params: dict[str, Array] = {}
        for layer, (d, c) in enumerate(widths):
            params[f"layers.{layer}.W"] = rng.normal(0.0, 1.2 / np.sqrt(d), (d, c))
            params[f"layers.{layer}.b"] = rng.normal(0.0, 0.3, c)
        X = rng.normal(size=(samples, sizes[0]))
        t = random_targets(loss, samples, sizes[-1], rng)
        kinds = (activation,) * (len(widths) - 1) + (output,)
        return cls(params, X, t, kinds, loss, 1.0 / samples if reduction == "mean" else 1.0, l2)

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.kinds)

    @property
    def weight(self) -> float:
        """What a sum over samples of a mean over outputs is multiplied with."""
        return self.scale * (self.t.shape[1] if self.summed_outputs and self.loss not in OF_CLASSES else 1)

    @property
    def value(self) -> float:
        """The loss."""
        with np.errstate(all="ignore"):
            data = float(JUDGED_LOSSES[self.loss].values(self.forward[1][-1], self.t).sum()) * self.weight
        return data + sum(matrix.regularisation(W, self.l2) for name, W in self.params.items() if name.endswith("W"))

    @cached_property
    def forward(self) -> tuple[list[Array], list[Array]]:
        """Pre-activations z[0..L-1] and activations a[0..L]."""
        return matrix.forward(self.params, self.X, self.kinds)

    @property
    def present(self) -> list[str]:
        """Names of the parameters that the network has."""
        return [name for name in self.params if name not in self.absent]

    @property
    def order(self) -> list[str]:
        """Names of the parameters in the order in which the backward pass reaches them, biases first."""
        return [f"layers.{layer}.{p}" for layer in reversed(range(self.layers)) for p in ("b", "W")]

    @cached_property
    def right(self) -> dict[str, Array]:
        """The right gradients."""
        return RIGHT.gradients(self)


def random_targets(loss: str, samples: int, outputs: int, rng: np.random.Generator) -> Array:
    """Return targets of the kind that a loss takes, as rows."""
    if loss in OF_CLASSES:
        return matrix.one_hot(rng.integers(0, outputs, samples), outputs)
    if loss == "hinge":
        return np.sign(rng.normal(size=(samples, outputs)))
    if loss == "binary_cross_entropy":
        return rng.integers(0, 2, (samples, outputs)).astype(float)
    return rng.normal(size=(samples, outputs))


@dataclass
class Tape:
    """What a backward pass may look at: the problem as it sees it, its forward pass, and what it has computed so far.

    ``errors[l]`` is dC/da of layer l's activation, ``deltas[l]`` is dC/dz of its pre-activation.
    """

    problem: Problem
    zs: list[Array]
    acts: list[Array]
    errors: dict[int, Array] = field(default_factory=dict)
    deltas: dict[int, Array] = field(default_factory=dict)

    def W(self, layer: int) -> Array:
        """Weights of a layer, (D, C)."""
        return self.problem.params[f"layers.{layer}.W"]

    def b(self, layer: int) -> Array:
        """Biases of a layer, (C,)."""
        return self.problem.params[f"layers.{layer}.b"]

    def derivative(self, layer: int) -> Array:
        """f'(z) of a layer, (N, C)."""
        return matrix.ACTIVATIONS[self.problem.kinds[layer]].derivative(self.zs[layer], self.acts[layer + 1])


def handed_down(delta: Array, W: Array) -> Array:
    """Return what a layer of weights W (D, C) hands down of its delta (N, C): delta W.T, (N, D)."""
    product: Array = delta @ W.T
    return product


# --- the right equations -----------------------------------------------------------------------------------------


def _batch(problem: Problem) -> Problem:
    return problem


def _forward(problem: Problem) -> tuple[list[Array], list[Array]]:
    return problem.forward


def _error(tape: Tape) -> Array:
    p = tape.problem
    return JUDGED_LOSSES[p.loss].derivative(tape.acts[-1], p.t) * p.weight


def _back(tape: Tape, layer: int, delta: Array) -> Array:
    return handed_down(delta, tape.W(layer))


def _slope(tape: Tape, layer: int, error: Array) -> Array:
    return tape.derivative(layer)


def _source(tape: Tape, layer: int) -> Array:
    return tape.acts[layer]


def _weight(tape: Tape, layer: int, source: Array, delta: Array) -> Array:
    return matrix.weight_gradient(source, delta)


def _bias(tape: Tape, layer: int, delta: Array) -> Array:
    return matrix.bias_gradient(delta)


def _penalty(tape: Tape, layer: int) -> Array:
    return matrix.regularisation_gradient(tape.W(layer), tape.problem.l2)


def _bias_penalty(tape: Tape, layer: int) -> Array:
    return np.zeros_like(tape.b(layer))


def _finish(problem: Problem, name: str, gradient: Array) -> Array:
    return gradient


@dataclass(frozen=True)
class Equations:
    """One function per equation; `altered` exchanges some.

    Attributes
    ----------
    batch
        The data and parameters that the pass sees.
    forward
        z[l] = a[l] W[l] + b[l], a[l+1] = f(z[l]).
    error
        BP1: dC/da of the output, times 1/N.
    back, slope
        BP2: delta[l+1] W[l+1].T, and the f'(z[l]) that it (in BP1: the output's error) is multiplied with.
    source, weight
        BP4: what delta meets, a[l], and their product a[l].T delta[l].
    bias
        BP3: the sum of delta[l] over samples.
    penalty, bias_penalty
        What regularisation adds to a layer's weights, and to its biases.
    finish
        What happens to a gradient last.
    """

    batch: Callable[[Problem], Problem] = _batch
    forward: Callable[[Problem], tuple[list[Array], list[Array]]] = _forward
    error: Callable[[Tape], Array] = _error
    back: Callable[[Tape, int, Array], Array] = _back
    slope: Callable[[Tape, int, Array], Array] = _slope
    source: Callable[[Tape, int], Array] = _source
    weight: Callable[[Tape, int, Array, Array], Array] = _weight
    bias: Callable[[Tape, int, Array], Array] = _bias
    penalty: Callable[[Tape, int], Array] = _penalty
    bias_penalty: Callable[[Tape, int], Array] = _bias_penalty
    finish: Callable[[Problem, str, Array], Array] = _finish

    def altered(self, *alterations: Alteration) -> Equations:
        """Return these equations with others put in their places, the first alteration innermost."""
        equations = self
        for alteration in alterations:
            changed = {step: alter(getattr(equations, step)) for step, alter in alteration.items()}
            equations = replace(equations, **changed)
        return equations

    def tape(self, problem: Problem) -> Tape:
        """Return the tape of a forward pass."""
        seen = self.batch(problem)
        return Tape(seen, *self.forward(seen))

    def backward(self, tape: Tape) -> Iterator[tuple[str, Array]]:
        """Yield every parameter's gradient, the output layer's first, each computed only when it is asked for."""
        error = self.error(tape)
        for layer in reversed(range(tape.problem.layers)):
            delta = error * self.slope(tape, layer, error)
            tape.errors[layer], tape.deltas[layer] = error, delta
            bias = self.bias(tape, layer, delta) + self.bias_penalty(tape, layer)
            yield f"layers.{layer}.b", self.finish(tape.problem, f"layers.{layer}.b", bias)
            weight = self.weight(tape, layer, self.source(tape, layer), delta) + self.penalty(tape, layer)
            yield f"layers.{layer}.W", self.finish(tape.problem, f"layers.{layer}.W", weight)
            if layer:
                error = self.back(tape, layer, delta)

    def gradients(self, problem: Problem) -> dict[str, Array]:
        """Return every parameter's gradient; wrong equations may overflow, without a warning."""
        with np.errstate(all="ignore"):
            return dict(self.backward(self.tape(problem)))


RIGHT = Equations()


# --- ways to alter a step ----------------------------------------------------------------------------------------


def instead(wrong: Any) -> Callable[[Any], Any]:
    """Put another step in place of the right one."""
    return lambda right: wrong


def at(layers: frozenset[int], wrong: Callable[..., Array]) -> Callable[[Any], Any]:
    """Put another step ``(tape, layer, ...)`` in place of the right one, in some layers only."""

    def alter(right: Callable[..., Array]) -> Callable[..., Array]:
        return lambda tape, layer, *rest: (wrong if layer in layers else right)(tape, layer, *rest)

    return alter


def times(factor: float) -> Callable[[Any], Any]:
    """Multiply a step's result."""
    return lambda right: lambda *operands: factor * right(*operands)


def times_at(layers: frozenset[int], factor: float) -> Callable[[Any], Any]:
    """Multiply a step's result in some layers."""

    def alter(right: Callable[..., Array]) -> Callable[..., Array]:
        return lambda tape, layer, *rest: right(tape, layer, *rest) * (factor if layer in layers else 1.0)

    return alter


def if_fits(result: Array, like: Array) -> Array:
    """Return a wrong step's result; where its shape is no other array's, the alteration does not apply: NaN."""
    return result if result.shape == like.shape else np.full_like(like, np.nan)
