"""PyTorch's Functions and modules: right and wrong ones, judged by their own forward pass or by another."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened, slow

import nn

torch = pytest.importorskip("torch")
Function = torch.autograd.Function
X = torch.tensor(np.random.default_rng(3).normal(size=(4, 3)), dtype=torch.float32)
W = torch.tensor(np.random.default_rng(4).normal(size=(2, 3)), dtype=torch.float32)
B = torch.tensor([0.5, -1.0])


def function(forward, backward):
    """A Function of two functions, the first of which takes the context."""
    return type("Mine", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def kept(f):
    """A forward pass that keeps its inputs."""

    def forward(ctx, *inputs):
        ctx.save_for_backward(*inputs)
        return f(*inputs)

    return forward


def silu(x):
    return x * torch.sigmoid(x)


def silu_backward(ctx, g):
    (x,) = ctx.saved_tensors
    s = torch.sigmoid(x)
    return g * s * (1 + x * (1 - s))


class Linear(Function):
    """In the newer style, without a context in forward."""

    @staticmethod
    def forward(x, weight, bias):
        return x @ weight.T + bias

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        x, weight, _ = ctx.saved_tensors
        return g @ weight, g.T @ x, g.sum(0)


class LinearOfMeans(Linear):
    @staticmethod
    def backward(ctx, g):
        x, weight, _ = ctx.saved_tensors
        return g @ weight, g.T @ x, g.mean(0)


class Layer(torch.nn.Module):
    def __init__(self, apply):
        super().__init__()
        self.weight, self.bias = torch.nn.Parameter(W.clone()), torch.nn.Parameter(B.clone())
        self.register_buffer("scale", torch.tensor([1.5, 0.5]))
        self.apply_mine = apply

    def forward(self, x):
        return torch.tanh(self.apply_mine(x, self.weight, self.bias)) * self.scale


class ByHand(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.weight, self.factor = torch.nn.Parameter(W.clone()), factor

    def forward(self, x):
        self.x, self.z = x, x @ self.weight.T
        return torch.tanh(self.z)

    def backward(self, g):
        dz = g * (1 - torch.tanh(self.z) ** 2)
        self.weight.grad = dz.T @ self.x * self.factor
        return dz @ self.weight


SILU = function(kept(silu), silu_backward)
RIGHT = {
    "its own forward": (SILU, X),
    "its apply": (SILU.apply, X),
    "itself twice": (SILU, SILU, X),
    "a forward of PyTorch's": (torch.nn.functional.silu, SILU, X),
    "a forward in NumPy": (lambda x: x / (1 + np.exp(-x)), SILU, X),
    "arrays of NumPy": (SILU, X.numpy()),
    "several inputs": (Linear, X, W, B),
    "several inputs, in NumPy": (lambda x, w, b: x @ w.T + b, Linear, X, W, B),
    "a module": (Layer(Linear.apply), X),
    "a module by hand": (ByHand(1.0), X),
    "a module's forward in NumPy": (lambda x, w: np.tanh(x @ w.T), ByHand(1.0), X),
    "a straight-through estimator": (lambda x: x, function(lambda ctx, x: torch.round(x), lambda ctx, g: g), X),
    "a step": (function(lambda ctx, x: (x > 0).to(x.dtype), lambda ctx, g: None), X),
    "no tensor beside": (function(lambda ctx, x, n: n * x, lambda ctx, g: (3 * g, None)), X, 3),
    "several results": (
        function(
            kept(lambda x: (torch.sin(x), x.sum(1))), lambda ctx, g, h: g * ctx.saved_tensors[0].cos() + h[:, None]
        ),
        X,
    ),
    "in place": (function(lambda ctx, x: (ctx.mark_dirty(x), x.mul_(2.0))[1], lambda ctx, g: 2 * g), X),
    "a number alone": (SILU, torch.tensor(0.5)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_called_right(name):
    diagnosis = nn.check_backward(*RIGHT[name])
    assert diagnosis.ok, str(diagnosis)


WRONG = {
    "a sign": (function(kept(silu), lambda ctx, g: -silu_backward(ctx, g)), (X,), ["sign"]),
    "a mean": (LinearOfMeans, (X, W, B), ["mean-for-sum"]),
    "a mean in a module": (Layer(LinearOfMeans.apply), (X,), ["mean-for-sum"]),
    "no slope": (function(kept(silu), lambda ctx, g: g * torch.sigmoid(ctx.saved_tensors[0])), (X,), ["path-missing"]),
    "a factor in a module by hand": (ByHand(2.0), (X,), ["factor"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_has_its_name(name):
    given, inputs, names = WRONG[name]
    assert nn.check_backward(given, *inputs).names == names


def test_the_author_s_variables_are_in_the_sentence():
    def normalised(ctx, x, weight):
        mu = x.mean(-1, keepdim=True)
        var = ((x - mu) ** 2).mean(-1, keepdim=True)
        std = torch.sqrt(var + 1e-5)
        xhat = (x - mu) / std
        ctx.save_for_backward(xhat, std, weight)
        return xhat * weight

    def without_variance(ctx, g):
        xhat, std, weight = ctx.saved_tensors
        d = g * weight
        return (d - d.mean(-1, keepdim=True)) / std, (g * xhat).sum(0)

    sentence = str(nn.check_backward(function(normalised, without_variance), X, torch.ones(3)).findings[0])
    assert "path through `" in sentence
    assert any(f"`{name}`" in sentence for name in ("var", "std"))


def test_a_forward_in_numpy_gives_a_mistake_its_name():
    diagnosis = nn.check_backward(lambda x, w, b: x @ w.T + b, LinearOfMeans, X, W, B)
    assert diagnosis.names == ["mean-for-sum"]
    assert [(row.parameter, row.verdict) for row in diagnosis.parameters] == [
        ("x", "right"), ("weight", "right"), ("bias", "named"),
    ]  # fmt: skip


def test_a_straight_through_estimator_is_told_what_to_be_judged_by():
    rounding = function(lambda ctx, x: torch.round(x), lambda ctx, g: g)
    alone = nn.check_backward(rounding, X)
    assert not alone.ok
    assert any("straight-through" in remark for remark in alone.remarks)
    said = nn.check_backward(lambda x: x, rounding, X)
    assert "its result is another than forward's" in said.remarks


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: torch.from_numpy(np.exp(x.detach().numpy())),
        lambda x: x * torch.exp(x.detach()),
        lambda x: x.new_tensor(x.tolist()) ** 2,
    ],
)
def test_a_forward_pass_that_hides_what_it_computes_is_refused(forward):
    hidden = function(kept(forward), lambda ctx, g: g * torch.exp(ctx.saved_tensors[0]))
    with pytest.raises(ValueError, match=r"is not what differentiates it here: part of it is detached"):
        nn.check_backward(hidden, X)


def test_what_is_right_in_double_precision_may_be_wrong_in_single():
    def unstable(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ((x + 1e6) - 1e6 - x + 1) * torch.cos(x)

    diagnosis = nn.check_backward(function(kept(torch.sin), unstable), X)
    assert diagnosis.verdict == "unnamed"
    assert any("right in double precision, but not in single" in remark for remark in diagnosis.remarks)


def test_a_function_of_single_precision_only():
    def forward(ctx, x):
        assert x.dtype == torch.float32, "floats, please"
        return 2 * x

    diagnosis = nn.check_backward(function(forward, lambda ctx, g: 2 * g), X)
    assert diagnosis.ok
    assert any(
        "judged in single precision only" in remark and "floats, please" in remark for remark in diagnosis.remarks
    )


@pytest.mark.parametrize(
    ("backward", "message"),
    [
        (lambda ctx, g: (g, g, g), "3 gradients for 1 inputs"),
        (lambda ctx, g: 1 / 0, "raised ZeroDivisionError"),
        (lambda ctx: None, "raised TypeError"),
    ],
)
def test_what_cannot_be_run_is_one_line(backward, message):
    with pytest.raises(ValueError, match=message) as caught:
        nn.check_backward(function(kept(torch.sin), backward), X)
    assert "\n" not in str(caught.value)


def test_no_arrays_of_floats():
    with pytest.raises(TypeError, match=r"is differentiated by arrays of floats, and there is none"):
        nn.check_backward(SILU, torch.arange(3))


def test_the_diagnosis_is_a_test_s_message():
    nn.assert_gradients(SILU, X)
    with pytest.raises(
        AssertionError, match=r"the gradients are wrong\n(.|\n)*x *named(.|\n)*the sign is turned|\[sign\]"
    ):
        nn.assert_gradients(WRONG["a sign"][0], X)


def test_random_masks_are_the_same_in_every_run():
    def dropped(ctx, x):
        ctx.mask = (torch.rand(x.shape) > 0.5).to(x.dtype) * 2.0
        return x * ctx.mask

    state = torch.get_rng_state()
    assert nn.check_backward(function(dropped, lambda ctx, g: g * ctx.mask), X).ok
    assert not nn.check_backward(function(dropped, lambda ctx, g: g * (ctx.mask > 0)), X).ok
    assert (torch.get_rng_state() == state).all()


def test_nothing_of_the_framework_is_left_changed():
    layer, before = ByHand(1.0), torch.autograd.Function.__mro__[1].apply
    nn.check_backward(layer, X)
    assert torch.autograd.Function.__mro__[1].apply == before
    assert (layer.weight.data == W).all()
    assert layer.weight.dtype == torch.float32
    assert layer.weight.grad is None


def rms_norm(cast):
    """A norm that computes in a precision of its own, whatever comes in."""

    def forward(ctx, x, weight):
        scale = torch.rsqrt(x.to(cast).pow(2).mean(-1, keepdim=True) + 1e-6)
        ctx.save_for_backward(x, weight, scale)
        return (x.to(cast) * scale).to(x.dtype) * weight

    return forward


def rms_norm_backward(cast, through):
    def backward(ctx, g):
        x, weight, scale = ctx.saved_tensors
        xhat, gw = x.to(cast) * scale, g.to(cast) * weight.to(cast)
        dx = scale * (gw - through * xhat * (gw * xhat).mean(-1, keepdim=True))
        return dx.to(x.dtype), (g.to(cast) * xhat).sum(0).to(weight.dtype)

    return backward


@pytest.mark.parametrize("inputs", [torch.float32, torch.bfloat16, *map(slow, (torch.float16, torch.float64))])
@pytest.mark.parametrize("cast", [torch.float32, torch.bfloat16, slow(torch.float16)])
def test_what_computes_in_a_precision_of_its_own_is_judged_as_any_other(inputs, cast):
    x, weight = X.to(inputs), W[0].to(inputs)
    assert nn.check_backward(function(rms_norm(cast), rms_norm_backward(cast, 1.0)), x, weight).ok
    wrong = nn.check_backward(function(rms_norm(cast), rms_norm_backward(cast, 0.0)), x, weight)
    assert [finding.name for finding in wrong.findings] == ["path-missing"]


@pytest.mark.parametrize("cast", [np.float32, np.float16])
@pytest.mark.parametrize("factor", [1.0, 0.9, -1.0, float("nan")])
def test_what_only_its_own_operation_computes_is_judged_by_its_own_rounding(cast, factor):
    def forward(ctx, x):
        out = torch.from_numpy(np.tanh(x.detach().numpy().astype(cast))).to(x.dtype)
        ctx.save_for_backward(out)
        return out

    def backward(ctx, g):
        return g * (1 - ctx.saved_tensors[0] ** 2) * factor

    diagnosis = nn.check_backward(torch.tanh, function(forward, backward), X)
    assert diagnosis.ok == (factor == 1.0)
    assert any("in double precision it computes in a coarser one" in remark for remark in diagnosis.remarks)


def kernel(f):
    """Something of somebody's own that computes in single precision alone, as a kernel on a device does."""

    def run(*tensors):
        return torch.from_numpy(f(*[tensor.detach().numpy().astype(np.float32) for tensor in tensors]))

    return run


