"""Layers as people write them, each with its right backward pass and with mistakes that people make."""

import numpy as np
import pytest
from long_run import shortened

import engine
from nn import check_backward
from nn.layers import svm

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
    unlike = {"not judged"} if name == "by shape" else set()  # one input has no gradient
    assert {row.verdict for row in diagnosis.parameters} == {"right"} | unlike


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
        ((lambda x: x, lambda: X, X), TypeError, "takes"),
        ((lambda x: np.log(x * 0.0), lambda dout, x: dout, X), ValueError, "finite"),
    ],
)
def test_what_cannot_be_checked_is_said(arguments, error, message):
    with pytest.raises(error, match=message), np.errstate(all="ignore"):
        check_backward(*arguments)


DIFFERENTIATED = {
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    "log of a norm": lambda x: np.log(np.linalg.norm(x, axis=0)),
    "clipped": lambda x: np.clip(x, -1.0, 1.0) * np.where(x > 0, x, 0.1 * x),
    "sorted": lambda x: np.sort(x, axis=0)[::-1] ** 2,
    "cumulated": lambda x: np.cumsum(x * x, axis=1),
}


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_right_gradients_by_differences_and_in_single_precision_are_right(name, single):
    forward = DIFFERENTIATED[name]

    def by_differences(dout, x):
        dx = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            ends = []
            for side in (1e-6, -1e-6):
                moved = x.copy()
                moved[place] += side
                ends.append((forward(moved) * dout).sum())
            dx[place] = (ends[0] - ends[1]) / 2e-6
        return dx

    def exactly_in_single(dout, x):
        return engine.grad(lambda x: np.sum(forward(x) * dout))(x).astype(np.float32)

    assert check_backward(forward, exactly_in_single if single else by_differences, X).ok


@pytest.mark.parametrize("seed", shortened(range(5), 2))
def test_a_layer_in_single_precision_is_judged_in_it_and_its_mistake_has_its_name(seed):
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=shape).astype(np.float32) for shape in ((6, 4), (4,), (4,))]
    assert check_backward(batchnorm, batchnorm_backward, *inputs, seed=seed).ok
    wrong = check_backward(batchnorm, lambda d, c: batchnorm_backward(d, c, mean=False), *inputs, seed=seed)
    assert wrong.names == ["path-missing"]


def test_dout_has_the_precision_of_the_result():
    seen = []
    check_backward(lambda x: x * x, lambda dout, x: seen.append(dout.dtype) or 2 * dout * x, X.astype(np.float32))
    assert set(seen) == {np.dtype(np.float32)}


def test_what_is_right_but_for_the_rounding_of_single_precision_is_right_and_that_is_said():
    x = np.array([0.5, 0.3, 0.1], np.float32)
    diagnosis = check_backward(lambda x: x * x, lambda dout, x: 2.0 * ((x + 500.0) - 500.0) * dout, x)
    assert diagnosis.ok and any("in double precision" in remark for remark in diagnosis.remarks)


def test_of_a_saturated_sigmoid_probabilities_less_targets_are_right():
    """They cancel, which what is differentiated does not."""

    def forward(z, y):
        p = 1.0 / (1.0 + np.exp(-z))
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)), (p, y)

    z, y = np.array([9.0, -0.3, 0.2, -8.0]), np.array([1, 0, 1, 0])
    assert check_backward(forward, lambda dout, cache: dout * (cache[0] - cache[1]), z, y).ok


def test_what_is_right_for_the_shapes_given_alone_is_wrong():
    x = RNG.normal(size=(4, 4))
    forward = lambda x: x - x.mean(axis=0)  # noqa: E731
    assert check_backward(forward, lambda d, x: d - d.sum(axis=0) / len(x), x).ok
    diagnosis = check_backward(forward, lambda d, x: d - d.sum(axis=0) / x.shape[1], x)
    assert diagnosis.verdict != "right" and "longer arrays" in diagnosis.remarks[-1]


