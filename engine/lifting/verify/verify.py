"""Every compilation is proven before its first answer is believed: what is compared, and what is said.

    the exact proof        text and trace over a finite field (`proof`), by default up to 20,000 nodes
    above                  text and trace in floats, at the traced point and a random one near it (`floats`)
    in any case            text and the function's own eager run, at the traced point

A difference in the proof is an error of the compiler: the text's numbers are never seen, and the trace, node by node,
answers in its place. Where the proof holds and floats differ, a warning says of which kind the difference is.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import LiftError
from engine.lifting.ir import Trace
from engine.lifting.trace.inputs import Array
from engine.lifting.verify import floats, proof
from engine.lifting.verify.reference import Outcome, values_of
from engine.lifting.verify.scalars import scalar_functions
from engine.lifting.verify.verdict import KINDS, SIGN, Difference, first_difference, kind_of, reads_zeros
from engine.lifting.verify.walk import Plan, plan

if TYPE_CHECKING:
    from engine.lifting.run.executable import Compiled, Specialisation
    from engine.lifting.run.program import Program

MODES = (True, False, "exact")
EXACT = 20_000  # scalar nodes up to which the proof is exact unless asked for
FINER = {"<f4": np.float64, ">f4": np.float64}  # what a program's floats are checked with; else long double
ROUNDINGS = 1_000  # of the largest number that goes in: a difference in floats below is not said


@dataclass(frozen=True)
class Proof:
    """What is known of a compiled program.

    Attributes
    ----------
    kind
        "exact", "floats", or "none" where nothing was asked for.
    points, modulus
        At how many random points, and modulo which prime.
    seed
        Of the points: the same seed gives the same proof.
    seconds
        What it took, the function's own eager run apart.
    eager_seconds, samples
        What that took, and on how many samples.
    differs
        In what the text differs from the trace, if it does.
    """

    kind: str = "none"
    points: int = 0
    modulus: int = 0
    seed: int = 0
    seconds: float = 0.0
    eager_seconds: float = 0.0
    samples: int = 0
    differs: str = ""

    def __str__(self) -> str:
        if self.kind == "none":
            return "not verified"
        time_taken = f"in {self.seconds:.3f} s"
        if self.differs:
            return f"REFUSED: it differs in {self.differs}; the scalar engine answers"
        if self.kind == "exact":
            return f"proven at {self.points} points modulo {self.modulus} {time_taken}"
        return f"compared in floats at {self.points} points {time_taken} (verify='exact' proves it)"


def verified(
    program: Program, specialisation: Specialisation, compiled: Compiled, wrt: str, arrays: Sequence[Array] | None
) -> Compiled:
    """Return a compiled program with what is known of it; if it is wrong, one that the scalar trace answers for.

    Parameters
    ----------
    program, specialisation, compiled, wrt
        What was compiled, and for which gradients.
    arrays
        The inputs that it will run on; None if it will not.

    Raises
    ------
    LiftError
        If it is wrong and the program is strict.
    """
    if not wanted(program):
        return compiled
    exact = program.verify == "exact" or _checking()
    with suppress(SyntaxError):  # which the proof will meet again
        _ = compiled.emitted.code  # what runs needs to be compiled anyway
    begun = time.perf_counter()
    specialisation.plan = specialisation.plan or plan(specialisation.trace)
    check = _Check(program, specialisation, compiled, wrt, specialisation.plan, fresh_seed())
    known = (
        check.in_floats(arrays)
        if arrays is not None and not exact and is_large(specialisation.trace)
        else check.exactly()
    )
    known = replace(known, seconds=time.perf_counter() - begun)
    if known.differs:
        return _refused(check, known)
    if arrays is not None:
        known = check.beside_the_function(known, arrays)
        if known.differs:
            return _refused(check, known)
    return replace(compiled, stats=replace(compiled.stats, proof=known))


def is_large(trace: Trace) -> bool:
    """Whether a trace is compared in floats, unless a proof is asked for."""
    return len(trace.ops) > EXACT


def wanted(program: Program) -> bool:
    """Whether what a program compiles is to be looked at."""
    return bool(program.verify) or _checking()


def _checking() -> bool:
    """Whether everything is proven, as in the project's tests."""
    return bool(os.environ.get("LIFTGRAD_CHECK"))


