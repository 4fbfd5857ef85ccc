"""What a command line asks to learn: data sets by name, targets as losses mean them, networks that fit."""

from __future__ import annotations

import numpy as np
import pytest

from nn.command_line.problems import dataset, probabilities, problem, targets_for, usual_strength
from nn.files import DataError

SHARED = {"hidden": [4], "activation": None, "seed": 0}


@pytest.mark.parametrize(
    ("classes", "loss", "want"),
    [
        (2, "cross_entropy", [1, 0]),
        (2, "hinge", [1.0, -1.0]),
        (2, "binary_cross_entropy", [1.0, 0.0]),
        (2, "mse", [1.0, 0.0]),
        (3, "cross_entropy", [1, 0]),
        (3, "hinge", [[-1.0, 1.0, -1.0], [1.0, -1.0, -1.0]]),
        (3, "binary_cross_entropy", [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
        (3, "half_mse", [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
    ],
)
def test_classes_as_each_loss_means_them(classes, loss, want):
    T, outputs = targets_for(np.array([1, 0]), tuple("abc")[:classes], loss)
    assert T.tolist() == want
    assert outputs == (classes if loss == "cross_entropy" or classes > 2 else 1)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "hinge", "mse"])
@pytest.mark.parametrize("classes", [2, 3])
def test_outputs_are_classes_again(loss, classes):
    codes = np.array([1, 0, 1, classes - 1])
    T, outputs = targets_for(codes, tuple("abc")[:classes], loss)
    scores = np.eye(classes)[codes] if loss == "cross_entropy" else T.reshape(len(T), -1)
    if loss == "binary_cross_entropy":
        scores = 2.0 * scores - 1.0
    found, p = probabilities(scores, tuple("abc")[:classes], loss)
    assert found.tolist() == codes.tolist()
    assert (p is None) == (loss in ("hinge", "mse"))
    if p is not None:
        assert p.shape == (4, classes)
    if p is not None and (loss == "cross_entropy" or outputs == 1):
        np.testing.assert_allclose(p.sum(axis=1), 1.0)


def test_a_target_that_is_always_the_same(tmp_path):
    path = tmp_path / "data.csv"
    for column, said in (("no,no,no", "'no'"), ("2.5,2.5,2.5", "2.5"), ("0,0,0", "'0'")):
        path.write_text("x,y\n" + "".join(f"{i},{y}\n" for i, y in enumerate(column.split(","))))
        with pytest.raises(
            DataError, match=rf"data.csv: the target is {said} in all 3 samples: there is nothing to learn"
        ):
            problem(dataset(str(path)), None, **SHARED)


def test_what_suits_the_targets(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,y\n" + "".join(f"{i},{i / 3}\n" for i in range(40)))
    numbers = problem(dataset(str(path)), None, **SHARED)
    assert (numbers.loss, numbers.model.activation, numbers.model.sizes) == ("mse", "tanh", [1, 4, 1])
    assert usual_strength(numbers) == pytest.approx(20 / 40 * np.var(numbers.T))
    classes = problem(dataset("digits"), None, **SHARED)
    assert (classes.loss, classes.model.activation, classes.model.sizes) == ("cross_entropy", "relu", [64, 4, 10])
    assert usual_strength(classes) == 0.0


def test_whole_numbers_with_a_squared_error_are_one_output(tmp_path):
    path = tmp_path / "data.csv"
    rng = np.random.default_rng(0)
    path.write_text("".join(f"{rng.random()},{rng.integers(25, 346)}\n" for _ in range(200)))
    for loss in (None, "mse", "half_mse"):
        assert problem(dataset(str(path), loss), loss, **SHARED).model.sizes == [1, 4, 1]


@pytest.mark.parametrize("hidden", [[10**9], [100_000, 100_000]])
def test_a_network_that_would_not_fit(hidden):
    with pytest.raises(
        ValueError, match=r"a network of 64-.*-10 would have .* parameters; at most 10,000,000 are made"
    ):
        problem(dataset("digits"), None, hidden, None, 0)


def test_options_of_csv_files_are_for_csv_files(tmp_path):
    with pytest.raises(DataError, match=r"--target and --missing: for CSV files; moons has its own"):
        dataset("moons", target="y", missing="mean", header=None, drop=())
    with pytest.raises(DataError, match="no data set is named"):
        dataset("")
    with pytest.raises(DataError, match="no t10k-images-idx3-ubyte"):
        dataset(str(tmp_path))


def test_mnist_by_its_folder_and_by_its_file(data):
    by_folder, by_file = dataset(str(data)), dataset(str(data / "t10k-images-idx3-ubyte.gz"))
    np.testing.assert_array_equal(by_folder.X, by_file.X)
    assert by_folder.schema.divisor == 255.0
    assert by_folder.schema.classes == tuple("0123456789")
