"""What formulas mention beside a program's arrays: variables, tables of places, and how packed arrays are indexed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.lifting.emit.elements import Picked
from engine.lifting.views import Indices, Source

LETTERS = "ijklpqrs"


@dataclass
class Notation:
    """Names of what formulas mention beside the program's arrays, and how packed arrays are indexed.

    Attributes
    ----------
    taken
        Names that variables and constants may not have.
    packed
        The loop variables' values at each element of an array that is laid out as loops count, such as a triangle.
    constants
        The arrays that formulas read and do not print.
    """

    taken: set[str]
    packed: dict[Source, tuple[Indices, ...]] = field(default_factory=dict)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    lists: frozenset[Source] = frozenset()  # constants that are read once, and may be packed for it

    def copied(self) -> Notation:
        """Return the same notation, which grows by itself."""
        return Notation(set(self.taken), dict(self.packed), dict(self.constants), self.lists)

    def letters(self) -> list[str]:
        """Return names for loop variables, outermost first."""
        plain = [x for x in LETTERS if x not in self.taken]
        return [*plain, *[x for k in range(100) if (x := f"i{k}") not in self.taken]]

    @property
    def sample(self) -> str:
        """The variable that counts samples."""
        return next(x for x in ("n", "sample", "n_", "sample_") if x not in self.taken)

    def constant(self, value: np.ndarray) -> str:
        """Return the name of an array of places."""
        for name, known in self.constants.items():
            if known.dtype == value.dtype and np.array_equal(known, value):
                return name
        name = next(x for k in range(1, len(self.constants) + len(self.taken) + 2) if (x := f"at{k}") not in self.taken)
        self.taken.add(name)
        self.constants[name] = value
        return name

    # --- where an element is -------------------------------------------------------------------------------------

    def coordinates(self, reading: Picked) -> tuple[list[Indices], int | None, int]:
        """Return each element's index along every axis of its array, and along which axis an integer moves it how far.

        One that no axis fits is the place in the flat array, which is one axis.
        """
        source, at = reading.source, reading.at
        table = self.table(source)
        if table is not None and reading.chooser is None:
            return [column[at] for column in table], None, 0
        columns = list(np.unravel_index(at, source.shape)) if source.shape else []
        if reading.chooser is None:
            return columns, None, 0
        steps = [int(np.prod(source.shape[a + 1 :])) for a in range(len(source.shape))]
        for axis, (step, n) in enumerate(zip(steps, source.shape)):
            if step == reading.stride and (columns[axis] + reading.reach // step < n).all():
                return columns, axis, 1
        return [at], 0, reading.stride

    def is_flat(self, reading: Picked, columns: Sequence[Indices]) -> bool:
        """Whether an element is told by its place in the flat array."""
        table = self.table(reading.source)
        axes = reading.source.shape if table is None else table
        return len(columns) != len(axes) or (reading.chooser is not None and table is not None)

    def table(self, source: Source) -> tuple[Indices, ...] | None:
        """Return the index of every element of a packed array, or of the cotangent of one."""
        if source in self.packed or source.of is None or source.of not in self.packed:
            return self.packed.get(source)
        return self.packed[source.of] if source.shape == source.of.shape else None
