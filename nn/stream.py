"""The stream that weights are drawn from where no generator and no seed is given: one for all, seeded with 0.

Layers made in a row draw different weights, and the same program draws the same ones each time.

>>> from nn import Layer, seed
>>> seed(7)
>>> a, b = Layer(2, 1), Layer(2, 1)
>>> seed(7)
>>> a.arrays()["W"].tolist() == Layer(2, 1).arrays()["W"].tolist() != b.arrays()["W"].tolist()
True
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arguments import whole

MOST = 2**128  # that a seed may be: NumPy's generators start from as many bits
_stream = np.random.default_rng(0)


def seed(number: int = 0) -> None:
    """Start the stream of `Layer` and `Embedding` again.

    Parameters
    ----------
    number
        Whole, 0 or more.

    Raises
    ------
    TypeError, ValueError
        If it is anything else.
    """
    _stream.bit_generator.state = generator("number", number).bit_generator.state


def generator(name: str, source: Any) -> np.random.Generator:
    """Return a generator: the one given, one of the seed given, or for None the stream.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.
    """
    if source is None:
        return _stream
    if isinstance(source, np.random.Generator):
        return source
    meaning = "a seed, if it is no NumPy generator"
    return np.random.default_rng(whole(source, name, meaning, least=0, most=MOST))
