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


def check(options: argparse.Namespace) -> int:
    """Run Python files of yours and name what is wrong with their gradients; status 1 if anything is.

    A file defines gradients(params, X, T) of a network, or forward, backward and inputs() of a layer. It is run as your
    own program, with all that you may do, in a process of its own.
    """
    if options.template is not None:
        return _write_template(options)
    if options.convention:
        raise UsageError("liftgrad check: --convention is the template's; the file says its own, in CONVENTION.")
    if not options.files:
        raise CheckError("no file given; liftgrad check --template my_backprop.py makes one to start from.")
    if options.memory is not None and not RESOURCES:
        raise UsageError("liftgrad check: --memory: this system limits no process's memory; leave it out.")
    files = submissions(options.files, options.reference)
    check_outputs([options.junit], [*files, options.reference])
    check_report(options.junit, force=options.force)
    outcomes = _outcomes(options, files)
    if options.junit:
        write_atomically(options.junit, as_junit(outcomes, options.hint or "equation", output=options.output))
    return _told(options, outcomes)


def _outcomes(options: argparse.Namespace, files: Sequence[str]) -> list[Outcome]:
    limits = Allowance(options.timeout, options.memory or Allowance.memory)
    runs = Runs(options.reference, limits, min(options.jobs or _processors(), len(files)))
    runs.check_reference()
    silent = len(files) == 1 or None  # None: where there is no terminal
    return list(tqdm(runs.outcomes(files), total=len(files), unit="file", leave=False, disable=silent))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _told(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    """Print what was found, and return the exit status."""
    level = options.hint or "equation"
    status = 0 if all(outcome.ok for outcome in outcomes) else 1
    if options.json:
        print(as_json(outcomes, level, output=options.output))
        return status
    if options.output:
        print(*[line for outcome in outcomes for line in printed(outcome)], sep="\n")
    if len(outcomes) == 1 and not Path(options.files[0]).is_dir():
        return _told_of_one(outcomes[0], level, status, output=options.output)
    print("\n".join(table(outcomes, level)))
    for outcome in outcomes if options.hint in ("sentence", "equation") else ():
        if not outcome.ok:
            print("", f"{shown(outcome.file)}:", *report(outcome, level), sep="\n")
    return status


def _told_of_one(outcome: Outcome, level: str, status: int, *, output: bool) -> int:
    if len(outcome.checks) == 1 and outcome.first.diagnosis is None:
        raise CheckError(outcome.first.message)
    print("\n".join([*report(outcome, level), *([] if output else unseen(outcome))]))
    return status


def _write_template(options: argparse.Namespace) -> int:
    """Print a template, or write it to a file; the word after --template is either its convention or the file."""
    if len(options.files) > 1:
        raise UsageError(f"liftgrad check: a template goes to one file; {' and '.join(options.files[:2])} are two.")
    convention, path = options.convention or "rows", options.files[0] if options.files else None
    if options.template in DIALECTS:
        convention = options.convention or options.template
    elif path is None:
        path = options.template
    else:
        raise UsageError(f"liftgrad check: a template goes to one file; {options.template} and {path} are two.")
    if path is None:
        print(template(convention), end="")
        return 0
    if Path(path).suffix != ".py":
        known = ", ".join(DIALECTS)
        raise CheckError(f"{path}: is neither a file that ends in .py nor a convention ({known}).")
    if Path(path).exists() and not options.force:
        raise CheckError(f"{path}: is there already; --force replaces it.")
    write_atomically(path, template(convention).encode("utf-8"))
    print(f"{path}: a right gradient to start from; put your own in, then: liftgrad check {path}")
    return 0
