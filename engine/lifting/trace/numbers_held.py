"""Numbers that are held in arrays, tensors, frames and buffers, and the states of generators of random numbers."""

from __future__ import annotations

import hashlib
import operator
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.lifting.trace import kinds
from engine.lifting.trace.library import is_plain

if TYPE_CHECKING:
    from engine.lifting.trace.noting import Notes

LARGE = 65_536  # bytes of an array that is compared where it lies, or read at each call
MOST = 1_000_000  # numbers of an array that is read at each call


def follow(walk: Notes, x: Any) -> bool:
    """Note what an array or a generator of random numbers holds; whether it is one."""
    for kind, how in HOLDERS:
        if issubclass(type(x), kind):
            how(walk, x)
            return True
    return False


def _generator(walk: Notes, state: Callable[[], Any]) -> None:
    walk.content(None, state)
    walk.draws.append(state)


def _array(walk: Notes, x: np.ndarray[Any, Any]) -> None:
    walk.holds_array = True
    whole = np.asarray(x)  # whatever a subclass makes of it: its attributes are followed apart
    walk.facts.append((whole.shape, whole.dtype, whole.flags.writeable))
    if whole.dtype.hasobject:
        flat = whole.reshape(-1).tolist()
        walk.checks.append((x, lambda: all(map(operator.is_, np.asarray(x).reshape(-1).tolist(), flat))))
        kinds.children(walk, flat, set(map(type, flat)))
    elif whole.nbytes < LARGE or not whole.flags.c_contiguous:
        walk.content(x, lambda: _bytes_of(np.asarray(x)))
    elif _is_read(walk, x):
        shape, kind = x.shape, x.dtype
        walk.checks.append((x, lambda: x.shape == shape and x.dtype == kind))
    else:
        held = whole.copy()
        walk.facts.append(hashlib.blake2b(_raw(held).tobytes()).digest())
        walk.checks.append((x, lambda: _are_equal(np.asarray(x), held)))


def _bytes_of(x: np.ndarray[Any, Any]) -> Any:
    return x.shape, x.dtype, x.flags.writeable, x.tobytes()


def _are_equal(x: np.ndarray[Any, Any], held: np.ndarray[Any, Any]) -> bool:
    return x.shape == held.shape and x.dtype == held.dtype and np.array_equal(_raw(x), _raw(held))


def _is_read(walk: Notes, x: np.ndarray[Any, Any]) -> bool:
    """Whether an array is read at each call, so that its numbers are nothing to compare."""
    if type(x) is not np.ndarray or x.dtype.kind != "f" or x.size > MOST:
        return False
    walk.large.append(x)
    walk.met[id(x)] = 1
    return len(walk.large) - 1 in walk.reading


def _raw(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return x.reshape(-1).view(np.uint8)


HOLDERS: tuple[tuple[type, Callable[[Notes, Any], None]], ...] = (
    (np.ndarray, _array),
    (np.void, lambda walk, x: walk.content(x, lambda: (x.dtype, x.tobytes()))),
    (np.random.Generator, lambda walk, x: _generator(walk, lambda: repr(x.bit_generator.state))),
    (np.random.BitGenerator, lambda walk, x: _generator(walk, lambda: repr(x.state))),
    (np.random.RandomState, lambda walk, x: _generator(walk, lambda: repr(x.get_state(legacy=False)))),
    (random.Random, lambda walk, x: _generator(walk, x.getstate)),
)


def as_arrays(walk: Notes, x: Any) -> bool:
    """Compare what a tensor or a data frame holds as arrays, axes and names included; whether it can be read so."""

    def read() -> list[bytes]:
        whole = x.detach() if hasattr(x, "detach") else x
        arrays = [np.asarray(part) for part in (whole, *getattr(x, "axes", ()))]
        beside = {k: v for k, v in (kinds.attributes_of(x) or {}).items() if is_plain(type(v))}
        of_arrays = [repr((a.shape, a.tolist())).encode() if a.dtype.hasobject else a.tobytes() for a in arrays]
        return [*of_arrays, repr(beside).encode()]

    return _tried(walk, x, read)


def as_buffer(walk: Notes, x: Any) -> bool:
    """Compare what an object's buffer holds; whether it has one."""
    return _tried(walk, x, lambda: memoryview(x).tobytes())


def _tried(walk: Notes, x: Any, read: Callable[[], Any]) -> bool:
    try:
        walk.content(x, read)
    except Exception:  # of somebody else's class: whatever it raises, it cannot be read so
        return False
    return True
