"""A function of a framework that has a backward pass of its own, as functions of NumPy arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

import numpy as np

from nn.diagnosis.alterations.recorded_array import NotRecordedError
from nn.samples import Array

Swept: TypeAlias = tuple[Array, list[Array]]
Self = TypeVar("Self", bound="Custom")


class FrameworkError(ValueError):
    """A framework cannot run, or differentiate, what it was given."""


@dataclass(frozen=True)
class Custom(ABC):
    """The function, and what it is called with.

    Attributes
    ----------
    title
        What it is called.
    run
        The function, of the framework's arrays; or what runs it.
    forward
        What it is judged by, of the framework's arrays; None for its own forward pass.
    names, inputs
        Its inputs: arrays of NumPy, and whatever else it takes.
    """

    title: str
    run: Any
    forward: Callable[..., Any] | None
    names: Sequence[str]
    inputs: Sequence[Any]

    @abstractmethod
    def by_hand(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return its result, and the gradients of its own backward pass by the arrays of floats.

        Parameters
        ----------
        inputs
            In the place of its own.
        dout
            The cotangent of the result; without it no gradients are returned.

        Returns
        -------
        tuple
            The result, several in one vector; and the gradients, zeros where there are none.

        Raises
        ------
        FrameworkError
            If the framework raises.
        """

    @abstractmethod
    def ordinary(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return the same of the forward pass, differentiated by the framework, operation by operation."""

    def result(self, inputs: Sequence[Any]) -> Array:
        """Return what the forward pass makes of inputs."""
        return self.ordinary(inputs)[0]

    def on_arrays(self, *inputs: Any) -> Any:
        """Return what the forward pass makes of recorded arrays, as one of them.

        Raises
        ------
        NotRecordedError
            If it cannot be run on them.
        """
        raise NotRecordedError(f"the forward pass of {self.title} is not recorded.")

    def arguments(self, inputs: Sequence[Any]) -> list[Any]:
        """Return what a forward pass in NumPy is called with."""
        return list(inputs)

    def judged_by(self: Self, forward: Callable[..., Any] | None) -> Self:
        """Return this function judged by another forward pass."""
        return replace(self, forward=forward)


def in_one(parts: Sequence[Array]) -> Array:
    """Return one array as it is, and several in a vector."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([part.ravel() for part in parts])


def apart(dout: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Return the parts of a cotangent, each in its shape.

    >>> [part.shape for part in apart(np.ones(5), [(2,), (3, 1)])]
    [(2,), (3, 1)]
    """
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(dout.ravel(), ends), shapes)]


def one_line(error: BaseException) -> str:
    """Return what an exception of a framework says, its first lines in one."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}"
