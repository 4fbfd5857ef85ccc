"""A dataclass that is quickly made takes, stores and refuses what it did."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from engine.lifting.quickly_made import quickly_made


@dataclass(frozen=True)
class Slow:
    x: int
    y: tuple[int, ...] = ()
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.__dict__["total"] = self.x + sum(self.y)


@quickly_made
@dataclass(frozen=True)
class Quick:
    x: int
    y: tuple[int, ...] = ()
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.__dict__["total"] = self.x + sum(self.y)


@pytest.mark.parametrize(("given", "named"), [((1,), {}), ((1, (2, 3)), {}), ((), {"y": (4,), "x": 5})])
def test_it_holds_what_the_dataclass_holds(given, named):
    assert vars(Quick(*given, **named)) == vars(Slow(*given, **named))
    assert vars(replace(Quick(*given, **named), x=7)) == vars(replace(Slow(*given, **named), x=7))


def test_it_is_frozen_and_takes_nothing_else():
    with pytest.raises(FrozenInstanceError):
        Quick(1).x = 2
    for given, named in (((), {}), ((1, (), 3), {}), ((1,), {"z": 1})):
        with pytest.raises(TypeError):
            Quick(*given, **named)


def test_a_default_that_is_made_anew_is_refused():
    with pytest.raises(AssertionError, match="makes \\['z'\\] anew"):

        @quickly_made
        @dataclass(frozen=True)
        class Anew:
            z: list[int] = field(default_factory=list)