def scaled(x, weight):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + np.float32(1e-3)) * weight


def scaled_in_torch(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-3) * weight


def scaled_backward(alter):
    def backward(g, x, weight):
        r = 1 / np.sqrt((x**2).mean(-1, keepdims=True) + np.float32(1e-3))
        return alter(g * weight, x * r, r)

    return backward


ALTERED = {
    "right": (lambda gw, xhat, r: r * (gw - xhat * (gw * xhat).mean(-1, keepdims=True)), []),
    "the sign": (lambda gw, xhat, r: -r * (gw - xhat * (gw * xhat).mean(-1, keepdims=True)), ["sign"]),
    "halved": (lambda gw, xhat, r: r / 2 * (gw - xhat * (gw * xhat).mean(-1, keepdims=True)), ["factor"]),
    "a path": (lambda gw, xhat, r: r * gw, ["path-missing"]),
    "a sum": (lambda gw, xhat, r: r * (gw - xhat * (gw * xhat).sum(-1, keepdims=True)), ["factor-missing"]),
}


@pytest.mark.parametrize("reference", shortened([scaled, scaled_in_torch], 1))
@pytest.mark.parametrize(("alter", "names"), ALTERED.values(), ids=ALTERED)
def test_a_kernel_that_knows_single_precision_alone_has_its_mistakes_named(reference, alter, names):
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return kernel(scaled)(x, weight)

    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        dx = kernel(scaled_backward(alter))(g, x, weight)
        return dx, kernel(lambda g, x: (g * scaled(x, np.float32(1))).sum(0))(g, x)

    diagnosis = nn.check_backward(reference, function(forward, backward), X, W[0])
    assert diagnosis.names == names
    assert diagnosis.ok == (not names)


def test_inputs_of_few_digits_do_not_hide_how_coarse_a_product_is():
    def product(a, b):  # as a tensor core's is, whatever comes in
        return torch.from_numpy(a.detach().numpy().astype(np.float16) @ b.detach().numpy().astype(np.float16)).to(a)

    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return product(x, weight.T)

    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return product(g, weight), product(g.T, x)

    few = [torch.round(tensor * 8) / 8 for tensor in (X, W)]
    assert nn.check_backward(lambda x, weight: x @ weight.T, function(forward, backward), *few).ok
    wrong = function(forward, lambda ctx, g: [2 * x for x in backward(ctx, g)])
    assert not nn.check_backward(lambda x, weight: x @ weight.T, wrong, *few).ok


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_inputs_stay_on_their_device(kind):
    def forward(ctx, x):
        assert x.is_cuda
        ctx.save_for_backward(x)
        return silu(x)

    x = X.to("cuda", kind)
    assert nn.check_backward(function(forward, silu_backward), x).ok
    assert nn.check_backward(function(forward, lambda ctx, g: -silu_backward(ctx, g)), x).names == ["sign"]
    assert nn.check_backward(torch.nn.Linear(3, 2, device="cuda", dtype=kind), x).ok
