"""Forward and backward passes as files have them: who is judged by whom, and with which inputs."""

from __future__ import annotations

import pytest
from checked_files import all_checks

FORWARD = """
import numpy as np

def forward(x, w):
    return np.tanh(x) * w, (x, w)
"""
BACKWARD = """
def backward(dout, cache):
    x, w = cache
    return dout * w * (1 - np.tanh(x) ** 2), dout * np.tanh(x)
"""
INPUTS = """
def inputs():
    return np.array([0.5, -1.0, 2.0]), np.array([1.5, 2.5, -0.5])
"""


def verdicts(folder, text, reference=None):
    (folder / "mine.py").write_text(text)
    if reference is not None:
        (folder / "reference.py").write_text(reference)
    return all_checks(folder / "mine.py", None if reference is None else folder / "reference.py")


@pytest.mark.parametrize(
    "inputs",
    [
        INPUTS,
        "inputs = np.array([0.5, -1.0]), np.array([1.5, 2.5])",
        "inputs = {'w': np.array([1.5, 2.5]), 'x': np.array([0.5, -1.0])}",
        "def inputs(rng):\n    return [(rng.normal(size=n), rng.normal(size=n)) for n in (2, 3)]",
    ],
)
def test_a_file_may_be_its_own_reference(tmp_path, inputs):
    assert [check.verdict for check in verdicts(tmp_path, FORWARD + BACKWARD + inputs)] == ["right"]
    (check,) = verdicts(tmp_path, FORWARD + BACKWARD.replace("dout * w", "-dout * w") + inputs)
    assert check.diagnosis.names == ["sign"]
    assert [row.parameter for row in check.diagnosis.parameters] == ["x", "w"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BACKWARD, "defines backward, and no forward to judge it by."),
        (FORWARD + BACKWARD, "defines no inputs(): return a tuple of what forward takes."),
        (FORWARD + BACKWARD + "inputs = {'y': 1.0}", "inputs is neither a tuple or dictionary of inputs, nor a list"),
        (FORWARD + BACKWARD + INPUTS.replace("return", "return 1 / 0,"), "line 12: inputs() raised Zero"),
        (FORWARD + BACKWARD + "inputs = (1, 2)", "and no input is one; pass x.astype(float)"),
        (
            FORWARD + INPUTS + "def backward(dout, cache):\n    pass",
            "backward: ValueError: backward returned no gradients",
        ),
        (FORWARD + INPUTS + "def backward(dout, cache):\n    return 1 / 0", "raised ZeroDivisionError"),
        (FORWARD.replace("np.tanh(x) *", "undefined *") + BACKWARD + INPUTS, "line 5: backward() raised NameError"),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_line(tmp_path, text, message):
    (check,) = verdicts(tmp_path, text)
    assert check.verdict == "error"
    assert message in check.message
    assert "\n" not in check.message


def test_short_names_are_names(tmp_path):
    short = (FORWARD + BACKWARD).replace("def forward", "def f_fwd").replace("def backward", "def f_bwd")
    (check,) = verdicts(tmp_path, short + INPUTS.replace("def inputs", "def f_inputs"))
    assert (check.function, check.verdict) == ("f_bwd", "right")
    naive = (
        (FORWARD + BACKWARD)
        .replace("def forward", "def f_forward_naive")
        .replace("def backward", "def f_backward_naive")
    )
    (check,) = verdicts(tmp_path, naive + INPUTS.replace("def inputs", "def f_inputs_naive"))
    assert (check.function, check.verdict) == ("f_backward_naive", "right")
    reference = FORWARD.replace("def forward", "def f_forward") + INPUTS.replace("def inputs", "def f_inputs")
    found = verdicts(tmp_path, short, reference)
    assert [(check.function, check.verdict) for check in found] == [("f_fwd", "right"), ("f_bwd", "right")]


def test_a_reference_s_cache_serves_a_file_without_a_forward_pass(tmp_path):
    text = "import numpy as np\n" + BACKWARD
    assert [check.function for check in verdicts(tmp_path, text, FORWARD + INPUTS)] == ["backward"]
    for out in ("np.tanh(x) * w", "np.tanh(x) * w, (x, w)"):
        (check,) = verdicts(tmp_path, text, FORWARD.replace("np.tanh(x) * w, (x, w)", out) + INPUTS)
        assert check.ok
    by_inputs = text.replace("(dout, cache)", "(dout, x, w)").replace("    x, w = cache\n", "")
    assert verdicts(tmp_path, by_inputs, FORWARD.replace("w, (x, w)", "w") + INPUTS)[0].ok


def test_a_forward_pass_that_is_another_is_said_and_its_backward_pass_judged_by_it(tmp_path):
    other = FORWARD.replace("np.tanh(x) * w,", "np.tanh(x) * w + x,")
    forward, backward = verdicts(tmp_path, other + BACKWARD.replace("** 2)", "** 2) + dout"), FORWARD + INPUTS)
    assert forward.diagnosis.names == ["other-forward"]
    assert backward.ok
    forward, backward = verdicts(tmp_path, other + BACKWARD, FORWARD + INPUTS)
    assert (forward.ok, backward.ok) == (False, False)
    shaped = FORWARD.replace("np.tanh(x) * w,", "(np.tanh(x) * w)[:1],")
    assert not verdicts(tmp_path, shaped + BACKWARD, FORWARD + INPUTS)[0].ok


def test_functions_that_no_reference_has_inputs_for_are_the_reference_s_own(tmp_path):
    helper = FORWARD.replace("def forward", "def scaled_forward")
    found = verdicts(tmp_path, FORWARD + BACKWARD, helper + FORWARD + INPUTS)
    assert [check.function for check in found] == ["forward", "backward"]


SILU = """
import torch

class Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * s * (1 + x * (1 - s))
"""
SILU_INPUTS = """
def Silu_inputs(rng):
    return (rng.normal(size=(2, 3)),)
"""


@pytest.mark.parametrize(
    "reference",
    [
        None,
        SILU_INPUTS,
        SILU_INPUTS + "import numpy as np\n\ndef Silu_forward(x):\n    return x / (1 + np.exp(-x))\n",
        "import torch\nSilu_inputs = (torch.randn(3),)\n\ndef Silu_forward(x):\n    return x * x.sigmoid()\n",
    ],
)
def test_what_a_framework_runs_is_judged_by_its_name(tmp_path, reference):
    pytest.importorskip("torch")
    text = SILU + (SILU_INPUTS if reference is None else "")
    assert [(check.function, check.verdict) for check in verdicts(tmp_path, text, reference)] == [("Silu", "right")]
    (check,) = verdicts(tmp_path, text.replace(" * (1 + x * (1 - s))", ""), reference)
    assert check.diagnosis.names == ["path-missing"]


def test_dictionaries_among_inputs_are_new_in_every_call(tmp_path):
    kept = """
import numpy as np

def forward(x, kept):
    kept["calls"] = kept.get("calls", 0.0) + x
    return x * kept["calls"], x

def backward(dout, x):
    return 2 * x * dout

def inputs():
    return np.array([1.0, 2.0]), {}
"""
    assert [check.verdict for check in verdicts(tmp_path, kept)] == ["right"]


def test_what_is_checked_is_mended_in_its_own_file(tmp_path):
    wrong = (FORWARD + BACKWARD + INPUTS).replace(
        "dout * w * (1 - np.tanh(x) ** 2)", "dout * w * (1 - np.tanh(x) ** 3)"
    )
    (check,) = verdicts(tmp_path, wrong)
    (finding,) = check.diagnosis.findings
    assert "`3` should be `2`" in finding.sentence + "".join(finding.change)
