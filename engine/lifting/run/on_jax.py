"""A lifted program as a pure function of JAX arrays: what `Program.to_jax` returns.

The text of `jax_source` takes named arrays and each sample's seed; here they are made of what a caller has: a flat
vector or a dict of parameters, inputs in their structure, weights of the samples.  JAX is imported when asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from engine.arguments import one_of
from engine.errors import LiftError, MissingExtraError, NotScalarError, ShapeError
from engine.lifting.emit.source import Emitted
from engine.lifting.run.flat import Flat
from engine.lifting.trace.inputs import Spec
from engine.lifting.verify.jax_proof import prove_for_jax
from engine.tree import Structure

if TYPE_CHECKING:
    from engine.lifting.run.program import Program, Specialisation


Written: TypeAlias = Callable[..., "tuple[Any, Any]"]  # (parameters, arrays, these as numbers, seed, dtype)


@dataclass(frozen=True, eq=False)
class JaxFunction:
    """``(parameters, *inputs, weights=None) -> (value, gradients)``, pure; made by `Program.to_jax`.

    Attributes
    ----------
    name
        Of the lifted function.
    """

    name: str
    program: Written
    text: str
    flat: Flat
    specs: tuple[Spec, ...]
    arguments: tuple[str, ...]
    limits: dict[int, int]
    reduction: str  # "mean" or "sum" of a batch, "" of a program for one
    wrt: str
    read: dict[str, Any]  # captured arrays, as they were

    def __call__(self, parameters: Any, *inputs: Any, weights: Any = None) -> tuple[Any, Any]:
        """Return the value, and the gradients in the structure of what they are of.

        Parameters
        ----------
        parameters
            A dict of named arrays or the flat vector; the gradients come back the same way.
        inputs
            As the program takes them, of any number of samples.
        weights
            One number per sample, for a weighted mean or sum; a weight of 0 leaves a sample out.

        Raises
        ------
        ShapeError
            If something does not have the structure that the function was made for.
        """
        jnp = extra("jax.numpy")
        named, arrays = self._named(parameters), self._arrays(inputs)
        floats = [x for x in [*named, *arrays] if jnp.issubdtype(x.dtype, jnp.floating)]
        dtype = jnp.result_type(*floats) if floats else jnp.result_type(float)
        numbers = [x.astype(dtype) for x in arrays]
        seed = self._seed(arrays, weights, dtype)
        value, gradients = self.program([p.astype(dtype) for p in named], arrays, numbers, seed, dtype)
        if self.wrt == "inputs":
            return value, self._restored(gradients)
        of_parameters = self._like(parameters, gradients[: len(named)])
        if self.wrt == "parameters":
            return value, of_parameters
        return value, (of_parameters, self._restored(gradients[len(named) :]))

    def source(self) -> str:
        """Return the text that runs."""
        return self.text

    def _named(self, parameters: Any) -> list[Any]:
        jnp = extra("jax.numpy")
        arrays = self.flat.arrays
        if isinstance(parameters, dict):
            if set(parameters) != {p.name for p in arrays if not p.read}:
                names = sorted(p.name for p in arrays if not p.read)
                raise ShapeError(f"{self.name} has the parameters {names}; got {sorted(parameters)}.")
            named = [jnp.asarray(self.read[p.name] if p.read else parameters[p.name]) for p in arrays]
            for p, array in zip(arrays, named):
                if array.shape != p.shape:
                    raise ShapeError(f"'{p.name}' must have shape {p.shape}; got {array.shape}.")
            return named
        size = self.flat.size
        flat = jnp.asarray(parameters)
        if flat.shape != (size,):
            raise ShapeError(
                f"parameters must be a dict or a vector of {size} numbers, as pull() returns; got {flat.shape}."
            )
        if self.flat.order is not None:
            number = np.zeros(self.flat.cells, np.int64)  # of each cell in the vector
            number[self.flat.order] = np.arange(size)
            flat = flat[number]
        parts = [flat[p.offset : p.offset + p.size].reshape(p.shape) if not p.read else None for p in arrays]
        return [jnp.asarray(self.read[p.name]) if p.read else part for p, part in zip(arrays, parts)]

    def _like(self, parameters: Any, gradients: Sequence[Any]) -> Any:
        """Return the parameters' gradients as the parameters came."""
        if isinstance(parameters, dict):
            return {p.name: g for p, g in zip(self.flat.arrays, gradients) if not p.read}
        jnp = extra("jax.numpy")
        cells = jnp.concatenate([g.reshape(-1) for g in gradients]) if gradients else jnp.zeros(0)
        return cells if self.flat.order is None else cells[self.flat.order]

    def _restored(self, gradients: Sequence[Any]) -> tuple[Any, ...]:
        """Return the inputs' gradients as the inputs came; a regular nesting of numbers is an array."""
        pieces = iter(gradients)
        return tuple(
            [spec.with_parts(lambda part: None if part.kind == "static" else next(pieces)) for spec in self.specs]
        )

    def _arrays(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the input arrays, having looked at their shapes."""
        if len(inputs) != len(self.specs):
            raise ShapeError(f"{self.name} takes {len(self.specs)} inputs; got {len(inputs)}.")
        jnp, lead = extra("jax.numpy"), int(bool(self.reduction))
        expected = [part for spec, name in zip(self.specs, self.arguments) for part in spec.arrays(name)]
        arrays = [
            jnp.asarray(x)
            for spec, x, name in zip(self.specs, inputs, self.arguments)
            for x in _parts_of(spec, x, name)
        ]
        for array, (name, spec) in zip(arrays, expected):
            if array.ndim < lead or array.shape[lead:] != spec.shape:
                shape = ("N", *spec.shape) if lead else spec.shape
                raise ShapeError(
                    f"'{name}' has shape {array.shape}; this function was made for {shape}. "
                    "Call the program with such inputs, and take to_jax() again."
                )
            if spec.integer and not jnp.issubdtype(array.dtype, jnp.integer):
                raise TypeError(f"'{name}' is an array of {array.dtype}; integers are needed.")
            if lead and len(array) != len(arrays[0]):
                raise ShapeError(f"'{expected[0][0]}' has {len(arrays[0])} samples and '{name}' has {len(array)}.")
        return arrays

    def _seed(self, arrays: Sequence[Any], weights: Any, dtype: Any) -> Any:
        """Return the cotangent of each sample's value: NaN where an integer is outside its table."""
        jnp = extra("jax.numpy")
        if not self.reduction:
            if weights is not None:
                raise ShapeError(f"{self.name} is not of a batch; weights are one number per sample.")
            seed = jnp.ones((), dtype)
        else:
            shape = (len(arrays[0]),)
            weights = jnp.ones(shape, dtype) if weights is None else jnp.asarray(weights, dtype)
            if weights.shape != shape:
                raise ShapeError(
                    f"weights must be one number for each of {shape[0]} samples; got shape {weights.shape}."
                )
            seed = weights / weights.sum() if self.reduction == "mean" else weights
        for argument, limit in self.limits.items():
            x = arrays[argument]
            inside = (x >= 0) & (x < limit)
            inside = inside.reshape(*seed.shape, -1).all(axis=-1)
            seed = jnp.where(inside, seed, jnp.nan)
        return seed


def to_jax(program: Program, *, gradients: str = "lifted", wrt: str = "parameters") -> JaxFunction:
    """Return a pure function of JAX arrays, ``(parameters, *inputs) -> (value, gradients)`` (extra ``jax``).

    It is made of the array operations of what ran last, and is for inputs of that structure; `jax.jit`, `jax.vmap`
    and sharding accept it: ``jax.jit(program.to_jax())(program.pull(), X, T)``. Numbers that the function takes
    from its surroundings stay as they were then.

    Parameters
    ----------
    program
        What is to run on JAX.
    gradients
        "lifted", the adjoint that `value_and_grad` runs, or "jax": the forward pass, differentiated by JAX.
    wrt
        "parameters", "inputs" or "all"; with "all" the gradients are a pair.

    Returns
    -------
    JaxFunction
        Its parameters are a dict of named arrays (see `parameters`) or the flat vector of `pull`, and the gradients
        come back the same way. ``weights=``, one number per sample, weighs the samples of a batch. An integer input
        that is outside its table gives NaN, since a pure function cannot raise.

    Raises
    ------
    LiftError
        If the program was not called yet, or if it branches on values.
    MissingExtraError
        If JAX is not installed.
    ValueError
        If `gradients` or `wrt` is none of these.
    """
    one_of(wrt, "wrt", ("parameters", "inputs", "all"))
    one_of(gradients, "gradients", ("lifted", "jax"))
    if program.batch and program.reduction == "none":
        raise NotScalarError("to_jax needs one number; lift with reduction='mean' or 'sum'.")
    specialisation = _without_branches(program)
    specialisation.require_number("to_jax")
    extra("jax")
    emitted = program.compile_for_jax(specialisation, wrt, gradients)
    prove_for_jax(program, specialisation, emitted, wrt)
    written = _loaded(emitted, specialisation)
    return JaxFunction(
        program.name,
        written if gradients == "lifted" else _differentiated(written, wrt),
        emitted.text,
        specialisation.parameters.flat,
        specialisation.specs,
        tuple(program.input_names(specialisation.specs)),
        specialisation.limits,
        program.reduction if program.batch else "",
        wrt,
        _arrays_read(specialisation),
    )


def _arrays_read(specialisation: Specialisation) -> dict[str, Any]:
    """Return the captured arrays that a program reads at each call, as they are."""
    cells = specialisation.parameters.read_cells()
    return {p.name: p.of(cells) for p in specialisation.parameters.arrays if p.read}


def _loaded(emitted: Emitted, specialisation: Specialisation) -> Written:
    """Return the text's function, called with integers where it chooses by them and with numbers elsewhere."""
    function: Written = emitted.load()["program"]
    specs = [spec for argument in specialisation.specs for _, spec in argument.arrays("")]

    def written(named: list[Any], arrays: list[Any], numbers: list[Any], seed: Any, dtype: Any) -> tuple[Any, Any]:
        inputs = [x if spec.integer else number for x, number, spec in zip(arrays, numbers, specs)]
        computed_with = [numbers[k] for k in emitted.integers]
        return function(*named, *inputs, *computed_with, seed, dtype, emitted.constants)

    return written


def _differentiated(written: Written, wrt: str) -> Written:
    """Return a function of the value as one that gives the gradients too, by JAX."""
    argnums = {"parameters": (0,), "inputs": (1,), "all": (0, 1)}[wrt]

    def value_and_grad(named: list[Any], arrays: list[Any], numbers: list[Any], seed: Any, dtype: Any) -> Any:
        def value(named: list[Any], numbers: list[Any]) -> Any:
            return written(named, arrays, numbers, seed, dtype)

        result, parts = extra("jax").value_and_grad(value, argnums=argnums)(named, numbers)
        return result, [g for part in parts for g in part]

    return value_and_grad


def extra(module: str) -> Any:
    """Return a module of JAX's.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtraError("Programs for JAX need it installed: pip install 'liftgrad[jax]'.") from None


def _without_branches(program: Program) -> Specialisation:
    specialisation = program.require_trace("to_jax")
    for guard in specialisation.guards:
        raise LiftError(
            f"{guard.line} branches on a value, and a pure function cannot look which way. "
            "Write it as engine.where(condition, a, b)."
        )
    return specialisation


def _parts_of(structure: Structure, x: Any, name: str) -> list[Any]:
    """Return what an argument has in the places of a structure's arrays."""
    if structure.kind == "static" and x != structure.keys:
        raise ShapeError(f"'{name}' was {structure.keys!r} when the function was made; got {x!r}.")
    if not structure.is_container:
        return [] if structure.kind == "static" else [x]
    n, kind = len(structure.children), structure.kind
    if not isinstance(x, dict if kind == "dict" else (list, tuple)) or len(x) != n:
        raise ShapeError(f"'{name}' must be a {kind} of {n}, as when the function was made.")
    return [part for key, child in structure.items() for part in _parts_of(child, x[key], f"{name}_{key}")]
