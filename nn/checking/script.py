"""A network's gradients in a file of somebody's: what the file says of its network, and the verdict.

The file defines ``gradients(params, X, T)``, or the function that it names; `nn.diagnosis.template` has one to start
from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from nn.checking.loading import CheckError, blamed
from nn.derivatives import ACTIVATIONS, JUDGED_LOSSES, OF_CLASSES
from nn.diagnosis.calls import Calls, own_as_taken, takes_batch
from nn.diagnosis.declared import judged
from nn.diagnosis.dialects import DIALECTS, PENALTIES
from nn.diagnosis.equations import Problem
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import CandidateError


@dataclass(frozen=True)
class Settings:
    """What a file says of its network, in capitals; what it does not say is as its dialect has it.

    Attributes
    ----------
    convention, sizes, activation, output, loss, reduction, l2, lr
        As `nn.diagnose` and `nn.MLP` have them, `l2` being the strength; `sizes` starts with the inputs.
    function
        The name of the function that returns gradients, or updates parameters.
    """

    convention: str = "rows"
    sizes: Sequence[int] = (5, 4, 3)
    activation: str = ""
    output: str = ""
    loss: str = ""
    reduction: str = ""
    l2: float = 0.0
    lr: float = math.inf
    function: str = "gradients"

    @classmethod
    def of(cls, module: ModuleType, path: str | Path, reference: ModuleType | None = None) -> Settings:
        """Return a module's settings; those that a reference says are the reference's.

        Raises
        ------
        CheckError
            Naming the first that is not known.
        """
        settings_by_name = {**vars(module), **(vars(reference) if reference is not None else {})}
        chosen: dict[str, Any] = {f.name: settings_by_name.get(f.name.upper(), f.default) for f in fields(cls)}
        _check_known(path, "convention", chosen["convention"], DIALECTS)
        dialect = DIALECTS[chosen["convention"]]
        loss = chosen["loss"] = chosen["loss"] or dialect.loss
        _check_known(path, "loss", loss, JUDGED_LOSSES)
        usual = {"activation": dialect.activation, "output": dialect.output_of(loss)}
        function = getattr(module, str(chosen["function"]), None)
        by_batch = chosen["lr"] != math.inf and takes_batch(function)
        usual["reduction"] = "mean" if by_batch else dialect.reduction
        chosen |= {name: chosen[name] or value for name, value in usual.items()}
        known: dict[str, Iterable[str]] = {"activation": ACTIVATIONS, "output": (*ACTIVATIONS, "softmax")}
        for name, values in (known | {"reduction": ("mean", "sum")}).items():
            if chosen[name] not in ACTIVATIONS or name == "reduction":
                _check_known(path, name, chosen[name], values)
        settings = cls(**chosen)
        if not _are_sizes(settings.sizes):
            raise CheckError(f"{path}: SIZES = {settings.sizes!r} is no list of two or more positive whole numbers.")
        if not isinstance(settings.l2, (int, float)) or not 0.0 <= settings.l2 < np.inf:
            raise CheckError(f"{path}: L2 = {settings.l2!r} is not a number from 0 on.")
        if not isinstance(settings.lr, (int, float)) or not settings.lr > 0.0:
            raise CheckError(f"{path}: LR = {settings.lr!r} is not a number above 0.")
        return settings

    def problem(self, samples: int = 7) -> Problem:
        """Return a random problem of this network, with a batch size that is none of its widths."""
        taken, dialect = {2, *self.sizes}, DIALECTS[self.convention]
        count = next(n for n in range(samples, samples + 10 + len(taken)) if n not in taken)
        problem = Problem.random(
            self.sizes,
            samples=count,
            activation=self.activation,
            output=dialect.scores(self.output, self.loss),
            loss=self.loss,
            reduction=self.reduction,
            l2=dialect.l2(self.l2, count),
        )
        averaged = PENALTIES[dialect.penalty].averaged
        return replace(problem, summed_outputs=dialect.summed_outputs, averaged_penalty=averaged, rate=float(self.lr))


def _check_known(path: str | Path, name: str, value: Any, values: Iterable[str]) -> None:
    if value not in values:
        listed = ", ".join(values)
        raise CheckError(f"{path}: {name.upper()} = {value!r} is not known; use one of {listed}.")


def gradients_checked(module: ModuleType, path: str | Path, settings: Settings) -> Diagnosis:
    """Call a file's ``gradients`` on random data and diagnose what it returns.

    Raises
    ------
    CheckError
        If it raises, or returns no dictionary; the message names the line.
    """
    function = getattr(module, str(settings.function), None)
    if not callable(function):
        called = f"{settings.function}(params, X, T)"
        raise CheckError(f"{path}: defines no function {called}; see liftgrad check --template.")
    return _diagnosed(path, function, settings)


def _diagnosed(path: str | Path, function: Callable[..., Any], settings: Settings) -> Diagnosis:
    """Return the diagnosis of a file's function; what it raises is told with the line that raised it."""
    problem = settings.problem()
    own = own_as_taken(problem.params, settings.convention, function)
    calls = Calls.by(function, own, settings.l2, problem.rate)
    problem = replace(problem, absent=own.absent, params=own.rows())
    try:
        with np.errstate(all="ignore"):
            return judged(problem, calls, own, flat=settings.loss in OF_CLASSES, output=settings.output)
    except CandidateError as error:
        raise CheckError(f"{path}: {error}") from None
    except BaseException as error:
        raise CheckError(
            blamed(error, path, f"{settings.function}(), called with {calls.samples} samples, raised")
        ) from error


def _are_sizes(sizes: Any) -> bool:
    is_list = isinstance(sizes, (list, tuple)) and len(sizes) >= 2
    return is_list and all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sizes)
