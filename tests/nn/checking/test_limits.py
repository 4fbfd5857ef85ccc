"""Allowance of a process, in a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nn.checking.limits import RESOURCES

TRIED = """
import resource
from nn.checking.limits import limit, relieve
limit(300, 2.5)
limit(600, 9)
kind = resource.RLIMIT_DATA
print(resource.getrlimit(kind)[0] // 2**20)
print(resource.getrlimit(resource.RLIMIT_CPU)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])
try:
    bytearray(360 * 2**20)
except MemoryError:
    relieve()
    print(resource.getrlimit(kind)[0] // 2**20)
"""


@pytest.mark.skipif(not RESOURCES or sys.platform != "linux", reason="what is limited is Linux's")
def test_limits_hold_and_are_never_raised_but_for_the_reserve():
    done = subprocess.run([sys.executable, "-c", TRIED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["364", "3", "0", "364"]  # a second limit is within the first one's reserve
