"""A network's backward pass as the edges of its own recorded loss, each under the name of its equation.

The loss is a tape of steps as any function's is (`nn.diagnosis.alterations.step`), of which every edge has a classical
name: BP1 to BP4, and the penalty.  A mistake is an alteration: for some of the names, a function that is given what the
edge should hand on and returns what it hands on instead.  Alterations compose, so that two mistakes at once are one
more.

>>> problem = Problem.random((3, 2), samples=4)
>>> wrong = backward_pass(problem, {"error": times(-1.0)}).gradients()
>>> all(np.array_equal(-right, wrong[name]) for name, right in problem.right.items())
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from nn import matrix
from nn.derivatives import JUDGED_LOSSES, OF_CLASSES
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.network_edges import affine_edges, loss_edge, penalty_edge, slope_edge
from nn.samples import Array as Array

Exchange: TypeAlias = Mapping[str, Callable[[Any], Any]]
Forward: TypeAlias = tuple[list[Array], list[Array]]
ONE = np.ones(())


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
        return backward_pass(self).gradients()


def random_targets(loss: str, samples: int, outputs: int, rng: np.random.Generator) -> Array:
    """Return targets of the kind that a loss takes, as rows."""
    if loss in OF_CLASSES:
        return matrix.one_hot(rng.integers(0, outputs, samples), outputs)
    if loss == "hinge":
        return np.sign(rng.normal(size=(samples, outputs)))
    if loss == "binary_cross_entropy":
        return rng.integers(0, 2, (samples, outputs)).astype(float)
    return rng.normal(size=(samples, outputs))


# --- the tape ----------------------------------------------------------------------------------------------------


class Network:
    """The steps of a problem's loss, and its edges by the names of the equations.

    Attributes
    ----------
    problem
        What is recorded.
    zs, acts
        Pre-activations z[0..L-1] and activations a[0..L].
    edges
        By name and layer: "error" (BP1, from the loss to the output a), "slope" (BP2, from a to z), "back" (BP2, from
        z to the a below), "weight" (BP4, from z to W), "bias" (BP3, from z to b), and "penalty", "bias_penalty".
    """

    def __init__(self, problem: Problem, forward: Forward) -> None:
        self.problem, (self.zs, self.acts) = problem, forward
        self.edges: dict[tuple[str, int], Edge] = {}
        below = ArrayStep(self.acts[0], name="x")
        for layer in range(problem.layers):
            below = self._layer(layer, below)
        slope = JUDGED_LOSSES[problem.loss].derivative(self.acts[-1], problem.t) * problem.weight
        self.edges["error", layer] = loss_edge(problem.loss, below, slope)

    def _layer(self, layer: int, below: ArrayStep) -> ArrayStep:
        """Record z = a W + b, f(z), and what regularisation adds to the loss: of W, and nothing of b."""
        W, b = (ArrayStep(self.problem.params[f"layers.{layer}.{p}"], name=f"layers.{layer}.{p}") for p in ("W", "b"))
        z = ArrayStep(self.zs[layer], "affine", (below, W, b), f"z{layer + 1}")
        above = ArrayStep(self.acts[layer + 1], self.problem.kinds[layer], (z,), f"a{layer + 1}")
        slope = matrix.ACTIVATIONS[above.op].derivative(z.value, above.value)
        edges = affine_edges(z) | {
            "slope": slope_edge(above, slope),
            "bias_penalty": penalty_edge(b, 0.0),
            "penalty": penalty_edge(W, self.problem.l2),
        }
        self.edges |= {(name, layer): edge for name, edge in edges.items()}
        return above

    @cached_property
    def arriving(self) -> dict[ArrayStep, list[tuple[str, int]]]:
        """The names of the edges that lead to a step."""
        arriving: dict[ArrayStep, list[tuple[str, int]]] = {}
        for name, edge in self.edges.items():
            arriving.setdefault(edge.parent, []).append(name)
        return arriving


# --- the sweep ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class At:
    """An edge, and what can be seen from it: the numbers of its layer, and all that the pass has computed above.

    Attributes
    ----------
    sweep, layer, edge
        Where it is.
    saved
        What its local derivative needs: the other factor of a product, or the derivative itself.
    """

    sweep: Pass
    layer: int
    edge: Edge
    saved: Any

    problem = property(lambda self: self.sweep.network.problem)
    W = property(lambda self: self.problem.params[f"layers.{self.layer}.W"])
    b = property(lambda self: self.problem.params[f"layers.{self.layer}.b"])
    below = property(lambda self: self.sweep.network.acts[self.layer])
    z = property(lambda self: self.sweep.network.zs[self.layer])
    a = property(lambda self: self.sweep.network.acts[self.layer + 1])
    error = property(lambda self: self.sweep.error(self.layer))
    function = property(lambda self: matrix.ACTIVATIONS[self.problem.kinds[self.layer]])

    def right(self, g: Array) -> Array:
        """Return what the edge hands on of what arrives, as it should be."""
        return self.edge.pull(g, self.saved)

    def pull(self, g: Array, x: Any) -> Array:
        """Return what the edge hands on with another array in place of what it saved."""
        return self.edge.pull(g, x)


class Pass:
    """A reverse sweep of a network, some of its equations altered, computed as far as it is asked for."""

    def __init__(self, network: Network, alterations: Sequence[Exchange] = ()) -> None:
        self.network, self.alterations = network, alterations
        self._cotangents: dict[ArrayStep, Array] = {}

    def cotangent(self, step: ArrayStep) -> Array:
        """Return what arrives at a step; at a term of the loss it is 1."""
        if step not in self._cotangents:
            shares = [self._share(*name) for name in self.network.arriving.get(step, ())]
            self._cotangents[step] = sum(shares[1:], shares[0]) if shares else ONE
        return self._cotangents[step]

    def _share(self, name: str, layer: int) -> Array:
        at = self.at(name, layer)
        share: Array = altered(name, At.right, self.alterations)(at, self.cotangent(at.edge.step))
        return share

    def at(self, name: str, layer: int) -> At:
        """Return an edge as an alteration sees it."""
        edge = self.network.edges[name, layer]
        return At(self, layer, edge, altered(f"{name} saved", _saved, self.alterations)(layer, edge.saved))

    def error(self, layer: int) -> Array:
        """Return dC/da of a layer's activation."""
        return self.cotangent(self.network.edges["slope", layer].step)

    def delta(self, layer: int) -> Array:
        """Return dC/dz of a layer's pre-activation."""
        return self.cotangent(self.network.edges["bias", layer].step)

    def backward(self) -> Iterator[tuple[str, Array]]:
        """Yield every parameter's gradient, the output layer's first, each computed only when it is asked for."""
        finish = altered("finish", _finish, self.alterations)
        for layer in reversed(range(self.network.problem.layers)):
            for step in ("bias", "weight"):
                leaf = self.network.edges[step, layer].parent
                yield leaf.name, finish(self.network.problem, leaf.name, self.cotangent(leaf))

    def gradients(self) -> dict[str, Array]:
        """Return every parameter's gradient; wrong equations may overflow, without a warning."""
        with np.errstate(all="ignore"):
            return dict(self.backward())


