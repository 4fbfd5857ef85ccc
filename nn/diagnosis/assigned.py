"""Whose each gradient is that a backward function returns: told by name, by order, or by shape.

>>> x, w = np.ones((2, 3)), np.ones(3)
>>> sorted(assigned((w, x), ["x", "bias", "w"], [(2, 3), (2,), (3,)]))
[0, 2]
>>> owners([w, w + 1.0], [(3,), (3,), (3,)], lambda place, gradient: place == 2 and gradient[0] == 2.0)
{0: 0, 1: 2}
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.arguments import described
from nn.samples import Array, numbers

TRIED = 720  # ways in which gradients of one shape may belong to inputs of it


def assigned(returned: Any, names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[int, Array]:
    """Return the gradients by the place of their input: told by name, order or shape; of several of a shape, the first.

    Raises
    ------
    TypeError
        If they are no arrays.
    ValueError
        If it cannot be told which is whose.
    """
    if isinstance(returned, Mapping):
        return _by_name(returned, names)
    several = in_order(returned)
    gradients = {k: numbers(x, f"gradient {k}") for k, x in enumerate(several) if x is not None}
    if not gradients:
        raise ValueError("backward returned no gradients.")
    if len(several) == len(names):
        return gradients
    places = owners(list(gradients.values()), shapes)
    if len(places) < len(gradients):
        raise ValueError(
            f"backward returned {len(gradients)} gradients for {', '.join(names)}, and their shapes do not tell "
            "whose they are; return one for each, or a dictionary by name."
        )
    return dict(zip(places.values(), gradients.values()))


def in_order(returned: Any) -> list[Any]:
    """Return what a backward function returns without names, as a list."""
    return list(returned) if isinstance(returned, (tuple, list)) else [returned]


def are_open(returned: Any, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether the shapes of some gradients leave several inputs that they may be by."""
    several = [] if isinstance(returned, Mapping) else in_order(returned)
    given = [np.shape(x) for x in several if x is not None]
    return len(several) != len(shapes) and any(given.count(shape) < shapes.count(shape) for shape in given)


def owners(
    gradients: Sequence[Array],
    shapes: Sequence[tuple[int, ...]],
    is_right: Callable[[int, Array], bool] = lambda place, gradient: False,
) -> dict[int, int]:
    """Return the place of the input of each gradient: of the ways that the shapes leave, one with the most right ones.

    In their order, where that is no worse, and where there are as many gradients of a shape as inputs.
    """
    chosen: dict[int, int] = {}
    for shape in dict.fromkeys(x.shape for x in gradients):
        own = [k for k, x in enumerate(gradients) if x.shape == shape]
        free = [place for place, other in enumerate(shapes) if other == shape]
        ways = itertools.islice(itertools.permutations(free, len(own)), TRIED)
        if len(own) >= len(free):
            chosen |= dict(zip(own, free))
            continue
        fits = {(k, place): is_right(place, gradients[k]) for k in own for place in free}
        chosen |= dict(zip(own, max(ways, key=lambda way: sum(fits[pair] for pair in zip(own, way)))))
    return dict(sorted(chosen.items()))


def _by_name(returned: Mapping[Any, Any], names: Sequence[str]) -> dict[int, Array]:
    known = {name: k for k, name in enumerate(names)} | {f"d{name}": k for k, name in enumerate(names)}
    unknown = [key for key in returned if key not in known]
    if unknown or not returned:
        raise ValueError(
            f"backward returned gradients of {', '.join(map(described, unknown)) or 'nothing'}; name them "
            f"{', '.join(f'd{name}' for name in names)}."
        )
    return {known[key]: numbers(x, f"gradient {key!r}") for key, x in returned.items()}
