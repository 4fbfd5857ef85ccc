"""A lifted program where Values go in: the function itself, run by the scalar engine, so that it can be differentiated.

>>> import engine
>>> program = engine.lift(lambda x: x * x)
>>> x = engine.Value(3.0)
>>> program(x).backward()
>>> x.grad
6.0
>>> engine.grad(lambda x: program(x) * x)(2.0)
12.0
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.arguments import result
from engine.arrays.array import ValueArray, array
from engine.errors import ShapeError
from engine.lifting.ir import Trace
from engine.lifting.run.executable import nested
from engine.lifting.trace.inputs import STATIC, batch_size
from engine.rules import RULES, total
from engine.tree import array_of_objects, flatten, unflatten
from engine.value import Value

if TYPE_CHECKING:
    from engine.lifting.run.program import Program


def holds_values(inputs: Any) -> bool:
    """Whether there is a Value among numbers, arrays, and nested lists, tuples and dicts of them.

    >>> holds_values([1.0, {"x": [Value(2.0)]}]), holds_values(np.ones(3))
    (True, False)
    """
    if isinstance(inputs, np.ndarray):
        return inputs.dtype == object and any(isinstance(x, Value) for x in inputs.flat)
    if isinstance(inputs, Mapping):
        return any(map(holds_values, inputs.values()))
    return any(map(holds_values, inputs)) if isinstance(inputs, (list, tuple)) else isinstance(inputs, Value)


def eagerly(program: Program, inputs: Sequence[Any], theta: Any) -> Any:
    """Return what the scalar engine computes of a program, so that it can be differentiated through.

    Raises
    ------
    TypeError
        If parameters are given beside Values.
    """
    if theta is not None:
        raise TypeError(
            f"{program.name} was given Values as inputs and parameters=: it is differentiated through the Values that "
            "it captures; write the parameters to them with push(theta), or pass numbers as inputs."
        )
    if program.fn is None:
        program.refuse_inputs(inputs)
        return replayed(program.require_trace("a call").trace)
    if program.batch:
        return evaluated_batch(program.fn, inputs, program.input_names(inputs), program.reduction)
    return evaluated(program.fn, inputs)


def evaluated(function: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """Return a function's result at inputs whose real numbers are Values, as it is traced."""
    return result(function, [*map(_as_values, inputs)], {}, "the program")


def evaluated_batch(function: Callable[..., Any], inputs: Sequence[Any], names: Sequence[str], reduction: str) -> Any:
    """Return the mean or the sum over samples of a function's results, or arrays of them all ("none")."""
    columns = [column for x, name in zip(inputs, names) for column in _columns(x, name)]
    samples = batch_size([column for column, _ in columns], [name for _, name in columns])
    results = [evaluated(function, [_sample(x, i) for x in inputs]) for i in range(samples)]
    leaves = [flatten(x, "the function's result") for x in results]
    structure = leaves[0][1]
    if reduction == "none":
        return nested(structure, array([numbers for numbers, _ in leaves]))
    sums = [total(list(numbers)) for numbers in zip(*[numbers for numbers, _ in leaves])]
    return unflatten(structure, [s / samples for s in sums] if reduction == "mean" else sums)


def _columns(x: Any, name: str) -> Iterator[tuple[Any, str]]:
    """Yield what has an entry for each sample, with its name."""
    if isinstance(x, dict):
        for key, value in x.items():
            yield from _columns(value, f"{name}_{key}")
    elif isinstance(x, (list, tuple)) or (isinstance(x, np.ndarray) and x.ndim):
        yield x, name
    elif not isinstance(x, STATIC):
        raise ShapeError(f"'{name}' is one number; batch=True needs one for each sample. Pass an array of them.")


def replayed(trace: Trace) -> Value:
    """Return the result of a graph that was lifted, computed anew from its parameters as they are now."""
    values: list[Value] = []
    for i, op in enumerate(trace.ops):
        leaf = trace.leaves.get(i)
        if leaf is None:
            values.append(_applied(op, [values[j] for j in trace.operands[i]], trace.fixed.get(i, ())))
        else:
            values.append(trace.parameters[leaf.position] if leaf.role == "parameter" else Value.constant(leaf.value))
    return values[trace.roots[0]]


def _applied(op: str, operands: list[Value], fixed: Sequence[float]) -> Value:
    method: Callable[..., Value] = getattr(Value, op)
    return method(operands) if RULES[op].variadic else method(*operands, *fixed)


def _sample(x: Any, i: int) -> Any:
    """Return sample `i` of an input, as a batch has it: along the leading axis of every array in it."""
    if isinstance(x, dict):
        return {key: _sample(value, i) for key, value in x.items()}
    return x if isinstance(x, STATIC) else x[i]


def _as_values(x: Any) -> Any:
    if isinstance(x, dict):
        return {key: _as_values(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return type(x)(map(_as_values, x))
    if isinstance(x, np.ndarray) and x.dtype.kind in "biuf":
        values = array_of_objects([_as_value(number) for number in x.reshape(-1)])
        return values.view(ValueArray).reshape(x.shape) if x.ndim else values[0]
    return _as_value(x) if isinstance(x, (float, np.number, np.bool_)) else x


def _as_value(x: Any) -> Any:
    """Return a real number as a Value; an integer as Python's, which neither wraps nor refuses negative powers."""
    return int(x) if isinstance(x, np.integer) else Value.constant(x)
