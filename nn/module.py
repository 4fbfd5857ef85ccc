"""Module: something with parameters, which are the Values found in its attributes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_bytes
from safetensors.numpy import save as save_bytes

from engine import Label, Value, zero_grad

Array: TypeAlias = npt.NDArray[np.float64]


class StateError(ValueError):
    """A state has other names or shapes than the module it should go into; the message says which."""


class Module:
    """Base of everything with parameters.

    Values are found in attributes, and in lists, dicts and Modules there; their names are the paths to them.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.w, self.b = [Value(2.0)], Value(1.0)
    >>> [name for name, _ in Line().named_parameters()]
    ['w.0', 'b']
    """

    if TYPE_CHECKING:

        def __call__(self, x: Any) -> Any:
            """Most modules are called with one sample."""

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield ``(name, Value)`` of every parameter, in order of definition."""
        for attribute, x in vars(self).items():
            yield from _values(attribute, x)

    def parameters(self) -> list[Value]:
        """Return every parameter, array after array and each row by row: as `arrays` has them.

        >>> from nn import MLP
        >>> [str(v.label) for v in MLP(2, [2]).parameters()][:2]
        ['layers.0.neurons.0.w.0', 'layers.0.neurons.1.w.0']
        """
        arrays: dict[str, list[Value]] = {}
        for name, value in self.named_parameters():
            arrays.setdefault(value.label.array if isinstance(value.label, Label) else name, []).append(value)
        return [value for found in arrays.values() for value in sorted(found, key=_place)]

    def zero_grad(self) -> None:
        """Set every parameter's gradient to zero."""
        zero_grad(self.parameters())

    def arrays(self, what: str = "data") -> dict[str, Array]:
        """Return parameters (or with ``what="grad"`` their gradients) as the arrays that their labels place them in.

        >>> from nn import MLP
        >>> {k: v.shape for k, v in MLP(3, [2]).arrays().items()}
        {'layers.0.W': (3, 2), 'layers.0.b': (2,)}
        """
        found: dict[str, dict[tuple[int, ...], float]] = {}
        for name, value in self.named_parameters():
            array, place = (value.label.array, value.label.place) if isinstance(value.label, Label) else (name, ())
            found.setdefault(array, {})[place] = getattr(value, what)
        return {array: _filled(entries) for array, entries in found.items()}

    def state_dict(self) -> dict[str, Array]:
        """Return the parameters as named arrays."""
        return self.arrays()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters from named arrays; nothing is set unless all of it fits.

        Raises
        ------
        StateError
            If a name is missing or unknown, or a shape differs.
        """
        own = self.arrays()
        missing, unknown = [k for k in own if k not in state], [k for k in state if k not in own]
        if missing or unknown:
            problems = [f"{k} is missing" for k in missing] + [f"{k} is unknown" for k in unknown]
            raise StateError(
                f"the state does not fit: {'; '.join(problems)}. Build the module with the sizes it was saved with."
            )
        for name, array in own.items():
            if np.shape(state[name]) != array.shape:
                raise StateError(
                    f"the state does not fit: {name} is {np.shape(state[name])}, the module has {array.shape}."
                )
        for name, value in self.named_parameters():
            labelled = isinstance(value.label, Label)
            source = np.asarray(state[value.label.array if isinstance(value.label, Label) else name])
            value.data = float(source[value.label.place] if isinstance(value.label, Label) and labelled else source)

    def save(self, path: str | Path) -> None:
        """Write the parameters to a safetensors file; a file that is there is replaced only by a whole one."""
        write_atomically(path, save_bytes(self.state_dict()))

    def load(self, path: str | Path) -> None:
        """Read the parameters from a safetensors file.

        Raises
        ------
        StateError
            If the file cannot be read, or holds other names or shapes.
        """
        try:
            state = load_bytes(Path(path).read_bytes())
        except OSError as error:
            raise StateError(f"{path}: cannot be read ({error.strerror}).") from None
        except SafetensorError as error:
            raise StateError(f"{path}: is no safetensors file ({error}).") from None
        self.load_state_dict(state)


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file through a temporary one beside it, so that a failure loses nothing."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _place(value: Value) -> tuple[int, ...]:
    """Return where a parameter sits in its array."""
    return value.label.place if isinstance(value.label, Label) else ()


def _values(name: str, x: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(x, Value):
        yield name, x
    elif isinstance(x, Module):
        for inner, value in x.named_parameters():
            yield f"{name}.{inner}", value
    elif isinstance(x, (list, tuple)):
        for i, item in enumerate(x):
            yield from _values(f"{name}.{i}", item)
    elif isinstance(x, dict):
        for key, item in x.items():
            yield from _values(f"{name}.{key}", item)


def _filled(entries: dict[tuple[int, ...], float]) -> Array:
    axes = zip(*entries)
    array = np.zeros(tuple([max(places) + 1 for places in axes]))
    for place, number in entries.items():
        array[place] = number
    return array