def test_a_length_is_named_where_it_stands_for_the_right_one():
    forward = lambda x, w: (np.tanh(x) @ w) / len(x)  # noqa: E731
    backward = lambda d, x, w: (d @ w.T * (1 - np.tanh(x) ** 2), np.tanh(x).T @ d / len(x))  # noqa: E731
    diagnosis = check_backward(forward, backward, RNG.normal(size=(5, 3)), RNG.normal(size=(3, 2)))
    assert diagnosis.parameters[1].verdict == "right" and diagnosis.parameters[0].verdict in ("named", "ambiguous")


def test_gradients_returned_in_another_order_are_named_by_their_arguments():
    swapped = lambda d, c: (batchnorm_backward(d, c)[0], *batchnorm_backward(d, c)[:0:-1])  # noqa: E731
    diagnosis = check_backward(batchnorm, swapped, *NORM)
    assert diagnosis.names == ["exchanged", "exchanged"] and "`beta`" in str(diagnosis)


def test_two_mistakes_in_series():
    def forward(x, w):
        return np.exp(np.tanh(x @ w) @ w)

    def backward(dout, x, w):
        a = np.tanh(x @ w)
        dz2 = dout  # the exponential's derivative is left out
        dz1 = dz2 @ w.T  # and the hyperbolic tangent's
        return dz1 @ w.T, a.T @ dz2 + x.T @ dz1

    diagnosis = check_backward(forward, backward, 0.5 * X, 0.5 * RNG.normal(size=(4, 4)))
    assert set(diagnosis.names) == {"slope-missing"} and len(diagnosis.findings) == 2


@pytest.mark.parametrize(
    "forward",
    [np.rint, np.sign, lambda x: np.floor(x) + x],
)
def test_a_gradient_taken_where_the_derivative_is_a_constant_is_no_crash(forward):
    assert check_backward(forward, lambda d, x: 0.5 * d, X).verdict in ("named", "ambiguous", "unnamed")


def test_a_forward_pass_that_is_constant_by_pieces_has_a_verdict():
    """As of a quantiser, whose backward pass hands the cotangent on."""
    diagnosis = check_backward(lambda x: np.rint(x) * 1.0, lambda dout, x: dout, np.array([0.3, 0.7, 1.2, -2.2]))
    assert not diagnosis.ok
    assert check_backward(lambda x: np.rint(x) * 1.0, lambda dout, x: 0.0 * dout, np.array([0.3, 0.7, -2.2])).ok


def test_numbers_are_arguments_where_there_are_no_arrays():
    def cost(w, b):
        return ((w * np.arange(4.0) + b - 1.0) ** 2).sum()

    def backward(dout, w, b):
        error = w * np.arange(4.0) + b - 1.0
        return 2 * (error @ np.arange(4.0)) * dout, 2 * error.sum() * dout

    for inputs in ((0.3, -0.7), (np.array(0.3), np.array([-0.7]))):
        assert check_backward(cost, backward, *inputs).ok
        assert not check_backward(cost, lambda d, w, b: (2.0, backward(d, w, b)[1]), *inputs).ok


@pytest.mark.parametrize("named", [False, True])
def test_numbers_are_arguments_where_they_have_a_gradient(named):
    def backward(dout, x, scale, eps):
        root = np.sqrt(x**2 + eps)
        several = {"x": dout * scale * x / root, "dscale": -np.sum(dout * root), "eps": np.sum(dout * scale / root) / 2}
        return several if named else tuple(several.values())

    said = check_backward(lambda x, scale, eps: scale * np.sqrt(x**2 + eps), backward, X, 0.7, 0.1)
    assert [(row.parameter, row.verdict) for row in said.parameters] == [
        ("x", "right"), ("scale", "named"), ("eps", "right"),
    ]  # fmt: skip
    assert said.names == ["sign"]


def test_one_gradient_of_two_arrays_of_a_shape_is_the_first_ones():
    def loss(z, y):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return -(y * np.log(e / e.sum(axis=1, keepdims=True))).sum()

    def backward(dout, z, y):
        e = np.exp(z)
        return dout * (e / e.sum(axis=1, keepdims=True) - y)  # right where a row of y adds up to 1

    z, y = np.random.default_rng(2).normal(size=(4, 3)), np.eye(3)[[0, 2, 1, 1]]
    assert check_backward(loss, backward, z, y).ok


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def shared(q, k):  # keys that two groups of queries share
    return np.einsum("gid,jd->gij", q, k)


