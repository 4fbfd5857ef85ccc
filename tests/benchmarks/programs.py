"""Programs as numerical people write them, a scalar at a time; some by hand in NumPy as well, and in arrays for JAX and PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import handwritten
import numpy as np
import numpy.typing as npt

import engine

Array = npt.NDArray[np.float64]
Scalars = Sequence[Any]


@dataclass(frozen=True)
class Program:
    """One program.

    Attributes
    ----------
    name
        What it is.
    theta
        The numbers that it is differentiated by.
    scalar
        The loss of these numbers as Values; of one sample, where there are samples.
    samples
        Arrays with a leading axis for samples, of which the mean is taken.
    by_hand
        (theta, *samples) -> value and gradient, in NumPy, or in floats where arrays would have two elements.
    arrays
        (array module, theta, *samples) -> value, for JAX and PyTorch to differentiate.
    lapack
        Whether by hand it is a call of LAPACK, which no sequence of array operations is as fast as.
    """

    name: str
    theta: Array
    scalar: Callable[..., Any]
    samples: tuple[Array, ...] = ()
    by_hand: Callable[..., tuple[float, Array]] | None = None
    arrays: Callable[..., Any] | None = None
    lapack: bool = False


def matrix(flat: Scalars, rows: int, columns: int, start: int = 0) -> list[Scalars]:
    """Return a part of a flat list as rows."""
    return [flat[start + r * columns : start + (r + 1) * columns] for r in range(rows)]


# --- networks ------------------------------------------------------------------------------------------------------


def logistic(n: int = 569, d: int = 30) -> Program:
    rng = np.random.default_rng(1)
    X, t = rng.normal(size=(n, d)), np.sign(rng.normal(size=n))
    rows, targets = X.tolist(), t.tolist()

    def scalar(w: Scalars) -> Any:
        margins = [target * engine.dot(w[:d], row, w[d]) for row, target in zip(rows, targets)]
        return sum(engine.softplus(-m) for m in margins) * (1.0 / n)

    def written(w: Array) -> tuple[float, Array]:
        m = t * (X @ w[:d] + w[d])
        value = np.logaddexp(0.0, -m).mean()
        g = -t / (1.0 + np.exp(m)) / n
        return value, np.append(g @ X, g.sum())

    def arrays(xp: Any, w: Any) -> Any:
        m = xp.asarray(t) * (xp.asarray(X) @ w[:d] + w[d])
        return xp.logaddexp(xp.zeros_like(m), -m).mean()

    return Program(f"logistic {n} x {d}", 0.1 * rng.normal(size=d + 1), scalar, (), written, arrays)


def recurrent(steps: int = 200, inputs: int = 8, units: int = 16, n: int = 32) -> Program:
    rng = np.random.default_rng(2)
    X, t = rng.normal(size=(n, steps, inputs)), rng.normal(size=n)
    a, b, c = units * inputs, units * inputs + units * units, units * inputs + units * units + units

    def scalar(w: Scalars, x: Any, target: Any) -> Any:
        U, V = matrix(w, units, inputs), matrix(w, units, units, a)
        h: list[Any] = [0.0] * units
        for now in x:
            h = [engine.tanh(engine.dot(U[j], now) + engine.dot(V[j], h) + w[b + j]) for j in range(units)]
        return (engine.dot(w[c:], h) - target) ** 2

    def written(w: Array, X: Array, t: Array) -> tuple[float, Array]:
        U, V, v = w[:a].reshape(units, inputs), w[a:b].reshape(units, units), w[c:]
        states, fed = np.zeros((steps + 1, n, units)), X @ U.T + w[b:c]
        for k in range(steps):
            states[k + 1] = np.tanh(fed[:, k] + states[k] @ V.T)
        r = states[-1] @ v - t
        dh, deltas = np.outer(2.0 * r / n, v), np.empty((steps, n, units))
        for k in reversed(range(steps)):
            deltas[k] = dh * (1.0 - states[k + 1] ** 2)
            dh = deltas[k] @ V
        flat = deltas.reshape(-1, units)
        dU, dV = flat.T @ X.swapaxes(0, 1).reshape(-1, inputs), flat.T @ states[:-1].reshape(-1, units)
        return (r * r).mean(), np.concatenate([dU.ravel(), dV.ravel(), flat.sum(0), 2.0 * r @ states[-1] / n])

    return Program(f"RNN, {steps} steps", 0.2 * rng.normal(size=c + units), scalar, (X, t), written)


def long_memory(steps: int = 200, inputs: int = 8, units: int = 16, n: int = 32) -> Program:
    rng = np.random.default_rng(3)
    gates, width = 4 * units, inputs + units
    X, t = rng.normal(size=(n, steps, inputs)), rng.normal(size=n)

    def scalar(w: Scalars, x: Any, target: Any) -> Any:
        W, bias, v = matrix(w, gates, width), w[gates * width : gates * (width + 1)], w[gates * (width + 1) :]
        h: list[Any] = [0.0] * units
        c: list[Any] = [0.0] * units
        for now in x:
            read = [*now, *h]
            z = [engine.dot(W[j], read, bias[j]) for j in range(gates)]
            i, f, o = ([engine.sigmoid(z[part * units + j]) for j in range(units)] for part in range(3))
            c = [f[j] * c[j] + i[j] * engine.tanh(z[3 * units + j]) for j in range(units)]
            h = [o[j] * engine.tanh(c[j]) for j in range(units)]
        return (engine.dot(v, h) - target) ** 2

    theta = 0.2 * rng.normal(size=gates * (width + 1) + units)
    return Program(f"LSTM, {steps} steps", theta, scalar, (X, t), partial(handwritten.long_memory, units=units))


def normalised(n: int = 32, inputs: int = 10, units: int = 16) -> Program:
    rng = np.random.default_rng(4)
    X, t = rng.normal(size=(n, inputs)), rng.normal(size=n)
    a = units * inputs

    def scalar(w: Scalars, x: Any, target: Any) -> Any:
        z = [engine.dot(row, x) for row in matrix(w, units, inputs)]
        mean = sum(z) / units
        variance = sum((v - mean) ** 2 for v in z) / units
        scale = 1.0 / engine.sqrt(variance + 1e-5)
        y = [engine.tanh((v - mean) * scale * w[a + j] + w[a + units + j]) for j, v in enumerate(z)]
        return (engine.dot(w[a + 2 * units :], y) - target) ** 2

    def arrays(xp: Any, w: Any, X: Any, t: Any) -> Any:
        z = X @ w[:a].reshape(units, inputs).T
        u = z - z.mean(1)[:, None]
        y = xp.tanh(u / xp.sqrt((u * u).mean(1) + 1e-5)[:, None] * w[a : a + units] + w[a + units : a + 2 * units])
        return ((y @ w[a + 2 * units :] - t) ** 2).mean()

    theta = 0.5 * rng.normal(size=a + 3 * units)
    return Program(
        f"layer norm, {n} samples", theta, scalar, (X, t), partial(handwritten.normed, units=units, axis=1), arrays
    )


def batch_normalised(n: int = 32, inputs: int = 10, units: int = 16) -> Program:
    """Each unit's mean is over the samples: they are one program together."""
    rng = np.random.default_rng(15)
    X, t = rng.normal(size=(n, inputs)), rng.normal(size=n)
    a, rows, targets = units * inputs, X.tolist(), t.tolist()

    def scalar(w: Scalars) -> Any:
        z = [[engine.dot(unit, x) for unit in matrix(w, units, inputs)] for x in rows]
        for j in range(units):
            mean = sum(row[j] for row in z) / n
            variance = sum((row[j] - mean) ** 2 for row in z) / n
            for row in z:
                row[j] = engine.tanh(w[a + j] * (row[j] - mean) / engine.sqrt(variance + 1e-5) + w[a + units + j])
        return sum((engine.dot(w[a + 2 * units :], row) - y) ** 2 for row, y in zip(z, targets)) / n

    def arrays(xp: Any, w: Any) -> Any:
        z = xp.asarray(X) @ w[:a].reshape(units, inputs).T
        u = z - z.mean(0)
        y = xp.tanh(u / xp.sqrt((u * u).mean(0) + 1e-5) * w[a : a + units] + w[a + units : a + 2 * units])
        return ((y @ w[a + 2 * units :] - xp.asarray(t)) ** 2).mean()

    theta = 0.5 * rng.normal(size=a + 3 * units)
    by = partial(handwritten.normed, X=X, t=t, units=units, axis=0)
    return Program(f"batch norm, {n} samples", theta, scalar, (), by, arrays)


