"""A task: samples and targets read, checked against the network, divided, and standardised, before the first step.

>>> from nn import MLP
>>> X, T = np.array([[20.0, 3000.0], [24.0, 1000.0], [30.0, 2000.0]]), [0, 1, 1]
>>> task = Task.read(MLP(2, [3, 2]), X, T)
>>> task.X.std(axis=0).round(12).tolist(), task.said[0][:19]
([1.0, 1.0], 'inputs standardised')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arguments import described
from nn.module import Module
from nn.neuron import MLP
from nn.samples import Array, samples
from nn.training.metrics import check_metrics
from nn.training.outputs import inputs_of
from nn.training.probe import Probe
from nn.training.scaling import Scaling, Standard, is_moderate
from nn.training.targets import REACH, SQUARED, Targets, check_enough_outputs, check_loss, remarks


@dataclass(frozen=True)
class Task:
    """What is learnt from, and what for.

    Attributes
    ----------
    model
        The network that takes standardised samples.
    X, targets
        Samples and targets to train on, standardised.
    held
        Samples and targets to validate on, standardised, or None.
    scaling
        How they were standardised.
    metrics
        Names of what is measured.
    said
        What was decided, in sentences.
    """

    model: Module
    X: Array
    targets: Targets
    held: tuple[Array, Targets] | None
    scaling: Scaling
    metrics: tuple[str, ...]
    said: tuple[str, ...]

    @classmethod
    def read(
        cls,
        model: Module,
        X: Any,
        T: Any,
        loss: str = "cross_entropy",
        *,
        validation: Any = 0.0,
        metrics: Any = None,
        standardise: bool | None = None,
        scaling: Scaling | None = None,
        seed: int = 0,
    ) -> Task:
        """Return the task that a network is given.

        Parameters
        ----------
        model, X, T, loss, validation, metrics, standardise, seed
            As `nn.fit` takes them.
        scaling
            What training that is resumed has standardised by.

        Raises
        ------
        TypeError, ValueError
            If a network like this cannot learn from them; the message says why, where, and what to do.
        """
        X, targets, probe = _read(model, X, T, loss)
        X, targets, held = _divided(X, targets, validation, seed, inputs_of(model))
        targets.check_learnable(probe.activation)
        names = check_metrics(metrics, targets)
        if held is not None:
            check_metrics(names, held[1])
        sentences: tuple[str, ...] = ()
        if scaling is None:
            scaling, sentences = _scaling(model, X, targets, probe.activation, standardise)
        sentences += remarks(targets)
        bare = model.unscaled() if isinstance(model, MLP) else model
        X, targets = _scaled(scaling, X, targets)
        held = None if held is None else _scaled(scaling, *held)
        return cls(bare, X, targets, held, scaling, names, sentences)


def _read(model: Module, X: Any, T: Any, loss: str) -> tuple[Array, Targets, Probe]:
    """Return samples and targets as the model and the loss take them, and what was seen of the model."""
    check_loss(loss)
    X = samples(X, inputs_of(model))
    if not len(X):
        raise ValueError(f"fit needs as many targets as samples, and at least one; got 0 and {np.size(T)}.")
    probe = Probe.of(model, X)
    check_enough_outputs(loss, probe.outputs)
    probe.check(loss)
    targets = Targets.read(T, loss, probe.outputs, samples=len(X))
    return X if probe.tokens else X.astype(float, copy=False), targets, probe


def _divided(
    X: Array, targets: Targets, validation: Any, seed: int, inputs: int | None
) -> tuple[Array, Targets, tuple[Array, Targets] | None]:
    """Return what is trained on and what is held out."""
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
        held = samples(validation[0], inputs, "validation X").astype(X.dtype)
        return X, targets, (held, targets.like(validation[1], len(held), "validation T"))
    if isinstance(validation, (bool, np.bool_)) or not isinstance(validation, (int, float, np.number)):
        kind = described(validation)
        raise TypeError(f"validation={kind}: pass a fraction of the samples, such as 0.2, or a pair (X, T).")
    if not 0.0 <= validation < 1.0:
        raise ValueError(f"validation={described(validation)} is a fraction of the samples; use 0 to less than 1.")
    n = round(validation * len(X))
    if (validation and not n) or n == len(X):
        part = "validate on" if not n else "train on"
        raise ValueError(f"validation={validation} of {len(X)} samples leaves none to {part}; use another fraction.")
    if not n:
        return X, targets, None
    order = np.random.default_rng([seed, 2**31]).permutation(len(X))
    return X[order[n:]], targets.take(order[n:]), (X[order[:n]], targets.take(order[:n]))


def _scaling(
    model: Module, X: Array, targets: Targets, activation: str, standardise: bool | None
) -> tuple[Scaling, tuple[str, ...]]:
    """Return how samples and targets are standardised, and what is said of it."""
    earlier, is_needed = model.scaling, X.dtype.kind == "f" and not is_moderate(X.reshape(len(X), -1))
    if earlier is not None and earlier != Scaling():
        return earlier, _as_before(earlier, targets, standardise)
    if standardise is False:
        return Scaling(), ()
    if not model.standardises:
        if standardise:
            kind = type(model).__name__
            raise ValueError(f"{kind} does not standardise; pass it Standard.of(X).apply(X), of nn.training.scaling.")
        return Scaling(), _unscaled("a model of its own kind takes them so", is_needed)
    if earlier is not None and standardise is None:
        return Scaling(), _unscaled("the network's weights are for such; standardise=True scales them", is_needed)
    of_inputs = Standard.of(X) if is_needed or standardise else None
    of_targets = None
    if targets.loss in SQUARED and REACH[activation][1] == np.inf and not is_moderate(targets.rows()):
        of_targets = Standard.of_targets(targets.rows(), shifted=activation == "identity")
    scaling = Scaling(of_inputs, of_targets)
    return scaling, tuple(scaling.sentences())


def _as_before(earlier: Scaling, targets: Targets, standardise: bool | None) -> tuple[str, ...]:
    """Return what is said of a scaling that a network has from earlier training."""
    what = " and ".join(
        name for name, part in (("inputs", earlier.inputs), ("targets", earlier.targets)) if part is not None
    )
    if standardise is False:
        raise ValueError(f"the network standardises its {what} since it was trained so; leave standardise=False out.")
    if earlier.targets is not None and targets.loss not in SQUARED:
        raise ValueError(
            "the network gives results in the units of the numbers that it was trained on; make a new one for "
            f"loss={targets.loss!r}."
        )
    return (f"{what} standardised as in the network's earlier training",)


def _unscaled(why: str, is_needed: bool) -> tuple[str, ...]:
    return (f"inputs are not standardised, and stay so: {why}",) if is_needed else ()


def _scaled(scaling: Scaling, X: Array, targets: Targets) -> tuple[Array, Targets]:
    X, values = scaling.apply(X, targets.values)
    return X, targets.with_values(values)
