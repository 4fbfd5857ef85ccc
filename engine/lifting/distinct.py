"""How many different whole numbers there are among some: of places in a vector, which leave few out.

>>> count_distinct(np.array([7, 3, 7, 4]))
3
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SPREAD = 4  # numbers between the least and the largest, for each that there is: a table of them is quicker than sorting


def count_distinct(numbers: npt.NDArray[Any]) -> int:
    """Return how many different whole numbers there are."""
    if not numbers.size:
        return 0
    least = int(numbers.min())
    reach = int(numbers.max()) - least + 1
    if reach > SPREAD * numbers.size:
        ordered = np.sort(numbers, axis=None)  # `np.unique` would import masked arrays, which takes 6 ms
        return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1
    is_there = np.zeros(reach, dtype=bool)
    is_there[numbers.reshape(-1) - least] = True
    return int(np.count_nonzero(is_there))