def convolution(n: int = 32, channels: int = 8) -> Program:
    """Digits of eight by eight: three by three, relu, the largest of two by two, ten classes."""
    rng = np.random.default_rng(16)
    X, t = np.round(np.clip(rng.normal(6, 5, (n, 8, 8)), 0, 16)) / 16, rng.integers(0, 10, n)
    a = channels * 9

    def scalar(w: Scalars, x: Any, label: Any) -> Any:
        features = []
        for c in range(channels):
            K, bias = matrix(w, 3, 3, 9 * c), w[a + c]
            f = [
                [
                    engine.relu(sum(K[p][q] * x[i + p][j + q] for p in range(3) for q in range(3)) + bias)
                    for j in range(6)
                ]
                for i in range(6)
            ]
            for i in range(0, 6, 2):
                for j in range(0, 6, 2):
                    over = [engine.maximum(f[i + k][j], f[i + k][j + 1]) for k in range(2)]
                    features.append(engine.maximum(*over))
        z = [
            engine.dot(row, features, w[a + channels + 10 * a + k])
            for k, row in enumerate(matrix(w, 10, a, a + channels))
        ]
        return engine.logsumexp(z) - engine.select(z, label)

    theta = 0.2 * rng.normal(size=a + channels + 10 * a + 10)
    return Program(
        f"convolution, {n} digits", theta, scalar, (X, t), partial(handwritten.convolution, channels=channels)
    )


