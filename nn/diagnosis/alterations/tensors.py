"""Recorded arrays that PyTorch's functions and methods take for tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray
from nn.diagnosis.alterations.torch_words import WORDS, words_of_numpy


class RecordedTensor(RecordedArray):
    """A recorded array with PyTorch's words; what is not recorded, masks and indices, are tensors."""

    device = "cpu"
    is_cuda = False
    requires_grad = True
    __class__ = property(lambda self: RecordedTensor)
    data = property(lambda self: _as_tensor(self.value))

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do what one of PyTorch's functions does."""
        return _done(function.__name__, args, kwargs or {})

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return _as_tensor(getattr(ufunc, method)(*map(_bare, inputs), **options))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _as_tensor(function(*_bare(args), **_bare(kwargs)))

    def __getitem__(self, index: Any) -> Any:
        return _as_tensor(_bare(self)[_bare(index)])

    def __setitem__(self, index: Any, x: Any) -> None:
        array = _bare(self)
        array[_bare(index)] = _bare(x)
        self.step = array.step

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a method of PyTorch's; one that works in place gives its result to this tensor."""
        word = name if name in WORDS else name.removesuffix("_")
        if word not in WORDS:
            raise AttributeError(name)

        def method(*args: Any, **kwargs: Any) -> Any:
            result = _done(word, (self, *args), kwargs)
            if word != name:
                self.step = result.step
            return result

        return method

    def __bool__(self) -> bool:
        raise NotRecordedError("a recorded tensor decided a branch.")

    T = property(lambda self: _as_tensor(_bare(self).T))

    def size(self, dim: int | None = None) -> Any:
        """Return its shape, or its length along an axis."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """Return how many axes it has."""
        return int(self.ndim)

    def numel(self) -> int:
        """Return how many numbers it has."""
        return int(self.value.size)

    def detach(self) -> Any:
        """Return its numbers, which are constant."""
        return self.data

    @property
    def dtype(self) -> Any:
        """Its numbers' type, as PyTorch says it."""
        return self.data.dtype


def tensor_of(array: Any) -> Any:
    """Return a recorded array as a tensor, an array of numbers as one of PyTorch's, and else what is given."""
    return _as_tensor(array) if isinstance(array, (RecordedArray, np.ndarray)) else array


def in_one_array(returned: Any) -> Any:
    """Return what a function of tensors returns as a recorded array: several results in one vector."""
    several = returned if isinstance(returned, (tuple, list)) else [returned]
    arrays = [_bare(x) for x in several]
    floats = [x for x in arrays if getattr(x, "dtype", np.dtype(int)).kind == "f"]
    if len(floats) == 1:
        return floats[0]
    return np.concatenate([np.ravel(x) for x in floats])


def _done(name: str, args: Any, kwargs: Any) -> Any:
    word = name if name in WORDS else name.strip("_")
    if word not in WORDS:
        raise NotRecordedError(f"torch.{name} is not recorded.")
    return _as_tensor(WORDS[word](*_bare(args), **words_of_numpy(_bare(kwargs))))


def _bare(x: Any) -> Any:
    """Return tensors as arrays, also in tuples, lists and dictionaries."""
    import torch

    if isinstance(x, RecordedTensor):
        return RecordedArray(x.step)
    if torch.is_tensor(x):
        return x.detach().numpy()
    if isinstance(x, dict):
        return {key: _bare(item) for key, item in x.items()}
    return type(x)([_bare(item) for item in x]) if type(x) in (tuple, list) else x


def _as_tensor(x: Any) -> Any:
    import torch

    if isinstance(x, RecordedArray):
        return RecordedTensor(x.step)
    if isinstance(x, (np.ndarray, np.generic)):
        return torch.from_numpy(np.array(x))
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(_as_tensor, x))
    return type(x)([_as_tensor(item) for item in x]) if type(x) in (tuple, list) else x
