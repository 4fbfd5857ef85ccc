"""Values and gradients of the programs of `programs.py` as one writes them by hand: NumPy, SciPy's functions, or floats.

Each takes the flat vector, and what else it is of; it returns the value and the gradient of the flat vector.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Answer: TypeAlias = "tuple[float, Array]"


def long_memory(w: Array, X: Array, t: Array, units: int) -> Answer:
    """An LSTM, whose last state is read; the four gates are one product."""
    n, steps, inputs = X.shape
    gates, width = 4 * units, inputs + units
    W, bias, v = w[: gates * width].reshape(gates, width), w[gates * width : -units], w[-units:]
    U, fed = W[:, inputs:], (X.reshape(-1, inputs) @ W[:, :inputs].T + bias).reshape(n, steps, gates)
    h, c = np.zeros((steps + 1, n, units)), np.zeros((steps + 1, n, units))
    gate, bounded = np.empty((steps, n, gates)), np.empty((steps, n, units))
    for k in range(steps):
        z = fed[:, k] + h[k] @ U.T
        gate[k, :, : 3 * units] = 1.0 / (1.0 + np.exp(-z[:, : 3 * units]))
        gate[k, :, 3 * units :] = np.tanh(z[:, 3 * units :])
        i, f, o, g = (gate[k, :, part * units : (part + 1) * units] for part in range(4))
        c[k + 1] = f * c[k] + i * g
        bounded[k] = np.tanh(c[k + 1])
        h[k + 1] = o * bounded[k]
    r = h[-1] @ v - t
    dh, dc, dz = np.outer(2.0 * r / n, v), np.zeros((n, units)), np.empty((steps, n, gates))
    for k in reversed(range(steps)):
        i, f, o, g = (gate[k, :, part * units : (part + 1) * units] for part in range(4))
        dc = dc + dh * o * (1.0 - bounded[k] ** 2)
        dz[k, :, :units] = dc * g * i * (1.0 - i)
        dz[k, :, units : 2 * units] = dc * c[k] * f * (1.0 - f)
        dz[k, :, 2 * units : 3 * units] = dh * bounded[k] * o * (1.0 - o)
        dz[k, :, 3 * units :] = dc * i * (1.0 - g**2)
        dc, dh = dc * f, dz[k] @ U
    flat = dz.reshape(-1, gates)
    dW = np.hstack([flat.T @ X.swapaxes(0, 1).reshape(-1, inputs), flat.T @ h[:-1].reshape(-1, units)])
    return (r * r).mean(), np.concatenate([dW.ravel(), flat.sum(0), 2.0 * r @ h[-1] / n])


def normed(w: Array, X: Array, t: Array, units: int, axis: int) -> Answer:
    """Layer norm along axis 1, batch norm along axis 0."""
    n, inputs = X.shape
    a = units * inputs
    scale, shift, v = w[a : a + units], w[a + units : a + 2 * units], w[a + 2 * units :]
    z = X @ w[:a].reshape(units, inputs).T
    u = z - z.mean(axis, keepdims=True)
    s = 1.0 / np.sqrt((u * u).mean(axis, keepdims=True) + 1e-5)
    even = u * s
    y = np.tanh(even * scale + shift)
    r = y @ v - t
    dy = 2.0 * r / n
    da = np.outer(dy, v) * (1.0 - y * y)
    de = da * scale
    dz = s * (de - de.mean(axis, keepdims=True) - even * (de * even).mean(axis, keepdims=True))
    return (r * r).mean(), np.concatenate([(dz.T @ X).ravel(), (da * even).sum(0), da.sum(0), dy @ y])


def convolution(w: Array, X: Array, t: npt.NDArray[np.int64], channels: int) -> Answer:
    """Eight by eight, three by three, relu, the largest of two by two, ten classes."""
    n, a = len(X), channels * 9
    K, b, V, d = w[:a].reshape(channels, 9), w[a : a + channels], w[a + channels : -10].reshape(10, a), w[-10:]
    seen = np.lib.stride_tricks.sliding_window_view(X, (3, 3), axis=(1, 2)).reshape(n * 36, 9)
    active = np.maximum(seen @ K.T + b, 0.0)
    fours = active.reshape(n, 3, 2, 3, 2, channels).transpose(0, 1, 3, 5, 2, 4).reshape(n, 9, channels, 4)
    top = fours.argmax(-1)[..., None]
    features = np.take_along_axis(fours, top, -1)[..., 0].swapaxes(1, 2).reshape(n, a)
    z = features @ V.T + d
    high = z.max(1, keepdims=True)
    e = np.exp(z - high)
    s = e.sum(1, keepdims=True)
    value = ((np.log(s) + high)[:, 0] - z[np.arange(n), t]).mean()
    dz = e / s
    dz[np.arange(n), t] -= 1.0
    dz /= n
    dfours = np.zeros_like(fours)
    np.put_along_axis(dfours, top, (dz @ V).reshape(n, channels, 9).swapaxes(1, 2)[..., None], -1)
    dactive = dfours.reshape(n, 3, 3, channels, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n * 36, channels)
    dactive = dactive * (active > 0.0)
    return value, np.concatenate([(dactive.T @ seen).ravel(), dactive.sum(0), (dz.T @ features).ravel(), dz.sum(0)])


def mixture(w: Array, X: Array, parts: int) -> Answer:
    n = len(X)
    weight, mean, size = w[:parts], w[parts : 3 * parts].reshape(parts, 2), w[3 * parts :].reshape(parts, 2)
    e = np.exp(size)
    u = X[:, None, :] - mean
    z = u * e
    terms = weight + size.sum(1) - 0.5 * (z * z).sum(2)
    high = terms.max(1, keepdims=True)
    p = np.exp(terms - high)
    s = p.sum(1, keepdims=True)
    top = weight.max()
    q = np.exp(weight - top)
    value = (np.log(s) + high).mean() - math.log(q.sum()) - top
    p /= s * n
    each = p.sum(0)
    dz = -p[:, :, None] * z
    return value, np.concatenate(
        [each - q / q.sum(), (-(dz.sum(0)) * e).ravel(), ((dz * z).sum(0) + each[:, None]).ravel()]
    )


def options(w: Array, strikes: Array, years: Array, quotes: Array) -> Answer:
    from scipy.special import ndtr

    n, s, r = len(strikes), w[:-1], w[-1]
    roots = np.sqrt(years)
    spread = s * roots
    up = (np.log(100.0 / strikes) + (r + 0.5 * s * s) * years) / spread
    due, below = strikes * np.exp(-r * years), ndtr(up - spread)
    e = 100.0 * ndtr(up) - due * below - quotes
    de = 2.0 * e / n
    slope = 100.0 * np.exp(-0.5 * up * up) / math.sqrt(2.0 * math.pi) * roots
    return (e * e).mean(), np.append(de * slope, (de * due * years * below).sum())


def hunters(w: Array, steps: int, dt: float) -> Answer:
    """Runge and Kutta's method on two numbers, in floats: arrays of two numbers would be slower."""
    k0, k1, k2, k3, x, y = w.tolist()
    states, half, sixth = [], dt / 2.0, dt / 6.0
    for _ in range(steps):
        ax, ay = x * (k0 - k1 * y), y * (k3 * x - k2)
        x1, y1 = x + half * ax, y + half * ay
        bx, by = x1 * (k0 - k1 * y1), y1 * (k3 * x1 - k2)
        x2, y2 = x + half * bx, y + half * by
        cx, cy = x2 * (k0 - k1 * y2), y2 * (k3 * x2 - k2)
        x3, y3 = x + dt * cx, y + dt * cy
        dx, dy = x3 * (k0 - k1 * y3), y3 * (k3 * x3 - k2)
        states.append((x, y, x1, y1, x2, y2, x3, y3))
        x, y = x + sixth * (ax + 2.0 * (bx + cx) + dx), y + sixth * (ay + 2.0 * (by + cy) + dy)
    value = (x - 1.0) ** 2 + (y - 1.0) ** 2
    g, h, slopes = 2.0 * (x - 1.0), 2.0 * (y - 1.0), [0.0] * 4

    def pulled(x: float, y: float, u: float, v: float) -> tuple[float, float]:
        both = x * y
        slopes[0] += u * x
        slopes[1] -= u * both
        slopes[2] -= v * y
        slopes[3] += v * both
        mixed = k3 * v - k1 * u
        return u * k0 + mixed * y, mixed * x - v * k2

    for x, y, x1, y1, x2, y2, x3, y3 in reversed(states):
        u, v = sixth * g, sixth * h
        du, dv = pulled(x3, y3, u, v)
        cu, cv = pulled(x2, y2, 2.0 * u + dt * du, 2.0 * v + dt * dv)
        bu, bv = pulled(x1, y1, 2.0 * u + half * cu, 2.0 * v + half * cv)
        au, av = pulled(x, y, u + half * bu, v + half * bv)
        g, h = g + du + cu + bu + au, h + dv + cv + bv + av
    return value, np.array([*slopes, g, h])


