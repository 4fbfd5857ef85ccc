"""The exact proof: a program's text and its scalar trace, both run over a finite field at random points, are equal.

Two polynomials that differ agree at a random point with probability at most degree / p (Schwartz and Zippel). The text
runs as it is, with its buffers, views and ``out=``, twice on one instance: on garbage first, then on what the first
run left. Compared are the value, the guards' conditions and every gradient, and that what was given is unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.lifting.emit.conditions import by_guard
from engine.lifting.emit.source import Emitted
from engine.lifting.external import taker
from engine.lifting.ir import Trace
from engine.lifting.trace.inputs import Spec
from engine.lifting.verify import walk
from engine.lifting.verify.elements import Elements, differing, lift, same
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_numpy import Count, FieldNumpy
from engine.lifting.verify.reference import Outcome, outcome
from engine.lifting.views import Indices

if TYPE_CHECKING:
    from engine.lifting.run.executable import Compiled, Specialisation
    from engine.lifting.run.program import Program

DECISIONS = frozenset(
    ("maximum", "minimum", "largest", "relu", "leaky_relu", "abs", "sign", "clip", "less", "less_equal", "equal",
     "where")
)  # fmt: skip
POINTS = 3  # where nothing is decided
TIMES = 16  # how often the rarest decision is taken where something is
TIES = 12  # at how many points, at least, numbers are tied: a tie shows where no factor behind it is 0, at a quarter
LARGE = 200_000  # from how many nodes on points are taken one at a time, for memory
ROUNDS = 3  # how often integers are drawn, where there are any
MOST_SAMPLES = 8  # of a batch whose integers choose: each sample has others, so that a small table is read as a whole
MOST_INTEGERS = 5  # integers that choose from no table are drawn below this


@dataclass(frozen=True)
class Points:
    """Random parameters and inputs of a proof, and the number of samples."""

    field: Field
    n: int
    theta: Any
    inputs: list[Any]
    numbers: list[Elements]  # the same, integers as what they compute with

    def plain(self) -> tuple[FieldNumpy, Elements, list[Elements], Count]:
        """Return what the trace runs on, where every float is itself: NumPy, parameters, inputs, how many samples."""
        field = self.field.plain
        numbers = [Elements(x.d, field) for x in self.numbers]
        return FieldNumpy(field), Elements(self.theta.d, field), numbers, Count(self.n, field)


def points_needed(trace: Trace, plan: walk.Plan, samples: int) -> tuple[int, int]:
    """Return at how many points a trace is to be compared, and at how many of them numbers are to be tied.

    Its rarest decision is to go both ways. It is taken by every node of its group, and anew by each sample that it
    depends on.
    """
    rarest = 0
    varies = np.zeros(len(trace.ops), bool)
    for nodes, _ in plan.inputs.values():
        varies[nodes] = True
    for group in plan.groups:
        depends = varies[group.operands].any(1)
        varies[group.start : group.stop] = depends
        if group.op in DECISIONS:
            times = int(np.where(depends, samples, 1).sum())
            rarest = min(rarest or times, times)
    if not rarest:
        return POINTS, 0
    apart = min(TIMES, max(POINTS, -(-TIMES // rarest)))
    tied = max(TIES, 2 * apart)
    return apart + tied, tied


def levels_needed(trace: Trace) -> int:
    """Return how many levels numbers have: one more where there are exponents."""
    ops = set(trace.ops)
    return 2 if ops & walk.EXPONENTIAL or not ops - {""} <= walk.KNOWN else 1


def modulus(seed: int) -> int:
    """Return the prime modulo which results are compared."""
    return Field(seed, 1, 1).primes[0]


def samples_needed(program: Program, specialisation: Specialisation, text: str) -> int:
    """Return how many samples a batch has: no length of any array, or an axis could stand for theirs unseen."""
    if not program.batch:
        return 1
    lengths = {n for spec in described(specialisation.specs) for n in spec.shape}
    lengths |= {n for p in specialisation.parameters.arrays for n in p.shape}
    lengths |= {
        int(n) for shape in re.findall(r"(?:empty|ones|reshape)\(([^)]*)", text) for n in re.findall(r"\d+", shape)
    }
    tables = max(specialisation.limits.values(), default=0)
    least = max(3, min(MOST_SAMPLES, -(-tables // 2)))
    return next(n for n in range(least, least + 1 + len(lengths)) if n not in lengths)


def prove(
    program: Program,
    specialisation: Specialisation,
    compiled: Compiled,
    wrt: str,
    plan: walk.Plan,
    *,
    seed: int,
    points: tuple[int, int],
    levels: int,
) -> str:
    """Return in what text and trace differ, or "".

    Parameters
    ----------
    program, specialisation, compiled, wrt
        What was compiled, and for which gradients.
    plan
        Of the specialisation's trace.
    seed, points, levels
        Of the field.
    """
    n = samples_needed(program, specialisation, compiled.emitted.text)
    cells = compiled.external.theta.size
    for p, (count, tied) in enumerate(rounds(specialisation, n, *points)):
        field = Field(seed + p, levels, count, compiled.emitted.rounded)
        drawn = draw(program, specialisation, field, cells, n, tied, p)
        try:
            difference = _differs(
                program, specialisation, compiled, wrt, drawn, _wanted(program, specialisation, plan, drawn)
            )
        except Exception as error:  # whatever a wrong text may raise
            difference = f"its text, which raises {type(error).__name__}: {error}"
        if difference:
            return difference
    return ""


def rounds(specialisation: Specialisation, n: int, count: int, tied: int) -> list[tuple[int, int]]:
    """Return the points, and the tied ones among them, of each round: integers that choose are other ones in each."""
    most = [
        specialisation.limits.get(k, MOST_INTEGERS)
        for k, spec in enumerate(described(specialisation.specs))
        if spec.integer
    ]
    number = min([count, ROUNDS, max([1, *[-(-limit // n) for limit in most]])])  # samples have other ones already
    if len(specialisation.trace.ops) > LARGE:
        number = count
    return [(len(range(p, count, number)), len(range(p, tied, number))) for p in range(number)]  # dealt like cards


def draw(
    program: Program, specialisation: Specialisation, field: Field, cells: int, n: int, tied: int, round: int
) -> Points:
    """Draw parameters and inputs.

    At the first points, `tied` of them, they are small: at every second each is -1, 0 or 1, so that sums are 0 as well;
    else each is 0 or 1, or each is -1 or 0. Integers differ from sample to sample and from round to round.
    """
    third = (np.arange(tied) + round) % 2
    lower = np.where(third, -1, field.draws.integers(-1, 1, tied))

    def numbers(shape: tuple[int, ...]) -> Elements:
        d = field.random(shape)
        if tied:
            small = lower + field.draws.integers(0, 2 + third, (*shape, tied))
            for t, p in enumerate(field.primes):
                d[t, ..., :tied] = np.mod(small, p)
        return Elements(d, field)

    theta = numbers((cells,))
    inputs: list[Any] = []
    specs = list(described(specialisation.specs))
    batched = program.batched(len(specs))
    for k, spec in enumerate(specs):
        shape = (n, *spec.shape) if batched[k] else spec.shape
        if spec.integer:
            most = specialisation.limits.get(k, MOST_INTEGERS)
            samples = n if batched[k] else 1
            inputs.append(_spread(field.seed - round, k, most, spec.shape, samples, round).reshape(shape))
        else:
            inputs.append(numbers(shape))
    return Points(field, n, theta, inputs, [lift(x, field) for x in inputs])


def _spread(seed: int, argument: int, most: int, shape: tuple[int, ...], n: int, round: int) -> Indices:
    """Return integers below `most` for each sample: each entry begins at random, and then goes through the range."""
    first = np.random.default_rng([seed, 13, argument]).integers(0, most, shape)
    step = max(1, most // (ROUNDS * n))
    return (first + step * np.arange(round * n, (round + 1) * n).reshape(n, *(1,) * len(shape))) % most


def _wanted(program: Program, specialisation: Specialisation, plan: walk.Plan, at: Points) -> Outcome:
    """Return what the scalar trace gives at random points."""
    return outcome(program, specialisation.trace, plan, *at.plain(), parameters=specialisation.parameters)


def _differs(
    program: Program, specialisation: Specialisation, compiled: Compiled, wrt: str, at: Points, want: Outcome
) -> str:
    """Run the text twice on one instance, and say in what it differs."""
    numpy = FieldNumpy(at.field)
    emitted = compiled.emitted
    build = emitted.load({"numpy": numpy, "engine": numpy}, float=_itself)["build"]
    forward, backward = build(Count(at.n, at.field), np.float64, numpy.constants(emitted.constants))
    take_forward, take_backward = taker(emitted.forward), taker(emitted.backward)
    parts = [named.part for named in compiled.external.arrays]
    theta = [at.theta, *[p.of(at.theta) for p in parts]]
    before = [x.copy() for x in (at.theta, *at.inputs)]
    for run in ("", " when it is called again"):
        numpy.finite = not run
        answer = forward(*take_forward(theta, at.inputs, at.numbers))
        if difference := _forward_differs(answer, want, at.field, emitted):
            return f"{difference}{run}"
        if not wrt or (program.batch and program.reduction == "none"):
            continue  # it has no gradients
        flat: Any
        flat, *slots = [numpy.elements(x.shape) for x in (at.theta, *at.inputs)]
        gradient = [flat, *[p.of(flat) for p in parts]]
        backward(*take_backward(theta, at.inputs, at.numbers, gradient, slots))
        if not all(map(_unchanged, (at.theta, *at.inputs), before)):
            return f"what it was given, which it overwrites{run}"
        for name, got, wanted in _gradients(compiled, wrt, flat, slots, want):
            wrong = differing(got, wanted)
            if wrong.any():
                return f"the gradient of {name} ({int(wrong.sum())} of {wrong.size} entries){run}"
    return ""


def _forward_differs(answer: Any, want: Outcome, field: Field, emitted: Emitted) -> str:
    """Return in what a forward run differs, or ""."""
    value, conditions = answer if want.conditions else (answer, ())
    went = by_guard(conditions, len(want.conditions), emitted.branches)
    for k, (a, b) in enumerate(zip(went, want.conditions)):
        if not same(lift(a, field), b):
            return f"the condition of its {_nth(k)} branch"
    return "" if same(lift(value, field), want.value) else "its value"


def _unchanged(now: Any, before: Any) -> bool:
    return same(now, before) if isinstance(now, Elements) else np.array_equal(now, before)


def _gradients(
    compiled: Compiled, wrt: str, flat: Any, slots: Sequence[Any], want: Outcome
) -> Iterator[tuple[str, Any, Any]]:
    """Yield every gradient by name: what it is, and what it should be."""
    if wrt != "inputs":
        for p in [named.part for named in compiled.external.arrays]:
            yield p.name, p.of(flat), p.of(want.parameters)
    if wrt != "parameters":
        for source, slot, wanted in zip(compiled.external.inputs, slots, want.inputs):
            yield source.name, slot, wanted


def described(specs: Sequence[Spec]) -> Iterator[Spec]:
    """Yield the description of every input array."""
    for argument in specs:
        for _, spec in argument.arrays(""):
            yield spec


def _itself(x: Any) -> Any:
    return x


def _nth(k: int) -> str:
    return {0: "first", 1: "second", 2: "third"}.get(k, f"{k + 1}th")
