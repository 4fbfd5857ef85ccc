"""Numbers in few digits that do not mislead, and counts with their nouns.

>>> number(1.2e-7), number(0.999999), number(3.0)
('1.2e-07', '0.999999', '3')
"""

from __future__ import annotations

import math


def number(x: float, digits: int = 4) -> str:
    """Return x in few digits that do not mislead: what is not whole, or not zero, does not look so.

    >>> number(2 / 3), number(1234567.0), number(float("nan")), number(123456.7)
    ('0.6667', '1234567', 'nan', '1.235e+05')
    """
    if math.isfinite(x) and x == int(x) and abs(x) < 1e7 and str(x)[0:2] != "-0":
        return str(int(x))
    for places in (digits, 6, 9, 17):
        text = f"{x:.{places}g}"
        short = float(text)
        if short == x or (math.isfinite(short) and (not short.is_integer() or abs(x) >= 1000)) or x != x:
            break
    return text


def brief(x: float) -> str:
    """Return x in two digits, for averages.

    >>> brief(0.0031234), brief(0.25), brief(0.0)
    ('3.1e-3', '0.25', '0')
    """
    if x == 0 or not math.isfinite(x) or 0.01 <= abs(x) < 1000:
        return f"{x:.2g}" if abs(x) < 100 else f"{x:.0f}"
    mantissa, exponent = f"{x:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def plural(count: int, what: str) -> str:
    """Return a count and its noun.

    >>> plural(1, "node"), plural(2080, "parameter")
    ('1 node', '2,080 parameters')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
