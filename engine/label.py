"""What a Value is called: any text, which may also say where its scalar sits in which array."""

from __future__ import annotations

from typing import Any

from engine.arguments import described


class Label(str):
    """A label that also says where its scalar sits in which array, as `nn` names its weights.

    >>> w = Label("layers.0.neurons.3.w.5", array="layers.0.W", place=(5, 3))
    >>> w, w.array, w.place
    ('layers.0.neurons.3.w.5', 'layers.0.W', (5, 3))
    """

    __slots__ = ("array", "place")
    array: str
    place: tuple[int, ...]

    def __new__(cls, text: str, array: str, place: tuple[int, ...]) -> Label:
        """Return the text with its array and its place."""
        if not isinstance(place, tuple) or not all(isinstance(i, int) for i in place):
            raise TypeError(f"a label's place must be a tuple of whole numbers; got {described(place)}.")
        checked(text), checked(array)
        self = super().__new__(cls, text)
        self.array, self.place = array, place
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the place."""
        return Label, (str(self), self.array, self.place)


def checked(label: Any) -> str:
    """Return a label if it is text.

    Raises
    ------
    TypeError
        If it is anything else: pictures, lifted programs and messages print it.
    """
    if isinstance(label, str):
        return label
    raise TypeError(f"A Value's label is text; got {described(label)}. Pass str(...) of it, or no label.")
