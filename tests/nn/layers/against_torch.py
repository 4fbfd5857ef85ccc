"""A layer beside PyTorch's own: the same numbers forwards, and the gradients that its autograd finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nn.layers.reference import Reference

from .precisions import is_float

SEEDS = range(3)


def assert_as_torch(layer: Reference, of_torch: Callable[..., Any]) -> None:
    """Compare with a function of (torch, *inputs), whose arrays are tensors."""
    torch = pytest.importorskip("torch")
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        inputs = layer.inputs(rng)
        out, cache = layer.forward(*inputs)
        dout = rng.normal(size=np.shape(out))
        returned = layer.backward(dout, cache)
        ours = returned if isinstance(returned, tuple) else (returned,)
        tensors = [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
        leaves = [t.requires_grad_() for x, t in zip(inputs, tensors) if is_float(x)]
        theirs = of_torch(torch, *tensors)
        np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=1e-12, atol=1e-13)
        gradients = torch.autograd.grad(theirs, leaves, torch.tensor(dout))
        for one, other in zip(ours, gradients, strict=True):
            np.testing.assert_allclose(one, other.numpy(), rtol=1e-10, atol=1e-12)
