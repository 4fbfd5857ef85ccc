"""By which path a function reaches a Value that it captures: ``state_dict['wte'][i][j]`` is element (i, j) of `wte`.

What has no label of its own is called so, and what is reached alike is one array.

>>> table = {"wte": [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]}
>>> def loss():
...     return table["wte"][0][1] * table["wte"][1][0]
>>> paths_of(loss, [table["wte"][1][0], table["wte"][0][1]])
[('wte', (1, 0)), ('wte', (0, 1))]
"""

from __future__ import annotations

import functools
import types
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np

from engine.lines import is_looked_through
from engine.value import Value
from engine.watching.held import is_of

MOST = 200_000  # objects that are looked at
Path = tuple[Any, ...]  # names (text) and indices (whole numbers), from the outermost
Position = tuple[str, tuple[int, ...]]
Reader: TypeAlias = Callable[..., Any] | dict[str, Any]


def paths_of(fn: Reader, values: Sequence[Value]) -> list[Position | None]:
    """Return for each Value the array that it sits in, and where; None for one that no path is known to.

    Parameters
    ----------
    fn
        The function that reads them, or the variables that lead to them.
    values
        The Values.
    """
    paths = _paths(fn, values)
    merged = _merged({value: path for value, path in zip(values, paths) if path})
    names = _short([name for name, _ in merged.values()])
    return [(names[merged[value][0]], merged[value][1]) if value in merged else None for value in values]


def variables(frame: types.FrameType) -> dict[str, Any]:
    """Return what the code of a frame names: its variables, and those of its module that it mentions."""
    mentioned = [name for name in _global_names(frame.f_code) if name in frame.f_globals]
    return {name: frame.f_globals[name] for name in mentioned} | frame.f_locals


# --- the paths -----------------------------------------------------------------------------------------------------


def _paths(fn: Any, values: Sequence[Value]) -> list[Path]:
    """Return the best path to each Value: of those that are found level by level, the one with most names in it."""
    known: dict[Value, Path] = {}
    wanted = set(values)
    seen: dict[int, Any] = {}
    plain = isinstance(fn, (types.FunctionType, types.MethodType, functools.partial, dict))
    queue: deque[tuple[Path, Any]] = deque([(() if plain else ("self",), fn)])
    while queue and len(seen) < MOST:
        path, x = queue.popleft()
        if is_of(x, Value):
            if x in wanted and (x not in known or _names_in(path) > _names_in(known[x])):
                known[x] = path
        elif id(x) not in seen and not is_of(x, PLAIN):
            seen[id(x)] = x
            begin = () if is_of(x, types.FunctionType) else path  # what code names is at no object
            queue.extend([((*begin, *keys), part) for keys, part in _parts(x)])
    return [known.get(value, ()) for value in values]


PLAIN = (str, bytes, int, float, complex, type(None), types.ModuleType, types.BuiltinFunctionType, type)


def _names_in(path: Path) -> int:
    return sum(isinstance(key, str) for key in path)


def _parts(x: Any) -> Iterator[tuple[Path, Any]]:
    """Yield what something holds or mentions, and the keys that lead to it."""
    if is_of(x, types.FunctionType):
        yield from _mentioned(x)
    elif is_of(x, types.MethodType):
        yield from [(("self",), x.__self__), ((), x.__func__)]
    elif is_of(x, functools.partial):
        arguments = getattr(getattr(x.func, "__code__", None), "co_varnames", ())
        yield from [((), x.func), *[((name,), part) for name, part in zip(arguments, x.args)]]
        yield from [((name,), part) for name, part in x.keywords.items()]
    elif is_of(x, dict):
        yield from [((key if isinstance(key, (str, int)) else str(key),), part) for key, part in list(dict.items(x))]
    elif is_of(x, (list, tuple)):
        of = list if is_of(x, list) else tuple
        yield from [((i,), part) for i, part in enumerate(of.__iter__(x))]
    elif is_of(x, np.ndarray):
        if x.dtype == object:
            plain = x.view(np.ndarray)
            yield from [(at, part) for at, part in zip(np.ndindex(plain.shape), plain.reshape(-1).tolist())]
    else:
        yield from [((name,), part) for name, part in _attributes(x)]
        calls = [vars(kind)["__call__"] for kind in type(x).__mro__ if "__call__" in vars(kind)]
        yield from [((), call) for call in calls[:1] if isinstance(call, types.FunctionType)]


