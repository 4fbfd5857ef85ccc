"""Check a hand-written backward pass against the author's own forward pass.

>>> import numpy as np
>>> def forward(x, w):
...     mu = x.mean(axis=1, keepdims=True)
...     xc = x - mu
...     return xc**3 * w, (xc, w)
>>> def backward(dout, cache):
...     xc, w = cache
...     return 3 * xc**2 * w * dout, (xc**3 * dout).sum(axis=0)
>>> rng = np.random.default_rng(0)
>>> diagnosis = check_backward(forward, backward, rng.normal(size=(4, 3)), rng.normal(size=3))
>>> [(row.parameter, row.verdict) for row in diagnosis.parameters]
[('x', 'named'), ('w', 'right')]
>>> print(*diagnosis.sentences())
x: the path through `mu` is missing [path-missing]
  should be:  dmu = sum(-dxc)
  yours fits: dmu without it
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MethodType
from typing import Any

import numpy as np

from engine.arguments import function, whole
from nn.diagnosis.asked import silenced
from nn.diagnosis.frameworks.judged import of_custom, of_framework
from nn.diagnosis.layer import LayerPoint, is_differentiated, that_run, told_apart
from nn.diagnosis.pipeline import SEEN, at_points
from nn.diagnosis.points import ONE, POINTS, beyond, elsewhere, farther, longer, shorter
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.unchanged import unchanged

NARROW = "right in double precision; in single, the inputs' own, rounding moves it further than it should"


def check_backward(forward: Callable[..., Any], backward: Any, *inputs: Any, seed: int = 0) -> Diagnosis:
    """Say of each gradient of a hand-written backward pass whether it is right, or which mistake is in it.

    The forward function is differentiated as it is; what the backward function returns is compared with that for a
    random `dout`, where the inputs are and at other numbers of the same signs. A mistake is named only if one
    alteration of the right backward pass reproduces the gradient at all of them, to rounding; or, where none does, if
    one change of an expression of the backward function, as its author wrote it, makes the gradient right at all.

    Parameters
    ----------
    forward
        ``forward(*inputs)`` returns an array, or ``(out, cache)``. It computes with NumPy, or the engine's functions.
    backward
        ``backward(dout, cache)`` where there is a cache, else ``backward(dout, *inputs)``, or ``backward(dout)`` of an
        object that keeps what it needs. It returns the gradient of
        each array of floats among `inputs`: one; several in their order; or a dictionary by name, ``x`` or ``dx``.
        Fewer are told by their shapes; of the ways that these leave, one in which the most are right is taken, with a
        remark, and an input without a gradient has a row that says so.  Or, of a framework: a subclass of
        `torch.autograd.Function`, a PyTorch module in which there are some, or that has a method `backward`, or a
        function under `jax.custom_vjp`.  `forward` may then be left out: it is the framework's own forward pass,
        differentiated operation by operation.
    *inputs
        Arrays of floats, by which is differentiated, and whatever else `forward` takes; floats too, where `backward`
        has a gradient by them, or where there are no arrays.  A framework's arrays are what its functions are tried
        with, in double and in single precision.
    seed
        Of the random numbers.

    Returns
    -------
    Diagnosis
        A verdict for each array, by the name of forward's parameter, and the mistakes.

    Raises
    ------
    TypeError
        If there is no array of floats, forward returns no array, or backward something else than gradients.
    ValueError
        If a number is not finite, or it cannot be told which gradient is whose.

    Examples
    --------
    >>> import numpy as np
    >>> check_backward(lambda x: np.tanh(x), lambda dout, x: dout * np.tanh(x), np.array([0.5, -1.0, 2.0])).names
    ['value-for-slope']
    """
    rng = np.random.default_rng(whole(seed, "seed", least=0))
    foreign = of_framework(forward, backward, inputs)
    if foreign is not None:
        return of_custom(*foreign, rng)
    function(forward, "check_backward")
    function(backward, "check_backward")
    inputs = tuple(_with_floats(forward, backward, inputs))
    if not any(is_differentiated(x) for x in inputs):
        raise TypeError("check_backward differentiates by arrays of floats, and no input is one; pass x.astype(float).")
    with unchanged(*[f for f in (forward, backward) if isinstance(f, MethodType)]):
        diagnosis = _diagnosed(forward, backward, inputs, seed)
        if diagnosis.ok or not any(_is_narrow(x) for x in inputs):
            return diagnosis
        with silenced():
            wide = _diagnosed(forward, backward, _wide(inputs), seed)
    return replace(wide, remarks=(*wide.remarks, NARROW)) if wide.ok else wide


def _with_floats(forward: Callable[..., Any], backward: Callable[..., Any], inputs: Sequence[Any]) -> list[Any]:
    """Return inputs with those floats as arrays that a gradient is returned by, or all where there are no arrays."""
    floats = [k for k, x in enumerate(inputs) if isinstance(x, (float, np.floating))]
    arrays = sum(map(is_differentiated, inputs))
    if arrays and floats:
        names = _names(forward, inputs)
        returned = LayerPoint(forward, backward, inputs, names, np.random.default_rng(0)).returned
        if isinstance(returned, Mapping):
            floats = [k for k in floats if {names[k], f"d{names[k]}"} & returned.keys()]
        elif not isinstance(returned, (tuple, list)) or len(returned) != arrays + len(floats):
            floats = []
    return [np.asarray(x) if k in floats else x for k, x in enumerate(inputs)]


def _diagnosed(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Sequence[Any], seed: int
) -> Diagnosis:
    """Diagnose at the point given, and at others."""
    rng, earlier, names = np.random.default_rng(seed), np.random.default_rng([seed, 1]), _names(forward, inputs)
    places, before = [inputs, *[elsewhere(inputs, rng) for _ in range(POINTS - 1)]], elsewhere(inputs, earlier)
    points = [LayerPoint(forward, backward, at, names, rng, before=before) for at in places]
    backward, remarks = told_apart(points[0])
    points = [replace(point, backward=backward) for point in points] if remarks else points
    of_shapes = ((at, elsewhere(at, earlier)) for at in longer(inputs, rng))
    shapes = (LayerPoint(forward, backward, at, names, rng, before=there) for at, there in of_shapes)
    away = (LayerPoint(forward, backward, at, names, rng, before=before) for at in farther(inputs, rng))

    def there(at: Sequence[Any]) -> LayerPoint:
        return replace(points[0], inputs=at, draws=rng, before=())

    ones = ((ONE, one) for two, one in shorter(inputs) if there(two).off <= SEEN)
    off = ((where, at) for where, at in itertools.chain(beyond(inputs), ones) if there(at).off > SEEN)
    unlike = ((where, there(at)) for where, at in off if there(_wide(at)).off > SEEN)
    with silenced():
        diagnosis = at_points(points, that_run(shapes, points[0]), away, unlike)
    return replace(diagnosis, remarks=(*diagnosis.remarks, *remarks))


def _is_narrow(x: Any) -> bool:
    """Whether an input is in single precision: what is wrong is told with more digits."""
    return is_differentiated(x) and x.dtype.itemsize < np.dtype(float).itemsize


def _wide(inputs: Sequence[Any]) -> list[Any]:
    return [x.astype(float) if _is_narrow(x) else x for x in inputs]


def _names(forward: Callable[..., Any], inputs: Sequence[Any]) -> list[str]:
    """Return what forward calls its inputs."""
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):  # of a function that is not written in Python
        parameters = []
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [positional[k] if k < len(positional) else f"input {k}" for k in range(len(inputs))]
