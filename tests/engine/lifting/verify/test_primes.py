"""Chains of primes, each a divisor of the one above minus one."""

from __future__ import annotations

import pytest

from engine.lifting.verify.primes import CHAINS, Chain


@pytest.mark.parametrize("primes", CHAINS)
def test_a_chain_is_of_primes_each_a_divisor_of_the_one_above_minus_one(primes):
    for p in primes:
        assert all(p % k for k in range(2, int(p**0.5) + 1) if k < 4 or k % 2)
        assert p % 4 == 1
        assert p < 2**31
    assert all((p - 1) % q == 0 for p, q in zip(primes, primes[1:]))
    chain = Chain.of(CHAINS.index(primes), 3)
    for p, q, g in zip(primes, primes[1:], chain.generators):
        assert pow(g, q, p) == 1 != g
