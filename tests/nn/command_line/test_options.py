"""Options: numbers within their range, options with their partners, and every error one line and status 2."""

from __future__ import annotations

import pytest

from engine.version import __version__
from nn.__main__ import main

WRONG = [
    "", "trian", "train --nonsense", "train --epochs", "train --epochs -3", "train --epochs 0", "train --epochs 1.5",
    "train --epochs 99999999999999999999", "train --l2 -1", "train --l2 nan", "train --l2 inf", "train --l2 x",
    "train --validation 1", "train --validation -0.1", "train --validation nan", "train --data xor --validation 0.999",
    "train --data xor --validation 0.01", "train --lr 0", "train --lr -1", "train --lr nan", "train --lr inf",
    "train --batch 0", "train --batch -1", "train --batch 1e3", "train --hidden 0", "train --hidden -5",
    "train --hidden 1000000000", "train --hidden 50000 50000", "train --hidden x", "train --seed -1", "train --seed x",
    "train --patience 0", "train --patience -3", "train --loss foo", "train --activation foo", "train --optimizer foo",
    "train --missing median", "train --decimal x", "train --backend torch", "train --data nowhere.csv",
    "train --data .", "train --data xor --target 1", "train --data xor --header", "train --data xor --missing mean",
    "train --data xor --drop 1", "train --resume", "train --process 0", "train --process 1", "train --processes 2",
    "train --devices 2", "train --devices 0 --backend jax", "train --coordinator localhost:1",
    "train --backend jax --coordinator localhost:1", "train --backend jax --coordinator localhost:1 --processes 2",
    "train --backend jax --coordinator localhost:1 --processes 2 --process 2", "train --backend jax --eager",
    "train --resume --force --checkpoint c", "train --save nowhere/x", "train --save .", "train --checkpoint nowhere/x",
    "train --plot nowhere/x.png", "train --plot x.nonsense", "train --plot x", "train --save x --checkpoint x",
    "train x", "compare --batch 0", "compare --load nowhere", "compare --epochs 3", "compare --data moons --batch -1",
    "predict", "predict nowhere", "predict nowhere nowhere", "predict a b c", "demo --epochs 0", "demo --epochs -1",
    "demo --picture x.nonsense", "demo --picture nowhere/x.svg", "demo --nonsense", "check", "check nowhere.py",
    "check .", "check --convention rows", "check --template nonsense", "check --template x.py y.py",
    "check --template nowhere/x.py", "gpt", "gpt --data nowhere", "gpt --data x --load y", "gpt --load nowhere",
    "gpt --load x --save y", "gpt --data x --steps 0", "gpt --data x --samples -1", "gpt --data x --resume", "draw",
    "draw x y", "draw --nonsense x", "draw x x=1 x=2", "draw x x=1 -o x.nonsense",
    "draw x x=1 -o nowhere/x.svg", "train --save=", "train --checkpoint=",
]  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_wrong_command_lines_are_one_line_and_status_2(line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["", "demo", "train", "predict", "compare", "check", "gpt", "draw"])
def test_help_is_help(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: liftgrad {command}".rstrip())


def test_the_version_is_the_distribution_s(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"liftgrad {__version__}\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "train --data ditigs",
            "liftgrad train: ditigs: is there neither as a file nor as a data set; use digits",
        ),
        ("", "liftgrad: no command given; use one of demo, train, predict, compare, check, gpt, draw"),
        ("train --epochs -3", "liftgrad train: argument --epochs: '-3' is no whole number from 1 to 1,000,000,000"),
        ("train --l2 -1", "liftgrad train: argument --l2: '-1' is no finite number from 0 on"),
        ("train --validation 1.5", "liftgrad train: argument --validation: '1.5' is no finite number from 0 to less"),
        ("train --device 3", "liftgrad train: --device 3: is not known (liftgrad train --help lists what there is)."),
        ("train --resume", "liftgrad train: --resume needs --checkpoint, the file to go on from."),
        ("train --process 0", "liftgrad train: --process needs --coordinator, the host and port of process 0."),
        ("train --devices 2", "liftgrad train: --devices is for training on JAX; add --backend jax."),
        ("train --coordinator h:1 --processes 2 --process 0", "liftgrad train: --coordinator is for training on JAX;"),
        (
            "train --data xor --validation 0.999",
            "liftgrad train: validation=0.999 of 4 samples leaves none to train on",
        ),
    ],
)
def test_what_errors_say(line, said, capsys):
    assert main(line.split()) == 2
    assert capsys.readouterr().err.startswith(said)
