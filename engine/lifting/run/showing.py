"""What a program says of itself: its text, its formulas, its counts and records, to people and to notebooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from engine import notebook
from engine.errors import LiftError
from engine.lifting.run.describing import Described
from engine.lifting.run.executable import Compiled, Specialisation
from engine.lifting.run.report import Stats, StepRecord
from engine.lifting.run.traces import Traces
from engine.lifting.trace.closure import Surroundings
from engine.lifting.trace.inputs import Spec


class Showing(ABC):
    """A program, as far as it shows itself."""

    name: str
    traces: Traces

    @property
    def specialisations(self) -> dict[tuple[Spec, ...], list[Specialisation]]:
        """The traces, by the structure of their inputs."""
        return self.traces.specialisations

    @property
    def latest(self) -> Specialisation | None:
        """The trace that ran last."""
        return self.traces.latest

    @property
    def captured(self) -> Surroundings | None:
        """What the function saw of its surroundings."""
        return self.traces.captured

    def require_trace(self, what: str) -> Specialisation:
        """Return the trace that ran last.

        Raises
        ------
        LiftError
            If the function has not been traced yet.
        """
        if self.latest is None:
            raise LiftError(f"{self.name} is traced at its first call; call it once before {what}().")
        return self.latest

    @abstractmethod
    def _current(self, what: str) -> Compiled: ...

    @abstractmethod
    def _described(self, what: str) -> Described: ...

    def source(self) -> str:
        """Return the text that ran last, forward and backward; NumPy's is under the names of its author's variables.

        Calls that the scalar engine answered have none: how many there were is its first line.
        """
        current, calls = self._current("source"), self.traces.unlifted_calls
        text = current.emitted.text if current.straight else self._described("source").text
        return f"# The scalar engine answered {calls} calls that went other ways than these.\n{text}" if calls else text

    def formulas(self, *, latex: bool = False) -> str:
        """Return what ran last as formulas, forward and backward; in a notebook, they show themselves typeset.

        Parameters
        ----------
        latex
            Whether as LaTeX, for its mathematics.
        """
        text = self._described("formulas").formulas
        return text.latex if latex else text

    @property
    def stats(self) -> Stats:
        """Scalar nodes, array operations, bytes of buffers and seconds to lift, of what ran last."""
        return replace(self._current("stats").stats, unlifted_calls=self.traces.unlifted_calls)

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """The forward array operations of what ran last, as records."""
        return self._described("steps").records

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes (of one sample) of the input arrays of what ran last."""
        return {source.name: source.shape for source in self._current("inputs").external.inputs}

    def __repr__(self) -> str:
        return f"Program({self.name}, {self.stats})" if self.latest else f"Program({self.name}, not traced yet)"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the formulas in a notebook, and the array operations where something that draws them is imported."""
        bundle = notebook.mimebundle(self, drawable=self.latest is not None)
        return bundle | {"text/latex": self._repr_latex_()} if self.latest is not None else bundle

    def _repr_latex_(self) -> str:
        """Return the formulas as a notebook typesets them."""
        return self._described("formulas").formulas._repr_latex_()