def transformer(tokens: int = 8) -> Program:
    """A GPT of lists, at one name."""
    rng = np.random.default_rng(5)
    word = rng.integers(0, LETTERS, tokens + 1).tolist()
    theta = 0.1 * rng.normal(size=transformer_size(tokens))
    return Program(f"GPT of lists, {tokens} tokens", theta, lambda w: transformer_loss(w, word, tokens))


LETTERS, WIDTH, HEADS = 27, 16, 4


def transformer_size(places: int) -> int:
    """Return how many parameters there are, for names of so many places at most."""
    return (LETTERS + places + 4 * WIDTH + 8 * WIDTH) * WIDTH


def transformer_loss(w: Scalars, word: Sequence[int], places: int) -> Any:
    """One layer of attention and of a perceptron, on lists: sums of products, an exponential each."""
    shapes = [LETTERS, places, WIDTH, WIDTH, WIDTH, WIDTH, 4 * WIDTH]  # rows of matrices of `WIDTH` columns
    ends = np.cumsum([0, *shapes]) * WIDTH
    size = WIDTH // HEADS

    def entry(x: Scalars, k: Any) -> Any:
        return x[k] if isinstance(k, int) else engine.select(x, k)

    def times(W: Sequence[Scalars], x: Scalars) -> list[Any]:
        return [sum(w * v for w, v in zip(row, x)) for row in W]

    def even(x: Scalars) -> list[Any]:
        scale = (sum(v * v for v in x) / len(x) + 1e-5) ** -0.5
        return [v * scale for v in x]

    table, at_place, q_, k_, v_, o_, up = (matrix(w, rows, WIDTH, end) for rows, end in zip(shapes, ends.tolist()))
    down = matrix(w, WIDTH, 4 * WIDTH, int(ends[-1]))
    keys, values, losses = [], [], []
    for p in range(len(word) - 1):
        x = even([entry(column, word[p]) + b for column, b in zip(zip(*table), at_place[p])])
        q = times(q_, even(x))
        keys.append(times(k_, even(x)))
        values.append(times(v_, even(x)))
        mixed: list[Any] = []
        for first in range(0, WIDTH, size):
            at = range(first, first + size)
            weights = engine.softmax([sum(q[j] * key[j] for j in at) / size**0.5 for key in keys])
            mixed += [sum(a * value[j] for a, value in zip(weights, values)) for j in at]
        x = [a + b for a, b in zip(times(o_, mixed), x)]
        hidden = [engine.relu(v) for v in times(up, even(x))]
        x = [a + b for a, b in zip(times(down, hidden), x)]
        losses.append(-engine.log(entry(engine.softmax(times(table, x)), word[p + 1])))
    return sum(losses) / len(losses)


