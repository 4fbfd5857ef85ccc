"""Module: something with parameters, which are the Values found in its attributes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_bytes

from engine import Label, Parameters, Value, zero_grad
from engine.arguments import described, one_of, text
from engine.arguments import path as checked_path
from engine.collector import collector_paused
from nn.files import write_atomically as write_atomically
from nn.parameters import attributes_of, named_values
from nn.samples import Array, numbers
from nn.training.scaling import NAMES, Scaling


class StateError(ValueError):
    """A state has other names or shapes than the module it should go into; the message says which."""


class Module:
    """Base of everything with parameters.

    Values are found in attributes, and in lists, tuples, dicts, arrays, sets and Modules there, each once; their names
    are the paths to them.  Values anywhere else are refused with a TypeError, since they would not be trained.

    Attributes
    ----------
    scaling
        What the module does to its samples and results, if it can and has been trained; see `nn.training.scaling`.
    trained_on
        The names of the columns of the frame that it was trained on, if it was one; they are not in its saved file.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.w, self.b = [Value(2.0)], Value(1.0)
    >>> [name for name, _ in Line().named_parameters()]
    ['w.0', 'b']
    """

    scaling: Scaling | None = None
    trained_on: tuple[str, ...] | None = None
    standardises = False  # whether the module applies its scaling when it is called

    if TYPE_CHECKING:

        def __call__(self, x: Any) -> Any:
            """Most modules are called with one sample."""

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield ``(name, Value)`` of every parameter, in order of definition, each once.

        Raises
        ------
        TypeError
            If there are Values where none are looked for, or in a set without labels that give them an order.
        """
        yield from named_values(self.attributes())

    def attributes(self) -> dict[str, Any]:
        """Return what is looked into for parameters, by name."""
        return attributes_of(self, Module)

    def parameters(self) -> list[Value]:
        """Return every parameter, array after array and each row by row: as `arrays` has them.

        >>> from nn import MLP
        >>> [str(v.label) for v in MLP(2, [2]).parameters()][:2]
        ['layers.0.neurons.0.w.0', 'layers.0.neurons.1.w.0']
        """
        return _values({array: _table(places) for array, places in self._placed().items()})

    def zero_grad(self) -> None:
        """Set every parameter's gradient to zero."""
        zero_grad(self.parameters())

    def arrays(self, what: str = "data") -> dict[str, Array]:
        """Return parameters (or with ``what="grad"`` their gradients) as the arrays that their labels place them in.

        >>> from nn import MLP
        >>> {k: v.shape for k, v in MLP(3, [2]).arrays().items()}
        {'layers.0.W': (3, 2), 'layers.0.b': (2,)}
        """
        one_of(what, "what", ("data", "grad"))
        return {
            array: _filled(
                {place: getattr(value, what) or 0.0 for place, value in entries.items()}
            )  # None is no gradient
            for array, entries in self._placed().items()
        }

    def _placed(self) -> dict[str, dict[tuple[int, ...], Value]]:
        """Return every parameter by its array and its place there; a label counts from where the module is."""
        placed: dict[str, dict[tuple[int, ...], Value]] = {}
        with collector_paused():
            for name, value in self.named_parameters():
                array, place = _place(name, value.label)
                places = placed.get(array)
                if places is None:
                    places = placed[array] = {}
                elif place in places:
                    places, place = placed.setdefault(name, {}), ()
                places[place] = value
        return placed

    def state_dict(self) -> dict[str, Array]:
        """Return the parameters, and the scaling if there is one, as named arrays."""
        return self.arrays() | (self.scaling.arrays() if self.scaling is not None else {})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters from named arrays; nothing is set unless all of it fits.

        Raises
        ------
        StateError
            If a name is missing or unknown, or a shape differs.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"load_state_dict takes named arrays, as state_dict() returns them; got {described(state)}."
            )
        own = self._placed()
        scaled = {name: state[name] for name in NAMES if self.standardises and name in state}
        missing, unknown = [k for k in own if k not in state], [k for k in state if k not in own and k not in scaled]
        if missing or unknown:
            problems = [f"{k} is missing" for k in missing] + [f"{k} is unknown" for k in unknown]
            raise StateError(
                f"the state does not fit: {'; '.join(problems)}. Build the module with the sizes it was saved with."
            )
        arrays: dict[str, Array] = {}
        for name, shape in {name: _box(entries) for name, entries in own.items()}.items():
            arrays[name] = numbers(state[name], name).astype(float)
            if arrays[name].shape != shape:
                raise StateError(f"the state does not fit: {name} is {arrays[name].shape}, the module has {shape}.")
        try:
            scaling = Scaling.from_arrays(scaled)
            self.check_scaling(scaling)
        except ValueError as error:
            raise StateError(f"the state does not fit: {error}") from None
        for name, entries in own.items():
            for place, value in entries.items():
                value.data = float(arrays[name][place])
        self.scaling = scaling if self.standardises else None
        self.trained_on = None

    def check_scaling(self, scaling: Scaling) -> None:
        """Refuse a scaling of other widths than the module's.

        Raises
        ------
        ValueError
            Naming both.
        """

    def save(self, path: str | Path, notes: Mapping[str, str] | None = None) -> None:
        """Write the state to a safetensors file; a file that is there is replaced only by a whole one.

        Parameters
        ----------
        path
            The file.
        notes
            Words to keep beside it, by name; `read_notes` gives them back.
        """
        named = _words({} if notes is None else notes)
        write_atomically(_path(path), save_bytes(self.state_dict(), named))

    def load(self, path: str | Path) -> None:
        """Read the state from a safetensors file.

        Raises
        ------
        StateError
            If the file cannot be read, or holds other names or shapes.
        """
        with _readable(path) as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        self.load_state_dict(state)


