"""Somebody's function, run again and again with another expression in one place.

>>> from nn.diagnosis.mending.program import Program
>>> program = Program()
>>> program.record(lambda: 1.0)
1.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from nn.diagnosis.mending.instrumented import HOOK, Node, instrumented
from nn.diagnosis.mending.source import bound, compiled, definition, is_authors

NOTHING: Mapping[str, Any] = {}
MANY = 20_000  # expressions that one run computes, beyond which it is not tried again and again


class TooLongError(RuntimeError):
    """A function computes more than it did as its author wrote it: it may never end."""


class Instead(NamedTuple):
    """What stands in place of one expression, or of several that are written alike.

    Attributes
    ----------
    keys
        The expressions' numbers.
    make
        Returns the value: of what makes that of the expression, its operands, its arguments by name, and the arrays at
        hand by their text.
    uses
        The text of the array that it reads.
    """

    keys: tuple[int, ...]
    make: Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any], Mapping[str, Any]], Any]
    uses: str = ""


@dataclass(eq=False)
class Program:
    """The functions of an author that run when one is called, and what they compute.

    Attributes
    ----------
    leave
        Functions that are called as they are.
    nodes
        Their expressions.
    seen
        Of each that was computed, in this order: its operands, its arguments by name, and its first value.
    count
        How many are computed in one run.
    watched
        Of expressions that are looked at in every run, the value that was computed last, if any was.
    """

    leave: frozenset[CodeType] = frozenset()
    nodes: list[Node] = field(default_factory=list)
    seen: dict[int, tuple[tuple[Any, ...], dict[str, Any], Any]] = field(default_factory=dict)
    count: int = 0
    watched: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._codes: dict[CodeType, CodeType | None] = {}
        self._most, self._is_recording = MANY, False
        self._instead: dict[int, Instead] = {}
        self._named: dict[int, str] = {}
        self._at_hand: dict[str, Any] = {}

    def __call__(self, key: int, *operands: Any, **keywords: Any) -> Any:
        """Compute an expression of its operands: what stands there, or what stands there instead."""
        self.count += 1
        if self.count > self._most:
            raise TooLongError("it computes more than as it was written.")
        node, instead = self.nodes[key], self._instead.get(key)
        do = partial(self._called, node.do) if node.form == "call" else node.do
        if instead is not None:
            value = instead.make(do, operands, keywords, self._at_hand)
        elif node.form == "store":
            value = operands[0]
        else:
            value = do(*operands, **keywords)
        if key in self.watched:
            self.watched[key] = _copied(value)
        if key in self._named:
            self._at_hand[self._named[key]] = value
        if self._is_recording and key not in self.seen:
            self.seen[key] = tuple(map(_copied, operands)), keywords, _copied(value)
        return value

    def _called(self, do: Callable[..., Any], function: Any, *operands: Any, **keywords: Any) -> Any:
        return do(self.followed(function), *operands, **keywords)

    def followed(self, function: Any) -> Any:
        """Return a function whose expressions are seen, if it is the author's; or itself."""
        if isinstance(function, MethodType):
            return MethodType(self.followed(function.__func__), function.__self__)
        if isinstance(function, partial):
            arguments = [self.followed(x) for x in function.args]
            return partial(self.followed(function.func), *arguments, **function.keywords)
        if not isinstance(function, FunctionType):
            own = vars(type(function)).get("__call__")
            return MethodType(self.followed(own), function) if is_authors(own) else function
        if HOOK in function.__code__.co_freevars or function.__code__ in self.leave or not is_authors(function):
            return function
        code = self._code(function)
        return function if code is None else bound(code, function, {HOOK: self})

    @property
    def codes(self) -> frozenset[CodeType]:
        """The functions that were followed, as they are written."""
        return frozenset(self._codes)

    def _code(self, function: FunctionType) -> CodeType | None:
        if function.__code__ not in self._codes:
            tree, code = definition(function), None
            if tree is not None:
                modules = {name for name, x in function.__globals__.items() if isinstance(x, ModuleType)}
                other, nodes = instrumented(tree, len(self.nodes), modules)
                code = compiled(other, function.__code__, (HOOK,))
                self.nodes += nodes if code is not None else []
            self._codes[function.__code__] = code
        return self._codes[function.__code__]

    def record(
        self, run: Callable[[], Any], instead: Sequence[Instead] = (), beside: Mapping[str, Any] = NOTHING
    ) -> Any:
        """Return what a run makes, and keep what it computes, where something else may stand in some places."""
        self.seen, self._is_recording, self._most = {}, True, MANY
        try:
            return self.altered(instead, run, beside)
        finally:
            self._is_recording, self._most = False, 4 * self.count + 100

    def altered(self, instead: Sequence[Instead], run: Callable[[], Any], beside: Mapping[str, Any]) -> Any:
        """Return what a run makes where something else stands in some places, of arrays beside the author's too."""
        self.count, self._at_hand, self.watched = 0, dict(beside), dict.fromkeys(self.watched)
        self._instead = {key: one for one in instead for key in one.keys}
        uses = {one.uses for one in instead} - {"", *beside}
        self._named = {node.key: node.text for node in self.nodes if node.text in uses} if uses else {}
        try:
            return run()
        finally:
            self._instead, self._named = {}, {}


def _copied(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x
