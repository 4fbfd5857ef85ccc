"""Arrays as functions of matrices take them: numbers, whose axes have names, and are as long wherever a name recurs.

>>> @takes(a="N D", W="D C")
... def product(a, W):
...     return a @ W
>>> product(np.ones((4, 2)), np.ones((2, 3))).shape
(4, 3)
>>> product(np.ones((4, 2)), np.ones((3, 2)))
Traceback (most recent call last):
ValueError: W has shape (3, 2), but D is 2 (a has shape (4, 2)): pass W of shape (D, C).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from engine.arguments import described, listed, number, one_of, whole
from nn.samples import Array, numbers

Sizes: TypeAlias = dict[str, tuple[int, str]]  # by axis: how long it is, and where that was seen
F = TypeVar("F", bound=Callable[..., Any])


def takes(**checks: str | Callable[[Any, str], Any]) -> Callable[[F], F]:
    """Check a function's arguments when it is called.

    Parameters
    ----------
    checks
        By parameter: the names of an array's axes (``"..."`` for any), or a function of the argument and its name,
        which returns the argument.
    """

    def decorate(f: F) -> F:
        signature = inspect.signature(f)

        @functools.wraps(f)
        def checked(*args: Any, **kwargs: Any) -> Any:
            try:
                bound = signature.bind(*args, **kwargs).arguments
            except TypeError:
                return f(*args, **kwargs)  # Python says best what is missing
            sizes: Sizes = {}
            for name, check in checks.items():
                if name in bound:
                    x = bound[name]
                    bound[name] = shaped(x, name, check, sizes) if isinstance(check, str) else check(x, name)
            return f(**bound)

        return cast(F, checked)

    return decorate


def shaped(x: Any, name: str, axes: str, sizes: Sizes) -> Array:
    """Return an array of numbers with named axes.

    Parameters
    ----------
    x, name
        What was given, and what it is called.
    axes
        Their names; ``"..."`` for any.
    sizes
        How long axes are that were met before; new ones are added.

    Raises
    ------
    TypeError
        If these are no numbers.
    ValueError
        If there are more or fewer axes, or one is not as long as where its name was met before.
    """
    array = numbers(x, name)
    if array.dtype.kind == "b":
        array = array.astype(float)
    if axes == "...":
        return array
    wanted = axes.split()
    shape = f"({', '.join(wanted)}{',' * (len(wanted) == 1)})"
    if array.ndim != len(wanted):
        raise ValueError(f"{name} must be an array of shape {shape}; got one of shape {array.shape}.")
    for axis, size in zip(wanted, array.shape):
        known, where = sizes.setdefault(axis, (size, f"{name} has shape {array.shape}"))
        if size != known:
            raise ValueError(
                f"{name} has shape {array.shape}, but {axis} is {known} ({where}): pass {name} of shape {shape}."
            )
    return array


def one_among(known: Iterable[str]) -> Callable[[Any, str], str]:
    """Return the check of a name, one of those that are known."""
    return lambda x, name: str(one_of(x, name, known))


def a_strength(x: Any, name: str) -> float:
    """Check a strength of regularisation."""
    return number(x, name, least=0.0)


def a_count(x: Any, name: str) -> int:
    """Check a number of outputs."""
    return whole(x, name, least=1)


def arrays_by_name(params: Any, name: str) -> dict[str, Array]:
    """Return a dict of arrays of numbers.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    if not isinstance(params, Mapping):
        raise TypeError(f"{name} must be a dict of arrays, such as {{'layers.0.W': W}}; got {described(params)}.")
    return {key: numbers(x, f"{name}[{key!r}]") for key, x in params.items()}


def layers(
    weights: Any, biases: Any, X: Any, *, transposed: bool = False, sample: bool = False
) -> tuple[list[Array], list[Array], Array]:
    """Check the weights and biases of every layer, and the input of the first, against each other.

    Parameters
    ----------
    weights, biases, X
        One array per layer of each, and samples (N, D0).
    transposed
        Whether weights are (outputs, inputs).
    sample
        Whether `X` is one sample, (D0,).

    Returns
    -------
    tuple
        The weights, the biases, and `X`.

    Raises
    ------
    TypeError, ValueError
        If they are no arrays of numbers, or do not fit each other.
    """
    Ws, bs = listed(weights, "weights", "one array per layer"), listed(biases, "biases", "one array per layer")
    if len(Ws) != len(bs) or not Ws:
        raise ValueError(f"weights and biases must be one array per layer each; got {len(Ws)} and {len(bs)}.")
    sizes: Sizes = {}
    first = shaped(X, "x" if sample else "X", "D0" if sample else "N D0", sizes)
    for k in range(len(Ws)):
        axes = f"D{k + 1} D{k}" if transposed else f"D{k} D{k + 1}"
        Ws[k] = shaped(Ws[k], f"weights of layer {k}", axes, sizes)
        bs[k] = shaped(bs[k], f"biases of layer {k}", f"D{k + 1}", sizes)
    return Ws, bs, first


def class_numbers(labels: Any, name: str, most: int, samples: int | None = None) -> Array:
    """Return the numbers of classes, one per sample, as integers.

    Raises
    ------
    TypeError, ValueError
        If they are not whole numbers, or not as many as there are samples.
    IndexError
        If one is not from 0 to ``most - 1``.
    """
    codes = shaped(labels, name, "N", {} if samples is None else {"N": (samples, "samples")})
    is_whole = codes % 1 == 0
    if not np.all(is_whole):
        raise ValueError(f"{name} must be classes, whole numbers from 0; got {codes[~is_whole][0]}.")
    outside = (codes < 0) | (codes >= most)
    if outside.any():
        raise IndexError(f"class {codes[outside][0]:g} is outside 0 to {most - 1}.")
    return codes.astype(np.int64)