def picked(x, w):
    return (x * w).max(axis=1)


def picked_by_all(dout, x, w):
    hit = (x * w) == (x * w).max(axis=1, keepdims=True)
    return hit * dout[:, None] * w, hit * dout[:, None] * x


def penalised(theta):
    return (theta[0] * 3.0 - theta[1] * theta[2]) ** 2 + 0.7 * theta[1:] @ theta[1:]


def penalised_backward(dout, theta):
    e = 2.0 * (theta[0] * 3.0 - theta[1] * theta[2])
    return dout * (e * np.array([3.0, -theta[2], -theta[1]]) + 1.4 * theta)


MASK = np.array([True, True, False, True])


def attended(q, k):
    s = np.where(MASK, q @ k.T, -1e9)
    m = s.max(axis=1, keepdims=True)
    p = np.exp(s - m)
    n = p.sum(axis=1, keepdims=True)
    return p / n, (q, k, m, n)


def attended_without_mask(dout, cache):
    q, k, m, n = cache
    p = np.exp(q @ k.T - m) / n
    ds = p * (dout - (dout * p).sum(axis=1, keepdims=True))
    return ds @ k, ds.T @ q


TIED = np.array([[1.0, 2.0, 4.0], [2.0, 4.0, 1.0]])
WEIGHTS, CLASSES = np.array([0.3, 1.7, -0.4, 2.9]), np.eye(3)[[0, 2, 1, 1]]


def weighed(z):
    return ((CLASSES * np.log(softmax(z))).sum(axis=1) * WEIGHTS).sum()


def swish(x):
    gate = 1.0 / (1.0 + np.exp(-x))
    return x * gate, (x, gate)


def drawn(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


SEEN = {
    "another argument's": (lambda x, y: x * y * y, lambda d, x, y: (d * y * y, d * y * y), (drawn(4), drawn(1, 4)[0])),
    "not summed": (
        shared,
        lambda d, q, k: (np.einsum("gij,jd->gid", d, k), np.einsum("gij,gid->gjd", d, q)),
        (drawn(2, 3, 4), drawn(5, 4)),
    ),
    "equal ones": (
        picked,
        picked_by_all,
        (np.array([[1.0, 2.0, 4.0], [2.0, 4.0, 1.0]]), np.array([[4.0, 2.0, 1.0]] * 2)),
    ),
    "what arrives": (np.tanh, lambda d, x: 1 - np.tanh(x) ** 2, (drawn(6),)),
    "the bias is penalised": (penalised, penalised_backward, (np.array([0.5, -1.2, 0.8]),)),
    "the weights' mean": (weighed, lambda d, z: d * WEIGHTS.mean() * (CLASSES - softmax(z)), (drawn(4, 3),)),
    "sums that were saved": (attended, attended_without_mask, (drawn(3, 2), drawn(4, 2))),
    "another number": (lambda x: np.exp(1.7 * x) + 0.6, lambda d, x: d * 0.6 * np.exp(1.7 * x), (drawn(6),)),
    "applied once more": (swish, lambda d, cache: d * (cache[1] + cache[0] / (1.0 + np.exp(-cache[1]))), (drawn(6),)),
}
NAMES = (
    "exchanged unsummed ties-in-full upstream-missing slice-exchanged constant-moved mask-left-out factor-exchanged "
    "applied-for-slope"
)


@pytest.mark.parametrize(("mistake", "name"), [*zip(SEEN, NAMES.split())])
def test_what_strangers_write_has_a_name(mistake, name):
    forward, backward, inputs = SEEN[mistake]
    said = check_backward(forward, backward, *inputs)
    assert set(said.names) == {name} and said.verdict == "named", said


def strided(x, w):
    return np.stack([np.stack([(x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] * w).sum() for j in (0, 1)]) for i in (0, 1)])