# --- likelihoods and prices ----------------------------------------------------------------------------------------


def mixture(n: int = 200, parts: int = 5) -> Program:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(n, 2)) + 3.0 * rng.integers(0, 3, (n, 1))
    points = X.tolist()

    def scalar(w: Scalars) -> Any:
        weight, mean, size = w[:parts], matrix(w, parts, 2, parts), matrix(w, parts, 2, 3 * parts)
        total = 0.0
        for x in points:
            terms = []
            for k in range(parts):
                z = [(x[d] - mean[k][d]) * engine.exp(size[k][d]) for d in range(2)]
                terms.append(weight[k] + sum(size[k]) - 0.5 * (z[0] * z[0] + z[1] * z[1]))
            total = total + engine.logsumexp(terms)
        return total * (1.0 / n) - engine.logsumexp(weight)

    by = partial(handwritten.mixture, X=X, parts=parts)
    return Program(f"mixture of {parts}, {n} points", 0.5 * rng.normal(size=5 * parts), scalar, (), by)


def options(n: int = 200) -> Program:
    rng = np.random.default_rng(7)
    strikes, years, quotes = rng.uniform(80, 120, n), rng.uniform(0.2, 2.0, n), rng.uniform(2, 25, n)
    rows = list(zip(strikes.tolist(), years.tolist(), quotes.tolist()))

    def scalar(w: Scalars) -> Any:
        loss = 0.0
        for s, (k, t, quote) in zip(w, rows):
            up = (math.log(100.0 / k) + (w[n] + 0.5 * s * s) * t) / (s * math.sqrt(t))
            down = up - s * math.sqrt(t)
            below = [0.5 * (1.0 + engine.erf(z / math.sqrt(2.0))) for z in (up, down)]
            loss = loss + (100.0 * below[0] - k * engine.exp(-w[n] * t) * below[1] - quote) ** 2
        return loss / n

    by = partial(handwritten.options, strikes=strikes, years=years, quotes=quotes)
    return Program(f"Black-Scholes, {n} options", np.append(rng.uniform(0.1, 0.5, n), 0.02), scalar, (), by)


def branching(n: int = 3000) -> Program:
    rng = np.random.default_rng(8)
    incomes = rng.uniform(0.0, 100.0, n)
    listed = incomes.tolist()

    def scalar(w: Scalars) -> Any:
        total = 0.0
        for x in listed:
            if x > w[0]:
                total = total + (w[1] * (x - w[0])) ** 2
            else:
                total = total + w[2] * x
        return total / n

    def written(w: Array) -> tuple[float, Array]:
        above = incomes > w[0]
        u = w[1] * (incomes - w[0]) * above
        value = (u * u).sum() + w[2] * incomes[~above].sum()
        slope = np.array([-2.0 * w[1] * u.sum(), 2.0 * u @ (incomes - w[0]), incomes[~above].sum()])
        return value / n, slope / n

    return Program(f"one if a sample, {n} samples", np.array([40.0, 0.3, 0.2]), scalar, (), written)


