"""``liftgrad check``: one file or forty, each in a process of its own; a table, JSON, or XML for other programs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from nn.checking.apart import Allowance, Outcome, Runs
from nn.checking.junit import as_junit, check_report
from nn.checking.limits import RESOURCES
from nn.checking.listing import as_json, printed, report, shown, table, unseen
from nn.checking.loading import CheckError
from nn.checking.submissions import submissions
from nn.diagnosis.dialects import DIALECTS
from nn.diagnosis.template import template
from nn.files import check_outputs, write_atomically
from viz.arguments import UsageError


def check(given: argparse.Namespace) -> int:
    """Run Python files of yours and name what is wrong with their gradients; status 1 if anything is.

    A file defines gradients(params, X, T) of a network, or forward, backward and inputs() of a layer. It is run as your
    own program, with all that you may do, in a process of its own.
    """
    if given.template is not None:
        return _write_template(given)
    if given.convention:
        raise UsageError("liftgrad check: --convention is the template's; the file says its own, in CONVENTION.")
    if not given.files:
        raise CheckError("no file given; liftgrad check --template my_backprop.py makes one to start from.")
    if given.memory is not None and not RESOURCES:
        raise UsageError("liftgrad check: --memory: this system limits no process's memory; leave it out.")
    files = submissions(given.files, given.reference)
    check_outputs([given.junit], [*files, given.reference])
    check_report(given.junit, force=given.force)
    outcomes = _outcomes(given, files)
    if given.junit:
        write_atomically(given.junit, as_junit(outcomes, given.hint or "equation", output=given.output))
    return _told(given, outcomes)


def _outcomes(given: argparse.Namespace, files: Sequence[str]) -> list[Outcome]:
    limits = Allowance(given.timeout, given.memory or Allowance.memory)
    runs = Runs(given.reference, limits, min(given.jobs or _processors(), len(files)))
    runs.check_reference()
    silent = len(files) == 1 or None  # None: where there is no terminal
    return list(tqdm(runs.outcomes(files), total=len(files), unit="file", leave=False, disable=silent))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _told(given: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    """Print what was found, and return the exit status."""
    level = given.hint or "equation"
    status = 0 if all(outcome.ok for outcome in outcomes) else 1
    if given.json:
        print(as_json(outcomes, level, output=given.output))
        return status
    if given.output:
        print(*[line for outcome in outcomes for line in printed(outcome)], sep="\n")
    if len(outcomes) == 1 and not Path(given.files[0]).is_dir():
        return _told_of_one(outcomes[0], level, status, output=given.output)
    print("\n".join(table(outcomes, level)))
    for outcome in outcomes if given.hint in ("sentence", "equation") else ():
        if not outcome.ok:
            print("", f"{shown(outcome.file)}:", *report(outcome, level), sep="\n")
    return status


def _told_of_one(outcome: Outcome, level: str, status: int, *, output: bool) -> int:
    if len(outcome.checks) == 1 and outcome.first.diagnosis is None:
        raise CheckError(outcome.first.message)
    print("\n".join([*report(outcome, level), *([] if output else unseen(outcome))]))
    return status


def _write_template(given: argparse.Namespace) -> int:
    """Print a template, or write it to a file; the word after --template is either its convention or the file."""
    if len(given.files) > 1:
        raise UsageError(f"liftgrad check: a template goes to one file; {' and '.join(given.files[:2])} are two.")
    convention, path = given.convention or "rows", given.files[0] if given.files else None
    if given.template in DIALECTS:
        convention = given.convention or given.template
    elif path is None:
        path = given.template
    else:
        raise UsageError(f"liftgrad check: a template goes to one file; {given.template} and {path} are two.")
    if path is None:
        print(template(convention), end="")
        return 0
    if Path(path).suffix != ".py":
        known = ", ".join(DIALECTS)
        raise CheckError(f"{path}: is neither a file that ends in .py nor a convention ({known}).")
    if Path(path).exists() and not given.force:
        raise CheckError(f"{path}: is there already; --force replaces it.")
    write_atomically(path, template(convention).encode("utf-8"))
    print(f"{path}: a right gradient to start from; put your own in, then: liftgrad check {path}")
    return 0
