"""How a Value shows itself: as text, and as its graph where `viz` is beside the engine."""

from __future__ import annotations

import sys
from typing import Any


class Display:
    """What a Value shows; the package that draws is looked up, since the engine does not import it."""

    __slots__ = ()
    _data: float
    _label: str
    grad: float
    rule: Any

    def __repr__(self) -> str:
        label = f", label={str(self._label)!r}" if self._label else ""
        op = f", op={self.rule.name!r}" if self.rule.name else ""
        return f"Value({self._data!r}, grad={self.grad!r}{op}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the graph in Jupyter."""
        shown = {"text/plain": repr(self)}
        viz = sys.modules.get("viz")
        if viz is not None:
            shown["image/svg+xml"] = viz.svg(self)
        return shown
