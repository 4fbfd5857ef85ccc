"""Cases of which every run takes some, and the long run (`pytest -m ''`, as CI has it) all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def shortened(cases: Iterable[Any], count: int) -> list[Any]:
    """Return cases for `parametrize`; all after the first few are slow. A case of several arguments is a tuple."""
    return [case if k < count else slow(case) for k, case in enumerate(cases)]


def slow(case: Any) -> Any:
    """Return a case of the long run alone."""
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
