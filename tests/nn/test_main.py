"""The command line: what it prints, and the status it ends with."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import nn
import viz
from nn.__main__ import main


def test_the_demo_reads_digits_compares_gradients_and_draws(capsys, tmp_path):
    picture = tmp_path / "digits.svg"
    assert main(["demo", "--picture", str(picture)]) == 0
    assert "layers.0" in picture.read_text(encoding="utf-8")
    out = capsys.readouterr().out
    accuracy = float(out.split("test accuracy: ")[1].split("%")[0])
    assert accuracy >= 96.0
    assert "all gradients agree to rounding" in out


def test_a_demo_that_cannot_draw_says_so_and_is_still_a_demo(monkeypatch, capsys, tmp_path):
    def no_graphviz(*_):
        raise viz.RenderError("Pictures need Graphviz.")

    monkeypatch.setattr(viz, "save", no_graphviz)
    assert main(["demo", "--picture", str(tmp_path / "p.svg")]) == 0
    assert "6,893 scalar nodes: not drawn. Pictures need Graphviz." in capsys.readouterr().out


def test_compare_prints_the_table(capsys):
    assert main(["compare", "--data", "digits", "--hidden", "5", "--batch", "6"]) == 0
    out = capsys.readouterr().out
    assert "layers.1.W  5 x 10  lifted" in out
    assert main(["compare", "--data", "moons", "--activation", "tanh"]) == 0


def test_compare_ends_with_1_where_a_path_differs(monkeypatch, capsys):
    right = nn.compare._lifted

    def wrong(*arguments):
        gradients = {k: v.copy() for k, v in right(*arguments).items()}
        gradients["layers.1.b"][0] *= 1 + 1e-9
        return gradients

    monkeypatch.setattr(nn.compare, "_lifted", wrong)
    assert main(["compare", "--hidden", "5", "--batch", "6"]) == 1
    assert "gradients DIFFER" in capsys.readouterr().out


@pytest.mark.parametrize("loss", ["hinge", "binary_cross_entropy", "mse"])
def test_classes_become_one_output_each_for_losses_of_numbers(loss, capsys):
    assert main(["train", "--data", "digits", "--loss", loss, "--epochs", "10"]) == 0
    assert float(capsys.readouterr().out.rsplit("accuracy ", 1)[1]) > 0.8


def test_a_demo_that_reads_badly_ends_with_1(capsys, tmp_path):
    assert main(["demo", "--epochs", "1", "--picture", str(tmp_path / "p.svg")]) == 1
    assert "gradients agree" in capsys.readouterr().out


def test_train_saves_plots_and_resumes(tmp_path, capsys):
    options = ["train", "--data", "xor", "--hidden", "4", "--activation", "tanh", "--epochs", "5", "--batch", "4"]
    files = ["--checkpoint", str(tmp_path / "c"), "--save", str(tmp_path / "s")]
    assert main([*options, *files]) == 0
    assert "epoch 5" in capsys.readouterr().out
    assert main([*options, *files, "--resume", "--plot", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").exists()
    assert main(["compare", "--data", "xor", "--hidden", "4", "--load", str(tmp_path / "s")]) == 0


def test_train_on_a_csv_file(tmp_path, capsys):
    rng = np.random.default_rng(0)
    rows = [f"{x:.3f},{y:.3f},{int(x > y)}" for x, y in rng.normal(size=(40, 2))]
    (tmp_path / "data.csv").write_text("\n".join(rows))
    assert main(["train", "--data", str(tmp_path / "data.csv"), "--epochs", "30", "--validation", "0.25"]) == 0
    assert "val_accuracy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["train", "--data", "nowhere.csv"],
            "liftgrad train: nowhere.csv: cannot be read (No such file or directory).",
        ),
        (["train", "--data", "xor", "--lr", "0"], "liftgrad train: lr=0.0 must be positive."),
        (
            ["compare", "--load", "nowhere"],
            "liftgrad compare: nowhere: cannot be read (No such file or directory).",
        ),
        (["train", "--data", "."], "liftgrad train: .: no t10k-images-idx3-ubyte"),
    ],
)
def test_errors_are_one_line_and_status_2(argv, message, capsys):
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_an_interrupt_is_status_2(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn, "fit", stop)
    assert main(["train", "--data", "xor"]) == 2
    assert capsys.readouterr().err == "liftgrad train: interrupted\n"


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "nn", "--help"], capture_output=True, text=True, check=True)
    assert "demo" in done.stdout
