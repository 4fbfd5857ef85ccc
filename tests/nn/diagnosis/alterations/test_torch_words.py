"""Each of PyTorch's words does to recorded arrays what it does to tensors, by value and by gradient."""

from __future__ import annotations

import numpy as np
import pytest

from nn.diagnosis.alterations.recorded import record
from nn.diagnosis.alterations.recorded_array import plain
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.tensors import in_one_array, tensor_of
from nn.diagnosis.alterations.torch_words import WORDS

torch = pytest.importorskip("torch")
F = torch.nn.functional
RNG = np.random.default_rng(6)
X = RNG.normal(size=(3, 4))
POSITIVE = {"log", "log1p", "log2", "log10", "sqrt", "rsqrt", "pow"}
MASK = torch.tensor(RNG.normal(size=(3, 4)) > 0)
OTHER, W, B = (torch.tensor(RNG.normal(size=shape)) for shape in ((3, 4), (2, 4), (2,)))
IN_ONE = ("x.mul(2.0).sub(x / 3.0)", "1.0 - x / 2.0", "2.0 / (x * x + 1.0)", "2.0 ** x", "-x", "abs(x)", "x ** 2")
CALLS = (
    *(f"torch.{name}(x)" for name in WORDS if name in vars(torch) and name in (
        "exp", "log", "tanh", "sqrt", "sin", "cos", "tan", "abs", "square", "log1p", "expm1", "sign", "sinh", "cosh",
        "log2", "reciprocal", "negative", "round", "floor", "ceil", "log10", "sigmoid", "erf", "relu", "neg",
        "absolute", "rsqrt", "amax", "sum", "mean", "max", "min", "var", "std", "norm", "clone", "t", "flatten",
    )),
    *(f"F.{name}(x)" for name in (
        "softplus", "logsigmoid", "silu", "mish", "gelu", "relu6", "leaky_relu", "elu", "hardtanh", "relu", "sigmoid",
    )),
    "F.softplus(x, beta=2.0)", "F.gelu(x, approximate='tanh')", "F.leaky_relu(x, 0.3)", "F.elu(x, 0.5)",
    "F.hardtanh(x, -0.5, 0.7)", "x.clamp(-0.5, 0.5)", "torch.clamp(x, min=0.1)", "x.clip(max=0.2)", "x.clamp_min(0.0)",
    "x.masked_fill(MASK, 2.0)", "torch.where(MASK, x, 2.0 * x)", "torch.where(x > 0, x, OTHER)",
    "torch.maximum(x, OTHER)", "torch.minimum(OTHER, x)",
    *IN_ONE,
    "OTHER * x", "x * OTHER", "OTHER - x", "OTHER / (x * x + 1)", "OTHER + x", "OTHER @ x.T", "x @ OTHER.T",
    "x.mm(W.t())", "x.matmul(W.T)", "W @ x.transpose(0, 1)", "torch.outer(x[0], x[1])", "torch.dot(x[0], x[1])",
    "x.mv(W[0])", "x.pow(2)", "torch.pow(x, 3.0)",
    "torch.bmm(x[None], OTHER.T[None])", "torch.addmm(B, x, W.T)", "F.linear(x, W, B)", "F.linear(x, W)",
    "torch.einsum('ij,kj->ik', x, W)", "x.sum(1)", "x.sum(dim=(0, 1))", "x.sum(0, keepdim=True)", "x.mean(-1)",
    "x.mean(dim=[0], keepdim=True)", "torch.var(x, dim=1)", "x.var(1, unbiased=False)", "x.var(False)",
    "x.std(dim=0, correction=0, keepdim=True)", "x.max(dim=1)[0]", "x.min(1, keepdim=True).values", "x.amax(1)",
    "torch.max(x, OTHER)", "x.softmax(1)", "F.softmax(x, dim=-1)", "F.log_softmax(x, dim=1)", "torch.logsumexp(x, 1)",
    "x.logsumexp(dim=1, keepdim=True)", "x.norm(dim=1)", "torch.linalg.vector_norm(x, dim=1, keepdim=True)",
    "F.layer_norm(x, (4,))", "F.layer_norm(x, (4,), W[0], W[1], 1e-3)", "x.view(4, 3)", "x.view(-1)",
    "x.reshape((2, 6))", "x.view_as(OTHER.reshape(12))", "x.permute(1, 0)", "x.t()", "x.unsqueeze(1)",
    "x[:1].squeeze(0)", "x[None].flatten(1)", "x[None].flatten(0, 1)", "x[:1].expand(3, -1)", "x[:1].expand_as(OTHER)",
    "torch.cat([x, OTHER], dim=1)",
    "torch.stack([x, OTHER])", "x.chunk(2, dim=1)[1]", "x.split(3, dim=1)[1]", "x.split([1, 3], 1)[0]", "x.flip(0)",
    "torch.flip(x, [1])", "x.tril()", "torch.triu(x, 1)", "x.gather(1, torch.tensor([[0], [2], [3]]))", "x[1:, ::2]",
    "x[MASK.nonzero()[:, 0], 1]", "x.contiguous().to(x.dtype).double()", "x * x.detach()", "x + torch.zeros_like(x)",
    "x * torch.ones_like(x) * x.data", "x * (x > 0).double()",
    "x.sum() / x.numel() * x.size(1) / x.dim() * len(x.shape)",
    "x.clone().mul_(3.0)", "x.cumsum(1)", "x.sum(axis=1, keepdims=True)", "torch.var_mean(x, dim=1, unbiased=False)[0]",
    "torch.var_mean(x, 0, keepdim=True)[1]",
)  # fmt: skip


def on_tensors(call, x):
    """The value of an expression, and its gradient by autograd."""
    leaf = torch.tensor(x, requires_grad=True)
    out = eval(call, globals() | {"x": leaf})
    (out * torch.cos(torch.arange(out.numel()).double().reshape(out.shape))).sum().backward()
    return out.detach().numpy(), np.zeros_like(x) if leaf.grad is None else leaf.grad.numpy()


def recorded(call, x):
    """The same of recorded arrays, by the sweep over the record."""
    value = None

    def f(array):
        nonlocal value
        out = in_one_array(eval(call, globals() | {"x": tensor_of(array)}))
        value = plain(out)
        return (array * 0.0).sum() + (out * np.cos(np.arange(value.size).reshape(value.shape))).sum()

    sweep = Sweep(*record(f, [("x", x)]))
    return value, sweep.gradients[0]


@pytest.mark.parametrize("call", CALLS)
def test_a_word_means_the_same(call):
    x = np.abs(X) + 0.1 if any(f"torch.{name}(" in call for name in POSITIVE) else X
    (right, gradient), (value, given) = on_tensors(call, x), recorded(call, x)
    assert value.shape == right.shape
    np.testing.assert_allclose(value, right, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(given, gradient, rtol=1e-9, atol=1e-12)


def test_every_word_is_called():
    called = "".join(CALLS)
    spelt = {"radd", "rmul", "rsub", "rdiv", "rtruediv", "rmatmul", "rpow", "truediv", "true_divide", "divide", "div"}
    spelt |= {"add", "sub", "multiply", "subtract", "ne", "eq", "gt", "lt", "ge", "le", "type_as", "requires_grad_"}
    spelt |= {
        "float",
        "empty_like",
        "reshape_as",
        "swapaxes",
        "concat",
        "concatenate",
        "amin",
        "linalg_vector_norm",
        "log_sigmoid",
    }
    assert {name for name in WORDS if f".{name}" not in called and f"{name}(" not in called} <= spelt
