"""What a program takes from its caller, as sources: an array is bound by which source it is, not by what it is called.

>>> from engine.lifting.names import ParameterArray
>>> taken = set()
>>> parameters = [ParameterArray("t", (), 0, "t"), ParameterArray("dt", (), 1, "dt")]
>>> external = External.of(parameters, 2, [], {"t", "dt"})
>>> [named.gradient.name for named in external.arrays]  # `dt` is a parameter already
['dt_2', 'ddt']
>>> external.argument(external.arrays[1].array)
Argument(name='dt', kind='parameters', number=2)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, cast

from engine.lifting.names import ParameterArray, variable
from engine.lifting.views import Source

KINDS = ("parameters", "inputs", "numbers", "gradient", "slots")  # of arguments, as functions list them
Views: TypeAlias = Sequence[Any]


class Argument(NamedTuple):
    """One argument of an emitted function.

    Attributes
    ----------
    name
        What the text calls it.
    kind
        What the caller passes there: "parameters", "inputs", "numbers" (integer inputs as floats), "gradient" (of the
        parameters) or "slots" (of the inputs).
    number
        Which input; of the parameters and their gradient 0 is the flat vector, and k the k-th named array.
    """

    name: str
    kind: str
    number: int


@dataclass(frozen=True, eq=False)
class Named:
    """One named array of the flat vector, and its gradient, as sources."""

    part: ParameterArray
    array: Source
    gradient: Source


@dataclass(frozen=True, eq=False)
class External:
    """Every source that the caller passes; the names are unique among them."""

    theta: Source
    gradient: Source
    arrays: tuple[Named, ...]
    inputs: tuple[Source, ...]
    numbers: tuple[Source, ...]  # what the inputs compute as: an integer input, which chooses, as floats
    slots: tuple[Source, ...]
    taken: set[str] = field(repr=False)  # names that results may not have
    places: dict[Source, tuple[str, int]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        groups: dict[str, Sequence[Source]] = {
            "parameters": [self.theta, *[named.array for named in self.arrays]],
            "inputs": self.inputs,
            "numbers": self.numbers,
            "gradient": [self.gradient, *[named.gradient for named in self.arrays]],
            "slots": self.slots,
        }
        for kind, sources in groups.items():
            for k, source in enumerate(sources):
                self.places.setdefault(source, (kind, k))  # most inputs are their own numbers

    @classmethod
    def of(cls, parameters: Sequence[ParameterArray], size: int, inputs: Sequence[Source], taken: set[str]) -> External:
        """Return the sources of a flat vector of `size` numbers, of its named arrays and the inputs; name gradients.

        Parameters
        ----------
        parameters, size
            The named arrays, and how many numbers they are.
        inputs
            The input arrays.
        taken
            Names that are taken, those of the parameters and inputs among them; more are added.
        """
        theta = Source("theta", (size,), "parameters")
        gradient = Source("gradient", (size,), "gradient")
        arrays = []
        for p in parameters:
            array = Source(p.variable, p.shape, "parameter")
            arrays.append(Named(p, array, Source(variable(f"d{p.variable}", taken), p.shape, "parameter")))
        slots = [Source(variable(f"d{s.name}", taken), s.shape, "slot", s.batched) for s in inputs]
        numbers = [s if s.kind == "input" else _number(s, taken) for s in inputs]
        return cls(theta, gradient, tuple(arrays), tuple(inputs), tuple(numbers), tuple(slots), taken)

    def argument(self, source: Source) -> Argument:
        """Return how an emitted function takes a source."""
        return Argument(source.name, *self.places[source])

    def arguments(self, used: set[Source]) -> tuple[Argument, ...]:
        """Return the arguments for sources that a function uses, in the order in which all functions list them."""
        return tuple([self.argument(source) for source in self.places if source in used])


def _number(source: Source, taken: set[str]) -> Source:
    return Source(variable(f"{source.name}_number", taken), source.shape, "input", source.batched)


def taker(arguments: Sequence[Argument]) -> Callable[..., tuple[Any, ...]]:
    """Return what picks a function's arguments from the caller's arrays, which are handed to it by kind.

    >>> pick = taker([Argument("b", "parameters", 2), Argument("x", "inputs", 0)])
    >>> pick(["theta", "W", "b"], ["x", "t"], ["x", "t"])
    ('b', 'x')
    """
    numbers = [[a.number for a in arguments if a.kind == kind] for kind in KINDS]
    picks = [(k, _picker(places)) for k, places in enumerate(numbers) if places]
    if len(picks) == 1:
        [(k, only)] = picks
        return lambda *views: only(views[k])
    if len(picks) == 2:  # as most functions do: the parameters, and the inputs or the gradient
        (k, first), (j, second) = picks
        return lambda *views: first(views[k]) + second(views[j])
    return lambda *views: sum([pick(views[k]) for k, pick in picks], ())


def _picker(places: Sequence[int]) -> Callable[[Views], tuple[Any, ...]]:
    if len(places) == 1:
        return lambda views: (views[places[0]],)
    return cast("Callable[[Views], tuple[Any, ...]]", itemgetter(*places))
