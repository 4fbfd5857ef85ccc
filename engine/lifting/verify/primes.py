"""Chains of primes p0 > p1 > p2, each a divisor of its predecessor minus one: so exp leads from one to the next.

An element g of order p1 modulo p0 gives a homomorphism, x -> g**x from numbers modulo p1 to numbers modulo p0:
exp(x + y) = exp(x) exp(y) holds exactly. All are 1 modulo 4, so that -1 has a root and exp(ix) is a number too.

>>> chain = Chain.of(5, 2)
>>> p, q = chain.primes
>>> (p - 1) % q, chain.roots[0] ** 2 % p == p - 1, pow(chain.generators[0], q, p)
(0, True, 1)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Residues: TypeAlias = npt.NDArray[np.uint64]
U = np.uint64
WINDOW = 11  # exponents are read so many bits at a time
MASK = U((1 << WINDOW) - 1)

CHAINS = (
    (1189696073, 148712009, 18589001),
    (1221971573, 305492893, 25457741),
    (1408105397, 352026349, 29335529),
    (1666762477, 138896873, 17362109),
    (1830709577, 228838697, 28604837),
    (1218475829, 304618957, 25384913),
    (2134180717, 177848393, 22231049),
    (1488812597, 372203149, 31016929),
    (2107172077, 175597673, 21949709),
    (1147213493, 286803373, 23900281),
    (1185892469, 296473117, 24706093),
    (1433899253, 358474813, 29872901),
    (2127954341, 106397717, 26599429),
    (2097225709, 174768809, 21846101),
    (1220353097, 152544137, 19068017),
    (2096597869, 174716489, 21839561),
)


@dataclass(frozen=True)
class Chain:
    """The first primes of a chain, a root of -1 for each, and between neighbours a generator with its powers."""

    primes: tuple[int, ...]
    roots: tuple[int, ...]
    generators: tuple[int, ...]
    powers: tuple[tuple[Residues, ...], ...]  # g**(a << 11 j), for j = 0, 1, 2

    @staticmethod
    @lru_cache(maxsize=8)
    def of(seed: int, levels: int) -> Chain:
        """Return the chain that a seed chooses, of so many levels."""
        primes = CHAINS[seed % len(CHAINS)][:levels]
        generators = tuple([_of_order(q, p) for p, q in zip(primes, primes[1:])])
        powers = tuple([_powers(g, p) for g, p in zip(generators, primes)])
        return Chain(primes, tuple([_root_of_minus_one(p) for p in primes]), generators, powers)


def _root_of_minus_one(p: int) -> int:
    a = 2
    while pow(a, (p - 1) // 2, p) == 1:
        a += 1
    return pow(a, (p - 1) // 4, p)


def _of_order(q: int, p: int) -> int:
    """Return an element of order q, a prime, modulo p."""
    a = 2
    while pow(a, (p - 1) // q, p) == 1:
        a += 1
    return pow(a, (p - 1) // q, p)


def _powers(g: int, p: int) -> tuple[Residues, ...]:
    tables = []
    for j in range(3):
        table: Any = np.ones(1, U)
        base = pow(g, 1 << (WINDOW * j), p)
        for i in range(WINDOW):
            table = np.concatenate([table, table * U(pow(base, 1 << i, p)) % U(p)])
        tables.append(table)
    return tuple(tables)
