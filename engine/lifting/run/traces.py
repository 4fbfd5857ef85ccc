"""The traces of a function: one per structure of its inputs and way through its branches, while all it sees stays."""

from __future__ import annotations

import copy
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.collector import collector_paused
from engine.errors import TraceError
from engine.lifting.run.executable import Specialisation
from engine.lifting.run.parameters import Parameters
from engine.lifting.run.plans import CallKind, CallPlan, Plans
from engine.lifting.run.search import Search
from engine.lifting.trace.closure import Surroundings
from engine.lifting.trace.inputs import Array, Spec
from engine.lifting.trace.retrace import retold
from engine.lifting.trace.run import traced
from engine.lines import outside_engine

MOST_SPECIALISATIONS = 64  # branch patterns of one structure that are compiled; others the scalar engine answers
MANY_SPECIALISATIONS = 8  # after which algorithms choose where they could branch


class Traces:
    """What is known of a function by running it.

    Attributes
    ----------
    specialisations
        The traces, by the structure of their inputs; the latest first.
    latest
        The one that ran last.
    captured
        What the function saw of its surroundings.
    parameters
        The parameters that all traces read.
    plans
        How calls of some kinds of inputs went.
    most
        How many traces of one structure are compiled.
    unlifted_calls
        How many calls the scalar engine has answered, since they went ways that are not compiled.
    """

    def __init__(self, fn: Callable[..., Any] | None, name: str, batch: bool, parameters: Parameters) -> None:
        self.fn, self.name, self.batch, self.parameters = fn, name, batch, parameters
        self.specialisations: dict[tuple[Spec, ...], list[Specialisation]] = {}
        self.latest: Specialisation | None = None
        self.captured: Surroundings | None = None
        self._stale = False  # since a call that vouched for the surroundings
        self.plans = Plans()
        self.most = MOST_SPECIALISATIONS
        self.unlifted_calls = 0
        self.lock = threading.RLock()  # of who traces, compiles, forgets or remembers

    def candidates(
        self, specs: tuple[Spec, ...], arrays: list[Array], names: Sequence[str], theta: Any, search: Search
    ) -> Iterable[Specialisation]:
        """Yield the traces known for this structure, then new ones, while they differ from these and are not too many.

        Parameters
        ----------
        specs, arrays, names
            Of the inputs: their structure, their numbers, and what each array is called.
        theta
            Parameters at which to trace; None for the numbers that the Values hold.
        search
            Which traces were ruled out, as the caller says of each that is yielded.
        """
        known = self.specialisations.setdefault(specs, [])
        unseen = self.captured is None
        while True:
            trace = search.next_of(known, self.latest)
            if trace is None:
                with self.lock:  # one thread at a time; the others then find what it has traced
                    if unseen:  # and what it saw may have changed since this call began, which nobody has compared
                        self.look_around()
                        known, unseen = self.specialisations.setdefault(specs, []), False
                    trace = search.next_of(known, self.latest) or self._new(known, specs, arrays, names, theta)
            if trace is None:
                return
            yield trace

    def _new(
        self,
        known: list[Specialisation],
        specs: tuple[Spec, ...],
        arrays: list[Array],
        names: Sequence[str],
        theta: Any,
    ) -> Specialisation | None:
        """Trace the function, and remember that; None if it is known already, or there are too many."""
        if len(known) >= self.most or self.fn is None:
            return None
        with collector_paused(), self.parameters.at(theta):
            fresh = self._trace(self.fn, specs, arrays, names)
        if any(fresh.goes_as(v) for v in known):
            return None
        known.insert(0, fresh)
        return fresh

    def knows(self, specialisation: Specialisation) -> bool:
        """Whether nobody has forgotten a trace."""
        return any(v is specialisation for v in self.specialisations.get(specialisation.specs, ()))

    def remember(self, kind: CallKind, plan: CallPlan) -> None:
        """Have the next call of a kind go the same way, while its trace is known."""
        with self.lock:
            if self.knows(plan.specialisation):
                self.plans.remember(kind, plan)

    def _trace(
        self, fn: Callable[..., Any], specs: tuple[Spec, ...], arrays: list[Array], names: Sequence[str]
    ) -> Specialisation:
        """Run the function on Values, and keep its trace."""
        start = time.perf_counter()
        samples = [a[0] if self.batch else a for a in arrays]
        around = copy.copy(self.captured) if self.captured else Surroundings(fn)
        self._stale = around.changed() or self._stale
        choosing = self.batch or len(self.specialisations.get(specs, ())) >= MANY_SPECIALISATIONS
        try:
            trace, watch, structure = traced(fn, self.name, names, specs, samples, around, choosing=choosing)
        except TraceError as error:
            raise retold(error, fn, self.name, names, specs, samples, around, choosing) from None
        if self.captured is None:
            self._say_what_is_blind(around)
        self._stale = self._stale or (around.reset and any(self.specialisations.values()))
        around.reset = False
        self.captured = Surroundings(fn) if around.unread else around
        self.parameters.add(trace, around.readings.values(), fn)
        seconds = time.perf_counter() - start
        samples = [sample.copy() for sample in samples]
        return Specialisation(
            trace, specs, watch.guards, watch.limits, seconds, self.parameters, samples=samples, choosing=choosing,
            returns=structure,
        )  # fmt: skip

    def _say_what_is_blind(self, around: Surroundings) -> None:
        """Warn, once, of surroundings that cannot be followed."""
        if around.blind:
            warnings.warn(
                f"{self.name} depends on {around.blind}, of which a change cannot be noticed: it is traced again at "
                "every call. Pass it as an input, or give parameters= to vouch for it.",
                stacklevel=outside_engine(),
            )

    def look_around(self) -> None:
        """Forget every trace if what the function sees of its surroundings has changed, or cannot be known."""
        around = self.captured
        if around is None or (around.untouched() and not self._stale and not around.blind):
            return
        with self.lock:
            assert self.captured is not None
            now = copy.copy(self.captured)
            if now.changed() or self._stale or now.blind:
                self._forget(now)
            self.captured = now  # last: what it says is untouched, other threads take for known

    def _forget(self, around: Surroundings) -> None:
        """Forget every trace; if a captured Value is there no more, begin anew as to parameters as well."""
        self._stale = False
        self.specialisations.clear()
        self.plans = Plans()
        self.parameters.forget_readings()
        seen = around.values
        if not self.parameters.declared and any(id(v) not in seen for v in self.parameters.values):
            self.parameters = Parameters()

    def outdated(self, specialisation: Specialisation) -> bool:
        """Whether what the function sees has changed since it was traced, as another thread may have it do."""
        changed = self.captured is not None and copy.copy(self.captured).changed()
        return not self.knows(specialisation) or self._stale or changed

    def drop_uncompiled(self, specialisation: Specialisation) -> None:
        """Forget a trace that cannot be compiled: it would stand in the way of others."""
        known = self.specialisations.get(specialisation.specs, [])
        if not specialisation.compiled and any(v is specialisation for v in known):
            known[:] = [v for v in known if v is not specialisation]
