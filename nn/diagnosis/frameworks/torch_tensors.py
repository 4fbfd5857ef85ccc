"""Arrays of NumPy as tensors, and back; what a function makes of them, and what autograd makes of a cotangent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.arguments import described
from nn.diagnosis.frameworks.custom import FrameworkError, Swept, apart, in_one, one_line
from nn.diagnosis.layer import is_differentiated
from nn.samples import Array


def swept(run: Callable[..., Any], inputs: Sequence[Any], dout: Array | None, title: str) -> Swept:
    """Return what a function makes of arrays, and what autograd makes of a cotangent."""
    import torch

    leaves = tensors_of(inputs, is_leaf=True)
    floats = [x for x in leaves if torch.is_tensor(x) and x.requires_grad]
    try:
        with torch.enable_grad(), same_draws():
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

    reached = [(x, torch.tensor(part, dtype=x.dtype)) for x, part in zip(outs, cotangents) if x.requires_grad]
    if not reached or not leaves:
        return [np.zeros(tuple(x.shape)) for x in leaves]
    pulled = torch.autograd.grad([x for x, _ in reached], leaves, [part for _, part in reached], allow_unused=True)
    return [numbers_of(torch.zeros_like(x) if g is None else g) for x, g in zip(leaves, pulled)]


def tensors_of(inputs: Sequence[Any], *, is_leaf: bool) -> list[Any]:
    """Return tensors in place of arrays; those of floats are differentiated by, if that is asked."""
    import torch

    tensors = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
    return [x.requires_grad_(is_leaf) if torch.is_tensor(x) and x.is_floating_point() else x for x in tensors]


def precision(inputs: Sequence[Any]) -> Any:
    """Return the type of the floats among inputs."""
    import torch

    single = any(is_differentiated(x) and x.dtype == np.float32 for x in inputs)
    return torch.float32 if single else torch.float64


def numbers_of(tensor: Any) -> Array:
    """Return the array of a tensor."""
    array: Array = np.asarray(tensor.detach().numpy(force=True))
    return array


@contextmanager
def same_draws() -> Iterator[None]:
    """Let what is random, as dropout's mask, be the same in every run."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