def fresh_seed() -> int:
    """Return a fresh seed, or the one that is to be tried again."""
    return int(os.environ.get("LIFTGRAD_SEED") or np.random.SeedSequence().generate_state(1)[0])


@dataclass(frozen=True)
class _Check:
    """One compiled program, and the ways to look at it."""

    program: Program
    specialisation: Specialisation
    compiled: Compiled
    wrt: str
    plan: Plan
    seed: int

    def exactly(self) -> Proof:
        """Prove it; what differs is looked at once more with deeper exponents, which can only take that away."""
        trace = self.specialisation.trace
        n = proof.samples_needed(self.program, self.specialisation, self.compiled.emitted.text)
        points, levels = proof.points_needed(trace, self.plan, n), proof.levels_needed(trace)
        differs = self._proven(points, levels)
        if differs and levels == 2:
            differs = self._proven(points, 3)
        return Proof("exact", points[0], proof.modulus(self.seed), self.seed, differs=differs)

    def _proven(self, points: tuple[int, int], levels: int) -> str:
        program, specialisation, compiled = self.program, self.specialisation, self.compiled
        return proof.prove(
            program, specialisation, compiled, self.wrt, self.plan, seed=self.seed, points=points, levels=levels
        )

    def in_floats(self, arrays: Sequence[Array]) -> Proof:
        """Compare text and trace at the traced point and near it; a difference is left to the proof to judge."""
        rows = self._rows(arrays, floats.SAMPLES)
        traced = self.specialisation.parameters.read_cells(), self._taken(arrays, rows)
        near = floats.near(*traced, self.seed)
        limit = float(np.finfo(self.program.dtype).eps) ** 0.6
        for theta, inputs in (traced, near):
            with np.errstate(all="ignore"):
                want = floats.run_trace(self.program, self.specialisation, self.plan, theta, inputs, len(rows))
                try:
                    texts = list(self._texts(theta, inputs, len(rows)))
                except Exception:  # what it is, the proof will say
                    return self.exactly()
                if any(self._different(got, want, limit, 0.0) for got in texts):
                    return self.exactly()
        return Proof("floats", 2, 0, self.seed)

    def beside_the_function(self, known: Proof, arrays: Sequence[Array]) -> Proof:
        """Compare text and eager run at the traced point, and warn where they differ."""
        program, specialisation = self.program, self.specialisation
        if program.fn is None:
            return known
        rows = self._rows(arrays, max(1, min(floats.SAMPLES, floats.EAGER // len(specialisation.trace.ops))))
        theta, inputs = specialisation.parameters.read_cells(), self._taken(arrays, rows)
        with np.errstate(all="ignore"):
            begun = time.perf_counter()
            rows = self._as_traced(theta, inputs, rows)
            if not rows:
                return known
            inputs = self._taken(arrays, rows)
            try:
                texts = list(self._texts(theta, inputs, len(rows)))
            except Exception as error:  # whatever a wrong text may raise
                return replace(known, differs=f"its text, which raises {type(error).__name__}: {error}")
            middle = time.perf_counter()
            want = floats.run_function(program, specialisation, inputs, len(rows))
            if want is None:
                return known
            eager = time.perf_counter() - middle
            known = replace(known, seconds=known.seconds + middle - begun, eager_seconds=eager, samples=len(rows))
            eps = float(np.finfo(program.dtype).eps)
            largest = max([1.0, *[float(np.abs(x).max()) for x in (theta, *inputs) if x.size]])
            for got in texts:
                difference = self._different(got, want, eps**0.4, ROUNDINGS * eps * largest)
                if difference is not None and not program.outdated(specialisation):
                    return self._judged(known, difference, theta, inputs, want, ROUNDINGS * eps * largest)
        return known

    def _judged(
        self, known: Proof, difference: Difference, theta: Any, inputs: list[Array], want: Outcome, floor: float
    ) -> Proof:
        """Warn of a difference that only floats have; say so where it is an error, of the proof's or a zero's sign."""
        if known.kind != "exact":
            known = replace(self.exactly(), eager_seconds=known.eager_seconds, samples=known.samples)
            if known.differs:
                return known
        program, specialisation = self.program, self.specialisation
        tolerance, finer = float(np.finfo(program.dtype).eps) ** 0.4, FINER.get(program.dtype.str, np.longdouble)
        ran = [
            floats.run_trace(program, specialisation, self.plan, theta, inputs, known.samples, dtype)
            for dtype in (program.dtype, finer)
        ]
        scalars, finely = [self._pairs(got, want)[difference.position][1] for got in ran]
        batched = program.batched(len(inputs))
        values = values_of(
            specialisation.parameters, specialisation.trace, self.plan, np, theta, inputs, known.samples, batched
        )
        kind = kind_of(difference, scalars, finely, reads_zeros(self.plan, values), tolerance, floor)
        if kind == SIGN:
            return replace(known, differs=f"{SIGN}, on which {difference.what} depends")
        warnings.warn(
            f"{program.name}, lifted, is proven equal to its scalar operations, but in floats {difference.what} "
            f"differs from that of {program.name} itself: {KINDS[kind]}",
            RuntimeWarning,
            stacklevel=_outside(),
        )
        return known

    # --- shared ------------------------------------------------------------------------------------------------

    def _rows(self, arrays: Sequence[Array], most: int) -> list[int]:
        batched = [x for x, has_samples in zip(arrays, self.program.batched(len(arrays))) if has_samples]
        return floats.differing_rows(batched, most) if batched else [0]

    def _taken(self, arrays: Sequence[Array], rows: list[int]) -> list[Array]:
        return [x[rows] if batched else x for x, batched in zip(arrays, self.program.batched(len(arrays)))]

    def _as_traced(self, theta: Any, inputs: list[Array], rows: list[int]) -> list[int]:
        """Return those of some samples whose branches go as they went when the function was traced."""
        guards = self.specialisation.guards
        if not guards:
            return rows
        want = floats.run_trace(self.program, self.specialisation, self.plan, theta, inputs, len(rows))
        holds = np.ones(len(rows), bool)
        for guard, condition in zip(guards, want.conditions):
            holds &= (condition != 0.0) == guard.outcome
        return [row for row, held in zip(rows, holds.tolist()) if held]

    def _texts(self, theta: Any, inputs: list[Array], n: int) -> Any:
        return floats.run_text(self.program, self.specialisation, self.compiled, self.wrt, theta, inputs, n)

    def _different(self, got: Outcome, want: Outcome, tolerance: float, floor: float) -> Difference | None:
        return first_difference(self._pairs(got, want), tolerance, floor)

    def _pairs(self, got: Outcome, want: Outcome) -> list[tuple[str, Any, Any]]:
        gradients = bool(self.wrt) and not (self.program.batch and self.program.reduction == "none")
        integers = [spec.integer for argument in self.specialisation.specs for _, spec in argument.arrays("")]
        return floats.apart(got, want, self.wrt, gradients, integers)


def _outside() -> int:
    """Return the stack level of the user's call."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and os.path.abspath(frame.f_code.co_filename).startswith(here):
        frame, level = frame.f_back, level + 1
    return level


def _said_already(program: Program) -> bool:
    """Whether the scalar engine answers for something of a program."""
    known = [
        compiled
        for specialisations in program.specialisations.values()
        for v in specialisations
        for compiled in v.compiled.values()
    ]
    return any(compiled.scalars is not None for compiled in known)


# --- what is wrong -----------------------------------------------------------------------------------------------


def _refused(check: _Check, known: Proof) -> Compiled:
    """Say that a program is wrong, and have its scalar trace answer for it."""
    program, specialisation, compiled = check.program, check.specialisation, check.compiled
    name = program.name
    wrong = f"{name}, lifted, differs from its scalar operations: {known.differs}"
    lifted = "program.source() and print(program.latest.trace)" + (" under verify=False" if program.strict else "")
    report = (
        f"Please report {lifted} with seed {known.seed}, wrt={check.wrt!r}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )
    if program.strict:
        raise LiftError(f"{wrong}. This is an error in liftgrad, not in {name}; call it eagerly. {report}.")
    if not _said_already(program):
        warnings.warn(
            f"{wrong}. This is an error in liftgrad, not in {name}: the scalar engine answers in its place, slowly. "
            f"{report}.",
            RuntimeWarning,
            stacklevel=_outside(),
        )
    scalars = scalar_functions(program, specialisation, check.plan)
    return replace(compiled, stats=replace(compiled.stats, proof=known), scalars=scalars)
