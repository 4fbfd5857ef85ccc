"""JAX: a function under `jax.custom_vjp`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.diagnosis.alterations.jaxprs import evaluated
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray
from nn.diagnosis.frameworks.custom import Custom, FrameworkError, Swept, apart, in_one, one_line
from nn.diagnosis.layer import is_differentiated
from nn.samples import Array
from nn.training.devices import double_precision


def jax_custom(function: Any, inputs: Sequence[Any]) -> JaxCustom | None:
    """Return a function with a custom VJP; None if it is something else."""
    jax = sys.modules.get("jax")
    if jax is None:
        return None
    while not isinstance(function, jax.custom_vjp) and hasattr(function, "__wrapped__"):  # jitted
        function = function.__wrapped__
    if not isinstance(function, jax.custom_vjp):
        return None
    fixed = {k % len(inputs) for k in getattr(function, "nondiff_argnums", ())} if inputs else set()
    names = list(inspect.signature(function.fun).parameters)
    leaves, form = _Form.of(jax, inputs, names, fixed)
    title = getattr(function, "__name__", "the function")
    return JaxCustom(title, function, None, form.names, leaves, form)


@dataclass(frozen=True)
class _Form:
    """How inputs, each a tree of arrays, are made of a list of leaves."""

    names: list[str]
    tree: Any
    fixed: dict[int, Any]

    @classmethod
    def of(cls, jax: Any, inputs: Sequence[Any], names: Sequence[str], fixed: set[int]) -> tuple[list[Any], _Form]:
        """Return the leaves of inputs and their form; what is fixed is no leaf."""
        free = [None if k in fixed else x for k, x in enumerate(inputs)]
        paths, tree = jax.tree_util.tree_flatten_with_path(free)
        leaves = [np.asarray(x) if isinstance(x, (jax.Array, np.ndarray)) else x for _, x in paths]
        called = [names[p[0].idx] if p[0].idx < len(names) else f"input {p[0].idx}" for p, _ in paths]
        within = [jax.tree_util.keystr(path[1:]) for path, _ in paths]
        labels = [f"{name}{place}" for name, place in zip(called, within)]
        return leaves, cls(labels, tree, {k: x for k, x in enumerate(inputs) if k in fixed})

    def inputs(self, leaves: Sequence[Any]) -> list[Any]:
        """Return the inputs of leaves."""
        import jax

        free = jax.tree_util.tree_unflatten(self.tree, leaves)
        return [self.fixed.get(k, x) for k, x in enumerate(free)]


@dataclass(frozen=True)
class JaxCustom(Custom):
    """A function of JAX's arrays.

    Attributes
    ----------
    form
        How its inputs are made of leaves.
    """

    form: _Form

    def by_hand(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return its result, and what its own rule makes of a cotangent."""
        return self._swept(self.run, inputs, dout, self.title)

    def ordinary(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return the same of the function that was decorated, differentiated by JAX."""
        return self._swept(self.forward or self.run.fun, inputs, dout, f"the forward pass of {self.title}")

    def on_arrays(self, *inputs: Any) -> Any:
        """Return what the forward pass makes of recorded arrays, by its equations."""
        places = [k for k, x in enumerate(inputs) if isinstance(x, RecordedArray)]
        called = self._of_floats(self.forward or self.run.fun, inputs, places)
        try:
            with double_precision():
                outs = evaluated(called, [inputs[k] for k in places])
        except Exception as error:
            raise NotRecordedError(f"{self.title}: {one_line(error)}") from error
        return outs[0] if len(outs) == 1 else np.concatenate([np.ravel(x) for x in outs])

    def arguments(self, inputs: Sequence[Any]) -> list[Any]:
        """Return what a forward pass in NumPy is called with."""
        return self.form.inputs(inputs)

    def _swept(self, run: Callable[..., Any], leaves: Sequence[Any], dout: Array | None, title: str) -> Swept:
        import jax

        places = [k for k, x in enumerate(leaves) if is_differentiated(x)]
        called = self._of_floats(run, leaves, places)
        try:
            with _precision([leaves[k] for k in places]):
                outs, pull = jax.vjp(called, *[jax.numpy.asarray(leaves[k]) for k in places])
                out = in_one([np.asarray(x) for x in outs])
                if dout is None:
                    return out, []
                cotangents = [
                    jax.numpy.asarray(part, x.dtype) for part, x in zip(apart(dout, [x.shape for x in outs]), outs)
                ]
                return out, [np.asarray(x) for x in pull(cotangents)]
        except Exception as error:
            raise FrameworkError(f"{title} raised {one_line(error)}") from error

    def _of_floats(
        self, run: Callable[..., Any], leaves: Sequence[Any], places: Sequence[int]
    ) -> Callable[..., list[Any]]:
        """Return a function of some leaves, that returns its arrays of floats."""
        import jax

        def called(*floats: Any) -> list[Any]:
            filled = list(leaves)
            for k, x in zip(places, floats):
                filled[k] = x
            outs = jax.tree_util.tree_leaves(run(*self.form.inputs(filled)))
            return [x for x in outs if jax.numpy.issubdtype(x.dtype, jax.numpy.floating)]

        return called


def _precision(floats: Sequence[Array]) -> AbstractContextManager[Any]:
    return double_precision() if any(x.dtype == np.float64 for x in floats) else nullcontext()