def strided_backward(dout, x, w):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i, j in np.ndindex(2, 2):
        dx[i : i + 2, j : j + 2] += dout[i, j] * w
        dw += dout[i, j] * x[i : i + 2, j : j + 2]
    return dx, dw


def test_windows_without_their_stride_are_one_mistake_in_both_gradients():
    said = check_backward(strided, strided_backward, drawn(4, 4), drawn(2, 2))
    assert said.names == ["stride-missing"] and said.findings[0].where == "x, w"


def test_gradients_by_single_numbers_are_exchanged_where_that_holds_at_all_points():
    def pulled(d, a, b):
        return d * b**3, d * 3.0 * a * b**2

    def cube(a, b):
        return a * b**3

    assert check_backward(cube, pulled, 1.4, 0.7).ok
    swapped = check_backward(cube, lambda d, a, b: (d * 3.0 * a * b**2, d * b**3), 1.4, 0.7)
    assert swapped.names == ["exchanged", "exchanged"] and "`a`" in str(swapped)
    doubled = check_backward(lambda a, b: a + 2.0 * b, lambda d, a, b: (2.0 * d, d), 1.4, 0.7)
    assert "exchanged" not in doubled.names


def test_arguments_whose_gradients_are_exchanged_in_pairs_are_so_where_one_pair_is_opposite_too():
    def forward(m, s, n, t):
        return np.sum((m - n) ** 2 * np.exp(s) + t * s**2)

    def backward(dout, m, s, n, t):
        dm, ds = 2 * dout * (m - n) * np.exp(s), dout * ((m - n) ** 2 * np.exp(s) + 2 * t * s)
        return -dm, dout * s**2, dm, ds

    said = check_backward(forward, backward, *RNG.normal(size=(4, 5)))
    assert said.names == ["exchanged"] * 4


def test_a_mask_that_is_left_out_has_one_name():
    kept = np.array([True, False, True, True, False, True])[:, None]
    said = check_backward(lambda x: np.tanh(x) * kept, lambda dout, x: dout * (1 - np.tanh(x) ** 2), X)
    assert said.names == ["mask-missing"]


def test_a_gradient_that_is_right_for_the_shapes_given_is_right_beside_a_wrong_one():
    said = check_backward(
        lambda x, y: np.mean(np.sum(x**2 + np.exp(y), axis=1)),
        lambda dout, x, y: (dout * 2 * x / 6, -dout * np.exp(y) / 6),
        X,
        X + 0.5,
    )
    assert said.parameters[0].verdict == "right"
    assert "x: right for the shapes given" in " ".join(said.remarks)


@pytest.mark.parametrize("seed", shortened(range(4), 1))
def test_a_name_is_believed_only_where_other_branches_are_taken_too(seed):
    x = np.random.default_rng(seed).uniform(2.0, 3.0, (3, 4))  # all of it is let through here, and nearby
    for forward, always in (
        (lambda x: np.maximum(x - 1.0, 0.0), np.ones_like),
        (lambda x: np.abs(x - 1.0), np.ones_like),
        (lambda x: np.where(x > 1.0, x**2, 3.0 * x), lambda x: 2.0 * x),
        (lambda x: x * (x > 1.0), np.ones_like),
    ):
        said = check_backward(forward, lambda d, x, of=always: 2.0 * d * of(x), x)
        paths = [{finding.name for finding in path} for path in said.alternatives or [said.findings]]
        assert not said.ok and {"doubled"} not in paths and {"factor"} not in paths
    said = check_backward(lambda x: np.maximum(x - 1.0, 0.0), lambda d, x: 2.0 * d * (x > 1.0), x)
    assert {"doubled", "factor"}.issuperset(said.names) and said.verdict == "named"


@pytest.mark.parametrize("seed", [44, 94, 108, 144])
def test_an_inverted_mask_is_said_and_not_what_fits_one_set_of_active_margins(seed):
    def turned(dout, cache):
        margins, y = cache
        dz = (margins <= 0.0).astype(float)
        dz[np.arange(len(y)), y] = -dz.sum(axis=1)
        return dout * dz / len(y)

    said = check_backward(svm.forward, turned, *svm.inputs(np.random.default_rng(seed)))
    assert said.names == ["mask-inverted"] and "`margins <= 0.0` should be `margins > 0.0`" in said.findings[0].sentence


