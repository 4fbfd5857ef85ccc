"""The numbers of a proof: residues modulo a chain of primes, at several random points at once.

An array of numbers has the shape (levels, *shape, points): one residue for each prime of the chain. What is compared is
level 0; the levels below are there for exponents, and an array may lack them where nothing is raised to it. What is not
algebra is an oracle, a keyed hash of its argument: all that is known of it is that equal arguments give equal results.

>>> field = Field(seed=3, levels=2, points=1)
>>> x, y = field.random(()), field.random(())
>>> np.array_equal(field.exp(field.add(x, y))[0], field.multiply(field.exp(x), field.exp(y))[0])
True
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from engine.lifting.verify.primes import MASK, WINDOW, Chain, Residues, U

SMALL = 700  # from how many elements on one division for each prime is faster than one remainder for all
WHOLE = 4096  # residues so near to zero are taken for whole numbers


class Field:
    """Arithmetic on arrays of residues, all with equally many axes.

    Parameters
    ----------
    seed
        Chooses the chain, the points, the order and the oracles.
    levels, points
        How many primes, and at how many random points.
    rounded
        Floats that a compiler printed in place of exact numbers: what each was rounded from.
    extremes
        Whether inf and -inf are ordered as such; else they are numbers like any other.
    """

    def __init__(
        self,
        seed: int,
        levels: int,
        points: int,
        rounded: Mapping[float, Fraction] | None = None,
        extremes: bool = False,
    ) -> None:
        self.seed, self.levels, self.points = seed, levels, points
        self.chain = Chain.of(seed, levels)
        self.primes = self.chain.primes
        self.moduli = np.array(self.primes, U)
        self.rounded, self.extremes = rounded or {}, extremes
        self._draws = [np.random.default_rng([seed, t]) for t in range(levels)]  # the same whatever the levels
        self.draws = np.random.default_rng([seed, 11])
        self.order = self.draws.integers(1, self.primes[0] // 2, points).astype(U)  # so that 0 < 1
        self._known: dict[Any, Residues] = {}
        self._keys: dict[str, list[np.uint64]] = {}
        self._shaped: dict[tuple[int, int], Residues] = {}

    @functools.cached_property
    def plain(self) -> Field:
        """The same field where every float is itself, as it is to the trace and to the proof's own functions."""
        if not self.rounded:
            return self
        plain = copy.copy(self)
        plain.rounded, plain._known = {}, {}
        return plain

    # --- numbers ---------------------------------------------------------------------------------------------

    def random(self, shape: tuple[int, ...]) -> Residues:
        """Return random numbers, each at every point another."""
        d = np.empty((self.levels, *shape, self.points), U)
        for t, (draws, p) in enumerate(zip(self._draws, self.primes)):
            d[t] = draws.integers(0, p, d.shape[1:])
        return d

    def number(self, x: float) -> Residues:
        """Return a whole number or a float, as the exact number it stands for; inf and nan are random elements."""
        key = (type(x) is int, x) if x == x else None
        result = self._known.get(key)
        if result is None:
            result = self._known[key] = np.array(self._exactly(x), U)[:, None]
        return result

    def _exactly(self, x: float) -> list[int]:
        if x != x:
            return self._named("nan")
        if x in (np.inf, -np.inf):
            return [v if x > 0 else p - v for v, p in zip(self._named("inf"), self.primes)]
        f = Fraction(x) if type(x) is int else self.rounded.get(x) or -self.rounded.get(-x, -Fraction(x))
        return [f.numerator * pow(f.denominator, -1, p) % p for p in self.primes]

    def _named(self, name: str) -> list[int]:
        draws = np.random.default_rng([self.seed, *name.encode()])
        return [int(draws.integers(1, p)) for p in self.primes]

    def floats(self, a: np.ndarray) -> Residues:
        """Return an array of floats, the same at all points: mantissas times powers of two."""
        flat = np.asarray(a, float).reshape(-1)
        if flat.size <= 8:
            d = np.stack([self.number(x) for x in flat.tolist()], 1) if flat.size else np.empty((self.levels, 0, 1), U)
            return d.reshape(self.levels, *np.shape(a), 1)
        mantissa, exponent = np.frexp(flat)
        finite = np.isfinite(flat)
        whole = (np.where(finite, mantissa, 0.0) * 2.0**53).astype(np.int64)
        d = np.empty((self.levels, flat.size), U)
        for t, p in enumerate(self.primes):
            low = int(exponent.min())
            powers = np.array([pow(2, e - 53, p) for e in range(low, int(exponent.max()) + 1)], U)
            d[t] = np.mod(whole, p).astype(U) * powers[exponent - low] % U(p)
        special = ~finite
        if self.rounded:
            special |= np.isin(np.abs(flat), np.abs(list(self.rounded)))
        for k in np.flatnonzero(special).tolist():
            d[:, k] = self.number(float(flat[k]))[:, 0]
        return d.reshape(self.levels, *np.shape(a), 1)

    def integers(self, a: np.ndarray) -> Residues:
        """Return an array of whole numbers, the same at all points."""
        if a.dtype.kind == "b":
            return np.broadcast_to(a.astype(U)[..., None], (self.levels, *a.shape, 1))
        return np.stack([np.mod(a, p).astype(U) for p in self.primes])[..., None]

    # --- the four operations ---------------------------------------------------------------------------------

    def _moduli_for(self, d: Residues) -> Residues:
        key = (len(d), d.ndim)
        result = self._shaped.get(key)
        if result is None:
            result = self._shaped[key] = self.moduli[: len(d)].reshape(-1, *(1,) * (d.ndim - 1))
        return result

    def reduce(self, d: Residues) -> Residues:
        """Bring products and sums of residues below their primes, in place."""
        if d.size < SMALL:
            return np.remainder(d, self._moduli_for(d), out=d)
        for row, p in zip(d, self.moduli):
            row -= (row // p) * p  # a division by one number is vectorised, a remainder is not
        return d

    def add(self, a: Residues, b: Residues) -> Residues:
        """Sum."""
        c = a + b
        reduced: Residues = np.minimum(c, c - self._moduli_for(c))
        return reduced

    def subtract(self, a: Residues, b: Residues) -> Residues:
        """Difference."""
        c = a - b
        reduced: Residues = np.minimum(c, c + self._moduli_for(c))
        return reduced

    def multiply(self, a: Residues, b: Residues) -> Residues:
        """Product."""
        return self.reduce(a * b)

    def reciprocal(self, a: Residues) -> Residues:
        """Inverse; that of 0 is 0."""
        out = np.empty(a.shape, U)
        for row, place, p in zip(a, out, self.primes):
            flat = row.reshape(-1)
            zero = flat == 0
            inverses = _inverses(np.where(zero, U(1), flat), p)
            place[...] = np.where(zero, U(0), inverses).reshape(row.shape)
        return out

    def matmul(self, a: Residues, b: Residues) -> Residues:
        """Products of the matrices in the last two axes of (points, ..., n, k) and (points, ..., k, m) residues.

        Numbers are split into halves of 16 bits, whose products BLAS sums exactly up to a million terms.
        """
        parts = []
        for x, y, p in zip(a, b, self.moduli):
            low, high = (x & U(0xFFFF)).astype(float), (x >> U(16)).astype(float)
            other_low, other_high = (y & U(0xFFFF)).astype(float), (y >> U(16)).astype(float)
            c = _modulo((high @ other_high).astype(U), p) * U(2**32 % int(p))
            middle = _modulo((high @ other_low + low @ other_high).astype(U), p)
            parts.append(_modulo(_modulo(c, p) + (middle << U(16)) + (low @ other_low).astype(U), p))
        return np.stack(parts)

    # --- exponentials and oracles ----------------------------------------------------------------------------

    def exp(self, a: Residues) -> Residues:
        """g**x, from each level to the one above; at the lowest an oracle."""
        out = np.empty(a.shape, U)
        for t, tables in enumerate(self.chain.powers):
            e, p = a[t + 1], self.moduli[t]
            c = tables[0].take((e & MASK).astype(np.intp))
            for j in (1, 2):
                c = _modulo(c * tables[j].take(((e >> U(WINDOW * j)) & MASK).astype(np.intp)), p)
            out[t] = c
        out[-1] = self._hash(self.key("exp")[-1], a[0]) % (self.moduli[-1] - U(1)) + U(1)
        return out

    def times_i(self, a: Residues) -> Residues:
        """Product with a root of -1."""
        roots = np.array(self.chain.roots[: len(a)], U).reshape(-1, *(1,) * (a.ndim - 1))
        return self.reduce(a * roots)

    def oracle(self, name: str, *xs: Residues) -> Residues:
        """Return what an unknown function gives: for equal arguments the same."""
        h = [x[0] for x in xs]
        levels = min([len(x) for x in xs])
        return np.stack([self._hash(key, *h) % p for key, p in zip(self.key(name)[:levels], self.moduli)])

    def key(self, name: str) -> list[np.uint64]:
        """Return the keys of a name, one for each level."""
        if name not in self._keys:
            draws = np.random.default_rng([self.seed, 7, *name.encode()])
            self._keys[name] = [U(k) for k in draws.integers(0, 2**63, self.levels)]
        return self._keys[name]

    @staticmethod
    def _hash(key: np.uint64, *xs: Residues) -> Residues:
        h: Residues = np.asarray(key)
        for x in xs:
            h = x + h
            h = (h ^ (h >> U(30))) * U(0xBF58476D1CE4E5B9)
            h = (h ^ (h >> U(27))) * U(0x94D049BB133111EB)
            h = h ^ (h >> U(31))
        return h

    # --- order -----------------------------------------------------------------------------------------------

    def ranks(self, a: Residues) -> np.ndarray:
        """Return what numbers are ordered by: r * x, read between -p/2 and p/2, r another at every point.

        So the order is total and odd (x < y where -y < -x), has 0 < 1, and decides another way at every point.
        """
        ranks = self._centred(_modulo(a[0] * self.order, self.moduli[0]))
        if self.extremes:
            for extreme in (np.inf, -np.inf):
                rank = self.primes[0] if extreme > 0 else -self.primes[0]
                ranks = np.where(a[0] == self.number(extreme)[0], rank, ranks)
        return ranks

    def whole(self, a: Residues) -> tuple[np.ndarray, np.ndarray]:
        """Return which numbers are small whole ones, and the number that each then is."""
        c = self._centred(a[0])
        return np.abs(c) <= WHOLE, c

    def _centred(self, x: Residues) -> np.ndarray:
        p = self.primes[0]
        c = x.astype(np.int64)
        return np.where(c > p // 2, c - p, c)

    def truth(self, a: Residues) -> np.ndarray:
        """Return which numbers count as true: of small whole numbers as ever, of others an oracle's bit."""
        small, c = self.whole(a)
        result: np.ndarray = c != 0
        if not small.all():
            result = np.where(small, result, (self._hash(self.key("truth")[0], a[0]) & U(1)) == 1)
        return result


def _modulo(c: Residues, p: np.uint64) -> Residues:
    return c - (c // p) * p


def _inverses(a: Residues, p: int) -> Residues:
    """Inverses of many nonzero residues by one inverse and three products each: a tree of products."""
    if a.size <= 24:
        return np.array([pow(v, -1, p) for v in a.tolist()], U)
    n, modulus = a.size // 2, U(p)
    left, right = a[:n], a[n : 2 * n]
    products = _modulo(left * right, modulus)
    above = _inverses(np.append(products, a[2 * n :]), p)
    return np.concatenate([_modulo(above[:n] * right, modulus), _modulo(above[:n] * left, modulus), above[n:]])
