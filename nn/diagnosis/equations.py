"""A network's loss as a recorded function whose edges have classical names, BP1 to BP4; and what is differentiated.

The loss is a tape of steps as any function's is (`nn.diagnosis.alterations`).  A mistake is an alteration of some of
its edges, and most are told by what is visible at such an edge.

>>> problem = Problem.random((3, 2), samples=4)
>>> edge = edge_of(problem.network, "error", 0)
>>> wrong = made(problem, [BackwardAlteration("sign", (edge,), {edge: lambda edge, g: -edge.right(g)})])
>>> all(np.array_equal(-right, wrong[name]) for name, right in problem.right.items())
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, TypeAlias

import numpy as np

from nn import matrix
from nn.derivatives import OF_CLASSES
from nn.diagnosis.alterations.alteration import BackwardAlteration, gradients_of
from nn.diagnosis.alterations.primitives import product
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Arrived, Pull, Seeing, Sweep
from nn.diagnosis.network_edges import activation, added, loss, penalty
from nn.samples import Array as Array

Wrong: TypeAlias = Callable[["At", Array], Array]
"""What an edge hands on instead, of what arrives."""


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
    is_summed
        Whether the loss is declared to be summed over samples: of one sample, `scale` does not tell.
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
    is_summed: bool = False

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
        return float(self.network.root.value)

    @cached_property
    def network(self) -> Sweep:
        """The loss as a recorded function of the parameters, the output layer's first."""
        with np.errstate(all="ignore"):
            return recorded(self)

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
        return made(self)


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


def recorded(problem: Problem) -> Sweep:
    """Record a loss: z1, a1, z2 and so on, the loss of the data, and penalty1 and so on of the weights."""
    leaves = {name: ArrayStep(value, name=name) for name, value in problem.params.items()}
    below: Any = problem.X
    penalties = []
    for layer, kind in enumerate(problem.kinds):
        W, b = (leaves[f"layers.{layer}.{p}"] for p in ("W", "b"))
        z = added(product(below, W), b).called(f"z{layer + 1}")
        below = z if kind == "identity" else activation(kind, z).called(f"a{layer + 1}")
        penalties.append(penalty(W, problem.l2).called(f"penalty{layer + 1}"))
    of_data = loss(problem.loss, below, problem.t, problem.weight).called("loss")
    root = reduce(lambda rest, one: added(one, rest), penalties, of_data)
    return Sweep(root, [leaves[name] for name in problem.order])


def depth_of(sweep: Sweep) -> int:
    """Return the number of a network's layers."""
    return len(sweep.leaves) // 2


def edge_of(sweep: Sweep, name: str, layer: int) -> Edge | None:
    """Return the edge of a layer that an equation is about, if there is one.

    "error" (BP1) leads from the loss to the output a, "slope" (BP2) from a to z, "back" (BP2) from z to the a below,
    "weight" (BP4) from z to W, "bias" (BP3) from z to b, and "penalty" from the penalty to W.
    """
    of_layer = {"error": "loss", "slope": f"a{layer + 1}", "penalty": f"penalty{layer + 1}"}
    step: Any = sweep.named.get(of_layer.get(name, f"z{layer + 1}"))
    if name in ("weight", "back"):
        step = step.operands[0]
    operand = 1 if name in ("weight", "bias") else 0
    return next((edge for edge in step.edges if edge.operand == operand), None) if step else None


def made(problem: Problem, path: Sequence[BackwardAlteration] = ()) -> dict[str, Array]:
    """Return the gradients of a problem under some alterations of its network."""
    return dict(zip(problem.order, gradients_of(tuple(path), problem.network)))


# --- what is seen at an edge ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class At:
    """An edge, and what can be seen from it: the numbers of its layer, and all that has arrived above.

    Attributes
    ----------
    sweep, arrived
        The network, and what has arrived at its steps.
    layer, edge
        Where it is.
    """

    sweep: Sweep
    arrived: Arrived
    layer: int
    edge: Edge

    saved = property(lambda self: self.edge.saved)
    W = property(lambda self: self.weights(self.layer))
    b = property(lambda self: self.sweep.named[f"layers.{self.layer}.b"].value)
    below = property(lambda self: value_of(self._z(self.layer).operands[0].operands[0]))
    z = property(lambda self: self._z(self.layer).value)
    a = property(lambda self: self._a(self.layer).value)
    error = property(lambda self: self.arrived[self._a(self.layer)])
    inputs = property(lambda self: value_of(self._z(0).operands[0].operands[0]))
    kind = property(lambda self: self._a(self.layer).op)
    derivative = property(lambda self: matrix.ACTIVATIONS[self.kind].derivative)
    layers = property(lambda self: depth_of(self.sweep))
    loss = property(lambda self: self.sweep.named["loss"].op)
    t = property(lambda self: self.sweep.named["loss"].operands[1])
    weight = property(lambda self: float(self.sweep.named["loss"].operands[2]))
    l2 = property(lambda self: float(self.sweep.named[f"penalty{self.layer + 1}"].operands[1]))

    def _z(self, layer: int) -> ArrayStep:
        return self.sweep.named[f"z{layer + 1}"]

    def _a(self, layer: int) -> ArrayStep:
        return self.sweep.named.get(f"a{layer + 1}", self._z(layer))

    def weights(self, layer: int) -> Array:
        """Return W of a layer."""
        return self.sweep.named[f"layers.{layer}.W"].value

    def scores(self, layer: int) -> Array:
        """Return z of a layer."""
        return self._z(layer).value

    def delta(self, layer: int) -> Array:
        """Return dC/dz of a layer."""
        return self.arrived[self._z(layer)]

    def right(self, g: Array) -> Array:
        """Return what the edge hands on of what arrives, as it should be."""
        return self.edge.right(g)

    def pull(self, g: Array, x: Any) -> Array:
        """Return what the edge hands on with another array in place of what it saved."""
        return self.edge.pull(g, x)


def seeing(wrong: Wrong, layer: int) -> Pull:
    """Return the pull that a wrong share is, in a layer."""
    return Seeing(lambda sweep, arrived: lambda edge, g: wrong(At(sweep, arrived, layer, edge), g))


def like_shaped(x: Array, other: Array) -> Array:
    """Return an array that is put in the place of another, if it has its shape.

    Raises
    ------
    ValueError
        If it has not.
    """
    if x.shape != other.shape:
        raise ValueError(f"an array of shape {x.shape} does not stand in place of one of {other.shape}")
    return x
