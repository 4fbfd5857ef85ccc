"""What watches a function while it is differentiated: that no Value is cut off from the variables without a word.

``math.exp(x)`` or a cell of a float array holds a number, and no derivative comes back through it: the gradient would
be 0 and nobody would say so.  What does not depend on the variables may become a number as ever, and so may what
`engine.stop_gradient` has made a constant.

>>> import engine, math
>>> engine.grad(lambda x: x * math.exp(x))(1.0)
Traceback (most recent call last):
...
engine.errors.TraceError: a Value was turned into a float in ...
>>> engine.grad(lambda x: x * math.exp(float(engine.stop_gradient(x))))(0.0)
1.0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from engine.errors import TraceError
from engine.lines import user_line
from engine.tracing import DIFFERENTIATED, LOCAL, READ, Watch, watched
from engine.value import Value

CURES = {
    "a float": "Use the engine's functions (engine.exp, not math.exp) and arrays of dtype object",
    "an int": "Compute with the Value itself",
    "a float (by .data)": "Compute with the Value itself",
    READ: "Call the program itself, program(...), which computes with Values",
    "gradients (by .backward())": "Use engine.grad inside as well",
}


class Differentiation:
    """The watch over one run of a function; one inside another asks the outer one as well."""

    def __init__(self, variables: Sequence[Value], name: str, since: float, outer: Watch | None) -> None:
        self.variables, self.name, self.since, self.outer = frozenset(variables), name, since, outer

    def leak(self, value: Value, into: str) -> None:
        """Refuse to turn what depends on the variables, or on those of an outer transform, into a plain number."""
        self.refuse(value, into)
        if self.outer is not None:
            self.outer.leak(value, into)

    def refuse(self, value: Value, into: str) -> None:
        """Refuse to turn what depends on these variables into a plain number."""
        if self._reaches(value):
            called = f"'{value.label}'" if value.label else f"a result of {value.op}" if value.parents else "a Value"
            cure = CURES.get(into, "Keep the Value as it is")
            raise TraceError(
                f"{called} was turned into {into} in {user_line()}, which cuts it off from what {self.name} "
                f"differentiates by, and its derivative would be lost. {cure}, or say "
                "float(engine.stop_gradient(x)) where a constant is meant."
            )

    def depends(self, value: Value) -> bool:
        """Whether a value may change with the variables, or with those of an outer transform."""
        return self._reaches(value) or (self.outer is not None and self.outer.depends(value))

    def _reaches(self, value: Value) -> bool:
        """Whether a derivative of `value` with respect to a variable is anything else than 0 by definition."""
        seen, stack = {value}, [value]
        while stack:
            node = stack.pop()
            if node in self.variables:
                return True
            if not node.rule.differentiable:
                continue
            for parent in node.parents:
                if parent not in seen and (not parent.parents or parent.born > self.since):
                    seen.add(parent)
                    stack.append(parent)
        return False


@contextmanager
def differentiating(variables: Sequence[Value], name: str, since: float = 0.0) -> Iterator[None]:
    """Watch what runs inside a ``with`` block as a function of `variables` that `name` differentiates.

    No node that was born up to `since` depends on them.
    """
    watch = Differentiation(variables, name, since, LOCAL.watch)
    DIFFERENTIATED.append(watch)
    try:
        with watched(watch):
            yield
    finally:
        DIFFERENTIATED.remove(watch)
