"""What a file of a layer holds, and a mistake as people make it in one line of its backward pass.

>>> from nn.layers import affine
>>> mistake = affine.MISTAKES[0]
>>> mistake.right, mistake.wrong
('db = dout.sum(axis=0)', 'db = dout.mean(axis=0)')
>>> out, cache = affine.forward(np.ones((2, 1)), np.ones((1, 1)), np.zeros(1))
>>> affine.backward(np.ones((2, 1)), cache)[2], mistake.made_in(affine.backward)(np.ones((2, 1)), cache)[2]
(array([2.]), array([1.]))
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

Cache: TypeAlias = tuple[Any, ...]
"""What a forward pass keeps for its backward pass."""


@dataclass(frozen=True)
class Slip:
    """A backward pass in which some text stands in place of another.

    Attributes
    ----------
    what
        What its author did.
    right, wrong
        Text of the backward pass, which is in it once, and what stands in its place.
    names
        What `nn.check_backward` may call it: one, or a pair that belongs together; none where it has no name for it.
    """

    what: str
    right: str
    wrong: str
    names: tuple[str, ...]

    def made_in(self, backward: Callable[..., Any]) -> Callable[..., Any]:
        """Return the backward pass with the mistake in it.

        Raises
        ------
        ValueError
            If the right text is not in it once.
        """
        source = inspect.getsource(backward)
        if source.count(self.right) != 1:
            raise ValueError(f"{self.right!r} is {source.count(self.right)} times in {backward.__module__}, not once.")
        return rewritten(backward, source.replace(self.right, self.wrong))


def rewritten(function: Callable[..., Any], source: str) -> Callable[..., Any]:
    """Return the function of another source text, among the names of an existing one's module.

    >>> rewritten(np.tanh, "def tanh(x): return -x")(1.0)
    -1.0
    """
    namespace = dict(getattr(function, "__globals__", {}))
    file = f"<{function.__name__} with mistake {len(linecache.cache)}>"
    linecache.cache[file] = len(source), None, source.splitlines(True), file  # it has a text, as a file's has
    exec(compile(source, file, "exec", dont_inherit=True), namespace)
    written: Callable[..., Any] = namespace[function.__name__]
    return written


class Reference(Protocol):
    """The file of a layer."""

    __name__: str

    @property
    def forward(self) -> Callable[..., tuple[Any, Cache]]:
        """Of its inputs, ``(out, cache)``."""

    @property
    def backward(self) -> Callable[..., Any]:
        """Of ``dout`` and the cache, the gradients of the inputs that are arrays of floats, in their order."""

    @property
    def inputs(self) -> Callable[[np.random.Generator], tuple[Any, ...]]:
        """Of a generator, arguments for the forward pass, of a random shape."""

    @property
    def MISTAKES(self) -> tuple[Slip, ...]:
        """Those that people make in the backward pass, the most frequent first."""
