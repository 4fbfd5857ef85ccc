"""What a public function was given, held against what it takes: one sentence that says both, or the argument itself.

Every function here takes an argument and what to call it in the sentence.

>>> whole(3, "epochs", "the passes over the data", least=1)
3
>>> whole(0, "epochs", "the passes over the data", least=1)
Traceback (most recent call last):
...
ValueError: epochs (the passes over the data) must be a whole number of at least 1; got 0.
>>> one_of("adm", "optimizer", ("sgd", "adam"))
Traceback (most recent call last):
...
ValueError: optimizer='adm' is not known; use 'sgd' or 'adam'.
"""

from __future__ import annotations

import inspect
import math
import numbers
import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

LONGEST = 60  # characters of a number or a text that a message repeats
LARGEST = 2**63 - 1  # that a whole number may be where nothing else bounds it: what an array can count
SPOKEN_WITH_A_VOWEL = "AEFHILMNORSX"  # letters, in abbreviations


def described(x: Any) -> str:
    """Return what something is, in a few words.

    >>> described(None), described("adam"), described(np.ones((2, 3))), described(3.5), described([1, 2])
    ('None', "'adam'", 'an array of shape (2, 3)', '3.5', 'a list of 2')
    """
    if isinstance(x, int) and abs(x) > LARGEST:
        return f"an integer of {x.bit_length()} bits"
    if x is None or isinstance(x, (str, bytes, bool, np.bool_, numbers.Number)):
        text = repr(x.item() if isinstance(x, np.generic) else x)
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape}" if x.dtype.kind in "biuf" else f"an array of dtype {x.dtype}"
    if isinstance(x, (list, tuple, set, frozenset, dict)):
        return f"a {type(x).__name__} of {len(x)}"
    if isinstance(x, type):
        return f"the class {x.__name__}"
    if callable(x) and hasattr(x, "__name__"):
        return f"the function {x.__name__}"
    return _with_article(type(x).__name__)


def _with_article(name: str) -> str:
    vowels = SPOKEN_WITH_A_VOWEL if name.isupper() else "AEIOUaeiou"
    return f"{'an' if name[0] in vowels else 'a'} {name}"


def function(f: Any, name: str) -> Callable[..., Any]:
    """Return a function, or say that `name` needs one.

    Raises
    ------
    TypeError
        If it cannot be called.
    """
    if callable(f):
        called: Callable[..., Any] = f
        return called
    raise TypeError(f"{name} needs a function; got {described(f)}. Pass the function itself, not its result.")


def result(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], name: str) -> Any:
    """Return what somebody's function makes of arguments, or say that it does not take as many.

    Raises
    ------
    TypeError
        If it takes more or fewer arguments, or others.

    Examples
    --------
    >>> result(lambda x, y: x * y, (2.0,), {}, "grad")
    Traceback (most recent call last):
    ...
    TypeError: grad called the function <lambda> with 1 argument, but it takes (x, y); pass what it takes.
    """
    try:
        return f(*args, **kwargs)
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None or _takes(f, args, kwargs):
            raise
    count = f"{len(args) + len(kwargs)} argument{'s' * (len(args) + len(kwargs) != 1)}"
    names = ", ".join(inspect.signature(f).parameters)
    raise TypeError(f"{name} called {described(f)} with {count}, but it takes ({names}); pass what it takes.")


