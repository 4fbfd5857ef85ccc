"""What was found in files, as the XML that test reports are written in since JUnit.

A file is a suite of tests, each of its functions a test: a failure where its gradient is wrong, an error where there is
no verdict.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from nn.checking.apart import Outcome
from nn.checking.checks import Check
from nn.checking.hints import kinds, reaches, told
from nn.checking.listing import printed, shown
from nn.files import OutputError

NAME = "liftgrad check"
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters that XML 1.0 cannot hold
BEGINNING = f'<testsuites name="{NAME}"'


def as_junit(outcomes: Sequence[Outcome], level: str, *, output: bool) -> bytes:
    """Return the outcomes as XML; what files printed is in it if `output` says so."""
    root = ET.Element("testsuites", {"name": NAME} | _sums([check for outcome in outcomes for check in outcome.checks]))
    root.set("time", f"{sum(outcome.seconds for outcome in outcomes):.3f}")
    for outcome in outcomes:
        suite = ET.SubElement(root, "testsuite", {"name": _text(shown(outcome.file))} | _sums(outcome.checks))
        suite.set("time", f"{outcome.seconds:.3f}")
        for check in outcome.checks:
            _add_case(suite, outcome, check, level)
        if output and outcome.printed:
            ET.SubElement(suite, "system-out").text = _text("\n".join(printed(outcome)))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def check_report(path: str | Path | None, *, force: bool) -> None:
    """Refuse to replace a file that is not a report of ours.

    Raises
    ------
    OutputError
        If it is another one, and `force` is not given.
    """
    if path is None or force or not Path(path).exists():
        return
    with open(path, "rb") as file:
        if BEGINNING.encode() not in file.read(200):
            raise OutputError(f"{path}: is there already, and is no report of {NAME}; --force replaces it.")


def _sums(checks: Sequence[Check]) -> dict[str, str]:
    errors = sum(check.diagnosis is None and not check.ok for check in checks)
    failures = sum(not check.ok for check in checks) - errors
    return {"tests": str(len(checks)), "failures": str(failures), "errors": str(errors)}


def _add_case(suite: ET.Element, outcome: Outcome, check: Check, level: str) -> None:
    file = _text(shown(outcome.file))
    case = ET.SubElement(suite, "testcase", {"classname": file, "name": check.function or "file"})
    case.set("time", f"{outcome.seconds / len(outcome.checks):.3f}")
    if check.ok:
        return
    if check.diagnosis is None:
        ET.SubElement(case, "error", {"type": check.verdict, "message": _text(check.message)})
        return
    lines = [_text(line) for line in told(check.diagnosis, level)]
    kind = ", ".join(kinds(check.diagnosis)) if reaches(level, "kind") else ""
    ET.SubElement(case, "failure", {"type": kind or check.verdict, "message": lines[0]}).text = "\n".join(lines)


def _text(text: str) -> str:
    """Return a text that XML can hold."""
    return NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
