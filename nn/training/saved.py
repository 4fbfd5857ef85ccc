"""A saved network: its parameters and scaling, and beside them what it is, and how its samples were read.

From such a file `liftgrad predict` builds the network again, and reads other rows as those that it was trained on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nn.command_line.sizes import check_size
from nn.files import OutputError
from nn.module import StateError, read_notes
from nn.neuron import MLP
from nn.reading.schema import Schema

KEY = "liftgrad"  # of the words beside the arrays
VERSION = 2


@dataclass(frozen=True)
class Saved:
    """A network, the loss that it was trained with, and how its samples were read."""

    model: MLP
    loss: str
    schema: Schema

    def save(self, path: str | Path) -> None:
        """Write all of it to a safetensors file."""
        n_inputs, *sizes = self.model.sizes
        notes = {
            "version": VERSION,
            "inputs": n_inputs,
            "sizes": sizes,
            "activation": self.model.activation,
            "output": self.model.output,
            "loss": self.loss,
            "schema": self.schema.notes(),
        }
        self.model.save(path, {KEY: json.dumps(notes)})


def load(path: str | Path) -> Saved:
    """Return the network that a file holds.

    Raises
    ------
    StateError
        If it cannot be read, holds no network, or one that does not fit its own description.
    """
    notes = read_notes(path)
    if KEY not in notes:
        raise StateError(f"{path}: holds no network with a description; `liftgrad train --save` writes such files.")
    try:
        saved = _described(json.loads(notes[KEY]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"{path}: its description of the network is damaged ({error}).") from None
    try:
        saved.model.load(path)
    except StateError as error:
        raise StateError(f"{path}: {error}") from None
    return saved


def check_replaceable(path: str | Path | None, key: str = KEY, *, force: bool = False, resume: bool = False) -> None:
    """Refuse to replace a file, unless that is asked for; training that goes on replaces a network of its kind.

    Raises
    ------
    OutputError
        If there is one.
    """
    if path is None or force or not Path(path).exists():
        return
    if not resume:
        raise OutputError(f"{path}: is there already; --force replaces it.")
    try:
        known = key in read_notes(path)
    except StateError:
        known = False
    if not known:
        raise OutputError(f"{path}: is there, and is no saved network of this kind; --force replaces it.")


def _described(notes: dict[str, Any]) -> Saved:
    if notes["version"] != VERSION:
        raise ValueError(
            f"version {notes['version']}, written by another liftgrad; this one reads {VERSION}: train it again"
        )
    n_inputs, sizes = int(notes["inputs"]), [int(n) for n in notes["sizes"]]
    check_size(n_inputs, sizes)
    schema = Schema.of_notes(notes["schema"])
    if schema.width != n_inputs:
        raise ValueError(f"{schema.width} columns for {n_inputs} inputs")
    model = MLP(n_inputs, sizes, activation=notes["activation"], output=notes["output"])
    return Saved(model, str(notes["loss"]), schema)
