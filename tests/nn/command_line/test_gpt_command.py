"""`liftgrad gpt`: progress, checkpoints to the same bits, saved networks, and what is said of names."""

from __future__ import annotations

import json

import pytest
from long_run import shortened

from nn.__main__ import main
from nn.command_line import gpt_command
from nn.command_line.gpt_command import load_gpt, save_gpt
from nn.gpt import GPT
from nn.module import StateError

NAMES = "bea\nabe\nlu\n"
ODD_NAMES = "bea\nabe\nMary Ann\n" + "x" * 16 + "\n" + "y" * 15 + "\n"


@pytest.fixture
def file(tmp_path):
    (tmp_path / "names.txt").write_text(NAMES)
    return str(tmp_path / "names.txt")


def values(model):
    return [v.data for v in model.parameters()]


def test_progress_and_remarks(tmp_path, capsys):
    (tmp_path / "names.txt").write_text(ODD_NAMES)
    assert main(["gpt", "--data", str(tmp_path / "names.txt"), "--steps", "20", "--samples", "2"]) == 0
    out = capsys.readouterr().out
    assert "6 names of " in out
    assert "remark: several words in 1 lines, each taken as a name of its own; one is 'Mary Ann'" in out
    assert "remark: more than 15 letters in 1 of the names: what follows is cut off" in out
    assert out.count("\nstep ") == 10
    assert "step 20/20: loss" in out


def test_plain_names_need_no_remark(tmp_path, capsys):
    (tmp_path / "names.txt").write_text("bea\nabe\n")
    assert main(["gpt", "--data", str(tmp_path / "names.txt"), "--steps", "1", "--samples", "0"]) == 0
    assert "remark" not in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_names_in_other_unicodes(tmp_path, encoding, capsys):
    (tmp_path / "names.txt").write_bytes("Zoë\r\nJosé\r\n".encode(encoding))
    assert main(["gpt", "--data", str(tmp_path / "names.txt"), "--steps", "1", "--samples", "0"]) == 0
    assert "2 names of 6 letters" in capsys.readouterr().out


@pytest.mark.parametrize("eager", shortened([["--eager"], []], 1))
def test_an_interrupted_run_resumed_gives_the_same_bits(file, tmp_path, monkeypatch, capsys, eager):
    whole, part = str(tmp_path / "whole"), str(tmp_path / "part")
    command = ["gpt", "--data", file, "--steps", "8", "--samples", "3", *eager]
    assert main([*command, "--save", whole]) == 0
    want = capsys.readouterr().out.splitlines()[-3:]
    monkeypatch.setattr(gpt_command, "EVERY", 0.0)
    keep = gpt_command.save_checkpoint
    calls = []

    def interrupting(*arguments, **more):
        keep(*arguments, **more)
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(gpt_command, "save_checkpoint", interrupting)
    checkpoint = str(tmp_path / "checkpoint")
    assert main([*command, "--checkpoint", checkpoint]) == 2
    assert capsys.readouterr().err.startswith(f"liftgrad gpt: interrupted; --resume goes on from {checkpoint}")
    assert main([*command, "--checkpoint", checkpoint]) == 2
    assert "--resume goes on from it, --force replaces it" in capsys.readouterr().err
    assert main([*command, "--checkpoint", checkpoint, "--resume", "--save", part]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == want
    assert values(load_gpt(whole)[0]) == values(load_gpt(part)[0])
    assert main([*command, "--checkpoint", checkpoint, "--resume"]) == 0  # nothing is left to do
    assert capsys.readouterr().out.splitlines()[-3:] == want


def test_another_training_is_not_gone_on_with(file, tmp_path, capsys):
    other = tmp_path / "other"
    other.write_text(NAMES.replace("bea", "bee"))
    changes = {
        ("--seed", "1"): "was made with seed 0, not 1",
        ("--steps", "9"): "was made with steps 4, not 9",
        ("--data", str(other)): "was made with other names",
    }
    checkpoint = str(tmp_path / "checkpoint")
    command = ["gpt", "--data", file, "--steps", "4", "--samples", "0", "--checkpoint", checkpoint]
    assert main(command) == 0
    for change, said in changes.items():
        assert main([*command, "--resume", *change]) == 2
        assert said in capsys.readouterr().err


def test_a_saved_network_makes_up_names(file, tmp_path, capsys):
    path = str(tmp_path / "model")
    assert main(["gpt", "--data", file, "--steps", "3", "--samples", "4", "--seed", "5", "--save", path]) == 0
    want = capsys.readouterr().out.splitlines()[-4:]
    assert main(["gpt", "--load", path, "--samples", "4", "--seed", "5"]) == 0
    assert capsys.readouterr().out.splitlines() == want


def test_it_is_saved_where_it_is_interrupted(file, tmp_path, monkeypatch, capsys):
    train = gpt_command.train

    def stop(*_, **__):
        raise KeyboardInterrupt

    def stop_late(model, documents, steps, *more, **how):
        train(model, documents, 1)
        raise KeyboardInterrupt

    path = tmp_path / "model"
    monkeypatch.setattr(gpt_command, "train", stop)
    assert main(["gpt", "--data", file, "--save", str(path)]) == 2
    assert capsys.readouterr().err == "liftgrad gpt: interrupted\n"
    assert not path.exists()
    monkeypatch.setattr(gpt_command, "train", stop_late)
    assert main(["gpt", "--data", file, "--save", str(path)]) == 2
    assert capsys.readouterr().err == f"liftgrad gpt: interrupted; what was learnt so far is in {path}\n"
    assert load_gpt(path)[1] == "".join(sorted(set("".join(NAMES.split()))))


@pytest.mark.parametrize("shape", [{"channels": 3}, {"heads": 0}, {"context": -1}, {"channels": 10**9}, {"letters": 7}])
def test_a_description_that_is_damaged(tmp_path, shape):
    model = GPT(3, channels=4, heads=2, context=4)
    save_gpt(model, "ab", tmp_path / "model")
    assert values(load_gpt(tmp_path / "model")[0]) == values(model)
    notes = {"letters": "ab", "channels": 4, "heads": 2, "context": 4} | shape
    model.save(tmp_path / "model", {gpt_command.KEY: json.dumps(notes)})
    with pytest.raises(StateError, match="model: "):
        load_gpt(tmp_path / "model")


def test_other_files_are_refused(file, tmp_path, capsys):
    assert main(["gpt", "--load", file]) == 2
    assert "is no safetensors file" in capsys.readouterr().err
    assert main(["gpt", "--data", file, "--steps", "1", "--save", file]) == 2
    assert "is read or written already" in capsys.readouterr().err
    (tmp_path / "text").write_text("x")
    assert main(["gpt", "--data", file, "--steps", "1", "--save", str(tmp_path / "text")]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert (tmp_path / "text").read_text() == "x"