def _mentioned(f: types.FunctionType) -> Iterator[tuple[Path, Any]]:
    """Yield what a function's code names: its cells, globals and defaults; what `self` is comes by its object."""
    if is_looked_through(f.__code__.co_filename):
        return
    for name, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
        with suppress(ValueError):  # an empty one
            yield (name,), cell.cell_contents
    named = _global_names(f.__code__)
    globals_ = [(name, f.__globals__[name]) for name in named if name in f.__globals__]
    yield from [((name,), x) for name, x in globals_]
    for module in [x for _, x in globals_ if isinstance(x, types.ModuleType)]:  # of one, what the code may mean
        if not is_looked_through(getattr(module, "__file__", None) or ""):
            yield from [((name,), vars(module)[name]) for name in named if name in vars(module)]
    arguments = f.__code__.co_varnames[: f.__code__.co_argcount]
    defaults = f.__defaults__ or ()
    yield from [((name,), x) for name, x in zip(arguments[len(arguments) - len(defaults) :], defaults)]
    yield from [((name,), x) for name, x in (f.__kwdefaults__ or {}).items()]


def _global_names(code: types.CodeType) -> list[str]:
    """Return the names that a code's author wrote: not `@pytest_ar` of rewritten assertions, which leads everywhere."""
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    written = [name for name in code.co_names if name.isidentifier()]
    return list(dict.fromkeys([*written, *[name for c in inner for name in _global_names(c)]]))


def _attributes(x: Any) -> Iterator[tuple[str, Any]]:
    """Yield an object's attributes, without running anything of its class."""
    with suppress(AttributeError, TypeError):
        yield from list(object.__getattribute__(x, "__dict__").items())
    for kind in type(x).__mro__:
        for name, slot in list(vars(kind).items()):
            if isinstance(slot, types.MemberDescriptorType):
                with suppress(AttributeError):  # an empty one
                    yield name, slot.__get__(x)


# --- arrays of what is reached alike -------------------------------------------------------------------------------


def _merged(paths: Mapping[Value, Path]) -> dict[Value, tuple[Path, tuple[int, ...]]]:
    """Return for each Value the names that lead to its array, and its index in that.

    Whole numbers at the end are the index. If what a list holds are objects with vectors and numbers, as a layer's
    neurons are, its own number is one of the index as well: the layer's weights are one matrix.
    """
    cut = {value: _cut(path) for value, path in paths.items()}
    longest: defaultdict[Path, int] = defaultdict(int)  # indices of what each list's objects hold
    for names, index in cut.values():
        at = _last_number(names)
        if at is not None:
            longest[_without(names, at)[:at]] = max(longest[_without(names, at)[:at]], len(index))
    merged: dict[Value, tuple[Path, tuple[int, ...]]] = {}
    for value, (names, index) in cut.items():
        at = _last_number(names)
        if at is not None and longest[_without(names, at)[:at]] <= 1:
            merged[value] = _without(names, at), (names[at], *index)
        else:
            merged[value] = names, index
    return merged


def _cut(path: Path) -> tuple[Path, tuple[int, ...]]:
    end = len(path)
    while end and isinstance(path[end - 1], int):
        end -= 1
    return path[:end], path[end:]


def _last_number(names: Path) -> int | None:
    return next((k for k in range(len(names) - 1, -1, -1) if isinstance(names[k], int)), None)


def _without(names: Path, at: int) -> Path:
    return (*names[:at], *names[at + 1 :])


def _short(names: Sequence[Path]) -> dict[Path, str]:
    """Return what to call each: without the variable that all of it hangs on, unless two would then be one.

    >>> _short([("state_dict", "wte"), ("self", "layers", 0, "W"), ("w",)])
    {('state_dict', 'wte'): 'wte', ('self', 'layers', 0, 'W'): 'layers.0.W', ('w',): 'w'}
    >>> _short([("a", "W"), ("b", "W")])
    {('a', 'W'): 'a.W', ('b', 'W'): 'b.W'}
    """
    short = {path: ".".join(map(str, path[1:] if _names_in(path) > 1 else path)) for path in dict.fromkeys(names)}
    often: defaultdict[str, int] = defaultdict(int)
    for name in short.values():
        often[name] += 1
    return {path: name if often[name] == 1 else ".".join(map(str, path)) for path, name in short.items()}
