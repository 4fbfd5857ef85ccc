"""What people compute one after the other and publish, each with its gradient by hand, in floats where there are no arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from programs import Array, Program, Scalars, matrix

import engine


def smoothing(n: int = 144, season: int = 12) -> Program:
    """Errors of forecasts by level, trend and season (Holt and Winters)."""
    t = np.arange(n)
    series = (10.0 + 0.05 * t + np.sin(2 * np.pi * t / season) + 0.1 * np.cos(t * t)).tolist()

    def scalar(w: Scalars) -> Any:
        alpha, beta, gamma, level, trend = w
        seasons, loss = [math.sin(2 * math.pi * k / season) for k in range(season)], 0.0
        for k, y in enumerate(series):
            loss = loss + (y - (level + trend + seasons[k % season])) ** 2
            last, level = level, alpha * (y - seasons[k % season]) + (1 - alpha) * (level + trend)
            trend = beta * (level - last) + (1 - beta) * trend
            seasons[k % season] = gamma * (y - level) + (1 - gamma) * seasons[k % season]
        return loss

    def written(w: Array) -> tuple[float, Array]:
        alpha, beta, gamma, level, trend = w.tolist()
        seasons, loss, kept = [math.sin(2 * math.pi * k / season) for k in range(season)], 0.0, []
        for k, y in enumerate(series):
            s, last, slope = seasons[k % season], level, trend
            e = y - (last + slope + s)
            level = alpha * (y - s) + (1 - alpha) * (last + slope)
            trend = beta * (level - last) + (1 - beta) * slope
            seasons[k % season] = gamma * (y - level) + (1 - gamma) * s
            loss += e * e
            kept.append((e, s, last, slope, level))
        da = db = dg = dl = dt = 0.0
        ds = [0.0] * season
        for k in range(n - 1, -1, -1):
            (e, s, last, slope, level), y, g = kept[k], series[k], ds[k % season]
            dg += g * (y - level - s)
            db += dt * (level - last - slope)
            now = dl - gamma * g + beta * dt
            da += now * (y - s - last - slope)
            dl = (1 - alpha) * now - beta * dt - 2 * e
            dt = (1 - beta) * dt + (1 - alpha) * now - 2 * e
            ds[k % season] = (1 - gamma) * g - alpha * now - 2 * e
        return loss, np.array([da, db, dg, dl, dt])

    return Program(f"exponential smoothing, {n}", np.array([0.4, 0.1, 0.3, 10.0, 0.05]), scalar, (), written)


def bicycle(steps: int = 60, dt: float = 0.1, base: float = 2.5) -> Program:
    """A path of a car under accelerations and steering angles, as model predictive control plans it."""
    rng = np.random.default_rng(41)
    wanted = [(0.5 * k * dt, math.sin(0.1 * k)) for k in range(steps)]

    def scalar(w: Scalars) -> Any:
        x = y = yaw = cost = 0.0
        v = 1.0
        for (pull, steer), (p, q) in zip(matrix(w, steps, 2), wanted):
            x = x + v * engine.cos(yaw) * dt
            y = y + v * engine.sin(yaw) * dt
            yaw = yaw + v / base * engine.tan(steer) * dt
            v = v + pull * dt
            cost = cost + (x - p) ** 2 + (y - q) ** 2 + 0.1 * pull**2 + 0.1 * steer**2
        return cost

    def written(w: Array) -> tuple[float, Array]:
        x = y = yaw = cost = 0.0
        v, controls, kept = 1.0, w.reshape(-1, 2).tolist(), []
        for (pull, steer), (p, q) in zip(controls, wanted):
            c, s, tan = math.cos(yaw), math.sin(yaw), math.tan(steer)
            x, y = x + v * c * dt, y + v * s * dt
            kept.append((v, c, s, tan, x - p, y - q))
            yaw, v = yaw + v / base * tan * dt, v + pull * dt
            cost += (x - p) ** 2 + (y - q) ** 2 + 0.1 * pull * pull + 0.1 * steer * steer
        slope, gx, gy, gyaw, gv = [], 0.0, 0.0, 0.0, 0.0
        for (pull, steer), (v, c, s, tan, ex, ey) in zip(reversed(controls), reversed(kept)):
            slope += [gyaw * v / base * dt * (1 + tan * tan) + 0.2 * steer, gv * dt + 0.2 * pull]
            gx, gy = gx + 2 * ex, gy + 2 * ey
            gv = gv + gyaw * tan * dt / base + (gx * c + gy * s) * dt
            gyaw = gyaw + (gy * c - gx * s) * v * dt
        return cost, np.array(slope[::-1])

    return Program(f"bicycle, {steps} steps", 0.1 * rng.normal(size=2 * steps), scalar, (), written)


def filtering(n: int = 300) -> Program:
    """A resonant low pass over noise, by its frequency and quality, against what it should give."""
    rng = np.random.default_rng(42)
    sound, wanted = rng.normal(size=n).tolist(), rng.normal(size=n).tolist()

    def scalar(w: Scalars) -> Any:
        wide, c = engine.sin(w[0]) / (2.0 * w[1]), engine.cos(w[0])
        b0, b1, a0, a1, a2 = (1.0 - c) / 2.0, 1.0 - c, 1.0 + wide, -2.0 * c, 1.0 - wide
        b0, b1, a1, a2 = b0 / a0, b1 / a0, a1 / a0, a2 / a0
        x1 = x2 = y1 = y2 = loss = 0.0
        for x, d in zip(sound, wanted):
            y = b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            loss = loss + (y - d) ** 2
        return loss

    return Program(f"biquad, {n}", np.array([0.5, 0.8]), scalar, (), lambda w: _filtered(*w.tolist(), sound, wanted))


def _filtered(turn: float, quality: float, sound: list[float], wanted: list[float]) -> tuple[float, Array]:
    c, s = math.cos(turn), math.sin(turn)
    wide = s / (2 * quality)
    a0 = 1 + wide
    b0, b1, a1, a2 = (1 - c) / 2 / a0, (1 - c) / a0, -2 * c / a0, (1 - wide) / a0
    x1 = x2 = y1 = y2 = loss = 0.0
    kept = []
    for x, d in zip(sound, wanted):
        y = b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2
        kept.append((x + x2, x1, y1, y2, y - d))
        x1, x2, y1, y2 = x, x1, y, y1
        loss += (y - d) * (y - d)
    db0 = db1 = da1 = da2 = next1 = next2 = 0.0
    for ends, x1, y1, y2, e in reversed(kept):
        g = 2 * e - a1 * next1 - a2 * next2
        next1, next2 = g, next1
        db0, db1, da1, da2 = db0 + g * ends, db1 + g * x1, da1 - g * y1, da2 - g * y2
    dc = (-db0 / 2 - db1 - 2 * da1) / a0
    dwide = -(db0 * b0 + db1 * b1 + da1 * a1 + da2 * (a2 + 1)) / a0
    return loss, np.array([dwide * c / (2 * quality) - dc * s, -dwide * wide / quality])


def firing(n: int = 200) -> Program:
    """A neuron's voltage, which leaks, and is reset where it passes a threshold."""
    current = (1.5 + np.sin(np.arange(n) / 7.0)).tolist()
    wanted = (0.5 + 0.3 * np.cos(np.arange(n) / 5.0)).tolist()

    def scalar(w: Scalars) -> Any:
        v = loss = 0.0
        for i, d in zip(current, wanted):
            v = v * engine.exp(-1.0 / w[0]) + (1.0 - engine.exp(-1.0 / w[0])) * (w[1] * i)
            loss = loss + (v - d) ** 2
            if v >= 1.0:
                v = w[2]
        return loss

    def written(w: Array) -> tuple[float, Array]:
        tau, gain, rest = w.tolist()
        leak, v, loss, kept = math.exp(-1.0 / tau), 0.0, 0.0, []
        for i, d in zip(current, wanted):
            before, v = v, v * leak + (1.0 - leak) * gain * i
            loss += (v - d) * (v - d)
            kept.append((before, i, v - d, v >= 1.0))
            v = rest if v >= 1.0 else v
        g = by_leak = by_gain = by_rest = 0.0
        for before, i, e, fired in reversed(kept):
            if fired:
                by_rest, g = by_rest + g, 0.0
            g += 2 * e
            by_leak, by_gain = by_leak + g * (before - gain * i), by_gain + g * i
            g *= leak
        return loss, np.array([by_leak * leak / (tau * tau), by_gain * (1.0 - leak), by_rest])

    return Program(f"integrate and fire, {n}", np.array([5.0, 0.9, 0.05]), scalar, (), written)


