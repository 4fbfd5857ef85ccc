"""What a public function was given, held against what it takes: one sentence that says both, or the argument itself.

>>> whole(3, "epochs", least=1)
3
>>> whole(0, "epochs", least=1)
Traceback (most recent call last):
...
ValueError: epochs must be a whole number of at least 1; got 0.
>>> one_of("adm", "optimizer", ("sgd", "adam"))
Traceback (most recent call last):
...
ValueError: optimizer='adm' is not known; use 'sgd' or 'adam'.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def described(x: Any) -> str:
    """Return what something is, in a few words.

    >>> described(None), described("adam"), described(np.ones((2, 3))), described(3.5), described([1, 2])
    ('None', "'adam'", 'an array of shape (2, 3)', '3.5', 'a list of 2')
    """
    if x is None or isinstance(x, (str, bytes, bool, numbers.Number)):
        text = repr(x)
        return text if len(text) <= 60 else f"{text[:57]}..."
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape}" if x.dtype.kind in "biuf" else f"an array of {x.dtype}"
    if isinstance(x, (list, tuple, set, dict)):
        return f"a {type(x).__name__} of {len(x)}"
    if isinstance(x, type):
        return f"the class {x.__name__}"
    if callable(x):
        return f"the function {getattr(x, '__name__', type(x).__name__)}"
    return f"{'an' if type(x).__name__[0] in 'AEIOUaeiou' else 'a'} {type(x).__name__}"


def function(f: Any, name: str) -> Callable[..., Any]:
    """Return a function, or say that `name` needs one.

    Raises
    ------
    TypeError
        If it cannot be called.
    """
    if callable(f):
        made: Callable[..., Any] = f
        return made
    raise TypeError(f"{name} needs a function; got {described(f)}. Pass the function itself, not its result.")


def number(
    x: Any,
    what: str,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
) -> float:
    """Return a finite number within its bounds as a float.

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        If it is outside.
    """
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, numbers.Real):
        raise TypeError(f"{what} must be a number{_range(above, least, below, most)}; got {described(x)}.")
    given = float(x)
    if not (math.isfinite(given) and above < given < below and least <= given <= most):
        raise ValueError(f"{what} must be a number{_range(above, least, below, most)}; got {described(x)}.")
    return given


def positive(x: Any, what: str) -> float:
    """Return a number above 0 (see `number`)."""
    return number(x, what, above=0.0)


def whole(x: Any, what: str, *, least: int | None = None, most: int | None = None) -> int:
    """Return a whole number within its bounds as an int; 3.0 is one.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not whole, or outside.
    """
    bounds = _range(-math.inf, -math.inf if least is None else least, math.inf, math.inf if most is None else most)
    sentence = f"{what} must be a whole number{bounds}; got {described(x)}."
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, numbers.Real):
        raise TypeError(sentence)
    given = float(x)
    if not given.is_integer() or (least is not None and given < least) or (most is not None and given > most):
        raise ValueError(sentence)
    return x if isinstance(x, int) else int(given)


def one_of(x: Any, what: str, options: Iterable[Any]) -> Any:
    """Return one of some options.

    Raises
    ------
    TypeError
        If it is not of the options' type.
    ValueError
        If it is none of them.
    """
    known = tuple(options)
    if isinstance(x, type(known[0])) and x in known:
        return x
    *others, last = map(repr, known)
    given = f"{what}={x!r} is not known" if isinstance(x, str) else f"{what} is {described(x)}"
    error = ValueError if isinstance(x, type(known[0])) else TypeError
    raise error(f"{given}; use {', '.join(others)}{' or ' if others else ''}{last}.")


def text(x: Any, what: str) -> str:
    """Return some text.

    Raises
    ------
    TypeError
        If it is none.
    """
    if isinstance(x, str):
        return x
    raise TypeError(f"{what} must be text; got {described(x)}.")


def finite(x: Any, what: str, needed: str = "finite numbers are needed") -> Any:
    """Return a number, or an array of numbers, all of which are finite.

    Raises
    ------
    ValueError
        If one is not, with its place.

    Examples
    --------
    >>> finite(np.array([[1.0, 2.0], [np.nan, 4.0]]), "X")
    Traceback (most recent call last):
    ...
    ValueError: X[1, 0] is nan; finite numbers are needed. Mend it or leave it out.
    """
    array = np.asarray(x)
    if array.dtype.kind in "biuf" and not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f"{what}[{', '.join(map(str, place))}]" if place else what
        raise ValueError(f"{where} is {float(array[place])}; {needed}. Mend it or leave it out.")
    return x


def _range(above: float, least: float, below: float, most: float) -> str:
    low = f"above {above:g}" if above > -math.inf else f"of at least {least:g}" if least > -math.inf else ""
    high = f"below {below:g}" if below < math.inf else f"at most {most:g}" if most < math.inf else ""
    return f" {low} and {high}" if low and high else f" {low}{high}" if low or high else ""
