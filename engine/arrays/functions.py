"""The NumPy functions that are written here: to import this fills the table.

>>> from engine.arrays.table import treatment
>>> treatment("sum")
'written'
"""

from __future__ import annotations

from engine.arrays import choices as choices
from engine.arrays import cumulative as cumulative
from engine.arrays import einsum as einsum
from engine.arrays import elementwise as elementwise
from engine.arrays import linalg as linalg
from engine.arrays import norms as norms
from engine.arrays import quantiles as quantiles
from engine.arrays import reductions as reductions
from engine.arrays import refusals as refusals
from engine.arrays import slopes as slopes
from engine.arrays import sorting as sorting
from engine.arrays import statistics as statistics
from engine.arrays import storing as storing
from engine.arrays import surface as surface
from engine.arrays.array import array as array
