"""Programs of hidden states, cameras, meshes and attention: a scalar at a time, by hand in NumPy, and in arrays for JAX and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from programs import Array, Program, Scalars, matrix, springs

import engine


def hidden_states(steps: int = 100, states: int = 4, letters: int = 6) -> Program:
    """The likelihood of a text under a hidden Markov model, forward through its letters."""
    rng = np.random.default_rng(21)
    text = rng.integers(0, letters, steps).tolist()
    shapes = [(states, states), (states, letters), (1, states)]
    ends = np.cumsum([0, *[m * n for m, n in shapes]]).tolist()

    def scalar(w: Scalars) -> Any:
        parts = [matrix(w, m, n, start) for (m, n), start in zip(shapes, ends)]
        moves, spelled, first = [[[v - engine.logsumexp(row) for v in row] for row in rows] for rows in parts]
        alpha = [first[0][j] + spelled[j][text[0]] for j in range(states)]
        for letter in text[1:]:
            alpha = [
                engine.logsumexp([alpha[i] + moves[i][j] for i in range(states)]) + spelled[j][letter]
                for j in range(states)
            ]
        return -engine.logsumexp(alpha)

    def split(w: Any) -> list[Any]:
        return [w[start:stop].reshape(shape) for shape, start, stop in zip(shapes, ends, ends[1:])]

    def written(w: Array) -> tuple[float, Array]:
        moves, spelled, first = (np.exp(x) / np.exp(x).sum(1)[:, None] for x in split(w))
        alpha, scale = np.zeros((steps, states)), np.zeros(steps)
        now = first[0] * spelled[:, text[0]]
        for t, letter in enumerate(text):
            now = now if not t else (now @ moves) * spelled[:, letter]
            scale[t] = now.sum()
            now = alpha[t] = now / scale[t]
        counts, seen, beta = np.zeros_like(moves), np.zeros_like(spelled), np.ones(states)
        for t in range(steps - 1, -1, -1):
            seen[:, text[t]] += alpha[t] * beta
            if t:
                behind = spelled[:, text[t]] * beta / scale[t]
                counts += np.outer(alpha[t - 1], behind) * moves
                beta = moves @ behind
        found = (counts, seen, (alpha[0] * beta)[None])
        slopes = [p * c.sum(1)[:, None] - c for p, c in zip((moves, spelled, first), found)]
        return -np.log(scale).sum(), np.concatenate([slope.ravel() for slope in slopes])

    def arrays(xp: Any, w: Any) -> Any:
        moves, spelled, first = (xp.exp(x) / xp.exp(x).sum(1)[:, None] for x in split(w))
        now, total = first[0] * spelled[:, text[0]], 0.0
        for t, letter in enumerate(text):
            now = now if not t else (now @ moves) * spelled[:, letter]
            total = total - xp.log(now.sum())
            now = now / now.sum()
        return total

    return Program(f"HMM, {steps} letters", 0.5 * rng.normal(size=ends[-1]), scalar, (), written, arrays)


def cameras(count: int = 5, points: int = 20) -> Program:
    """Bundle adjustment: where cameras stand and how they are turned, and where points lie, by their pictures."""
    rng = np.random.default_rng(22)
    seen = rng.normal(size=(count, points, 2))
    listed, start = seen.tolist(), 6 * count

    def cross(a: Any, b: Any) -> list[Any]:
        return [a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3] for k in range(3)]

    def project(r: Any, moved: Any, x: Any, xp: Any) -> tuple[Any, Any]:
        """One point, or all at once, as Rodrigues turns it, on a picture."""
        angle = xp.sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2])
        axis = [v / angle for v in r]
        along, sine, cosine = sum(a * v for a, v in zip(axis, x)), xp.sin(angle), xp.cos(angle)
        across = cross(axis, x)
        p = [x[k] * cosine + across[k] * sine + axis[k] * along * (1.0 - cosine) + moved[k] for k in range(3)]
        return p[0] / p[2], p[1] / p[2]

    def scalar(w: Scalars) -> Any:
        total = 0.0
        for c, camera in enumerate(matrix(w, count, 6)):
            for k, x in enumerate(matrix(w, points, 3, start)):
                u, v = project(camera[:3], camera[3:], x, engine)
                total = total + (u - listed[c][k][0]) ** 2 + (v - listed[c][k][1]) ** 2
        return total

    def arrays(xp: Any, w: Any) -> Any:
        poses, x = w[:start].reshape(count, 6, 1), w[start:].reshape(points, 3)
        r, moved = [[poses[:, k] for k in part] for part in (range(3), range(3, 6))]
        u, v = project(r, moved, [x[None, :, k] for k in range(3)], xp)
        return ((u - xp.asarray(seen)[:, :, 0]) ** 2 + (v - xp.asarray(seen)[:, :, 1]) ** 2).sum()

    theta = np.concatenate(
        [(rng.normal(size=(count, 6)) * 0.3 + [0, 0, 0, 0, 0, 6]).ravel(), rng.normal(size=3 * points)]
    )
    by = partial(_cameras, seen=seen)
    return Program(f"bundle adjustment, {count} x {points}", theta, scalar, (), by, arrays)


def _cameras(w: Array, seen: Array) -> tuple[float, Array]:
    count, points, _ = seen.shape
    poses, x = w[: 6 * count].reshape(count, 6), w[6 * count :].reshape(points, 3)
    r, moved = poses[:, :3], poses[:, None, 3:]
    angle = np.sqrt((r * r).sum(1))[:, None]
    axis, sine, cosine = r / angle, np.sin(angle)[..., None], np.cos(angle)[..., None]
    along, across = (axis @ x.T)[..., None], np.cross(axis[:, None], x)
    p = x * cosine + across * sine + axis[:, None] * along * (1.0 - cosine) + moved
    flat = p[..., :2] / p[..., 2:]
    e = flat - seen
    dp = np.empty_like(p)
    dp[..., :2] = 2.0 * e / p[..., 2:]
    dp[..., 2] = -(dp[..., :2] * flat).sum(2)
    k = axis[:, None]
    slope = (dp * k).sum(2)[..., None]
    dx = dp * cosine + np.cross(dp, k) * sine + k * slope * (1.0 - cosine)
    dk = (np.cross(x, dp) * sine + (1.0 - cosine) * (dp * along + x * slope)).sum(1)
    turned = (across * dp).sum(2)[..., None] * cosine - (x * dp).sum(2)[..., None] * sine + along * slope * sine
    dr = turned.sum(1) * axis + (dk - axis * (axis * dk).sum(1)[:, None]) / angle
    return (e * e).sum(), np.concatenate([np.hstack([dr, dp.sum(1)]).ravel(), dx.sum(0).ravel()])


def edges(side: int = 16) -> Program:
    """The energy of a mesh of triangles, whose edges are as long as they like to be."""
    rng = np.random.default_rng(23)
    at = {(i, j): k for k, (i, j) in enumerate(np.ndindex(side, side))}
    pairs = [
        (k, at[i + a, j + b]) for (i, j), k in at.items() for a, b in ((0, 1), (1, 0), (1, 1)) if (i + a, j + b) in at
    ]
    p, q = np.array(pairs).T
    lengths = rng.uniform(0.8, 1.2, len(pairs))
    listed = lengths.tolist()

    def scalar(w: Scalars) -> Any:
        x, energy = matrix(w, side * side, 2), 0.0
        for (a, b), rest in zip(pairs, listed):
            d = [u - v for u, v in zip(x[a], x[b])]
            energy = energy + (engine.sqrt(d[0] * d[0] + d[1] * d[1]) - rest) ** 2
        return energy

    def written(w: Array) -> tuple[float, Array]:
        x = w.reshape(-1, 2)
        d = x[p] - x[q]
        length = np.sqrt((d * d).sum(1))
        e = length - lengths
        g = (2.0 * e / length)[:, None] * d
        slope = [np.bincount(p, g[:, k], side * side) - np.bincount(q, g[:, k], side * side) for k in range(2)]
        return e @ e, np.stack(slope, 1).ravel()

    def arrays(xp: Any, w: Any) -> Any:
        x = w.reshape(-1, 2)
        d = x[xp.asarray(p)] - x[xp.asarray(q)]
        e = xp.sqrt((d * d).sum(1)) - xp.asarray(lengths)
        return (e * e).sum()

    theta = (np.array(list(at), float) + 0.1 * rng.normal(size=(side * side, 2))).ravel()
    return Program(f"edges of a mesh, {len(pairs)}", theta, scalar, (), written, arrays)


def attention(length: int = 32, width: int = 16) -> Program:
    """Causal attention over lists: each position attends to those before it and to itself."""
    rng = np.random.default_rng(24)
    x, scale = rng.normal(size=(length, width)), width**-0.5
    listed, later = x.tolist(), np.triu(np.ones((length, length), bool), 1)

    def scalar(w: Scalars) -> Any:
        maps = [matrix(w, width, width, k * width * width) for k in range(3)]
        q, k, v = ([[engine.dot(row, position) for row in rows] for position in listed] for rows in maps)
        loss = 0.0
        for i in range(length):
            a = engine.softmax([engine.dot(q[i], k[j]) * scale for j in range(i + 1)])
            outputs = [sum(a[j] * v[j][c] for j in range(i + 1)) for c in range(width)]
            loss = loss + sum(z * z for z in outputs)
        return loss

    def written(w: Array) -> tuple[float, Array]:
        q, k, v = (x @ part.T for part in w.reshape(3, width, width))
        s = q @ k.T * scale
        s[later] = -np.inf
        e = np.exp(s - s.max(1)[:, None])
        a = e / e.sum(1)[:, None]
        z = a @ v
        da = 2.0 * z @ v.T
        ds = a * (da - (da * a).sum(1)[:, None]) * scale
        return (z * z).sum(), np.stack([(ds @ k).T @ x, (ds.T @ q).T @ x, 2.0 * (a.T @ z).T @ x]).ravel()

    def arrays(xp: Any, w: Any) -> Any:
        seen = xp.asarray(x)
        q, k, v = (seen @ part.T for part in w.reshape(3, width, width))
        e = xp.exp(q @ k.T * scale) * xp.asarray(1.0 - later)
        z = e @ v / e.sum(1)[:, None]
        return (z * z).sum()

    theta = rng.normal(size=3 * width * width) * 0.3
    return Program(f"causal attention, {length} x {width}", theta, scalar, (), written, arrays)


MODELS: dict[str, Callable[[], Program]] = {
    "springs50": lambda: springs(steps=50),
    "hmm": hidden_states,
    "bundle": cameras,
    "edges": edges,
    "attention": attention,
}
