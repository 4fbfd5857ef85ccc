"""Files as learners and teachers write them, and what is said of one in this process."""

from __future__ import annotations

from pathlib import Path

from nn.checking.apart import Outcome
from nn.checking.checks import Check, checks
from nn.checking.loading import CheckError
from nn.diagnosis.report import Diagnosis, Verdict
from nn.diagnosis.template import template

RIGHT = template()
WRONG = RIGHT.replace(" * (1.0 - a1**2)", "")

REFERENCE = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b

def affine_inputs(rng):
    return rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)

def layernorm_forward(x, gamma, beta, params):
    mu = x.mean(axis=1, keepdims=True)
    xhat = (x - mu) / np.sqrt(x.var(axis=1, keepdims=True) + params["eps"])
    params["mean"] = 0.9 * params.get("mean", 0.0) + 0.1 * mu
    return gamma * xhat + beta

def layernorm_inputs(rng):
    return [(rng.normal(size=(n, 3)), rng.normal(size=3), rng.normal(size=3), {"eps": 1e-5}) for n in (2, 4)]
"""

LAYERS = """
import numpy as np

def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)

def layernorm_forward(x, gamma, beta, params):
    xc = x - x.mean(axis=1, keepdims=True)
    std = np.sqrt((xc**2).mean(axis=1, keepdims=True) + params["eps"])
    return gamma * xc / std + beta, (xc / std, std, gamma)

def layernorm_backward(dout, cache):
    xhat, std, gamma = cache
    d = dout * gamma
    dx = (d - d.mean(axis=1, keepdims=True) - xhat * (d * xhat).mean(axis=1, keepdims=True)) / std
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)
"""

AGREES = Diagnosis("right", parameters=(Verdict("W", "right", 0.1, 1e-16),))
DIFFERS = Diagnosis("unnamed", parameters=(Verdict("W", "unnamed", float("inf"), float("nan"), "in all entries"),))
PASSED = Outcome("a.py", (Check("gradients", "right", diagnosis=AGREES),), 0.5)
LOOPS = Outcome("b.py", (Check("", "timeout", "b.py: took longer than 3 seconds; it was ended."),), 3.0, "so\n", 3)
SEVERAL = Outcome("c.py", (*PASSED.checks, Check("f_backward", "unnamed", diagnosis=DIFFERS), *LOOPS.checks), 1.0)


def all_checks(path: Path, reference: Path | None = None) -> list[Check]:
    """The verdicts on a file's functions."""
    return [check for check in checks(path, reference) if isinstance(check, Check)]


def check_file(path: Path) -> Diagnosis:
    """What is said of a file with one function; raised, if it cannot be judged."""
    (check,) = all_checks(path)
    if check.diagnosis is None:
        raise CheckError(check.message)
    return check.diagnosis