# --- physics -------------------------------------------------------------------------------------------------------


def bodies(n: int = 50) -> Program:
    rng = np.random.default_rng(9)
    masses = rng.uniform(0.5, 2.0, n)
    m, products = masses.tolist(), np.outer(masses, masses) * (1.0 - np.eye(n))

    def scalar(w: Scalars) -> Any:
        place, total = matrix(w, n, 3), 0.0
        for i in range(n):
            for j in range(i):
                d = [a - b for a, b in zip(place[i], place[j])]
                total = total - m[i] * m[j] / engine.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.01)
        return total

    def written(w: Array) -> tuple[float, Array]:
        x = w.reshape(n, 3)
        d = x[:, None] - x
        square = np.einsum("ijk,ijk->ij", d, d) + 0.01
        potential = products / np.sqrt(square)
        force = potential / square
        return -0.5 * potential.sum(), (force.sum(1)[:, None] * x - force @ x).ravel()

    def arrays(xp: Any, w: Any) -> Any:
        x = w.reshape(n, 3)
        d = x[:, None] - x
        return -0.5 * (xp.asarray(products) / xp.sqrt((d * d).sum(2) + 0.01)).sum()

    return Program(f"N-body, {n} bodies", rng.normal(size=3 * n), scalar, (), written, arrays)


def hunters(steps: int = 1000, method: str = "rk4") -> Program:
    """Lotka and Volterra's equations; the state at the end is to be (1, 1)."""
    dt = 10.0 / steps

    def slope(w: Any, s: Any) -> list[Any]:
        return [w[0] * s[0] - w[1] * s[0] * s[1], w[3] * s[0] * s[1] - w[2] * s[1]]

    def on(s: Any, h: float, d: Any) -> list[Any]:
        return [s[0] + h * d[0], s[1] + h * d[1]]

    def scalar(w: Scalars) -> Any:
        s = [w[4], w[5]]
        for _ in range(steps):
            a = slope(w, s)
            if method == "rk4":
                b = slope(w, on(s, dt / 2, a))
                c = slope(w, on(s, dt / 2, b))
                d = slope(w, on(s, dt, c))
                a = [(a[k] + 2.0 * b[k] + 2.0 * c[k] + d[k]) / 6.0 for k in range(2)]
            s = on(s, dt, a)
        return (s[0] - 1.0) ** 2 + (s[1] - 1.0) ** 2

    def written(w: Array) -> tuple[float, Array]:
        k, s, states = w[:4].tolist(), w[4:].tolist(), []
        for _ in range(steps):
            states.append(s)
            s = on(s, dt, slope(k, s))
        g, dk = [2.0 * (s[0] - 1.0), 2.0 * (s[1] - 1.0)], [0.0] * 4
        for s in reversed(states):
            u, v, both = dt * g[0], dt * g[1], s[0] * s[1]
            dk = [dk[0] + u * s[0], dk[1] - u * both, dk[2] - v * s[1], dk[3] + v * both]
            mixed = k[3] * v - k[1] * u
            g = [g[0] + u * k[0] + mixed * s[1], g[1] + mixed * s[0] - v * k[2]]
        value = (states and (on(states[-1], dt, slope(k, states[-1])))) or s
        return (value[0] - 1.0) ** 2 + (value[1] - 1.0) ** 2, np.array([*dk, *g])

    theta, rk4 = np.array([1.1, 0.6, 0.8, 0.5, 1.0, 0.7]), partial(handwritten.hunters, steps=steps, dt=dt)
    return Program(f"{method}, {steps} steps", theta, scalar, (), written if method == "euler" else rk4)


