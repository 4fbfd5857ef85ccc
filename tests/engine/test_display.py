"""How a Value shows itself."""

from __future__ import annotations

from engine import Value


def test_a_value_is_formatted_as_its_number_and_without_a_format_as_itself():
    v = Value(2.0, "v")
    assert f"{v:.3f} {v:>6.1f} {v:e}" == "2.000    2.0 2.000000e+00"
    assert f"{v}" == repr(v) == str(v)
