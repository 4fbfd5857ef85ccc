"""NumPy's functions that are refused, each with the way out; what a newer NumPy adds is refused as well, by its name.

>>> import numpy as np
>>> from engine.arrays.array import array
>>> np.histogram(array([1.0, 2.0]))
Traceback (most recent call last):
...
TypeError: np.histogram is not defined for arrays of Values. It counts or sorts out, which has no derivative: ...
"""

from __future__ import annotations

from engine.arrays.table import refused

AS_NUMBERS = "np.array(engine.stop_gradient(x), dtype=float)"

refused(
    f"It counts or sorts out, which has no derivative: pass {AS_NUMBERS}.",
    "histogram", "histogram2d", "histogramdd", "histogram_bin_edges", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values", "intersect1d", "setdiff1d", "setxor1d", "union1d", "isin", "in1d", "lexsort",
)  # fmt: skip
refused(
    "It is of integers, dates or bits, which Values are not: pass those.",
    "packbits", "unpackbits", "ravel_multi_index", "unravel_index", "busday_count", "busday_offset", "is_busday",
    "datetime_as_string", "bitwise_count", "gcd", "lcm", "left_shift", "right_shift", "isnat",
)  # fmt: skip
refused(f"It is of how floats are stored, which has no derivative: pass {AS_NUMBERS}.", "frexp", "nextafter", "spacing")
refused("Write x * 2.0**n.", "ldexp")
refused("The type of Values is float64.", "min_scalar_type", "common_type")
refused(
    f"A file holds numbers: pass {AS_NUMBERS}.",
    "save", "savetxt", "savez", "savez_compressed", "datasource",
)  # fmt: skip
refused(
    "A Fourier transform is complex: multiply by the matrices of its cosines and sines.",
    "fft.fft", "fft.ifft", "fft.fft2", "fft.ifft2", "fft.fftn", "fft.ifftn", "fft.rfft", "fft.irfft", "fft.rfft2",
    "fft.irfft2", "fft.rfftn", "fft.irfftn", "fft.hfft", "fft.ihfft",
)  # fmt: skip
refused(
    "It is complex where the function of its name in np is NaN: use that, Values are real.",
    "emath.sqrt", "emath.log", "emath.log2", "emath.logn", "emath.log10", "emath.power", "emath.arccos",
    "emath.arcsin", "emath.arctanh",
)  # fmt: skip
refused("Sort with np.sort: Values are real.", "sort_complex")
refused("Divide by hand, or evaluate with np.polyval.", "polydiv")
refused("It has no rule: add one with @rule.", "i0")
refused("Use the array's own astype.", "astype")
refused(
    "It is a name of old, which NumPy 2 has no more: use np.prod, np.cumprod or np.asarray.",
    "product",
    "cumproduct",
    "asfarray",
)
