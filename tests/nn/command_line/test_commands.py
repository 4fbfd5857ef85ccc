"""The commands: what each prints, writes and returns."""

from __future__ import annotations

import subprocess

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
    right = nn.agreement.compare._lifted

    def wrong(*arguments):
        gradients = {k: v.copy() for k, v in right(*arguments).items()}
        gradients["layers.1.b"][0] *= 1 + 1e-9
        return gradients

    monkeypatch.setattr(nn.agreement.compare, "_lifted", wrong)
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


@pytest.mark.parametrize(("name", "least"), [("wine", 0.95), ("breast_cancer", 0.95), ("diabetes", 0.4)])
def test_real_tables_from_csv_files(tmp_path, capsys, name, least):
    """With a header and named classes; on a fifth of the rows that is held out."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    found = getattr(datasets, f"load_{name}")()
    named = [found.target_names[t] if name != "diabetes" else t for t in found.target]
    lines = [",".join(map(str, [*row, t])) for row, t in zip(found.data.tolist(), named)]
    (tmp_path / "data.csv").write_text("\n".join([",".join([*found.feature_names, "target"]), *lines]))
    command = ["train", "--data", str(tmp_path / "data.csv"), "--validation", "0.2"]
    assert main([*command, "--save", str(tmp_path / "model")]) == 0
    out = capsys.readouterr().out
    assert "inputs standardised" in out or name == "diabetes"
    metric = "val_r2" if name == "diabetes" else "val_accuracy"
    assert float(out.splitlines()[-2].split(f"{metric} ")[1].split(",")[0]) >= least
    assert main(["predict", str(tmp_path / "model"), str(tmp_path / "data.csv")]) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert float(said.split(": ")[-1].rstrip("%")) >= (100 if name != "diabetes" else 1) * least


def test_the_demo_leaves_nothing_that_git_does_not_ignore(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    assert main(["demo", "--epochs", "1"]) == 1
    assert (tmp_path / "liftgrad-demo" / "digits.svg").exists()
    status = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert status.stdout == ""


def test_nothing_is_trained_before_everything_can_be_written(tmp_path, monkeypatch, capsys):
    def train(*_, **__):
        raise AssertionError("trained")

    monkeypatch.setattr(nn, "fit", train)
    for option in ("--save", "--checkpoint", "--plot"):
        assert main(["train", "--data", "xor", option, str(tmp_path / "nowhere" / "x.png")]) == 2
        assert "there is no folder" in capsys.readouterr().err
    assert main(["demo", "--picture", str(tmp_path / "nowhere" / "x.svg")]) == 2
    assert main(["demo", "--picture", "x.nonsense"]) == 2


def test_a_checkpoint_is_not_overwritten(tmp_path, capsys):
    checkpoint = tmp_path / "checkpoint"
    command = ["train", "--data", "xor", "--epochs", "2", "--checkpoint", str(checkpoint)]
    assert main(command) == 0
    content = checkpoint.read_bytes()
    assert main(command) == 2
    assert "is there already; --resume goes on from it, --force replaces it" in capsys.readouterr().err
    assert checkpoint.read_bytes() == content
    assert main([*command, "--seed", "1", "--resume"]) == 2
    assert checkpoint.read_bytes() == content
    assert main([*command, "--seed", "1", "--force"]) == 0
    assert main([*command, "--seed", "1", "--resume"]) == 0


def test_data_and_networks_are_not_overwritten(tmp_path, capsys):
    model, other = str(tmp_path / "model"), tmp_path / "other.csv"
    other.write_text("0.5,1\n0,0.25\n")
    train = ["train", "--data", "xor", "--epochs", "1"]
    assert main([*train, "--save", model]) == 0
    for command in (
        [*train, "--save", model],
        ["train", "--data", "moons", "--epochs", "1", "--save", model],
        [*train, "--save", str(other)],
        [*train, "--checkpoint", str(other)],
        ["predict", model, str(other), "-o", str(other)],
    ):
        before = other.read_bytes(), (tmp_path / "model").read_bytes()
        assert main(command) == 2
        assert capsys.readouterr().err.count("\n") == 1
        assert (other.read_bytes(), (tmp_path / "model").read_bytes()) == before
    (tmp_path / "out.csv").write_text("mine")
    predict = ["predict", model, str(other), "-o", str(tmp_path / "out.csv")]
    assert main(predict) == 2
    assert "out.csv: is there already; --force replaces it" in capsys.readouterr().err
    assert main([*predict, "--force"]) == 0
    assert (tmp_path / "out.csv").read_text().startswith("prediction")
    assert main([*train, "--save", model, "--checkpoint", str(other), "--force"]) == 0
    assert main([*train, "--save", model, "--checkpoint", str(other), "--resume"]) == 0


def test_a_checkpoint_that_is_not_there_yet_is_said(tmp_path, capsys):
    command = ["train", "--data", "xor", "--epochs", "1", "--checkpoint", str(tmp_path / "c"), "--resume"]
    assert main(command) == 0
    assert "is not there yet, so there is nothing to go on from: training starts anew" in capsys.readouterr().out


def test_templates_are_written_to_files_and_never_over_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--template", "a.py"]) == 0
    assert "put your own in, then: liftgrad check a.py" in capsys.readouterr().out
    assert main(["check", "a.py"]) == 0
    assert main(["check", "--template", "a.py"]) == 2
    assert "a.py: is there already; --force replaces it" in capsys.readouterr().err
    for words in (["--template", "a.py", "--convention", "torch", "--force"], ["--template", "columns", "b.py"]):
        assert main(["check", *words]) == 0
    assert 'CONVENTION = "torch"' in (tmp_path / "a.py").read_text()
    assert 'CONVENTION = "columns"' in (tmp_path / "b.py").read_text()


def test_pictures_are_drawn(tmp_path, capsys):
    assert main(["draw", "w*x", "w=0.5", "x=2", "-o", str(tmp_path / "p.svg")]) == 0
    assert "d/dw = 2.0" in capsys.readouterr().out
    assert (tmp_path / "p.svg").exists()