def inside(n: int = 8, symbols: int = 3, letters: int = 4) -> Program:
    """The likelihood of a sentence under a grammar, by spans."""
    rng = np.random.default_rng(43)
    text, cells = rng.integers(0, letters, n).tolist(), symbols**3 + symbols * letters

    def scalar(w: Scalars) -> Any:
        rules = [matrix(w, symbols, symbols, a * symbols**2) for a in range(symbols)]
        spelled = matrix(w, symbols, letters, symbols**3)
        chart = {(i, i): [spelled[a][text[i]] for a in range(symbols)] for i in range(n)}
        for span in range(1, n):
            for i in range(n - span):
                j = i + span
                chart[i, j] = [
                    sum(rules[a][b][c] * chart[i, k][b] * chart[k + 1, j][c]
                        for b in range(symbols) for c in range(symbols) for k in range(i, j))
                    for a in range(symbols)
                ]  # fmt: skip
        return -engine.log(chart[0, n - 1][0])

    def written(w: Array) -> tuple[float, Array]:
        rules, spelled = w[: symbols**3].reshape(symbols, -1), w[symbols**3 :].reshape(symbols, letters)
        chart, slope, spans = np.zeros((n, n, symbols)), np.zeros((n, n, symbols)), []
        chart[range(n), range(n)] = spelled[:, text].T
        for i, j in [(i, i + span) for span in range(1, n) for i in range(n - span)]:
            pairs = (chart[i, i:j].T @ chart[i + 1 : j + 1, j]).ravel()
            chart[i, j] = rules @ pairs
            spans.append((i, j, pairs))
        by_rules, by_spelled = np.zeros_like(rules), np.zeros_like(spelled)
        slope[0, n - 1, 0] = -1.0 / chart[0, n - 1, 0]
        for i, j, pairs in reversed(spans):
            by_rules += np.outer(slope[i, j], pairs)
            g = (slope[i, j] @ rules).reshape(symbols, symbols)
            slope[i, i:j] += chart[i + 1 : j + 1, j] @ g.T
            slope[i + 1 : j + 1, j] += chart[i, i:j] @ g
        for i, letter in enumerate(text):
            by_spelled[:, letter] += slope[i, i]
        return -math.log(chart[0, n - 1, 0]), np.concatenate([by_rules.ravel(), by_spelled.ravel()])

    return Program(f"inside, {n} words", 0.1 + rng.random(cells), scalar, (), written)


SEQUENCES: dict[str, Callable[[], Program]] = {
    "smoothing": smoothing,
    "bicycle": bicycle,
    "biquad": filtering,
    "firing": firing,
    "inside": inside,
}
