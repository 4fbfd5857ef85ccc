"""Layers as people write them, each with its right backward pass and with mistakes that people make."""

import numpy as np
import pytest

from nn import check_backward

RNG = np.random.default_rng(8)
X, GAMMA, BETA = RNG.normal(size=(6, 4)), RNG.normal(size=4) + 2.0, RNG.normal(size=4)


def batchnorm(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    xhat = (x - mu) / np.sqrt(var + eps)
    return gamma * xhat + beta, (xhat, gamma, var, eps)


def batchnorm_backward(dout, cache, mean=True, scale=True, sums=np.sum):
    xhat, gamma, var, eps = cache
    n = len(dout)
    dxhat = dout * gamma if scale else dout
    dx = dxhat - xhat * (dxhat * xhat).sum(axis=0) / n
    if mean:
        dx = dx - dxhat.sum(axis=0) / n
    return dx / np.sqrt(var + eps), sums(dout * xhat, axis=0), dout.sum(axis=0)


def affine(x, w, b):
    return x @ w + b


def affine_backward(dout, x, w, b):
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p @ v, (q, k, v, p)


def attention_backward(dout, cache, product=True, scaled=True):
    q, k, v, p = cache
    dp = dout @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True)) if product else p * dp
    ds = ds / np.sqrt(q.shape[1]) if scaled else ds
    return {"dq": ds @ k, "dk": ds.T @ q, "dv": p.T @ dout}


NORM = (X, GAMMA, BETA)
AFFINE = (X, RNG.normal(size=(4, 3)), RNG.normal(size=3))
ATTENTION = (RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2)))
RIGHT = {
    "batch norm": (batchnorm, batchnorm_backward, (X, GAMMA, BETA)),
    "affine": (affine, affine_backward, AFFINE),
    "attention": (attention, attention_backward, ATTENTION),
    "by shape": (affine, lambda dout, x, w, b: dout.sum(axis=0), AFFINE),
    "in single precision": (affine, affine_backward, tuple(x.astype(np.float32) for x in AFFINE)),
    "an integer beside": (lambda x, n: x**n, lambda dout, x, n: n * x ** (n - 1) * dout, (X, 3)),
    "in place": (lambda x: np.tanh(x), lambda dout, x: np.multiply(dout, 1 - np.tanh(x) ** 2, out=dout), (X,)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_called_right(name):
    forward, backward, inputs = RIGHT[name]
    diagnosis = check_backward(forward, backward, *inputs)
    assert diagnosis.ok, str(diagnosis)
    assert {row.verdict for row in diagnosis.parameters} == {"right"}


MISTAKES = {
    "the mean's path": (batchnorm, lambda d, c: batchnorm_backward(d, c, mean=False), NORM, "x", "path-missing"),
    "the scale": (batchnorm, lambda d, c: batchnorm_backward(d, c, scale=False), NORM, "x", "factor-missing"),
    "a mean": (batchnorm, lambda d, c: batchnorm_backward(d, c, sums=np.mean), NORM, "gamma", "mean-for-sum"),
    "a sign": (affine, lambda d, x, w, b: (-d @ w.T, x.T @ d, d.sum(axis=0)), AFFINE, "x", "sign"),
    "an unsummed product": (
        attention, lambda d, c: attention_backward(d, c, product=False), ATTENTION, "q, k", "path-missing"
    ),
    "the scores' scale": (
        attention, lambda d, c: attention_backward(d, c, scaled=False), ATTENTION, "q, k", "factor-missing"
    ),
    "tanh's slope": (lambda x: np.tanh(x) * GAMMA, lambda d, x: d * GAMMA * np.tanh(x), (X,), "x", "value-for-slope"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_its_name_and_the_others_are_right(name):
    forward, backward, inputs, where, kind = MISTAKES[name]
    diagnosis = check_backward(forward, backward, *inputs)
    paths = diagnosis.alternatives or (diagnosis.findings,)
    assert len(paths) <= 3, str(diagnosis)
    assert [(where, kind)] in [[(finding.where, finding.name) for finding in path] for path in paths], str(diagnosis)
    wrong = {row.parameter for row in diagnosis.parameters if row.verdict != "right"}
    assert wrong == set(where.split(", "))


def test_the_sentence_has_the_author_s_names():
    diagnosis = check_backward(
        *RIGHT["batch norm"][:1], lambda d, c: batchnorm_backward(d, c, mean=False), X, GAMMA, BETA
    )
    assert "the path through `mu` is missing" in str(diagnosis)


def test_noise_has_no_name():
    noise = RNG.normal(size=X.shape)
    diagnosis = check_backward(lambda x: np.tanh(x), lambda dout, x: noise, X)
    assert diagnosis.verdict == "unnamed" and diagnosis.names == []


def test_right_where_it_was_tried_by_hand_is_not_right_everywhere():
    at = np.array([[1.0, 1.0], [1.0, 1.0]])
    diagnosis = check_backward(lambda x: x**3, lambda dout, x: 3 * x * dout, at)
    assert diagnosis.verdict != "right"


def test_an_array_of_three_axes_keeps_its_shape():
    x = RNG.normal(size=(2, 3, 4))
    forward = lambda x: x - x.mean(axis=-1, keepdims=True)  # noqa: E731
    assert check_backward(forward, lambda d, x: d - d.mean(axis=-1, keepdims=True), x).ok
    assert not check_backward(forward, lambda d, x: d, x).ok
    assert not check_backward(forward, lambda d, x: d[0], x).ok


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, affine_backward, X), TypeError, "needs a function"),
        ((affine, None, X), TypeError, "needs a function"),
        ((affine, affine_backward), TypeError, "arrays of floats"),
        ((affine, affine_backward, [1.0, 2.0]), TypeError, "arrays of floats"),
        ((affine, affine_backward, X), TypeError, "takes"),
        ((lambda x: "out", affine_backward, X), TypeError, "forward's result"),
        ((lambda x: (x, 1, 2), affine_backward, X), TypeError, "3 things"),
        ((lambda x: x, lambda dout, x: "dx", X), TypeError, "gradient 0"),
        ((lambda x: x, lambda dout: dout, X), TypeError, "takes"),
        ((lambda x: np.log(x * 0.0), lambda dout, x: dout, X), ValueError, "finite"),
    ],
)
def test_what_cannot_be_checked_is_said(arguments, error, message):
    with pytest.raises(error, match=message), np.errstate(all="ignore"):
        check_backward(*arguments)
