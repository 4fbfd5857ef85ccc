"""Which functions of a file are judged, by what, and what is said of each."""

from __future__ import annotations

import json

import pytest
from checked_files import LAYERS, REFERENCE, RIGHT, WRONG, all_checks

from nn.checking.checks import Check, checks, reference_checked
from nn.checking.loading import CheckError


@pytest.fixture
def reference(tmp_path):
    (tmp_path / "reference.py").write_text(REFERENCE)
    return tmp_path / "reference.py"


def mine(folder, text):
    (folder / "mine.py").write_text(text)
    return folder / "mine.py"


def test_a_name_comes_before_its_verdict(tmp_path):
    name, check = checks(mine(tmp_path, WRONG))
    assert name == check.function == "gradients"
    assert (check.verdict, check.ok) == ("named", False)


def test_each_backward_pass_of_a_file_is_judged(tmp_path, reference):
    found = all_checks(mine(tmp_path, LAYERS), reference)
    names = ["affine_forward", "affine_backward", "layernorm_forward", "layernorm_backward"]
    assert [(check.function, check.verdict) for check in found] == [(name, "right") for name in names]


def test_one_function_that_raises_leaves_the_others_theirs(tmp_path, reference):
    text = LAYERS.replace("    x, w, b = cache\n", "    raise NotImplementedError\n").replace(
        " - d.mean(axis=1, keepdims=True)", ""
    )
    _, affine, _, norm = all_checks(mine(tmp_path, text), reference)
    assert affine.message.endswith("affine_backward() raised NotImplementedError")
    assert norm.diagnosis.names == ["path-missing"]


def test_what_a_reference_asks_for_and_a_file_lacks_is_said(tmp_path, reference):
    text = LAYERS.replace("def affine_backward", "def affine_back")
    found = {check.function: check for check in all_checks(mine(tmp_path, text), reference)}
    assert found["affine_backward"].message.endswith("mine.py: defines no function affine_backward(dout, cache).")
    assert found["layernorm_backward"].ok


def test_a_reference_s_settings_are_a_network_s(tmp_path):
    (tmp_path / "settings.py").write_text('SIZES = [4, 6, 3]\nREDUCTION = "sum"\n')
    reference_checked(tmp_path / "settings.py")
    assert not all_checks(mine(tmp_path, RIGHT), tmp_path / "settings.py")[0].ok
    summed = mine(tmp_path, RIGHT.replace("    delta2 /= N\n", ""))
    assert all_checks(summed, tmp_path / "settings.py")[0].ok
    assert not all_checks(summed)[0].ok
    (check,) = all_checks(mine(tmp_path, LAYERS), tmp_path / "settings.py")
    assert "defines no function gradients(params, X, T); see liftgrad check --template." in check.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "defines neither a function forward nor a network's settings, in capitals"),
        ("def forward(x):\n    return x\n", r"defines no inputs\(\): return a tuple of what forward takes"),
        ("LOSS = 'best'\n", "LOSS = 'best' is not known"),
        (
            "def forward(x):\n    return x\ninputs = 3\n",
            "inputs is neither a tuple or dictionary of inputs, nor a list",
        ),
        ("def forward(x):\n    return x\ndef inputs():\n    return y\n", r"line 4: inputs\(\) raised NameError"),
    ],
)
def test_a_reference_that_says_nothing_is_refused(tmp_path, text, message):
    (tmp_path / "reference.py").write_text(text)
    with pytest.raises(CheckError, match=message):
        reference_checked(tmp_path / "reference.py")


def test_a_check_survives_being_written_down(tmp_path):
    (check,) = all_checks(mine(tmp_path, WRONG))
    assert Check.of(json.loads(json.dumps(check.data()))) == check