def springs(side: int = 8, steps: int = 10) -> Program:
    """Masses on a net, whose edges push and pull."""
    rng = np.random.default_rng(10)
    at = [(i, j) for i in range(side) for j in range(side)]
    edges = [((i, j), (i + a, j + b)) for i, j in at for a, b in ((0, 1), (1, 0)) if i + a < side and j + b < side]
    places = np.array(at, float) + 0.1 * rng.normal(size=(side * side, 2))

    def scalar(w: Scalars) -> Any:
        x = dict(zip(at, (list(w[2 * k : 2 * k + 2]) for k in range(len(at)))))
        v: dict[Any, list[Any]] = {p: [0.0, 0.0] for p in at}
        for _ in range(steps):
            force: dict[Any, list[Any]] = {p: [0.0, 0.0] for p in at}
            for p, q in edges:
                d = [x[q][k] - x[p][k] for k in range(2)]
                length = engine.sqrt(d[0] * d[0] + d[1] * d[1])
                pull = w[-1] * (length - 1.0) / length
                force[p] = [force[p][k] + pull * d[k] for k in range(2)]
                force[q] = [force[q][k] - pull * d[k] for k in range(2)]
            v = {p: [v[p][k] + 0.01 * force[p][k] for k in range(2)] for p in at}
            x = {p: [x[p][k] + 0.01 * v[p][k] for k in range(2)] for p in at}
        return sum(x[p][k] * x[p][k] for p in at for k in range(2))

    by = partial(handwritten.springs, side=side, steps=steps)
    return Program(f"springs {side} x {side}, {steps} steps", np.append(places.ravel(), 1.0), scalar, (), by)


# --- filters and systems -------------------------------------------------------------------------------------------


