"""A combination that cannot learn is refused before the first step; what is not refused is learnt."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from long_run import shortened

import nn
from nn.losses import LOSSES
from nn.neuron import ACTIVATIONS
from nn.training.scaling import Scaling, Standard
from nn.training.task import Task

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 2))
C = (X[:, 0] > 0).astype(int)
ROWS = np.eye(2)[C]
ROUGH = X * [1.0, 500.0] + [70.0, 0.0]

FORMS = {
    "classes": C,
    "a column": C[:, None],
    "floats": C.astype(float),
    "booleans": C.astype(bool),
    "signs": 2 * C - 1,
    "a column of signs": 2.0 * C[:, None] - 1.0,
    "text": C.astype(str),
    "one-hot rows": ROWS,
    "rows of signs": 2 * ROWS - 1,
    "labels": np.stack([C, X[:, 1] > 0], axis=1).astype(float),
    "probabilities": 0.8 * ROWS + 0.1,
    "numbers": X[:, 0] - 0.5 * X[:, 1],
    "rows of numbers": 3.0 * X + 40.0,
    "large numbers": 1e4 * (X[:, 0] + 5.0),
    "three classes": np.digitize(X[:, 0], [-0.5, 0.5]),
    "one class": np.ones(80, dtype=int),
    "another class": np.zeros((80, 1)),
    "missing": np.where(C > 0, np.nan, 0.0),
    "too few": C[:40],
    "a row": C[None, :],
}


def combinations():
    """Every output activation and loss with every form, for one output and two."""
    return itertools.product(FORMS, (1, 2), ACTIVATIONS, LOSSES)


def read(form, outputs, activation, loss):
    return Task.read(nn.MLP(2, [3, outputs], output=activation), X, FORMS[form], loss)


def readable(form, outputs, activation, loss):
    try:
        read(form, outputs, activation, loss)
    except (TypeError, ValueError) as error:
        return "\n" in str(error)
    return True


@pytest.mark.parametrize("every", shortened([3, 1], 1))
def test_what_is_not_refused_can_be_learnt(every):
    """Each loss and form on the activations that reach it; the metric says so, and never from the start."""
    learnt = 0
    for form, outputs, activation, loss in [*combinations()][::every]:
        if activation not in ("identity", "relu", "sigmoid", "tanh") or loss == "half_mse":
            continue
        if (form.endswith("class") and loss == "mse") or not readable(form, outputs, activation, loss):
            continue  # a constant number has nothing to explain
        model = nn.MLP(2, [8, outputs], output=activation, activation="tanh", seed=2)
        history = nn.fit(model, X, FORMS[form], loss=loss, epochs=50, batch_size=10, progress=False)
        *_, (metric, reached) = [(k, v) for k, v in history[-1].items() if k not in ("epoch", "loss")]
        assert reached > 0.8, (form, outputs, activation, loss, metric, reached)
        assert history[0]["loss"] > history[-1]["loss"] >= 0.0
        learnt += 1
    assert learnt > 50 // every


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_refused_for_its_outputs(loss):
    """Softmax over one output, and scores squeezed by an activation, whatever the targets."""
    for form, outputs, activation, other in combinations():
        if other != loss:
            continue
        squeezed = activation not in ("identity", "leaky_relu") and loss in ("cross_entropy", "binary_cross_entropy")
        if squeezed or (loss == "cross_entropy" and outputs == 1):
            assert not readable(form, outputs, activation, loss), (form, outputs, activation)


@pytest.mark.parametrize("form", ["text", "missing", "too few", "a row"])
def test_what_is_refused_for_its_targets(form):
    for outputs, activation, loss in itertools.product((1, 2), ACTIVATIONS, LOSSES):
        assert not readable(form, outputs, activation, loss)


@pytest.mark.parametrize(("T", "outputs"), [(C[:, None], 1), (np.zeros(80, dtype=int), 1), (C, 1), (np.ones(80), 2)])
@pytest.mark.parametrize("lifted", [True, False])
def test_no_network_is_perfect_before_it_has_learnt(T, outputs, lifted):
    with pytest.raises(ValueError, match=r"'cross_entropy' is 0 over one output|are the same \(class 1\)"):
        nn.fit(nn.MLP(2, [4, outputs]), X, T, epochs=2, lifted=lifted, progress=False)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("lifted", [True, False])
def test_samples_that_are_not_finite_have_a_place(bad, lifted):
    spoilt = X.copy()
    spoilt[7, 1] = bad
    for model in (nn.MLP(2, [3, 2]), nn.Layer(2, 2)):
        with pytest.raises(ValueError, match=rf"X\[7, 1\] \(row 7, column 1\) is {bad}: leave that sample out"):
            nn.fit(model, spoilt, C, epochs=1, lifted=lifted, progress=False)
        with pytest.raises(ValueError, match=rf"validation X\[7, 1\] \(row 7, column 1\) is {bad}"):
            nn.fit(model, X, C, epochs=1, validation=(spoilt, C), lifted=lifted, progress=False)
    for look in (nn.predict, lambda m, x: nn.accuracy(m, x, C)):
        with pytest.raises(ValueError, match=r"X\[7, 1\]"):
            look(nn.MLP(2, [3, 2]), spoilt)


@pytest.mark.parametrize(
    ("validation", "error", "message"),
    [
        (0.001, ValueError, "validation=0.001 of 80 samples leaves none to validate on"),
        (0.999, ValueError, "validation=0.999 of 80 samples leaves none to train on"),
        (-0.1, ValueError, "validation=-0.1 is a fraction"),
        (1, ValueError, "validation=1 is a fraction"),
        (np.nan, ValueError, "validation=nan is a fraction"),
        (True, TypeError, r"validation=True: pass a fraction of the samples, such as 0.2, or a pair \(X, T\)"),
        ("0.2", TypeError, "validation='0.2': pass a fraction"),
        (None, TypeError, "validation=None: pass a fraction"),
        ((X, C, C), TypeError, "validation=a tuple of 3: pass a fraction"),
        ((X, C[:3]), ValueError, "validation T: there must be as many targets as samples, .* got 80 and 3"),
        ((X[:0], C[:0]), ValueError, "validation T: .* at least one; got 0 and 0"),
        ((X[:, :1], C), ValueError, r"takes samples of 2 numbers; got validation X \(80, 1\)"),
        ((X, C.astype(str)), TypeError, r"validation T\[0\] is the text"),
        ((X, C + 1), ValueError, "class 2 at .* is outside the network's 2 outputs"),
    ],
)
def test_validation_that_cannot_be(validation, error, message):
    with pytest.raises(error, match=message):
        Task.read(nn.MLP(2, [3, 2]), X, C, validation=validation)


def test_validation_targets_are_what_the_loss_means():
    with pytest.raises(ValueError, match=r"loss='hinge' takes targets of -1 and 1; got 0 at .* Pass 2 \* T - 1"):
        Task.read(nn.MLP(2, [3, 1]), X, 2 * C - 1, "hinge", validation=(X, C))
    task = Task.read(nn.MLP(2, [3, 1]), X, 2 * C - 1, "hinge", validation=[X[:5], (2 * C - 1)[:5].tolist()])
    assert len(task.held[1]) == 5


def test_a_split_takes_pairs_apart_and_keeps_them_together():
    task = Task.read(nn.MLP(2, [3, 1]), X, X[:, 0], "mse", validation=0.25)
    assert (len(task.X), len(task.held[0])) == (60, 20)
    for x, targets in ((task.X, task.targets), task.held):
        np.testing.assert_array_equal(x[:, 0], targets.values)


def test_scaling_is_of_what_is_trained_on():
    task = Task.read(nn.MLP(2, [3, 2]), ROUGH, C, validation=0.25)
    np.testing.assert_allclose(task.X.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(task.X.std(axis=0), 1.0)
    assert abs(task.held[0].mean()) > 1e-6
    np.testing.assert_allclose(task.scaling.inputs.undo(np.concatenate([task.X, task.held[0]])).sum(), ROUGH.sum())


@pytest.mark.parametrize(
    ("loss", "T", "output", "targets"),
    [
        ("mse", X[:, 0], "identity", None),
        ("mse", X[:, 0] * 100, "identity", True),
        ("half_mse", X[:, 0] + 100, "identity", True),
        ("mse", np.abs(X[:, 0]) * 100, "relu", False),
        ("mse", C, "sigmoid", None),
        ("hinge", 2 * C - 1, "identity", None),
    ],
)
def test_targets_of_squared_errors_are_standardised_where_they_are_not(loss, T, output, targets):
    """Shifted where the output is the whole line; only scaled where it has a lowest number."""
    scaling = Task.read(nn.MLP(2, [3, 1], output=output), X, T, loss).scaling
    assert scaling.inputs is None
    assert (scaling.targets is None) == (targets is None)
    if targets is not None:
        assert (scaling.targets.mean[0] != 0.0) is targets


@pytest.mark.parametrize(("standardise", "x", "scaled"), [
    (None, ROUGH, True), (None, X, False), (True, X, True), (True, ROUGH, True), (False, ROUGH, False),
])  # fmt: skip
def test_standardise_as_asked(standardise, x, scaled):
    task = Task.read(nn.MLP(2, [3, 2]), x, C, standardise=standardise)
    assert (task.scaling.inputs is not None) is scaled
    assert ("inputs standardised" in " ".join(task.said)) is scaled


def test_what_a_network_has_it_keeps():
    model = nn.MLP(2, [3, 2])
    model.scaling = Scaling(Standard((1.0, 2.0), (3.0, 4.0)))
    task = Task.read(model, ROUGH * 9, C)
    assert task.scaling == model.scaling
    assert task.said == ("inputs standardised as in the network's earlier training",)
    with pytest.raises(ValueError, match="the network standardises its inputs since it was trained so"):
        Task.read(model, X, C, standardise=False)
    model.scaling = Scaling()
    assert Task.read(model, ROUGH, C).scaling == Scaling()
    assert "stay so: the network's weights are for such; standardise=True" in Task.read(model, ROUGH, C).said[0]
    assert Task.read(model, ROUGH, C, standardise=True).scaling.inputs is not None


@pytest.mark.parametrize(("loss", "T"), [("hinge", 2 * C - 1), ("binary_cross_entropy", C)])
def test_a_network_in_the_units_of_numbers_gives_no_scores(loss, T):
    model = nn.MLP(2, [3, 1])
    nn.fit(model, X, 100.0 * X[:, 0], loss="mse", epochs=1, progress=False)
    with pytest.raises(
        ValueError, match=f"in the units of the numbers that it was trained on; make a new one for loss='{loss}'"
    ):
        Task.read(model, X, T, loss)
    Task.read(model, X, 3.0 * X[:, 0], "half_mse")


def test_a_module_of_ones_own_takes_inputs_as_they_are_and_this_is_said():
    assert "stay so: a model of its own kind takes them so" in Task.read(nn.Layer(2, 2), ROUGH, C).said[0]
    assert Task.read(nn.Layer(2, 2), X, C).said == ()
    with pytest.raises(ValueError, match=r"Layer does not standardise; pass it Standard.of\(X\).apply\(X\)"):
        Task.read(nn.Layer(2, 2), ROUGH, C, standardise=True)


def test_frames_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"], index=np.arange(80)[::-1])
    task = Task.read(nn.MLP(2, [3, 2]), frame, pandas.Series(C, index=np.arange(80)), validation=0.25)
    want = Task.read(nn.MLP(2, [3, 2]), X, C, validation=0.25)
    np.testing.assert_array_equal(task.X, want.X)
    np.testing.assert_array_equal(task.targets.values, want.targets.values)


def test_one_input_may_be_a_flat_row():
    task = Task.read(nn.MLP(1, [3, 1]), np.linspace(0, 1, 9), np.linspace(0, 1, 9), "mse")
    assert task.X.shape == (9, 1)
