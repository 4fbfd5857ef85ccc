"""From scalars to matrices: a graph of scalar operations becomes a NumPy program.

The machine is told nothing of layers; it finds the matrices. What becomes of a function, room by room:

    trace       it is run on Values, and every scalar operation is written down
    passes      the graph of scalars becomes array operations, forward and backward (`pipeline.py` is the page)
    emit        array operations become text, NumPy's or JAX's
    verify      the text and the graph of scalars are compared over a finite field, before the first answer
    run         text becomes a `Program`, which one calls

>>> import engine, numpy as np
>>> W = [[engine.Value(0.1 * (i + j), f"W[{i}, {j}]") for i in range(3)] for j in range(2)]
>>> def loss(x, t):
...     z = [engine.tanh(engine.dot(w, x)) for w in W]
...     return (z[0] - t[0]) ** 2 + (z[1] - t[1]) ** 2
>>> program = engine.lift(loss, batch=True)
>>> X, T = np.ones((4, 3)), np.zeros((4, 2))
>>> value, gradient = program.value_and_grad(X, T)
>>> round(value, 6), gradient.named()["W"].shape
(0.373285, (3, 2))
>>> [step.op for step in program.steps][:2]
['matmul', 'tanh']
"""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from engine.arguments import described, listed, one_of, truth
from engine.errors import LiftError
from engine.lifting.run.executable import Specialisation
from engine.lifting.run.parameters import Parameters
from engine.lifting.run.program import Program
from engine.lifting.trace.record import record
from engine.lifting.trace.retrace import remembered_origins
from engine.lifting.verify.verify import MODES
from engine.lines import author
from engine.value import Value
from engine.watching.paths import variables


def lift(
    fn: Callable[..., Any] | Value,
    *,
    batch: bool = False,
    reduction: str = "mean",
    parameters: Parameters | Iterable[Value] | None = None,
    dtype: Any = np.float64,
    verify: bool | str = True,
    strict: bool = False,
) -> Program:
    """Turn a scalar function, or an existing graph, into a NumPy program with gradients.

    Parameters
    ----------
    fn
        A function of numbers, arrays and nested lists that returns numbers, one or lists, tuples, dicts and arrays of
        them; it is traced at its first call, and again whenever that is needed. Or a Value: its graph is lifted as it
        is, its leaves are the parameters.
    batch
        Whether `fn` describes one sample; the program then maps it over the leading axis of all its inputs.
    reduction
        Of a batch: "mean", "sum", or "none" for the results of each sample (`Program.jacobian` has their gradients).
    parameters
        The Values that make up the flat vector, in order, or `engine.Parameters` that hold them; by default those that
        the function is found to read.
    dtype
        Of the arrays that the program computes with: float64 or float32.
    verify
        Whether what is compiled is compared with its scalars before it answers. True: proven exactly, over a finite
        field at random points, up to 20,000 scalar nodes, and compared in floats above; "exact": proven whatever its
        size. Both also compare its floats once, on at most three samples, with those of `fn` itself, called with
        Values. False: it is compared with nothing.
    strict
        Whether a program that is found to be wrong raises; by default the scalar engine answers in its place, with a
        warning.

    Returns
    -------
    Program
        Call it like the function; `value_and_grad`, `jacobian`, `hessian`, `jvp`, `vjp`, `hvp`, `sample_gradients`;
        `scipy`, `save`; `pull`, `push`; `source`, `formulas`, `stats`.

    Raises
    ------
    LiftError
        If `fn` is neither a function nor a Value; with ``strict=True``, at a call, if what was compiled is wrong.
    ValueError
        If an option is none of these.

    Notes
    -----
    What `fn` sees of its surroundings may change between calls: Values, numbers in containers, attributes, functions
    and classes that it names. A call that is not given ``parameters=`` notices, and traces anew where it must; floats
    in captured arrays of 64 KiB and more are read at each call, as inputs are. What cannot be followed (a file, a
    generator, an object of C) is said once, and `fn` is then traced at every call. **Three kinds of change go
    unnoticed**, and need an input in their place:

    - a clock or a date that reads the same whenever `fn` is traced, and whatever lies outside the process and is
      reached by neither `open`, a path nor a reader of a library (a subprocess, a socket that is opened anew);
    - what a library keeps for its own functions (a locale, NumPy's print options), and the library's code itself;
    - what every run of `fn` itself changes (a counter, a log, ``self.out = ...``), which is said when `fn` is traced: a
      program does not run `fn`, so such things stay as the last run has left them.

    A function that branches is traced for each way that its calls go, up to 64 for one structure of inputs. Any further
    call is answered by the scalar engine, right and slowly, with one warning; `stats` counts them. Where a call with
    ``parameters=`` needs a new trace, the captured Values hold these numbers while the function runs.

    Examples
    --------
    >>> program = lift(lambda x: x[0] * x[1])
    >>> program.value_and_grad([2.0, 3.0], wrt="inputs")
    (6.0, Gradient(parameters=None, inputs=([3.0, 2.0],)))
    """
    truth(batch, "lift's batch")
    one_of(reduction, "reduction", ("mean", "sum", "none"))
    if verify not in MODES:
        raise ValueError(f"verify={verify!r} is not known; use True, False or 'exact'.")
    truth(strict, "lift's strict")
    options: dict[str, Any] = {
        "parameters": _parameters(parameters),
        "dtype": _dtype(dtype), "verify": verify, "strict": strict,
    }  # fmt: skip
    if isinstance(fn, Value):
        return _of_graph(fn, batch, options)
    if not callable(fn):
        raise LiftError(f"lift needs a Value or a function of numbers; got {described(fn)}.")
    name, reduction = getattr(fn, "__name__", type(fn).__name__), reduction if batch else "sum"
    return Program(fn, name=name, names=_argument_names(fn), batch=batch, reduction=reduction, **options)


def _parameters(parameters: Any) -> Any:
    if parameters is None or isinstance(parameters, Parameters):
        return parameters
    return listed(parameters, "lift's parameters", "Values")


def _dtype(dtype: Any) -> Any:
    try:
        name = "" if dtype is None else np.dtype(dtype).name
    except (TypeError, ValueError):
        name = ""
    if name not in ("float64", "float32"):
        raise ValueError(f"dtype={name or described(dtype)} is not supported; use np.float64 or np.float32.")
    return np.dtype(name)


def _of_graph(root: Value, batch: bool, options: dict[str, Any]) -> Program:
    if batch:
        raise LiftError("A graph is of the samples it was built from; lift the function of one sample for batch=True.")
    program = Program(None, name=str(root.label) or "the graph", **options)
    start = time.perf_counter()
    trace = record([root], {})
    origins = remembered_origins(root)
    program.traces.parameters.add(trace, fn=variables(author(sys._getframe(2))) if origins else None)
    seconds = time.perf_counter() - start
    specialisation = Specialisation(trace, (), [], {}, seconds, program.traces.parameters, origins=origins)
    program.traces.specialisations[()] = [specialisation]
    program.traces.latest = specialisation
    return program


def _argument_names(fn: Callable[..., Any]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple([p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)])
