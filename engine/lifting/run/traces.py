"""The traces of a function: one per structure of its inputs and way through its branches, while all it sees stays."""

from __future__ import annotations

import gc
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.lifting.run.executable import Variant
from engine.lifting.run.parameters import Registry
from engine.lifting.trace.closure import Surroundings
from engine.lifting.trace.inputs import Array, Spec
from engine.lifting.trace.run import traced
from engine.lines import ENGINE

MOST_VARIANTS = 64  # branch patterns of one structure, before it is said that `where` would serve better


class Traces:
    """What is known of a function by running it.

    Attributes
    ----------
    variants
        The traces, by the structure of their inputs; the latest first.
    latest
        The one that ran last.
    captured
        What the function saw of its surroundings.
    registry
        The parameters that all traces read.
    """

    def __init__(self, fn: Callable[..., Any] | None, name: str, batch: bool, registry: Registry) -> None:
        self.fn, self.name, self.batch, self.registry = fn, name, batch, registry
        self.variants: dict[tuple[Spec, ...], list[Variant]] = {}
        self.latest: Variant | None = None
        self.captured: Surroundings | None = None
        self._stale = False  # since a call that vouched for the surroundings
        self._tracing = threading.RLock()

    def candidates(
        self, specs: tuple[Spec, ...], arrays: list[Array], names_of: Callable[[tuple[Spec, ...]], Sequence[str]]
    ) -> Iterable[Variant]:
        """Yield the traces known for this structure, and then a new one."""
        known = self.variants.setdefault(specs, [])
        tried = list(known)
        yield from tried
        if self.batch and tried:
            return
        with self._tracing:  # one thread at a time; the others then find what it has made
            others = [v for v in known if not any(v is t for t in tried)]
            if not others and len(known) < MOST_VARIANTS and self.fn is not None:
                with collector_paused():
                    known.insert(0, self._trace(self.fn, specs, arrays, names_of(specs)))
                others = known[:1]
        yield from others

    def _trace(
        self, fn: Callable[..., Any], specs: tuple[Spec, ...], arrays: list[Array], names: Sequence[str]
    ) -> Variant:
        """Run the function on Values, and keep its trace."""
        start = time.perf_counter()
        samples = [a[0] if self.batch else a for a in arrays]
        around = self.captured or Surroundings(fn)
        self._stale = self._stale or around.changed()
        trace, watch = traced(fn, self.name, names, specs, samples, around)
        if self.captured is None:
            self._say_what_is_blind(around)
        self.captured = Surroundings(fn) if around.unread else around
        self.registry.add(trace)
        return Variant(trace, specs, watch.guards, watch.limits, time.perf_counter() - start)

    def _say_what_is_blind(self, around: Surroundings) -> None:
        """Warn, once, of surroundings that cannot be followed."""
        if around.blind:
            warnings.warn(
                f"{self.name} depends on {around.blind}, of which a change cannot be noticed: it is traced again at "
                "every call. Pass it as an input, or give parameters= to vouch for it.",
                stacklevel=_outside_engine(),
            )

    def are_stale(self) -> bool:
        """Whether what the function sees of its surroundings has changed, or cannot be known."""
        return self.captured is not None and (self.captured.changed() or self._stale or bool(self.captured.blind))

    def forget(self) -> None:
        """Forget every trace; if a captured Value is there no more, begin anew as to parameters as well."""
        self._stale = False
        self.variants.clear()
        seen = self.captured.values if self.captured is not None else {}
        if not self.registry.declared and any(id(v) not in seen for v in self.registry.values):
            self.registry = Registry()

    def drop_uncompiled(self, variant: Variant) -> None:
        """Forget a trace that cannot be compiled: it would stand in the way of others."""
        known = self.variants.get(variant.specs, [])
        if not variant.compiled and any(v is variant for v in known):
            known[:] = [v for v in known if v is not variant]


def _outside_engine() -> int:
    """Return how many frames up the caller of the engine is, for a warning to name its line."""
    frame, up = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ENGINE):
        frame, up = frame.f_back, up + 1
    return up


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking a growing graph again and again: it makes no garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
