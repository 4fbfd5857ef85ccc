"""How numbers are written in a table: 1234.5, 1,234.5, 1.234,5 or 1 234,5.

>>> Numerals(".").number("1,234.5"), Numerals(",").number("1.234,5"), Numerals(".").number("1,5")
(1234.5, 1234.5, None)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

SPACES = " \u00a0\u2009\u202f'\u2019"  # what stands between thousands, beside a comma or a point

# Cells that say that a value is missing, in lower case, as pandas, R, spreadsheets and the UCI archive write them.
MISSING = frozenset({"", "na", "n/a", "nan", "-nan", "null", "none", "<na>", "#n/a", "#na", "nil", "?"})
MISSING_NUMBERS = MISSING | {"-", "--", ".", "\u2013", "#value!", "#div/0!", "#ref!", "missing"}


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    between = f"[{re.escape(thousands)}{SPACES}]"
    whole = rf"[1-9][0-9]{{0,2}}({between})[0-9]{{3}}(?:\1[0-9]{{3}})*|[0-9]+"
    point = re.escape(decimal)
    digits = rf"(?:(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+)"
    return re.compile(rf"[+-]?(?:{digits}(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE)


UNITS = "$\u20ac\u00a3\u00a5%\u00b0()"
WITH_UNIT = re.compile(rf"(?=.*[{re.escape(UNITS)}])[{re.escape(UNITS)}]* ?[+-]?[0-9][0-9., ]*[{re.escape(UNITS)}]*")
CODE = re.compile("0[0-9]+")  # such as a postal code: its zeros belong to it
PATTERNS = {".": _pattern(".", ","), ",": _pattern(",", ".")}


@dataclass(frozen=True)
class Numerals:
    """A way to write numbers.

    Attributes
    ----------
    decimal
        What stands before the decimals, "." or ","; the other of them stands between thousands.
    """

    decimal: str = "."

    @property
    def other(self) -> Numerals:
        """The way to write them with the other mark before decimals."""
        return Numerals("," if self.decimal == "." else ".")

    def number(self, cell: str) -> float | None:
        """Return the number that a cell is, or None if it is none."""
        plain = self._plain(cell)
        return None if plain is None else float(plain)

    def exact(self, cell: str) -> Decimal | None:
        """Return the number that a cell is, with all its digits, or None if it is no finite one."""
        plain = self._plain(cell)
        return Decimal(plain) if plain is not None and math.isfinite(float(plain)) else None

    def name(self, cell: str) -> str:
        """Return what a class is called: numbers as Python writes them, texts and what begins with zeros as they are.

        >>> [Numerals().name(cell) for cell in ("1.0", "1e2", "0.50", "00501", "9007199254740993", "red")]
        ['1', '100', '0.5', '00501', '9007199254740993', 'red']
        """
        exact = self.exact(cell)
        if exact is None or CODE.fullmatch(cell):
            return cell
        return str(int(exact)) if exact == exact.to_integral_value() else repr(float(exact))

    def _plain(self, cell: str) -> str | None:
        """Return a number as Python reads it."""
        cell = cell.replace("\u2212", "-")
        if not PATTERNS[self.decimal].fullmatch(cell):
            return None
        for mark in f",.{SPACES}".replace(self.decimal, ""):
            cell = cell.replace(mark, "")
        return cell.replace(self.decimal, ".")


def marks_decimals(cells: Iterable[str], doubtful: str = ",.") -> tuple[set[str], str]:
    """Return the marks, "." and ",", that some cell can only mean as decimals, and a cell that may mean either.

    Parameters
    ----------
    cells
        Cells of a table.
    doubtful
        The marks that may stand between thousands.

    >>> marks_decimals(["1,5", "2", "x"]), marks_decimals(["1,234", "5"]), marks_decimals(["1.234"], ",")
    (({','}, ''), (set(), '1,234'), (set(), ''))
    """
    certain: set[str] = set()
    either = ""
    for cell in cells:
        if "," in cell or "." in cell:
            readings = [mark for mark, pattern in PATTERNS.items() if pattern.fullmatch(cell)]
            if len(readings) == 1:
                certain.add(readings[0])
            elif len(readings) == 2 and any(mark in cell for mark in doubtful):
                either = either or cell
    return certain, either
