"""What is known of a node's origin: the variable that held it, the chain of functions, and the line that made it.

>>> rmsnorm = CallSite("rmsnorm", "model.py", 60)
>>> print(Origin("scale", (), (rmsnorm,), (rmsnorm,), (0,), "model.py", 41))
`scale` in rmsnorm, model.py:41
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

Path = tuple[Any, ...]


@dataclass(frozen=True)
class CallSite:
    """A place where one of the author's functions is called; calls of one function from one line are one place.

    Attributes
    ----------
    function
        Its name, for a method with the object's class: ``rmsnorm``, ``Neuron.__call__``.
    file
        Where it is defined.
    line
        Which line of its caller calls it; 0 where nobody saw the caller.
    """

    function: str
    file: str
    line: int = 0


@dataclass(frozen=True)
class Origin:
    """Where a node comes from.

    Attributes
    ----------
    variable, path
        What its author called it, and the keys that lead to it in there: `q`, (3,) for ``q[3]``. "" where no variable
        held it.
    holder
        The chain of the function whose variable that is.
    chain
        The author's functions that were running when it was made, the outermost first; comprehensions, lambdas and
        libraries are none.
    times
        Beside each place of `chain`, the how-manyth call of it this was, within the same call of its caller.
    file, line
        The line that made it.
    towards
        Where no variable held it, what its line goes on to assign; or the function whose result it is part of.
    """

    variable: str
    path: Path
    holder: tuple[CallSite, ...]
    chain: tuple[CallSite, ...]
    times: tuple[int, ...]
    file: str
    line: int
    towards: str = ""

    @property
    def place(self) -> tuple[str, int]:
        """The file and the number of the line."""
        return self.file, self.line

    @property
    def name(self) -> str:
        """The variable with its path: ``q[3]``."""
        return self.variable + "".join([f"[{key!r}]" for key in self.path]) if self.variable else ""

    @property
    def block(self) -> str:
        """The chain of functions with the line: ``gpt/rmsnorm, model.py:41``."""
        functions = "/".join([call.function for call in self.chain])
        return f"{functions}, {self._line}" if functions else self._line

    @property
    def _line(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}"

    def __str__(self) -> str:
        words = f"`{self.name}` in " if self.variable else ""
        function = f"{self.chain[-1].function}, " if self.chain else ""
        return f"{words}{function}{self._line}"


@dataclass(frozen=True)
class Assignment:
    """What a line of the author's assigned.

    Attributes
    ----------
    variable
        The name: ``mu``; of an attribute without `self`: ``cache.k``.
    value
        The object itself: a Value, or a container that holds some.
    holder
        The chain of the function whose line that is.
    file, line
        The line.
    """

    variable: str
    value: Any
    holder: tuple[CallSite, ...]
    file: str
    line: int