def altered(name: str, right: Callable[..., Any], alterations: Sequence[Exchange]) -> Callable[..., Any]:
    """Return what stands in place of the right function of a name, the first alteration innermost."""
    for alteration in alterations:
        if name in alteration:
            right = alteration[name](right)
    return right


def _batch(problem: Problem) -> Problem:
    return problem


def _forward(problem: Problem) -> Forward:
    return problem.forward


def _saved(layer: int, saved: Any) -> Any:
    return saved


def _finish(problem: Problem, name: str, gradient: Array) -> Array:
    return gradient


def recorded(problem: Problem, *alterations: Exchange) -> Network:
    """Return the tape that a pass looks at: of the data that it sees, and of its own forward pass."""
    seen = altered("batch", _batch, alterations)(problem)
    return Network(seen, altered("forward", _forward, alterations)(seen))


def backward_pass(problem: Problem, *alterations: Exchange) -> Pass:
    """Return the backward pass of a problem with these alterations."""
    with np.errstate(all="ignore"):
        return Pass(recorded(problem, *alterations), alterations)


# --- ways to alter -----------------------------------------------------------------------------------------------


def instead(wrong: Any) -> Callable[[Any], Any]:
    """Put another function in place of the right one."""
    return lambda right: wrong


def within(layers: frozenset[int], wrong: Callable[[At, Array], Array]) -> Callable[[Any], Any]:
    """Put another function of the edge and what arrives in place of the right one, in some layers only."""
    return lambda right: lambda at, g: (wrong if at.layer in layers else right)(at, g)


def times(factor: float) -> Callable[[Any], Any]:
    """Multiply a result."""
    return lambda right: lambda *operands: factor * right(*operands)


def times_within(layers: frozenset[int], factor: float) -> Callable[[Any], Any]:
    """Multiply what is handed on in some layers."""
    return lambda right: lambda at, g: right(at, g) * (factor if at.layer in layers else 1.0)


def if_fits(result: Array, like: Array) -> Array:
    """Return a wrong result; where its shape is no other array's, the alteration does not apply: NaN."""
    return result if result.shape == like.shape else np.full_like(like, np.nan)
