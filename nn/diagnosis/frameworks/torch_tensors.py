"""Arrays of NumPy as tensors on the devices of a function's inputs, and back; what autograd makes of a cotangent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from engine.arguments import described
from nn.diagnosis.frameworks.custom import FrameworkError, Swept, apart, in_one, one_line
from nn.diagnosis.layer import is_differentiated
from nn.samples import Array

SINGLE = 4  # bytes of a number


def swept(
    run: Callable[..., Any], inputs: Sequence[Any], dout: Array | None, title: str, devices: Sequence[Any] = ()
) -> Swept:
    """Return what a function makes of arrays, and what autograd makes of a cotangent."""
    import torch

    leaves = tensors_of(inputs, devices, is_leaf=True)
    floats = [x for x in leaves if torch.is_tensor(x) and x.requires_grad]
    try:
        with torch.enable_grad(), same_draws(), as_precise_as(inputs):
            outs = outputs(run(*[x.clone() if torch.is_tensor(x) else x for x in leaves]))
            out = in_one([numbers_of(x) for x in outs])
            gradients = [] if dout is None else pulled_back(outs, apart(dout, [tuple(x.shape) for x in outs]), floats)
    except Exception as error:
        raise FrameworkError(f"{title} raised {one_line(error)}") from error
    return out, gradients


def outputs(returned: Any) -> list[Any]:
    """Return the tensors of floats among what a function returns."""
    import torch

    several = returned if isinstance(returned, (tuple, list)) else [returned]
    outs = [x for x in several if torch.is_tensor(x) and x.is_floating_point()]
    if not outs:
        raise TypeError(f"it returned {described(returned)}, not a tensor of floats")
    return outs


def pulled_back(outs: Sequence[Any], cotangents: Sequence[Array], leaves: Sequence[Any]) -> list[Array]:
    """Return what autograd makes of cotangents of outputs, by each of some leaves."""
    import torch

    reached = [(x, cotangent(part, x)) for x, part in zip(outs, cotangents) if x.requires_grad]
    if not reached or not leaves:
        return [np.zeros(tuple(x.shape)) for x in leaves]
    pulled = torch.autograd.grad([x for x, _ in reached], leaves, [part for _, part in reached], allow_unused=True)
    return [numbers_of(torch.zeros_like(x) if g is None else g) for x, g in zip(leaves, pulled)]


def cotangent(part: Array, out: Any) -> Any:
    """Return an array as the cotangent of a result: in its precision, where it is."""
    import torch

    return torch.tensor(part, dtype=out.dtype, device=out.device)


def devices_of(inputs: Sequence[Any]) -> list[Any]:
    """Return where each tensor is; None for what is none."""
    import torch

    return [x.device if torch.is_tensor(x) else None for x in inputs]


def tensors_of(inputs: Sequence[Any], devices: Sequence[Any] = (), *, is_leaf: bool) -> list[Any]:
    """Return tensors in place of arrays; those of floats are differentiated by, if that is asked.

    Parameters
    ----------
    inputs
        Arrays, and whatever else a function takes.
    devices
        Where each is to be; without one, on the CPU.
    is_leaf
        Whether tensors of floats require a gradient.
    """
    import torch

    places = [*devices, *[None] * (len(inputs) - len(devices))]
    tensors = [torch.tensor(x, device=place) if isinstance(x, np.ndarray) else x for x, place in zip(inputs, places)]
    return [x.requires_grad_(is_leaf) if torch.is_tensor(x) and x.is_floating_point() else x for x in tensors]


def precision(inputs: Sequence[Any]) -> Any:
    """Return the type of the floats among inputs."""
    import torch

    single = any(is_differentiated(x) and x.dtype == np.float32 for x in inputs)
    return torch.float32 if single else torch.float64


def numbers_of(tensor: Any) -> Array:
    """Return the array of a tensor."""
    detached = tensor.detach()
    if detached.is_floating_point() and detached.dtype.itemsize < SINGLE:  # NumPy has no bfloat16
        detached = detached.float()
    array: Array = np.asarray(detached.numpy(force=True))
    return array


@contextmanager
def as_precise_as(inputs: Sequence[Any]) -> Iterator[None]:
    """Let what is computed from arrays of double precision be computed in it throughout.

    Casts to another precision and tensors that are created in one, in the forward or the backward pass, are of
    double precision, so that a mistake is told from rounding; what an operation of somebody's own does within, stays.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    mode: Any = type("Double", (TorchDispatchMode,), {"__torch_dispatch__": _in_double})
    with mode() if precision(inputs) == torch.float64 else nullcontext():
        yield


def _in_double(_: Any, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Run an operation of tensors so that its result, if it is one of floats, is of double precision."""
    import torch

    named = dict(kwargs or {})
    is_drawn = torch.Tag.nondeterministic_seeded in op.tags  # in the precision asked for: the same numbers as there
    if getattr(named.get("dtype"), "is_floating_point", False) and not is_drawn:
        named["dtype"] = torch.float64
    out = op(*args, **named)
    is_new = is_drawn or not any(map(torch.is_tensor, args))
    return out.double() if is_new and torch.is_tensor(out) and out.is_floating_point() else out


@contextmanager
def same_draws() -> Iterator[None]:
    """Let what is random, as dropout's mask, be the same in every run."""
    import torch

    cuda: Any = torch.cuda
    used = range(cuda.device_count()) if cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=used):
        torch.manual_seed(0)
        yield