def _takes(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return True  # nobody knows
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def number(
    x: Any,
    name: str,
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
    is_real = is_number(x)
    try:
        as_float = float(x) if is_real else math.nan
    except OverflowError:
        as_float = math.inf
    if math.isfinite(as_float) and above < as_float < below and least <= as_float <= most:
        return as_float
    raise (ValueError if is_real else TypeError)(
        f"{name} must be a number{_range(above, least, below, most)}; got {described(x)}."
    )


def is_number(x: Any) -> bool:
    """Whether something is one real number; True and False are none.

    >>> is_number(1), is_number(np.float32(1.0)), is_number(True), is_number("1")
    (True, True, False, False)
    """
    return isinstance(x, numbers.Real) and not isinstance(x, bool)


def positive(x: Any, name: str) -> float:
    """Return a number above 0 (see `number`)."""
    return number(x, name, above=0.0)


def whole(x: Any, name: str, meaning: str = "", *, least: int | None = None, most: int = LARGEST) -> int:
    """Return a whole number within its bounds as an int.

    Parameters
    ----------
    x, name
        What was given, and what it is called.
    meaning
        What it is, for the message.
    least, most
        Its bounds.

    Raises
    ------
    TypeError
        If it is no whole number: 3.0 and True are none.
    ValueError
        If it is outside.
    """
    is_whole = isinstance(x, numbers.Integral) and not isinstance(x, bool)
    if is_whole and (least is None or int(x) >= least) and int(x) <= most:
        return int(x)
    low, high = -math.inf if least is None else least, math.inf if most >= LARGEST else most
    raise (ValueError if is_whole else TypeError)(
        f"{name}{meaning and f' ({meaning})'} must be a whole number{_range(-math.inf, low, math.inf, high)}; "
        f"got {described(x)}."
    )


def one_of(x: Any, name: str, options: Iterable[Any]) -> Any:
    """Return one of some options.

    Raises
    ------
    TypeError
        If it is not of the options' type.
    ValueError
        If it is none of them.
    """
    known = tuple(options)
    fits = isinstance(x, type(known[0]))
    if fits and (x in known or (isinstance(options, Mapping) and x in options)):
        return x
    *others, last = map(repr, known)
    unknown = f"{name}={described(x)} is not known" if isinstance(x, str) else f"{name} is {described(x)}"
    use = f"{', '.join(others)}{' or ' if others else ''}{last}"
    raise (ValueError if fits else TypeError)(f"{unknown}; use {use}.")


def truth(x: Any, name: str, *, none: bool = False) -> Any:
    """Return True or False (or None, where that means something).

    Raises
    ------
    TypeError
        If it is anything else.
    """
    if isinstance(x, (bool, np.bool_)) or (none and x is None):
        return x
    raise TypeError(f"{name} must be True{', False or None' if none else ' or False'}; got {described(x)}.")


def text(x: Any, name: str) -> str:
    """Return some text.

    Raises
    ------
    TypeError
        If it is none.
    """
    if isinstance(x, str):
        return x
    raise TypeError(f"{name} must be text; got {described(x)}.")


def path(x: Any, name: str, example: str) -> str | os.PathLike[str]:
    """Return the path of a file.

    Raises
    ------
    TypeError
        If it is no path.
    ValueError
        If it is empty.
    """
    if not isinstance(x, (str, os.PathLike)):
        raise TypeError(f"{name} must be the path of a file, such as {example!r}; got {described(x)}.")
    if not os.fspath(x):
        raise ValueError(f"{name} must be the path of a file, such as {example!r}; got an empty text.")
    return x


def listed(x: Any, name: str, items: str) -> list[Any]:
    """Return what is in a list, a tuple, an array or an iterator; a text, a dict or a set is no list of anything.

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> listed((1.0, 2.0), "weights", "numbers")
    [1.0, 2.0]
    >>> listed("12", "weights", "numbers")
    Traceback (most recent call last):
    ...
    TypeError: weights must be a list of numbers; got '12'.
    """
    if x.__class__ is list:
        return list(x)
    no_list = isinstance(x, (str, bytes, Mapping, Set, type)) or not hasattr(type(x), "__iter__")
    if no_list or (isinstance(x, np.ndarray) and not x.ndim):
        raise TypeError(f"{name} must be a list of {items}; got {described(x)}.")
    return list(x)


def finite(x: Any, name: str, needed: str = "finite numbers are needed") -> Any:
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
        where = f"{name}[{', '.join(map(str, place))}]" if place else name
        raise ValueError(f"{where} is {float(array[place])}; {needed}. Mend it or leave it out.")
    return x


def _range(above: float, least: float, below: float, most: float) -> str:
    low = f"above {above:g}" if above > -math.inf else f"of at least {least:g}" if least > -math.inf else ""
    high = f"below {below:g}" if below < math.inf else f"at most {most:g}" if most < math.inf else ""
    return f" {low} and {high}" if low and high else f" {low}{high}" if low or high else ""
