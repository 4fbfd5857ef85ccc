import numpy as np
import pytest

import engine
import nn

RNG = np.random.default_rng(0)


def said(forward, backward, *inputs):
    diagnosis = nn.check_backward(forward, backward, *inputs)
    assert diagnosis.verdict == "named"
    return sorted((finding.name, finding.sentence) for finding in diagnosis.findings)


def by(other):
    """A backward pass that differentiates another function, by the engine."""
    return lambda dout, *inputs: engine.grad(
        lambda *xs: (other(*xs) * dout).sum(), argnums=tuple(range(len(inputs)))
    )(*inputs)  # fmt: skip


def rms(x, w):
    scale = 1.0 / np.sqrt((x * x).mean(axis=1, keepdims=True) + 0.01)
    return x * scale * w


def rms_backward(dout, x, w):
    scale = 1.0 / np.sqrt((x * x).mean(axis=1, keepdims=True) + 0.01)
    g = dout * w
    dx = 0.3 * g * scale - 1.7 * x * scale**3 * (g * x).mean(axis=1, keepdims=True)
    return dx, (dout * x * scale).sum(axis=0)


def mixed(x, w):
    return np.tanh(x) @ w + np.exp(-x) @ w**2


def mixed_backward(dout, x, w):
    dx = 0.7 * (dout @ w.T) * (1.0 - np.tanh(x) ** 2) - 1.9 * (dout @ (w**2).T) * np.exp(-x)
    return dx, np.tanh(x).T @ dout + 2.0 * w * (np.exp(-x).T @ dout)


@pytest.mark.parametrize(
    ("forward", "backward", "factors"), [(rms, rms_backward, (0.3, 1.7)), (mixed, mixed_backward, (0.7, 1.9))]
)
def test_two_numbers_are_fitted(forward, backward, factors):
    w = RNG.normal(size=5) if forward is rms else RNG.normal(size=(5, 3))
    findings = said(forward, backward, RNG.normal(size=(4, 5)), w)
    assert [kind for kind, _ in findings] == ["factor", "factor"]
    assert all(any(f"multiplied with {c}" in sentence for _, sentence in findings) for c in factors)


def scores(q, k, is_scaled=True, is_masked=True):
    z = q @ k.T / (np.sqrt(3.0) if is_scaled else 1.0)
    z = np.where(np.tril(np.ones((4, 4), bool)), z, -30.0) if is_masked else z
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def layer(x, w, f=np.tanh, sign=-1.0):
    h = f(x @ w + 0.5 * x[:, :1])
    return 2.0 * np.exp(sign * h if sign > 0 else -h) + x[:, :1] * h


FUNCTIONS = {
    "attention": (scores, lambda q, k: scores(q, k, False, False), ["factor-dropped", "mask-left-out"], (4, 3)),
    "layer": (layer, lambda x, w: layer(x, w, lambda z: z, 1.0), ["step-left-out", "step-left-out"], (3, 2)),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_two_changes_of_the_forward_pass(case):
    forward, other, kinds, shape = FUNCTIONS[case]
    findings = said(forward, by(other), RNG.normal(size=(4, 3)), RNG.normal(size=shape))
    assert [kind for kind, _ in findings] == kinds
