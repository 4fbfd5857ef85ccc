"""What was found in files: a table with a line for each, what is told of each mistake, and the same as JSON."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from typing import Any

from nn.agreement.printed import aligned
from nn.checking.apart import Outcome
from nn.checking.checks import Check
from nn.checking.hints import data, kinds, places, reaches, told

HEADER = ("file", "verdict", "where", "mistake", "")


def table(outcomes: Sequence[Outcome], level: str) -> list[str]:
    """Return a line per file under a header: its verdict, and the first mistake's place and name; and a sum of them."""
    rows = [HEADER, *(_row(outcome, level) for outcome in outcomes)]
    right = sum(outcome.ok for outcome in outcomes)
    return [*aligned(rows), "", f"{right} of {len(outcomes)} right"]


def _row(outcome: Outcome, level: str) -> tuple[str, ...]:
    check, file = outcome.first, shown(outcome.file)
    if check.diagnosis is None:
        return file, check.verdict, f"{check.function}()" if check.function else "", "", message(outcome, check)
    more = sum(not other.ok for other in outcome.checks) - 1
    rest = f"and {more} more of {len(outcome.checks)} functions" if more > 0 else ""
    if check.ok:
        return file, check.verdict, "", "", ""
    where, names = ", ".join(places(check.diagnosis)), ", ".join(kinds(check.diagnosis))
    place = f"{check.function}: {where}" if len(outcome.checks) > 1 else where
    return file, check.verdict, place, names if reaches(level, "kind") else "", rest


def message(outcome: Outcome, check: Check) -> str:
    """Return what happened, without the file's name before it."""
    return check.message.removeprefix(outcome.file).lstrip(":, ")


def shown(path: str) -> str:
    """Return a path that can be printed and written as UTF-8, whatever bytes are in it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def report(outcome: Outcome, level: str) -> list[str]:
    """Return all that is told of one file, function by function."""
    if len(outcome.checks) > 1:
        return [line for check in outcome.checks for line in _of_several(check, level)]
    (check,) = outcome.checks
    if check.diagnosis is None:
        return [check.message]
    rows = [*aligned(check.diagnosis.table()), ""] if level == "equation" else []
    return [*rows, *told(check.diagnosis, level)]


def _of_several(check: Check, level: str) -> list[str]:
    if check.diagnosis is None:
        return [check.message]
    lines = ["right"] if check.ok else told(check.diagnosis, level)
    return [f"{check.function}: {lines[0]}", *lines[1:]]


def unseen(outcome: Outcome) -> list[str]:
    """Return that a file printed something, if it did."""
    return [f"{shown(outcome.file)} printed {outcome.printed:,} bytes: --output"] if outcome.printed else []


def printed(outcome: Outcome) -> list[str]:
    """Return what a file printed, and how much of it is left out."""
    if not outcome.printed:
        return []
    shown_bytes = len(outcome.output.encode("utf-8", "replace"))
    more = [f"... {outcome.printed:,} bytes in all"] if outcome.printed > shown_bytes else []
    return [f"{shown(outcome.file)} printed:", outcome.output.rstrip("\n"), *more]


def as_json(outcomes: Sequence[Outcome], level: str, *, output: bool) -> str:
    """Return the outcomes as JSON.

    Parameters
    ----------
    outcomes
        What was found.
    level
        How much of a mistake is told.
    output
        Whether what the files printed is in it.
    """
    files = [_plain(outcome, level, output=output) for outcome in outcomes]
    summary = {"files": files, "right": sum(outcome.ok for outcome in outcomes), "of": len(outcomes)}
    return json.dumps(_finite(summary), indent=2, ensure_ascii=True, allow_nan=False)


def _plain(outcome: Outcome, level: str, *, output: bool) -> dict[str, Any]:
    checks = [
        {"function": check.function, "verdict": check.verdict, "message": check.message}
        | ({} if check.diagnosis is None else {"diagnosis": data(check.diagnosis, level)})
        for check in outcome.checks
    ]
    plain = {"file": shown(outcome.file), "verdict": outcome.first.verdict, "seconds": round(outcome.seconds, 3)}
    text = {"output": outcome.output} if output else {}
    return plain | {"printed": outcome.printed, "checks": checks} | text


def _finite(x: Any) -> Any:
    """Return plain data in which numbers that JSON has no words for are null."""
    if isinstance(x, dict):
        return {key: _finite(item) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return [_finite(item) for item in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x
