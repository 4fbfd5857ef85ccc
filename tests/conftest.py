"""Shared by all tests: where the data is, Hypothesis profiles, warnings as errors."""

from __future__ import annotations

import gc
import importlib.util
import os
import secrets
from pathlib import Path

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each process that a test starts compiles the packages anew
os.environ.setdefault("LIFTGRAD_CHECK", "1")  # every program that any test lifts is proven,
os.environ.setdefault("LIFTGRAD_SEED", str(secrets.randbelow(2**32)))  # with a seed that a failing run prints
# Before anything imports JAX. XLA compiles many small programs that run once; `.ci/run` has them optimised as users do.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0")

import pytest
from hypothesis import HealthCheck, settings

from engine.collector import collector_paused

settings.register_profile("default", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)  # a run that can be repeated
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))

DATA = Path(os.environ.get("LIFTGRAD_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


collect_ignore = [] if importlib.util.find_spec("torch") else ["random_torch.py"]  # programs of tensors


@pytest.hookimpl(hookwrapper=True)
def pytest_collection():
    """Keep the cyclic collector from what lives to the end, a million objects that it would walk again and again."""
    with collector_paused():
        yield
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_report_header() -> str:
    """Say how the proofs of this run are repeated."""
    return f"programs are proven with LIFTGRAD_SEED={os.environ['LIFTGRAD_SEED']}"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recorded values and real data sets, which a user's clone does not have."""
    if not DATA.is_dir():
        pytest.skip("the data folder is not here; set LIFTGRAD_DATA to it")
    return DATA