def springs(w: Array, side: int, steps: int) -> Answer:
    """Masses on a net: the edges to the right and down, each a slice less another."""
    x, v, stiff = w[:-1].reshape(side, side, 2), np.zeros((side, side, 2)), float(w[-1])
    kept = []
    for _ in range(steps):
        force, edges = np.zeros_like(v), []
        for near, far in (((slice(None), slice(-1)), (slice(None), slice(1, None))), ((slice(-1),), (slice(1, None),))):
            d = x[far] - x[near]
            length = np.sqrt(np.einsum("ijk,ijk->ij", d, d))
            stretch = (length - 1.0) / length
            pull = (stiff * stretch)[..., None] * d
            force[near] += pull
            force[far] -= pull
            edges.append((near, far, d, length, stretch))
        kept.append(edges)
        v = v + 0.01 * force
        x = x + 0.01 * v
    value, dx, dv, dstiff = float((x * x).sum()), 2.0 * x, np.zeros_like(v), 0.0
    for edges in reversed(kept):
        dv = dv + 0.01 * dx
        dforce = 0.01 * dv
        for near, far, d, length, stretch in edges:
            g = dforce[near] - dforce[far]
            along = np.einsum("ijk,ijk->ij", g, d)
            dstiff += float((along * stretch).sum())
            dd = (stiff * stretch)[..., None] * g + (stiff * along / length**3)[..., None] * d
            dx[far] += dd
            dx[near] -= dd
    return value, np.append(dx.ravel(), dstiff)


