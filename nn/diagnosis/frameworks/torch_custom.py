"""PyTorch: a `torch.autograd.Function`, or a module in which there are some, or that has a `backward` of its own."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nn.diagnosis.alterations.recorded_array import NotRecordedError
from nn.diagnosis.alterations.tensors import in_one_array, tensor_of
from nn.diagnosis.frameworks.custom import Custom, Swept, one_line
from nn.diagnosis.frameworks.torch_by_hand import FunctionByHand, ModuleByHand
from nn.diagnosis.frameworks.torch_tensors import devices_of, numbers_of, same_draws, swept
from nn.samples import Array


def torch_custom(function: Any, inputs: Sequence[Any]) -> TorchCustom | None:
    """Return a function of PyTorch's with a backward pass of its own; None if it is something else."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    kind = _function_class(torch, function)
    if kind is not None:
        takes_context = _takes_context(kind)
        names = list(inspect.signature(kind.forward).parameters)[takes_context:]
        devices = devices_of(inputs)
        run = FunctionByHand(kind, devices)
        return TorchCustom(kind.__name__, run, None, _named(names, inputs), _as_numpy(torch, inputs), devices)
    if isinstance(function, torch.nn.Module):
        return _of_module(torch, function, inputs)
    return None


BY_HAND = (FunctionByHand, ModuleByHand)


@dataclass(frozen=True)
class TorchCustom(Custom):
    """A function of tensors.

    Attributes
    ----------
    devices
        Where each input is.
    """

    devices: Sequence[Any]

    def by_hand(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return its result, and what its own backward pass makes of a cotangent."""
        if isinstance(self.run, BY_HAND):
            return self.run.swept(inputs, dout)
        return swept(self.run, inputs, dout, self.title, self.devices)

    def ordinary(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return the same of the forward pass, differentiated by autograd."""
        with _without_backward_passes():
            return swept(self._forward, inputs, dout, f"the forward pass of {self.title}", self.devices)

    def on_arrays(self, *inputs: Any) -> Any:
        """Return what the forward pass makes of recorded arrays, which PyTorch's functions take for tensors."""
        try:
            with _without_backward_passes(), same_draws():
                return in_one_array(self._forward(*map(tensor_of, inputs)))
        except Exception as error:
            raise NotRecordedError(f"{self.title}: {one_line(error)}") from error

    @property
    def _forward(self) -> Callable[..., Any]:
        own: Callable[..., Any] = self.run.forward if isinstance(self.run, BY_HAND) else self.run
        return self.forward or own


def _of_module(torch: Any, module: Any, inputs: Sequence[Any]) -> TorchCustom:
    """Return a module as a function of its inputs and its parameters."""
    parameters = dict(module.named_parameters())
    names = _named(list(inspect.signature(module.forward).parameters), inputs)
    count = len(inputs)

    def run(*tensors: Any) -> Any:
        with _state(module, dict(zip(parameters, tensors[count:])), _dtype_of(tensors)):
            return module(*tensors[:count])

    given = [*inputs, *(x.detach() for x in parameters.values())]
    by_hand = callable(getattr(module, "backward", None))
    devices = devices_of(given)
    whole: Any = ModuleByHand(module, list(parameters), run, devices) if by_hand else run
    return TorchCustom(type(module).__name__, whole, None, [*names, *parameters], _as_numpy(torch, given), devices)


@contextmanager
def _state(module: Any, parameters: dict[str, Any], dtype: Any) -> Iterator[None]:
    """Let a module have other parameters, of any kind, and its buffers in a precision."""
    parts = list(module.modules())
    kept = [(part._parameters.copy(), part._buffers.copy()) for part in parts]
    for name, x in parameters.items():
        owner, _, last = name.rpartition(".")
        module.get_submodule(owner)._parameters[last] = x
    for part in parts:
        floats = {name: x.to(dtype) for name, x in part._buffers.items() if x is not None and x.is_floating_point()}
        part._buffers.update({name: x.clone() for name, x in (part._buffers | floats).items() if x is not None})
    try:
        yield
    finally:
        for part, (old, buffers) in zip(parts, kept):
            part._parameters.update(old)
            part._buffers.update(buffers)


def _dtype_of(tensors: Sequence[Any]) -> Any:
    import torch

    return next((x.dtype for x in tensors if torch.is_tensor(x) and x.is_floating_point()), torch.float64)


def _function_class(torch: Any, function: Any) -> Any:
    """Return the class of a Function, of which the class itself or its `apply` was given."""
    kind = function.__self__ if inspect.ismethod(function) and function.__name__ == "apply" else function
    is_function = inspect.isclass(kind) and issubclass(kind, torch.autograd.Function)
    return kind if is_function else None


def _takes_context(kind: Any) -> bool:
    import torch

    return bool(kind.setup_context is torch.autograd.Function.setup_context)


@contextmanager
def _without_backward_passes() -> Iterator[None]:
    """Let every Function be its forward pass, which autograd differentiates operation by operation.

    `apply` is replaced where the class itself calls its base, so that an `apply` which a module keeps meets it too.
    """
    import torch

    def apply(kind: Any, *inputs: Any) -> Any:
        return kind.forward(*((_Context(inputs),) if _takes_context(kind) else ()), *inputs)

    base: Any = torch.autograd.Function.__mro__[1]
    base.apply = classmethod(apply)
    try:
        yield
    finally:
        del base.apply


class _Context:
    """What a forward pass keeps for a backward pass that is not asked."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.needs_input_grad = tuple(getattr(x, "requires_grad", False) for x in inputs)

    def __getattr__(self, name: str) -> Any:
        """Return what a context can be told."""
        if name.startswith(("save_", "mark_", "set_")):
            return lambda *_: None
        raise AttributeError(name)


def _as_numpy(torch: Any, inputs: Sequence[Any]) -> list[Any]:
    """Return inputs with arrays in place of tensors."""
    return [numbers_of(x) if torch.is_tensor(x) else x for x in inputs]


def _named(names: Sequence[str], inputs: Sequence[Any]) -> list[str]:
    """Return the names of inputs: those of the parameters, and numbers where there are fewer."""
    return [names[k] if k < len(names) else f"input {k}" for k in range(len(inputs))]
