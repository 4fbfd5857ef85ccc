"""What is to be checked in a file: each function whose gradients can be judged, and the verdict on it.

A file that defines ``gradients(params, X, T)`` is a network's (`nn.checking.script`); one that defines backward passes
is a layer's (`nn.checking.pairs`).  A reference says which of the two is asked for, and its settings and inputs hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from nn.checking.loading import CheckError, blamed, folder_on_path, loaded
from nn.checking.pairs import Pair, asked, pairs
from nn.checking.script import Settings, gradients_checked
from nn.diagnosis.report import Diagnosis, Finding, Verdict

Judge: TypeAlias = Callable[[], Diagnosis]
NOTHING = "defines no function {}(params, X, T); see liftgrad check --template"
NO_LAYER = "or, for a layer, define forward, backward and inputs"


@dataclass(frozen=True)
class Check:
    """The verdict on one function of a file.

    Attributes
    ----------
    function
        Its name; "" where the file as a whole could not be run.
    verdict
        "right", "named", "ambiguous" or "unnamed", as a diagnosis has it; or why there is none: "error" (the message
        says what was raised), "memory", "timeout" or "ended".
    message
        What happened, if there is no diagnosis.
    diagnosis
        What is wrong with the gradients.
    """

    function: str
    verdict: str
    message: str = ""
    diagnosis: Diagnosis | None = None

    @property
    def ok(self) -> bool:
        """Whether the gradients are right."""
        return self.verdict == "right"

    def data(self) -> dict[str, Any]:
        """Return it as plain data."""
        diagnosis = None if self.diagnosis is None else self.diagnosis.data()
        return {"function": self.function, "verdict": self.verdict, "message": self.message, "diagnosis": diagnosis}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Check:
        """Return it from plain data."""
        diagnosis = None if data["diagnosis"] is None else _diagnosis(data["diagnosis"])
        return cls(data["function"], data["verdict"], data["message"], diagnosis)


def checks(path: str | Path, reference: str | Path | None = None) -> Iterator[Check | str]:
    """Yield the name of each function of a file before it is judged, and its verdict; what raises is a verdict too."""
    named = ""
    try:
        with folder_on_path(path):
            for named, judge in _judges(path, reference):
                yield named
                yield _checked(named, judge, path)
    except BaseException as error:
        yield _failed(named, error, path)


def reference_checked(path: str | Path) -> None:
    """Refuse a reference that nothing can be judged by.

    Raises
    ------
    CheckError
        Saying what is missing in it.
    """
    with folder_on_path(path):
        module = loaded(path)
        if not asked(module, path):
            Settings.of(module, path)
            if not any(name.isupper() and name.lower() in Settings.__annotations__ for name in vars(module)):
                raise CheckError(f"{path}: defines neither a function forward nor a network's settings, in capitals.")


def _judges(path: str | Path, reference: str | Path | None) -> Iterator[tuple[str, Judge]]:
    """Yield the functions to be judged, and what judges them."""
    file = loaded(path)
    truth, truth_path = (file, path) if reference is None else (loaded(reference, "reference"), reference)
    several = pairs(file, path, truth, truth_path)
    name = str(getattr(truth, "FUNCTION", getattr(file, "FUNCTION", Settings.function)))
    if callable(getattr(file, name, None)) and (truth is file or not several):
        yield name, lambda: gradients_checked(file, path, Settings.of(file, path, truth))
    elif several:
        yield from _of_pairs(several)
    else:
        nothing = NOTHING.format(name)
        raise CheckError(f"{path}: {nothing}" + (f" ({NO_LAYER})." if truth is file else "."))


def _of_pairs(several: list[Pair]) -> Iterator[tuple[str, Judge]]:
    for pair in several:
        if pair.has_two_forwards:
            yield pair.called("forward"), pair.forward_checked
        yield pair.title, pair.backward_checked


def _checked(function: str, judge: Judge, path: str | Path) -> Check:
    try:
        diagnosis = judge()
    except BaseException as error:
        return _failed(function, error, path)
    return Check(function, diagnosis.verdict, diagnosis=diagnosis)


def _failed(function: str, error: BaseException, path: str | Path) -> Check:
    message = str(error) if isinstance(error, CheckError) else blamed(error, path, "raised")
    is_memory = isinstance(error.__cause__ or error, MemoryError)
    return Check(function, "memory" if is_memory else "error", message)


def _diagnosis(data: dict[str, Any]) -> Diagnosis:
    """Return a diagnosis from plain data, in which its tuples are lists."""
    parts: dict[str, Any] = {key: tuple(x) if isinstance(x, list) else x for key, x in data.items()}
    parts["findings"] = _path(data["findings"])
    parts["alternatives"] = tuple(map(_path, data["alternatives"]))
    parts["parameters"] = tuple(Verdict(**row) for row in data["parameters"])
    return Diagnosis(**parts)


def _path(findings: list[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(**{**finding, "change": tuple(finding["change"])}) for finding in findings)