def kalman(w: Array, seen: Array) -> Answer:
    """Covariances do not depend on what is seen, but both parameters reach all of them: backwards, step by step."""
    F = np.eye(4)
    F[0, 2] = F[1, 3] = 0.1
    q, r = np.exp(w)
    Q, R, x, P, value, kept = q * np.eye(4), r * np.eye(2), np.zeros(4), np.eye(4), 0.0, []
    for y in seen:
        before = P
        x, P = F @ x, F @ P @ F.T + Q
        e, S = y - x[:2], P[:2, :2] + R
        a, b, c, d = S.ravel().tolist()
        det = a * d - b * c
        inverse = np.array([[d, -b], [-c, a]]) / det
        gain = P[:, :2] @ inverse
        value += math.log(det) + float(e @ inverse @ e)
        kept.append((P, e, inverse, gain, before))
        x, P = x + gain @ e, P - gain @ P[:2]
    dx, dP, dq, dr = np.zeros(4), np.zeros((4, 4)), 0.0, 0.0
    for P, e, inverse, gain, _ in reversed(kept):
        dgain = np.outer(dx, e) - dP @ P[:2].T
        weighed = inverse @ e
        de = gain.T @ dx + 2.0 * weighed
        dinverse = np.outer(e, e) + P[:, :2].T @ dgain
        dS = inverse - inverse.T @ dinverse @ inverse.T
        dP = dP.copy()
        dP[:2] -= gain.T @ dP
        dP[:, :2] += dgain @ inverse.T
        dP[:2, :2] += dS
        dr += float(dS[0, 0] + dS[1, 1])
        dx = dx.copy()
        dx[:2] -= de
        dq += float(dP.trace())
        dx, dP = F.T @ dx, F.T @ dP @ F
    return value, np.array([dq * q, dr * r])