def test_a_column_of_biases_is_right_beside_two_samples():
    def backward(d, x, w, b):
        db = np.zeros_like(b)
        db += d.sum(axis=1, keepdims=True)
        return w.T @ d, d @ x.T, db

    x, w, b = RNG.normal(size=(4, 2)), RNG.normal(size=(3, 4)), RNG.normal(size=(3, 1))
    assert check_backward(lambda x, w, b: w @ x + b, backward, x, w, b).verdict == "right"


class KeepsItsInputs:
    def __init__(self):
        self.w, self.calls = np.array([0.5, -2.0, 1.5]), []

    def forward(self, x):
        print("forward")
        self.x = x
        self.calls.append(len(x))
        return np.tanh(x) * self.w

    def backward(self, d):
        print("backward")
        return d * self.w * (1.0 - np.tanh(self.x))


def test_an_object_that_keeps_its_inputs_is_left_as_it_was_and_prints_once(capsys):
    layer = KeepsItsInputs()
    diagnosis = check_backward(layer.forward, layer.backward, RNG.normal(size=(4, 3)))
    assert diagnosis.verdict == "named" and vars(layer).keys() == {"w", "calls"} and layer.calls == []
    assert capsys.readouterr().out.split() == ["forward", "backward"]


Y = np.eye(4)[[0, 2, 1]]
IDS = np.array([1, 1, 3, 4, 4, 4])
COUNTS, STRIDE = np.bincount(IDS), 2


def test_what_is_mended_holds_for_other_constants_too():
    def bag(d, W):
        dW = np.zeros_like(W)
        for i, index in enumerate(unique := np.unique(IDS)):
            dW[index] += (index == IDS).sum() * d / COUNTS[IDS[i]]
        return dW[: len(W)] + 0.0 * unique[0]

    p = RNG.uniform(0.2, 0.8, (3, 4))
    said = check_backward(lambda p: -np.sum(Y * np.log(p)), lambda d, p: d * (p - Y) / (p * (1 - p)), p)
    assert "`d` should be `d * Y`" not in str(said)
    said = check_backward(lambda W: np.sum(W[IDS] / COUNTS[IDS][:, None], axis=0), bag, RNG.normal(size=(5, 3)))
    assert said.verdict != "right" and "`i + 1`" not in str(said)


def test_a_value_that_decides_a_condition_is_another_array_not_its_multiple():
    def backward(d, x, a):
        out = np.where(x > 0, x, a * x)
        return np.where(x > 0, d, a * d), np.sum(np.where(out > 0, 0, x * d), keepdims=True).reshape(1)

    x, a = RNG.normal(size=(4, 5)), np.array([-0.3])
    (finding,) = check_backward(lambda x, a: np.where(x > 0, x, a * x), backward, x, a).findings
    assert finding.right in ("out = x", "out = x > 0")


SLIPS = [
    (lambda x, c: np.cumsum(x) * c, lambda d, x, c: (np.cumsum(d * c), d * np.cumsum(x)), "from the beginning again"),
    (lambda x, c: np.flip(x) * c, lambda d, x, c: (d * c, d * np.flip(x)), "`flip(x)` is not undone"),
    (lambda x, c: np.roll(x, 2) * c, lambda d, x, c: (np.roll(d * c, 2), d * np.roll(x, 2)), "is done once more"),
    (lambda x, c: x * (1.5 * c), lambda d, x, c: (d * c, 1.5 * d * x), "the gradient lacks the factor `1.5`"),
]


@pytest.mark.parametrize(("forward", "backward", "words"), SLIPS)
def test_a_slip_is_said_in_plain_words(forward, backward, words):
    rng = np.random.default_rng(2)
    assert words in str(check_backward(forward, backward, rng.normal(size=5), rng.normal(size=5)))
