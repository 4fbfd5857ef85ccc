import numpy as np
import pytest

import engine


def either(w, x):
    s = w[0]
    for k, v in enumerate(x):
        s = engine.tanh(s * w[1]) + v if k * k % 7 < 3 else s * v - engine.maximum(w[2] * v, s) if k % 3 else s + v
    return s


def triangle(w, x):
    """A matrix as a product of triangles: sums of as many terms as there are columns so far."""
    n = 9
    lower, upper = [[0.0] * n for _ in range(n)], [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i):
            lower[i][j] = (x[n * i + j] - sum(lower[i][k] * upper[k][j] for k in range(j))) / upper[j][j]
        for j in range(i, n):
            upper[i][j] = x[n * i + j] - sum(lower[i][k] * upper[k][j] for k in range(i)) + w[0] * (i == j)
    return sum(engine.log(upper[i][i]) for i in range(n)) * w[1] + w[2]


def butterflies(w, x):
    """A sum and a difference of each pair, recursively."""
    if len(x) == 1:
        return x[0]
    half = len(x) // 2
    sums = [a * w[0] + b for a, b in zip(x[:half], x[half:])]
    differences = [a - b * w[1] for a, b in zip(x[:half], x[half:])]
    return butterflies(w, sums) * w[2] + engine.sin(butterflies(w, differences))


def alignment(w, x):
    """Log-sum-exp of two terms or three, as the letters say, and a hard maximum of the last."""
    letters, state = [0, 1, 0, 2, 2, 0, 1, 1, 0], [w[0]]
    for t in range(8):
        before = [*state, *[w[1]] * (len(letters) - len(state))]
        state = [before[0] + x[t]]
        for s in range(1, len(letters)):
            skips = s > 1 and letters[(s + t * t) % 9] and letters[s] != letters[s - 2]
            terms = [before[s], before[s - 1], *([before[s - 2]] if skips else [])]
            state.append(engine.logsumexp(terms) + x[8 * (s % 9) + t] * w[2])
    return engine.largest(state)


@pytest.mark.parametrize("fn", [either, triangle, butterflies, alignment])
@pytest.mark.parametrize("wrt", ["parameters", "inputs", "all"])
def test_what_no_loop_repeats_is_written_as_phrases(fn, wrt):
    x = np.random.default_rng(1).normal(size=128 if fn in (either, butterflies) else 81)
    x = x + 5.0 * np.eye(9).reshape(-1) if fn is triangle else x
    w = [engine.Value(v) for v in (2.0, 0.7, 0.3)]
    program = engine.lift(lambda x: fn(w, x), parameters=w, strict=True, verify="exact")
    _, again = program.value_and_grad(x + 0.01, wrt=wrt)
    value, gradient = program.value_and_grad(x, wrt=wrt)
    xs = [engine.Value(v) for v in x]
    root = fn(w, xs)
    root.backward()
    assert value == pytest.approx(root.data, rel=1e-13) and program.stats.proof.kind == "exact"
    if wrt != "inputs":
        assert np.allclose(gradient.parameters, [v.grad for v in w], rtol=1e-12)
    if wrt != "parameters":
        assert np.allclose(gradient.inputs[0], [v.grad for v in xs], rtol=1e-11, atol=1e-13)
        assert not np.array_equal(gradient.inputs[0], again.inputs[0])
    assert "for phrase, row in steps:" in program.source()
    for v in w:
        v.grad = 0.0


def test_a_gradient_can_be_asked_for_twice():
    """What was kept for it is read, not taken away."""
    program = engine.lift(either, verify=False)
    x = np.random.default_rng(0).normal(size=128)
    first = program.value_and_grad([1.0, 0.7, 0.3], x)[1].inputs
    assert all(np.array_equal(a, b) for a, b in zip(first, program.value_and_grad([1.0, 0.7, 0.3], x)[1].inputs))