def laid_out(module: Module) -> Parameters:
    """Return a module's parameters as a flat vector has them, by the arrays that they are in; each label is read once.

    >>> from nn import MLP
    >>> vector = laid_out(MLP(2, [3]))
    >>> vector.size, [(p.name, p.shape) for p in vector.arrays]
    (9, [('layers.0.W', (2, 3)), ('layers.0.b', (3,))])
    """
    if getattr(module.parameters, "__func__", None) is not Module.parameters:
        return Parameters(module.parameters())  # its author chooses which they are
    placed = module._placed()
    tables = {array: _table(places) for array, places in placed.items()}
    alone = [entry for places in placed.values() if len(places) == 1 for entry in places.items()]
    if all(isinstance(value.label, Label) and value.label.place == place for place, value in alone):
        return Parameters.of_arrays(tables)
    return Parameters(_values(tables))  # others have no places of their own: lifting gathers them


def read_notes(path: str | Path) -> dict[str, str]:
    """Return the words that a safetensors file keeps beside its arrays.

    Raises
    ------
    StateError
        If the file cannot be read.
    """
    with _readable(path) as file:
        return dict(file.metadata() or {})


def _path(path: Any) -> Any:
    return checked_path(path, "path", "model.safetensors")


def _words(notes: Any) -> dict[str, str]:
    if not isinstance(notes, Mapping):
        raise TypeError(f"notes must be a dict of texts; got {described(notes)}.")
    return {text(key, "a name in notes"): text(word, f"notes[{key!r}]") for key, word in notes.items()}


@contextmanager
def _readable(path: str | Path) -> Iterator[Any]:
    try:
        with open(_path(path), "rb"), safe_open(str(path), framework="numpy") as file:
            yield file
    except OSError as error:
        raise StateError(f"{path}: cannot be read ({error.strerror}).") from None
    except SafetensorError as error:
        raise StateError(f"{path}: is no safetensors file ({error}).") from None


def _place(name: str, label: str) -> tuple[str, tuple[int, ...]]:
    if not isinstance(label, Label):
        return name, ()
    if name == label:
        return label.array, label.place
    owner = name.removesuffix(label) if name.endswith(label) else ""
    return owner + label.array, label.place


def _table(places: dict[tuple[int, ...], Value]) -> npt.NDArray[Any]:
    """Return Values as the array that their places fill; row by row in a line where these leave gaps."""
    values = np.fromiter(places.values(), object, len(places))
    if () in places:
        return values.reshape(())
    at = np.fromiter(chain.from_iterable(places), np.int64).reshape(len(places), -1).T
    shape = tuple((at.max(axis=1) + 1).tolist())
    table = values[np.lexsort(at[::-1])]
    fills = math.prod(shape) == len(places) and at.min() >= 0
    return table.reshape(shape) if fills else table


def _values(tables: Mapping[str, npt.NDArray[Any]]) -> list[Value]:
    return list(chain.from_iterable([table.reshape(-1).tolist() for table in tables.values()]))


def _filled(entries: dict[tuple[int, ...], float]) -> Array:
    array = np.zeros(_box(entries))
    for place, number in entries.items():
        array[place] = number
    return array


def _box(places: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(max(along) + 1 for along in zip(*places))
