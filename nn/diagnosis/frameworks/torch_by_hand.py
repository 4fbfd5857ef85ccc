"""Backward passes that PyTorch does not call itself, or whose results it would not take: called as functions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nn.diagnosis.frameworks.custom import FrameworkError, Swept, apart, in_one, one_line
from nn.diagnosis.frameworks.torch_tensors import (
    as_precise_as,
    cotangent,
    numbers_of,
    outputs,
    precision,
    same_draws,
    swept,
    tensors_of,
)
from nn.diagnosis.layer import is_differentiated
from nn.samples import Array


class FunctionByHand:
    """A Function, whose backward pass is called with the context that its forward pass leaves.

    Autograd calls it too, but takes no gradient of another shape than its input's, which is a mistake with a name.
    """

    def __init__(self, kind: Any, devices: Sequence[Any] = ()) -> None:
        self.kind, self.forward, self.devices = kind, kind.apply, devices

    def swept(self, inputs: Sequence[Any], dout: Array | None) -> Swept:
        """Return the function's result, and what it makes of a cotangent."""
        import torch

        if dout is None:
            return swept(self.forward, inputs, None, self.kind.__name__, self.devices)
        leaves = tensors_of(inputs, self.devices, is_leaf=True)
        try:
            with as_precise_as(inputs):
                with torch.enable_grad(), same_draws():
                    returned = self.forward(*[x.clone() if torch.is_tensor(x) else x for x in leaves])
                    outs = outputs(returned)
                with torch.no_grad():
                    gradients = self._gradients(returned, outs, dout)
        except Exception as error:
            raise FrameworkError(f"{self.kind.__name__} raised {one_line(error)}") from error
        if len(gradients) < len(inputs) or any(g is not None for g in gradients[len(inputs) :]):
            counts = f"{len(gradients)} gradients for {len(inputs)} inputs"
            raise FrameworkError(f"{self.kind.__name__}.backward returned {counts}; return one for each, or None.")
        floats = [(x, g) for x, g in zip(inputs, gradients) if is_differentiated(x)]
        return in_one([numbers_of(x) for x in outs]), [_in_shape(g, x) for x, g in floats]

    def _gradients(self, returned: Any, outs: Sequence[Any], dout: Array) -> Sequence[Any]:
        """Return what backward returns, one or several."""
        parts = iter(apart(dout, [tuple(x.shape) for x in outs]))
        several = returned if isinstance(returned, (tuple, list)) else [returned]
        cotangents = [cotangent(next(parts), x) if any(x is out for out in outs) else None for x in several]
        context = next(x.grad_fn for x in outs if x.grad_fn is not None)
        gradients = self.kind.backward(context, *cotangents)
        return gradients if isinstance(gradients, (tuple, list)) else (gradients,)


def _in_shape(gradient: Any, x: Array) -> Array:
    """Return a gradient as autograd takes it: zeros for none, and summed where it is broadcast."""
    if gradient is None:
        return np.zeros_like(x)
    given = numbers_of(gradient)
    try:
        is_broadcast = np.broadcast_shapes(given.shape, x.shape) == given.shape
    except ValueError:
        is_broadcast = False
    return numbers_of(gradient.sum_to_size(x.shape)) if is_broadcast else given


class ModuleByHand:
    """A module with a method `backward`, which leaves the gradients of its parameters in them."""

    def __init__(
        self, module: Any, names: Sequence[str], forward: Callable[..., Any], devices: Sequence[Any] = ()
    ) -> None:
        self.module, self.names, self.forward, self.devices = module, names, forward, devices

    def swept(self, inputs: Sequence[Any], dout: Array | None) -> Swept:
        """Return the module's result, and what it makes of a cotangent."""
        import torch

        module, count = _copied(torch, self.module), len(inputs) - len(self.names)
        tensors = tensors_of(inputs, self.devices, is_leaf=False)
        module.to(precision(inputs))
        try:
            with torch.no_grad(), same_draws(), as_precise_as(inputs):
                for name, tensor in zip(self.names, tensors[count:]):
                    module.get_parameter(name).copy_(tensor)
                    module.get_parameter(name).grad = None
                out = module(*tensors[:count])
                if dout is None:
                    return numbers_of(out), []
                returned = module.backward(cotangent(dout, out))
        except Exception as error:
            raise FrameworkError(f"{type(module).__name__} raised {one_line(error)}") from error
        several = returned if isinstance(returned, (tuple, list)) else [returned]
        gradients = [x for x, old in zip(several, inputs) if is_differentiated(old)]
        gradients += [_of_parameter(module, name) for name in self.names]
        floats = [x for x in inputs if is_differentiated(x)]
        return numbers_of(out), [np.zeros_like(x) if g is None else numbers_of(g) for g, x in zip(gradients, floats)]


def _copied(torch: Any, module: Any) -> Any:
    """Return a copy of a module, and of what it has kept of a run before."""
    kept = [x for part in module.modules() for x in vars(part).values() if torch.is_tensor(x) and not x.is_leaf]
    return copy.deepcopy(module, {id(x): x.detach().clone() for x in kept})


def _of_parameter(module: Any, name: str) -> Any:
    """Return the gradient that a module has left for a parameter: as autograd does, or beside it."""
    owner = module.get_submodule(name.rpartition(".")[0])
    last = name.rpartition(".")[2]
    gradient = module.get_parameter(name).grad
    for beside in (f"d{last}", f"grad_{last}", f"{last}_grad"):
        gradient = getattr(owner, beside, None) if gradient is None else gradient
    return gradient
