"""The smallest change of one expression in somebody's backward pass that makes it right: its inverse is the mistake.

>>> import numpy as np
>>> def backward(d, x):
...     return 3 * d * x
>>> x, d = np.array([1.0, 2.5, -0.7]), np.array([0.3, 0.9, 1.7])
>>> right, given = {0: 2.0 * d * x}, {0: 3.0 * d * x}
>>> written = Written(backward, lambda f: {0: f(d, x)}, np.square, lambda f: f(x), right, given, {0: "x"})
>>> (path,), _ = mended([written], [0])
>>> path[0].sentence
'line 2, `return 3 * d * x`: `3` should be `2`'
"""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout

import numpy as np

from nn.diagnosis.alterations.explain import Found
from nn.diagnosis.alterations.search import LISTED
from nn.diagnosis.mending.edits import Edit, is_float, is_whole
from nn.diagnosis.mending.offered import offered, with_numbers
from nn.diagnosis.mending.pairs import Fit, Log, firsts, meeting
from nn.diagnosis.mending.program import Edits, Running, is_same_array, rank_of
from nn.diagnosis.mending.sentence import correction
from nn.diagnosis.mending.written import Written
from nn.diagnosis.report import Finding

FARTHEST = 9  # the rank of an edit that is tried last
MOST_WORK = 1_000_000  # expressions that are computed to try edits, the same on every machine
SECOND = 0.6  # of all work, what is spent on the second of two edits
LONGEST = 2.0  # seconds of computing, for machines and functions on which even that takes too long


def mended(
    points: Sequence[Written], wrong: Sequence[int], *, has_pairs: bool = True, farthest: int = FARTHEST
) -> Found:
    """Return the edits that make all wrong gradients right; and, where none does, those that make each right.

    Parameters
    ----------
    points
        The author's function at several points: at the first, edits are sought; at all they must make it right.
    wrong
        The places of the wrong gradients.
    has_pairs
        Whether two edits are tried where none does alone.
    farthest
        The rank of the edits that are tried last.
    """
    names = points[0].names
    with np.errstate(all="ignore"), redirect_stdout(io.StringIO()):  # what it prints, it has printed before
        running = Running(points, wrong)
        if not running.is_followed:
            return [], {}
        log = Log(running) if has_pairs else None
        fits = list(fitting(running, farthest=farthest))
        running.log = None
        whole, each = _whole_or_each(running, fits)
        if log is not None and not whole and not _agree(running, each):
            both = itertools.chain(meeting(running, log), _second(running, firsts(log)))
            fits += [(edits, right) for edits, right in both if not _is_read(edits)]
            whole, each = _whole_or_each(running, fits)
        each = each if all(each.values()) else {}  # what is wrong in one of them may come from what is in another
    where = [names[at] for at in wrong]
    return [_path(edits, where) for edits in whole], {
        at: [_path(edits, [names[at]]) for edits in several] for at, several in each.items()
    }


def _whole_or_each(running: Running, fits: Sequence[Fit]) -> tuple[list[Edits], dict[int, list[Edits]]]:
    whole = simplest(running, fits, running.wrong)
    return whole, {at: simplest(running, fits, [at]) for at in running.wrong if not whole}


def _agree(running: Running, each: Mapping[int, Sequence[Edits]]) -> bool:
    """Whether edits of each gradient make all of them right where they stand together."""
    several = (tuple(dict.fromkeys(itertools.chain(*chosen))) for chosen in itertools.product(*each.values()))
    return any(running.holds(edits, frozenset(running.wrong)) for edits in several)


def _is_read(edits: Edits) -> bool:
    """Whether one edit reads what another stands for: as it is written, it would be something else."""
    nodes = [(edit, node) for edit in edits for node in edit.nodes if node.form not in ("value", "constant")]
    return any(node.text in edit.uses for edit in edits for other, node in nodes if other is not edit)


def _second(running: Running, several: Sequence[Edit]) -> Iterator[Fit]:
    """Yield edits each with another that is sought where it stands."""
    for first in several:
        behind = running.behind((first,))
        for edits, right in fitting(behind, SECOND / len(several)) if behind is not None else ():
            yield (first, *edits), right


def fitting(running: Running, share: float = 1.0, farthest: int = FARTHEST) -> Iterator[Fit]:
    """Yield edits, the simplest first, with the wrong gradients that they make right at the first point.

    It ends beyond a share of all work, and beyond the simplest edit that makes all of them right at all points.
    """
    least, begun, every = 0, time.process_time(), frozenset(running.wrong)
    before = running.right_under((), 0)
    for edit in offered(running):
        is_spent = running.work > share * MOST_WORK or time.process_time() - begun > share * LONGEST
        if is_spent or edit.rank > (least or farthest):
            return
        for tried in with_numbers(running, edit):
            right = running.right_under((tried,), 0)
            if right > before and tried.rank <= farthest:
                yield (tried,), right
            if right == every and running.holds((tried,), every):
                least = min(least or tried.rank, tried.rank)


def simplest(running: Running, fits: Sequence[Fit], which: Collection[int]) -> list[Edits]:
    """Return the simplest edits that make some gradients right at all points: one of each line, and of a change."""
    at_first = sorted([edits for edits, right in fits if right.issuperset(which)], key=rank_of)
    by_lines: dict[tuple[int, ...], Edits] = {}
    for _, several in itertools.groupby(at_first, rank_of):
        for edits in several if not by_lines else ():
            lines = tuple(sorted(edit.node.line for edit in edits))
            if lines not in by_lines and running.holds(edits, frozenset(which)):
                by_lines[lines] = edits
    agreeing = {edits: running.agreeing(edits) for edits in by_lines.values()}
    distinct: list[Edits] = []
    for edits, many in agreeing.items():
        is_known = any(_are_one_change(running, others, edits) for others in distinct)
        if many == max(agreeing.values()) and not is_known:
            distinct.append(edits)
    return distinct[:LISTED]


def _are_one_change(running: Running, some: Edits, others: Edits) -> bool:
    """Whether, of the expressions that edits stand for, the later ones become the same by either."""
    differing = [edit for edit in (*some, *others) if edit not in some or edit not in others]
    keys = dict.fromkeys(edit.node.key for edit in differing)
    pairs = zip(*[running.watched(edits, keys) for edits in (some, others)])
    numbers = [[np.asarray(x) for x in pair] for pair in pairs if all(is_float(x) or is_whole(x) for x in pair)]
    return 2 * sum(is_same_array(x, y) for x, y in numbers) >= len(differing)


def _path(edits: Edits, where: Sequence[str]) -> tuple[Finding, ...]:
    """Return what is said of edits: in the order in which they stand there."""
    return tuple(correction(edit, where, edits) for edit in sorted(edits, key=lambda edit: edit.node.line))
