"""What a process that runs somebody's file may use: memory, processor time, and the threads of linear algebra.

Allowance are POSIX's.  Memory is what the process allocates (on Linux; elsewhere its address space, a limit that macOS
accepts and does not hold to).  Windows has none of them: there, time alone is limited, by whoever started the process.
"""

from __future__ import annotations

import math
import sys

try:
    import resource
except ImportError:  # Windows
    RESOURCES = False
else:
    RESOURCES = True
    _MEMORY = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS

MIB = 2**20
RESERVE = 64  # MiB, with which a process that has used all others says so
ENVIRONMENT = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    "PYTHONDONTWRITEBYTECODE": "1",  # beside the modules that a file imports
    "PYTHONIOENCODING": "utf-8:backslashreplace",
    "PYTHONUNBUFFERED": "1",  # what was printed before a crash is not lost
}


def limit(memory: int, seconds: float) -> None:
    """Limit this process, and those that it starts.

    Parameters
    ----------
    memory
        In MiB.
    seconds
        Of processor time: what is left to end a process whose parent is gone.
    """
    if not RESOURCES:
        return
    _lower(_MEMORY, memory * MIB, reserve=RESERVE * MIB)
    _lower(resource.RLIMIT_CPU, math.ceil(seconds))
    _lower(resource.RLIMIT_CORE, 0)


def relieve() -> None:
    """Let this process use the reserve, after it has run out of memory."""
    if RESOURCES:
        hard = resource.getrlimit(_MEMORY)[1]
        resource.setrlimit(_MEMORY, (hard, hard))


def _lower(kind: int, most: int, reserve: int = 0) -> None:
    """Lower a limit, as far as it is not lower already and the system lets us."""
    hard = resource.getrlimit(kind)[1]
    unlimited = hard == resource.RLIM_INFINITY
    try:
        resource.setrlimit(kind, (most, most + reserve) if unlimited else (min(most, hard), min(most + reserve, hard)))
    except (OSError, ValueError):  # macOS refuses some
        return
