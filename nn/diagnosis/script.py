"""Check somebody's own backpropagation: ``liftgrad check my_backprop.py``.

The file defines ``gradients(params, X, T)``; `nn.templates` has one to start from.  It is its author's own program and
runs as such, with all that its author may do.
"""

from __future__ import annotations

import importlib.util
import math
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from nn.derivatives import ACTIVATIONS, JUDGED_LOSSES, OF_CLASSES
from nn.diagnosis.calls import Calls, own_as_taken, takes_batch
from nn.diagnosis.declared import judged
from nn.diagnosis.dialects import DIALECTS, PENALTIES
from nn.diagnosis.equations import Problem
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import CandidateError
from nn.files import encoding_of


class CheckError(ValueError):
    """A file cannot be checked: it cannot be read or run, or its settings or function are not what is expected."""


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
    def of(cls, module: ModuleType, path: str) -> Settings:
        """Return a module's settings.

        Raises
        ------
        CheckError
            Naming the first that is not known.
        """
        chosen: dict[str, Any] = {f.name: getattr(module, f.name.upper(), f.default) for f in fields(cls)}
        _check_known(path, "convention", chosen["convention"], DIALECTS)
        dialect = DIALECTS[chosen["convention"]]
        loss = chosen["loss"] = chosen["loss"] or dialect.loss
        _check_known(path, "loss", loss, JUDGED_LOSSES)
        usual = {"activation": dialect.activation, "output": dialect.output_of(loss)}
        function = getattr(module, str(chosen["function"]), None)
        by_batch = chosen["lr"] != math.inf and takes_batch(function)
        usual["reduction"] = "mean" if by_batch else dialect.reduction
        chosen |= {name: chosen[name] or value for name, value in usual.items()}
        contained = ["softmax"] * dialect.of_outputs
        known: dict[str, Iterable[str]] = {"activation": ACTIVATIONS, "output": (*ACTIVATIONS, *contained)}
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


def _check_known(path: str, name: str, value: Any, values: Iterable[str]) -> None:
    if value not in values:
        listed = ", ".join(values)
        raise CheckError(f"{path}: {name.upper()} = {value!r} is not known; use one of {listed}.")


class _Source(SourceFileLoader):
    """Loads a Python file also where its text is UTF-16, as PowerShell's ``>`` writes it; keeps no compiled copy."""

    def get_data(self, path: str) -> bytes:
        raw = super().get_data(path)
        encoding = encoding_of(raw)
        return raw if encoding.startswith("utf-8") else raw.decode(encoding).encode("utf-8")

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Write nothing beside a file that is somebody else's."""


def check_file(path: str | Path) -> Diagnosis:
    """Run a file's ``gradients`` on random data and diagnose what it returns.

    Raises
    ------
    CheckError
        If the file cannot be read or run, or its function raises or returns no dictionary; the message names the line.
    """
    with _folder_on_path(path):
        module = _loaded(path)
        settings = Settings.of(module, str(path))
        function = getattr(module, str(settings.function), None)
        if not callable(function):
            raise CheckError(
                f"{path}: defines no function {settings.function}(params, X, T); see liftgrad check --template."
            )
        return _diagnosed(path, function, settings)


def _diagnosed(path: str | Path, function: Callable[..., Any], settings: Settings) -> Diagnosis:
    """Return the diagnosis of a file's function; what it raises is told with the line that raised it."""
    problem = settings.problem()
    own = own_as_taken(problem.params, settings.convention, function)
    calls = Calls.by(function, own, settings.l2, problem.rate)
    problem = replace(problem, absent=own.absent, params=own.rows())
    try:
        with np.errstate(all="ignore"):
            return judged(problem, calls, own, flat=settings.loss in OF_CLASSES)
    except CandidateError as error:
        raise CheckError(f"{path}: {error}") from None
    except (Exception, SystemExit) as error:
        raise CheckError(
            _where(error, path, f"{settings.function}(), called with {calls.samples} samples, raised")
        ) from error


@contextmanager
def _folder_on_path(path: str | Path) -> Iterator[None]:
    """Put a file's folder first on the path as long as it runs, as if it had been started."""
    folder = str(Path(path).resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _loaded(path: str | Path) -> ModuleType:
    """Return the file as a module."""
    if not Path(path).is_file():
        raise CheckError(f"{path}: is no file.")
    where = str(Path(path).resolve())
    if Path(path).suffix != ".py":
        raise CheckError(f"{path}: is no Python file (its name should end in .py).")
    spec = importlib.util.spec_from_loader("checked_backpropagation", _Source("checked_backpropagation", where))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise CheckError(_where(error, path, "cannot be run:")) from error
    return module


def _where(error: BaseException, path: str | Path, what: str) -> str:
    """Return one line that names the error and the last line of the user's file that led to it."""
    file = str(Path(path).resolve())
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    number = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
    place = f"{path}, line {number}" if number else str(path)
    message = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    return f"{place}: {what} {type(error).__name__}" + (f": {message}" if message else "")


def _are_sizes(sizes: Any) -> bool:
    is_list = isinstance(sizes, (list, tuple)) and len(sizes) >= 2
    return is_list and all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sizes)
