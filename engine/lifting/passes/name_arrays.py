"""Arrays in which several results live one after the other go by the best name among them.

np.divide(ms_sum, 16.0, out=ms_sum)      ->   np.divide(ms, 16.0, out=ms)      where `ms` is the author's variable

What is written, and where, stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

from engine.lifting.ir import Steps
from engine.lifting.views import Source


def name_arrays(steps: Steps, arrays: dict[Source, Source]) -> tuple[Steps, dict[Source, Source]]:
    """Return the steps, and the array of each result, under the name of the first that its author has named.

    Parameters
    ----------
    steps
        Under their names.
    arrays
        The result whose array each result lives in.
    """
    best: dict[Source, Source] = {}
    for source, array in arrays.items():
        if not _is_named(array) and _is_named(source):
            best.setdefault(array, source)
    instead = {}
    for array, source in best.items():
        instead[array] = replace(array, name=source.name)
        instead[source] = replace(source, name=array.name)
    named = {instead.get(source, source): instead.get(array, array) for source, array in arrays.items()}
    return steps.with_sources(instead), named


def _is_named(source: Source) -> bool:
    return source.origin is not None and bool(source.origin.variable)
