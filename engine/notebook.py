"""How Values and lifted programs show themselves in a notebook: as text, and as a picture where something draws them.

A package that draws graphs registers its drawing here when it is imported; the engine knows none.

>>> mimebundle(3.5, drawable=False)
{'text/plain': '3.5'}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

show_svg: Callable[[Any], str] | None = None  # the picture of a Value or a program, as SVG


def mimebundle(shown: object, drawable: bool = True) -> dict[str, str]:
    """Return what a notebook shows of `shown`, by media type; a picture if it is drawable and something draws."""
    bundle = {"text/plain": repr(shown)}
    if drawable and show_svg is not None:
        bundle["image/svg+xml"] = show_svg(shown)
    return bundle
