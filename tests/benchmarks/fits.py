"""What people fit and publish, a scalar at a time, each with its gradient by hand in NumPy: nothing here was tuned for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from programs import Array, Program, Scalars, matrix

import engine


def factorisation(users: int = 12, items: int = 10, factors: int = 4) -> Program:
    """Ratings as products of factors of users and of items, regularised for each rating."""
    rng, cells, decay = np.random.default_rng(31), (users + items) * factors, 0.02
    ratings = rng.integers(1, 6, (users, items)) * (rng.random((users, items)) < 0.7) * 1.0
    rated, listed = ratings > 0, ratings.tolist()
    rows, columns = rated.sum(1)[:, None], rated.sum(0)[:, None]

    def scalar(w: Scalars) -> Any:
        p, q = matrix(w, users, factors), matrix(w, items, factors, users * factors)
        error = 0.0
        for i in range(users):
            for j in range(items):
                if listed[i][j] > 0:
                    error = error + (listed[i][j] - sum(p[i][k] * q[j][k] for k in range(factors))) ** 2
                    for k in range(factors):
                        error = error + decay / 2 * (p[i][k] ** 2 + q[j][k] ** 2)
        return error

    def written(w: Array) -> tuple[float, Array]:
        p, q = w[: users * factors].reshape(users, factors), w[users * factors :].reshape(items, factors)
        e = rated * (ratings - p @ q.T)
        value = (e * e).sum() + decay / 2 * ((rows * p * p).sum() + (columns * q * q).sum())
        slopes = (decay * rows * p - 2.0 * e @ q, decay * columns * q - 2.0 * e.T @ p)
        return value, np.concatenate([slope.ravel() for slope in slopes])

    return Program(f"factors of {users} x {items} ratings", 0.5 * rng.normal(size=cells), scalar, (), written)


def comparisons(players: int = 20, matches: int = 200) -> Program:
    """Strengths of players by who won (Bradley and Terry)."""
    rng = np.random.default_rng(32)
    winners = rng.integers(0, players, matches)
    losers = (winners + rng.integers(1, players, matches)) % players
    pairs = list(zip(winners.tolist(), losers.tolist()))

    def scalar(w: Scalars) -> Any:
        loss = 0.01 * sum(r * r for r in w)
        for a, b in pairs:
            loss = loss - engine.log(engine.sigmoid(w[a] - w[b]))
        return loss

    def written(w: Array) -> tuple[float, Array]:
        p = 1.0 / (1.0 + np.exp(w[losers] - w[winners]))
        slope = np.bincount(winners, p - 1.0, players) - np.bincount(losers, p - 1.0, players)
        return 0.01 * w @ w - np.log(p).sum(), slope + 0.02 * w

    return Program(f"comparisons, {matches}", rng.normal(size=players), scalar, (), written)


def yield_curve(n: int = 40) -> Program:
    """A level, a slope, a hump and its decay, fitted to yields (Nelson and Siegel)."""
    maturities = np.linspace(0.25, 30.0, n)
    yields = 3.0 + 0.5 * np.sin(maturities / 5.0)

    def scalar(w: Scalars) -> Any:
        loss = 0.0
        for m, y in zip(maturities.tolist(), yields.tolist()):
            x = m / w[3]
            first = (1.0 - engine.exp(-x)) / x
            fitted = w[0] + w[1] * first + w[2] * (first - engine.exp(-x))
            loss = loss + (fitted - y) ** 2
        return loss / n

    def written(w: Array) -> tuple[float, Array]:
        x = maturities / w[3]
        e = np.exp(-x)
        first = (1.0 - e) / x
        second = first - e
        r = w[0] + w[1] * first + w[2] * second - yields
        by_x = (e - first) / x
        decay = r @ ((w[1] * by_x + w[2] * (by_x + e)) * x) / -w[3]
        return r @ r / n, 2.0 / n * np.array([r.sum(), r @ first, r @ second, decay])

    return Program(f"yield curve, {n}", np.array([3.0, -1.0, 0.5, 2.0]), scalar, (), written)


def skip_gram(words: int = 20, width: int = 8, pairs: int = 30, negatives: int = 5) -> Program:
    """Vectors of words and of contexts, with negative samples."""
    rng = np.random.default_rng(33)
    centres, others = rng.integers(0, words, pairs), rng.integers(0, words, (pairs, 1 + negatives))
    signs = np.array([1.0] + [-1.0] * negatives)
    listed = list(zip(centres.tolist(), others.tolist()))

    def scalar(w: Scalars) -> Any:
        v, u = matrix(w, words, width), matrix(w, words, width, words * width)
        cost = 0.0
        for centre, targets in listed:
            for target, sign in zip(targets, signs.tolist()):
                z = sum(a * b for a, b in zip(v[centre], u[target]))
                cost = cost - engine.log(engine.sigmoid(sign * z))
        return cost

    def written(w: Array) -> tuple[float, Array]:
        both = w.reshape(2, words, width)
        v, u = both[0][centres], both[1][others]
        p = 1.0 / (1.0 + np.exp(-signs * np.einsum("nd,nkd->nk", v, u)))
        delta = signs * (p - 1.0)
        slope = np.zeros_like(both)
        np.add.at(slope[0], centres, np.einsum("nk,nkd->nd", delta, u))
        np.add.at(slope[1], others, delta[:, :, None] * v[:, None])
        return -np.log(p).sum(), slope.ravel()

    return Program(
        f"skip-gram, {pairs} x {1 + negatives}", 0.5 * rng.normal(size=2 * words * width), scalar, (), written
    )


def soft_means(n: int = 40, parts: int = 3, rounds: int = 3) -> Program:
    """Centres as weighted means of points, weighted by how near they are, a few times over."""
    rng, stiffness = np.random.default_rng(34), 1.5
    points = rng.normal(size=(n, 2)) + rng.integers(0, parts, (n, 1)) * 2.0
    listed = points.tolist()

    def scalar(w: Scalars) -> Any:
        centres = matrix(w, parts, 2)
        for _ in range(rounds):
            shares = []
            for x, y in listed:
                near = [engine.exp(-stiffness * engine.sqrt((x - a) ** 2 + (y - b) ** 2)) for a, b in centres]
                shares.append([v / sum(near) for v in near])
            sizes = [sum(s[k] for s in shares) for k in range(parts)]
            centres = [
                [sum(s[k] * p[axis] for s, p in zip(shares, listed)) / sizes[k] for axis in range(2)]
                for k in range(parts)
            ]
        return sum(s[k] * ((p[0] - centres[k][0]) ** 2 + (p[1] - centres[k][1]) ** 2)
                   for s, p in zip(shares, listed) for k in range(parts))  # fmt: skip

    return Program(
        f"soft means, {n} points", points[:parts].ravel() + 0.1, scalar, (),
        lambda w: _soft_means(w.reshape(parts, 2), points, stiffness, rounds),
    )  # fmt: skip


def _soft_means(centres: Array, points: Array, stiffness: float, rounds: int) -> tuple[float, Array]:
    steps = []
    for _ in range(rounds):
        away = points[:, None] - centres
        distance = np.sqrt((away * away).sum(2))
        near = np.exp(-stiffness * distance)
        shares = near / near.sum(1)[:, None]
        sizes = shares.sum(0)
        centres = (shares.T @ points) / sizes[:, None]
        steps.append((away, distance, shares, sizes, centres))
    left = points[:, None] - centres
    squares = (left * left).sum(2)
    by_shares, by_centres = squares, -2.0 * (shares[:, :, None] * left).sum(0)
    value = float((shares * squares).sum())
    for away, distance, shares, sizes, centres in reversed(steps):
        by_shares = by_shares + ((points[:, None] - centres) * by_centres).sum(2) / sizes
        by_near = shares * (by_shares - (by_shares * shares).sum(1)[:, None])
        by_centres = ((stiffness * by_near / distance)[:, :, None] * away).sum(0)
        by_shares = np.zeros_like(shares)
    return value, by_centres.ravel()


def curve(degree: int = 5, n: int = 40) -> Program:
    """Control points of a curve by repeated interpolation (de Casteljau), fitted to points."""
    rng = np.random.default_rng(35)
    ts, seen = np.linspace(0.0, 1.0, n), rng.normal(size=(n, 2))

    def scalar(w: Scalars) -> Any:
        loss = 0.0
        for t, target in zip(ts.tolist(), seen.tolist()):
            points = matrix(w, degree + 1, 2)
            while len(points) > 1:
                points = [[(1 - t) * a + t * b for a, b in zip(p, q)] for p, q in zip(points, points[1:])]
            loss = loss + sum((a - b) ** 2 for a, b in zip(points[0], target))
        return loss

    def written(w: Array) -> tuple[float, Array]:
        t = ts[:, None]
        level = np.repeat(w.reshape(degree + 1, 1, 2), n, 1)
        for _ in range(degree):
            level = (1 - t) * level[:-1] + t * level[1:]
        e = level[0] - seen
        g = 2.0 * e[None]
        for k in range(degree):
            more = np.zeros((k + 2, n, 2))
            more[:-1] = (1 - t) * g
            more[1:] += t * g
            g = more
        return (e * e).sum(), g.sum(1).ravel()

    return Program(f"curve of degree {degree}, {n} points", rng.normal(size=2 * degree + 2), scalar, (), written)


def positions(tags: int = 30, beacons: int = 8) -> Program:
    """Places in a plane by their distances from beacons."""
    rng = np.random.default_rng(36)
    fixed, distances = 5.0 * rng.normal(size=(beacons, 2)), 2.0 + rng.random((tags, beacons))

    def scalar(w: Scalars) -> Any:
        loss = 0.0
        for (x, y), measured in zip(matrix(w, tags, 2), distances.tolist()):
            for (a, b), d in zip(fixed.tolist(), measured):
                loss = loss + ((a - x) ** 2 + (b - y) ** 2 - d**2) ** 2
        return loss

    def written(w: Array) -> tuple[float, Array]:
        away = w.reshape(tags, 1, 2) - fixed
        r = (away * away).sum(2) - distances**2
        return (r * r).sum(), 4.0 * (r[:, :, None] * away).sum(1).ravel()

    return Program(f"positions, {tags} x {beacons}", rng.normal(size=2 * tags), scalar, (), written)


FITS: dict[str, Callable[[], Program]] = {
    "factors": factorisation,
    "comparisons": comparisons,
    "yields": yield_curve,
    "skipgram": skip_gram,
    "softmeans": soft_means,
    "casteljau": curve,
    "positions": positions,
}
