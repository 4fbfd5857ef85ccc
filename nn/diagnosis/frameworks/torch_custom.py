"""PyTorch: a `torch.autograd.Function`, or a module in which there are some, or that has a `backward` of its own."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arguments import described
from nn.diagnosis.alterations.recorded import NotRecordedError
from nn.diagnosis.alterations.tensors import in_one_array, tensor_of
from nn.diagnosis.frameworks.custom import Custom, FrameworkError, Swept, apart, in_one, one_line
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
        return TorchCustom(kind.__name__, kind.apply, None, _named(names, inputs), _as_numpy(torch, inputs))
    if isinstance(function, torch.nn.Module):
        return _of_module(torch, function, inputs)
    return None


@dataclass(frozen=True)
class TorchCustom(Custom):
    """A function of tensors."""

    def by_hand(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return its result, and what its own backward pass makes of a cotangent."""
        if isinstance(self.run, _ModuleByHand):
            return self.run.swept(inputs, dout)
        return _swept(self.run, inputs, dout, self.title)

    def ordinary(self, inputs: Sequence[Any], dout: Array | None = None) -> Swept:
        """Return the same of the forward pass, differentiated by autograd."""
        with _without_backward_passes():
            return _swept(self._forward, inputs, dout, f"the forward pass of {self.title}")

    def on_arrays(self, *inputs: Any) -> Any:
        """Return what the forward pass makes of recorded arrays, which PyTorch's functions take for tensors."""
        try:
            with _without_backward_passes(), _same_draws():
                return in_one_array(self._forward(*map(tensor_of, inputs)))
        except Exception as error:
            raise NotRecordedError(f"{self.title}: {one_line(error)}") from error

    @property
    def _forward(self) -> Callable[..., Any]:
        return self.forward or (self.run.forward if isinstance(self.run, _ModuleByHand) else self.run)


class _ModuleByHand:
    """A module with a method `backward`, which leaves the gradients of its parameters in them."""

    def __init__(self, module: Any, names: Sequence[str], forward: Callable[..., Any]) -> None:
        self.module, self.names, self.forward = module, names, forward

    def swept(self, inputs: Sequence[Any], dout: Array | None) -> Swept:
        """Return the module's result, and what it makes of a cotangent."""
        import torch

        module, count = _copied(torch, self.module), len(inputs) - len(self.names)
        tensors = _tensors(inputs, is_leaf=False)
        module.to(_dtype(inputs))
        try:
            with torch.no_grad(), _same_draws():
                for name, tensor in zip(self.names, tensors[count:]):
                    module.get_parameter(name).copy_(tensor)
                    module.get_parameter(name).grad = None
                out = module(*tensors[:count])
                if dout is None:
                    return _numbers(out), []
                returned = module.backward(torch.from_numpy(np.ascontiguousarray(dout)).to(out.dtype))
        except Exception as error:
            raise FrameworkError(f"{type(module).__name__} raised {one_line(error)}") from error
        several = returned if isinstance(returned, (tuple, list)) else [returned]
        gradients = [x for x, old in zip(several, inputs) if _is_float(old)]
        gradients += [_of_parameter(module, name) for name in self.names]
        floats = [x for x in inputs if _is_float(x)]
        return _numbers(out), [np.zeros_like(x) if g is None else _numbers(g) for g, x in zip(gradients, floats)]


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
    whole: Any = _ModuleByHand(module, list(parameters), run) if by_hand else run
    return TorchCustom(type(module).__name__, whole, None, [*names, *parameters], _as_numpy(torch, given))


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


@contextmanager
def _same_draws() -> Iterator[None]:
    """Let what is random, as dropout's mask, be the same in every run."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


class _Context:
    """What a forward pass keeps for a backward pass that is not asked."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.needs_input_grad = tuple(getattr(x, "requires_grad", False) for x in inputs)

    def __getattr__(self, name: str) -> Any:
        """Return what a context can be told."""
        if name.startswith(("save_", "mark_", "set_")):
            return lambda *_: None
        raise AttributeError(name)


def _swept(run: Callable[..., Any], inputs: Sequence[Any], dout: Array | None, title: str) -> Swept:
    """Return what a function makes of arrays, and what autograd makes of a cotangent."""
    import torch

    leaves = _tensors(inputs, is_leaf=True)
    floats = [x for x in leaves if torch.is_tensor(x) and x.requires_grad]
    try:
        with torch.enable_grad(), _same_draws():
            outs = _outputs(run(*[x.clone() if torch.is_tensor(x) else x for x in leaves]))
        out = in_one([_numbers(x) for x in outs])
        gradients = [] if dout is None else _pulled_back(outs, apart(dout, [tuple(x.shape) for x in outs]), floats)
    except Exception as error:
        raise FrameworkError(f"{title} raised {one_line(error)}") from error
    return out, gradients


def _outputs(returned: Any) -> list[Any]:
    """Return the tensors of floats among what a function returns."""
    import torch

    several = returned if isinstance(returned, (tuple, list)) else [returned]
    outs = [x for x in several if torch.is_tensor(x) and x.is_floating_point()]
    if not outs:
        raise TypeError(f"it returned {described(returned)}, not a tensor of floats")
    return outs


def _pulled_back(outs: Sequence[Any], cotangents: Sequence[Array], leaves: Sequence[Any]) -> list[Array]:
    import torch

    reached = [(x, torch.tensor(part, dtype=x.dtype)) for x, part in zip(outs, cotangents) if x.requires_grad]
    if not reached or not leaves:
        return [np.zeros(tuple(x.shape)) for x in leaves]
    pulled = torch.autograd.grad([x for x, _ in reached], leaves, [part for _, part in reached], allow_unused=True)
    return [_numbers(torch.zeros_like(x) if g is None else g) for x, g in zip(leaves, pulled)]


def _tensors(inputs: Sequence[Any], *, is_leaf: bool) -> list[Any]:
    import torch

    tensors = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
    return [x.requires_grad_(is_leaf) if torch.is_tensor(x) and x.is_floating_point() else x for x in tensors]


def _dtype(inputs: Sequence[Any]) -> Any:
    import torch

    single = any(_is_float(x) and x.dtype == np.float32 for x in inputs)
    return torch.float32 if single else torch.float64


def _is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def _numbers(tensor: Any) -> Array:
    array: Array = np.asarray(tensor.detach().numpy(force=True))
    return array


def _as_numpy(torch: Any, inputs: Sequence[Any]) -> list[Any]:
    """Return inputs with arrays in place of tensors."""
    return [_numbers(x) if torch.is_tensor(x) else x for x in inputs]


def _named(names: Sequence[str], inputs: Sequence[Any]) -> list[str]:
    """Return the names of inputs: those of the parameters, and numbers where there are fewer."""
    return [names[k] if k < len(names) else f"input {k}" for k in range(len(inputs))]
