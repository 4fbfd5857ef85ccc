"""The table of functions names each once for each treatment."""

from __future__ import annotations

from engine.arrays.page import page
from engine.arrays.table import FUNCTIONS, REFUSED, SAFE


def test_every_function_is_in_the_table():
    text = page()
    for name in [*FUNCTIONS, *SAFE, *REFUSED, "tanh", "maximum", "isnan", "matmul"]:
        assert f"`{name}`" in text
    for way_out in set(REFUSED.values()):
        assert text.count(f"| refused. {way_out} |") == 1