def tridiagonal(w: Array) -> Answer:
    from scipy.linalg import solve_banded

    n = len(w) // 4
    low, middle, high, right = w.reshape(4, n)
    M = np.zeros((3, n))
    M[0, 1:], M[1], M[2, :-1] = high[:-1], middle, low[1:]
    x = solve_banded((1, 1), M, right)
    M[0, 1:], M[2, :-1] = low[1:], high[:-1]
    y = solve_banded((1, 1), M, 2.0 * x / n)
    slopes = np.zeros((4, n))
    slopes[0, 1:], slopes[1], slopes[2, :-1], slopes[3] = -y[1:] * x[:-1], -y * x, -y[:-1] * x[1:], y
    return (x * x).mean(), slopes.ravel()


def gaussian_process(w: Array, x: Array, y: Array) -> Answer:
    from scipy.linalg import cho_factor, cho_solve

    d = (x[:, None] - x) ** 2
    E = np.exp(-d / (w[0] * w[0]))
    K = E + w[1] * np.eye(len(x))
    factor = cho_factor(K, lower=True)
    a, inverse = cho_solve(factor, y), cho_solve(factor, np.eye(len(x)))
    value = 0.5 * y @ a + np.log(np.diag(factor[0])).sum()
    dK = 0.5 * (inverse - np.outer(a, a))
    return value, np.array([(dK * E * d).sum() * 2.0 / w[0] ** 3, dK.trace()])


def warping(w: Array, other: list[float]) -> Answer:
    """Cell after cell, in floats, and back."""
    n, m, exp = len(w), len(other), math.exp
    series, above, value, kept = w.tolist(), [0.0, *[1e3] * len(other)], 0.0, []
    for a in series:
        row, weights = [1e3], []
        for j, b in enumerate(other):
            x, y, z = above[j], above[j + 1], row[j]
            low = min(x, y, z)
            p, q, r = exp(low - x), exp(low - y), exp(low - z)
            s = p + q + r
            weights.append((p / s, q / s, r / s))
            row.append((a - b) ** 2 + low - math.log(s))
        above = row
        kept.append(weights)
    value, below, slope = above[-1], [0.0] * (m + 1), [0.0] * n
    below[m] = 1.0
    for i in reversed(range(n)):
        up, total, a = [0.0] * (m + 1), 0.0, series[i]
        for j in reversed(range(m)):
            g = below[j + 1]
            p, q, r = kept[i][j]
            up[j] += g * p
            up[j + 1] += g * q
            below[j] += g * r
            total += g * 2.0 * (a - other[j])
        slope[i], below = total, up
    return value, np.array(slope)


def rod(w: Array, start: list[float], steps: int) -> Answer:
    """All points at a time, and back through the times."""
    u, r, kept = np.array(start), w[1:-1], []
    for _ in range(steps):
        bend = u[:-2] - 2.0 * u[1:-1] + u[2:]
        kept.append(bend)
        u = np.concatenate([[0.0], u[1:-1] + r * bend, [1.0]])
    du, slope = 2.0 * u, np.zeros_like(w)
    for bend in reversed(kept):
        inner = du[1:-1]
        slope[1:-1] += inner * bend
        du, pull = np.zeros_like(u), r * inner
        du[1:-1] += inner - 2.0 * pull
        du[:-2] += pull
        du[2:] += pull
    return float(u @ u), slope