def kalman(steps: int = 100) -> Program:
    """A constant velocity in the plane, seen by its place: the likelihood of the two variances."""
    rng = np.random.default_rng(11)
    observed = rng.normal(size=(steps, 2))
    seen = observed.tolist()
    axes = range(4)

    def times(A: Any, B: Any) -> list[list[Any]]:
        return [[sum(A[i][k] * B[k][j] for k in range(len(B))) for j in range(len(B[0]))] for i in range(len(A))]

    moved = [[1.0, 0.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.1], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    turned = [list(column) for column in zip(*moved)]

    def scalar(w: Scalars) -> Any:
        q, r, loss = engine.exp(w[0]), engine.exp(w[1]), 0.0
        x: Any = [[0.0] for _ in axes]
        P: Any = [[float(i == j) for j in axes] for i in axes]
        for y in seen:
            x, P = times(moved, x), times(times(moved, P), turned)
            P = [[P[i][j] + q if i == j else P[i][j] for j in axes] for i in axes]
            e = [y[i] - x[i][0] for i in range(2)]
            S = [[P[i][j] + r if i == j else P[i][j] for j in range(2)] for i in range(2)]
            det = S[0][0] * S[1][1] - S[0][1] * S[1][0]
            inverse = [[S[1][1] / det, -S[0][1] / det], [-S[1][0] / det, S[0][0] / det]]
            gain = times([P[i][:2] for i in axes], inverse)
            loss = loss + engine.log(det) + sum(e[i] * inverse[i][j] * e[j] for i in range(2) for j in range(2))
            x = [[x[i][0] + gain[i][0] * e[0] + gain[i][1] * e[1]] for i in axes]
            P = [[P[i][j] - (gain[i][0] * P[0][j] + gain[i][1] * P[1][j]) for j in axes] for i in axes]
        return loss

    return Program(f"Kalman, {steps} steps", np.zeros(2), scalar, (), partial(handwritten.kalman, seen=observed))


def tridiagonal(n: int = 200) -> Program:
    rng = np.random.default_rng(12)
    theta = np.concatenate([rng.normal(size=n), 4.0 + rng.uniform(size=n), rng.normal(size=n), rng.normal(size=n)])

    def scalar(w: Scalars) -> Any:
        low, middle, high, right = matrix(w, 4, n)
        c, d = [high[0] / middle[0]], [right[0] / middle[0]]
        for i in range(1, n):
            pivot = middle[i] - low[i] * c[-1]
            c.append(high[i] / pivot)
            d.append((right[i] - low[i] * d[-1]) / pivot)
        x = [d[-1]]
        for i in range(n - 2, -1, -1):
            x.append(d[i] - c[i] * x[-1])
        return sum(v * v for v in x) / n

    return Program(f"Thomas, {n} unknowns", theta, scalar, (), handwritten.tridiagonal, lapack=True)


def gaussian_process(n: int = 30) -> Program:
    rng = np.random.default_rng(13)
    x, y = rng.uniform(size=n).tolist(), rng.normal(size=n).tolist()

    def scalar(w: Scalars) -> Any:
        L: list[list[Any]] = [[0.0] * n for _ in range(n)]
        z: list[Any] = []
        for i in range(n):
            for j in range(i + 1):
                s = engine.exp(-((x[i] - x[j]) ** 2) / (w[0] * w[0])) + (w[1] if i == j else 0.0)
                for k in range(j):
                    s = s - L[i][k] * L[j][k]
                L[i][j] = engine.sqrt(s) if i == j else s / L[j][j]
            z.append((y[i] - sum(L[i][k] * z[k] for k in range(i))) / L[i][i])
        return 0.5 * sum(v * v for v in z) + sum(engine.log(L[i][i]) for i in range(n))

    by = partial(handwritten.gaussian_process, x=np.array(x), y=np.array(y))
    return Program(f"Gaussian process, {n} points", np.array([0.5, 0.5]), scalar, (), by, lapack=True)


def warping(n: int = 50) -> Program:
    """The soft distance of two series along the best of all paths."""
    rng = np.random.default_rng(14)
    other = rng.normal(size=n).tolist()

    def scalar(w: Scalars) -> Any:
        above: list[Any] = [0.0, *[1e3] * n]
        for i in range(n):
            row: list[Any] = [1e3]
            for j in range(n):
                nearest = -engine.logsumexp([-above[j], -above[j + 1], -row[j]])
                row.append((w[i] - other[j]) ** 2 + nearest)
            above = row
        return above[-1]

    return Program(f"soft-DTW, {n} x {n}", rng.normal(size=n), scalar, (), partial(handwritten.warping, other=other))


def rod(n: int = 120, steps: int = 60) -> Program:
    """A rod that conducts heat, each point by a coefficient of its own, between two ends of fixed temperature."""
    rng = np.random.default_rng(15)
    start = rng.normal(size=n).tolist()

    def scalar(w: Scalars) -> Any:
        u: list[Any] = start
        for _ in range(steps):
            u = [0.0, *[u[i] + w[i] * (u[i - 1] - 2.0 * u[i] + u[i + 1]) for i in range(1, n - 1)], 1.0]
        return sum(v * v for v in u)

    return Program(
        f"heat, {n} points, {steps} steps",
        rng.uniform(0.1, 0.4, size=n),
        scalar,
        (),
        partial(handwritten.rod, start=start, steps=steps),
    )


PROGRAMS: dict[str, Callable[[], Program]] = {
    "logistic": logistic,
    "rnn": recurrent,
    "lstm": long_memory,
    "norm": normalised,
    "batch": batch_normalised,
    "conv": convolution,
    "gpt": transformer,
    "mixture": mixture,
    "options": options,
    "if": branching,
    "bodies": bodies,
    "euler": lambda: hunters(method="euler"),
    "rk4": hunters,
    "springs": springs,
    "kalman": kalman,
    "thomas": tridiagonal,
    "gaussian": gaussian_process,
    "warping": warping,
    "fronts": lambda: warping(100),
    "rod": rod,
}
