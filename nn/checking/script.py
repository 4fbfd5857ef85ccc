"""A network's gradients in a file of somebody's: what the file says of its network, and the verdict.

The file defines ``gradients(params, X, T)``; `nn.diagnosis.template` has one to start from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from nn import matrix
from nn.checking.loading import CheckError, blamed
from nn.diagnosis.equations import Problem
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import CandidateError, diagnose_gradients


@dataclass(frozen=True)
class Settings:
    """What a file says of its network, in capitals; the defaults are the template's.

    Attributes
    ----------
    convention, sizes, activation, output, loss, reduction, l2
        As `nn.diagnose` and `nn.MLP` have them; `sizes` starts with the inputs.
    """

    convention: str = "rows"
    sizes: Sequence[int] = (5, 4, 3)
    activation: str = "tanh"
    output: str = "identity"
    loss: str = "cross_entropy"
    reduction: str = "mean"
    l2: float = 0.0

    @classmethod
    def of(cls, module: ModuleType, path: str | Path, reference: ModuleType | None = None) -> Settings:
        """Return a module's settings; those that a reference says are the reference's.

        Raises
        ------
        CheckError
            Naming the first that is not known.
        """
        said = {**vars(module), **(vars(reference) if reference is not None else {})}
        chosen: dict[str, Any] = {f.name: said.get(f.name.upper(), f.default) for f in fields(cls)}
        settings = cls(**chosen)
        known: dict[str, Sequence[str]] = {
            "convention": matrix.CONVENTIONS,
            "activation": list(matrix.ACTIVATIONS),
            "output": list(matrix.ACTIVATIONS),
            "loss": list(matrix.LOSSES),
            "reduction": ("mean", "sum"),
        }
        for name, values in known.items():
            if getattr(settings, name) not in values:
                value = getattr(settings, name)
                listed = ", ".join(values)
                raise CheckError(f"{path}: {name.upper()} = {value!r} is not known; use one of {listed}.")
        if not _are_sizes(settings.sizes):
            raise CheckError(f"{path}: SIZES = {settings.sizes!r} is no list of two or more positive whole numbers.")
        if not isinstance(settings.l2, (int, float)) or not 0.0 <= settings.l2 < np.inf:
            raise CheckError(f"{path}: L2 = {settings.l2!r} is not a number from 0 on.")
        return settings

    def problem(self, samples: int = 7) -> Problem:
        """Return a random problem of this network, with a batch size that is none of its widths."""
        taken = {2, *self.sizes}
        count = next(n for n in range(samples, samples + 10 + len(taken)) if n not in taken)
        return Problem.random(
            self.sizes,
            samples=count,
            activation=self.activation,
            output=self.output,
            loss=self.loss,
            reduction=self.reduction,
            l2=self.l2,
        )


def gradients_checked(module: ModuleType, path: str | Path, settings: Settings) -> Diagnosis:
    """Call a file's ``gradients`` on random data and diagnose what it returns.

    Raises
    ------
    CheckError
        If it raises, or returns no dictionary; the message names the line.
    """
    function = getattr(module, "gradients", None)
    if not callable(function):
        raise CheckError(f"{path}: defines no function gradients(params, X, T); see liftgrad check --template.")
    return _diagnosed(path, function, settings)


def _diagnosed(path: str | Path, function: Callable[..., Any], settings: Settings) -> Diagnosis:
    samples = 0

    def called(params: dict[str, Any], X: Any, T: Any) -> Any:
        nonlocal samples
        samples = X.shape[1 if settings.convention == "columns" else 0]
        return function(params, X, T)

    try:
        with np.errstate(all="ignore"):
            classes = settings.loss == "cross_entropy"
            return diagnose_gradients(settings.problem(), called, settings.convention, classes=classes)
    except CandidateError as error:
        raise CheckError(f"{path}: {error}") from None
    except BaseException as error:
        raise CheckError(blamed(error, path, f"gradients(), called with {samples} samples, raised")) from error


def _are_sizes(sizes: Any) -> bool:
    is_list = isinstance(sizes, (list, tuple)) and len(sizes) >= 2
    return is_list and all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sizes)
