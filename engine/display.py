"""How a Value shows itself: as text, and as its graph in a notebook where something draws it."""

from __future__ import annotations

from typing import Any

from engine import notebook
from engine.tracing import LOCAL


class Display:
    """What a Value shows; out of a function that is being lifted, no text carries a number."""

    __slots__ = ()
    _data: float
    _label: str
    grad: float
    rule: Any

    def __repr__(self) -> str:
        label = f", label={str(self._label)!r}" if self._label else ""
        op = f", op={self.rule.name!r}" if self.rule.name else ""
        lifted = LOCAL.active is not None
        if LOCAL.active is not None:
            LOCAL.active.told_apart(self)
        if self.rule.shown and not lifted:
            return str(self.rule.shown(self._data))
        return f"Value({'traced' if lifted else f'{self._data!r}, grad={self.grad!r}'}{op}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec and LOCAL.active is None else repr(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the graph in a notebook."""
        return notebook.mimebundle(self, drawable=LOCAL.active is None)
