"""How large a network of scalars may be before this machine's memory is the limit."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 10_000_000  # parameters: half a minute and 6 GB to lift


def parameters_of(n_inputs: int, sizes: Sequence[int]) -> int:
    """Return how many parameters a multilayer perceptron has.

    >>> parameters_of(64, [32, 10])
    2410
    """
    widths = [n_inputs, *sizes]
    return sum((a + 1) * b for a, b in zip(widths, widths[1:]))


def check_size(n_inputs: int, sizes: Sequence[int]) -> None:
    """Refuse a network that would not fit.

    Raises
    ------
    ValueError
        Saying how many parameters it would have.
    """
    count = parameters_of(n_inputs, sizes)
    if count > MOST:
        layers = "-".join(map(str, [n_inputs, *sizes]))
        raise ValueError(f"a network of {layers} would have {count:,} parameters; at most {MOST:,} are made.")
