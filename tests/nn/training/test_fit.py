"""Training: the two steps agree, interruption and resumption are exact, and failures say where."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from engine import Value
from nn.training import fit as train
from nn.training.checkpoint import CheckpointError, load_checkpoint
from nn.training.epochs import TrainingError


def data(n=60, seed=0):
    return nn.moons(n, noise=0.1, seed=seed)


def network(seed=1):
    return nn.MLP(2, [8, 1], activation="tanh", seed=seed)


QUIET = {"progress": False, "loss": "hinge", "batch_size": 16}


def state(model):
    return np.array([v.data for v in model.parameters()])


def test_lifted_and_eager_training_agree():
    X, T = data()
    a, b = network(), network()
    ha = nn.fit(a, X, T, epochs=3, strength=0.01, **QUIET)
    hb = nn.fit(b, X, T, epochs=3, strength=0.01, lifted=False, **QUIET)
    np.testing.assert_allclose(state(a), state(b), rtol=1e-11, atol=1e-13)
    assert [r["loss"] for r in ha] == pytest.approx([r["loss"] for r in hb], rel=1e-12)


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    X, T = data()
    models = [network() for _ in range(3)]
    for model, seed in zip(models, (5, 5, 6)):
        nn.fit(model, X, T, epochs=2, seed=seed, **QUIET)
    assert (state(models[0]) == state(models[1])).all()
    assert not (state(models[0]) == state(models[2])).all()


@pytest.mark.parametrize("make", [lambda: nn.Adam(lr=0.01), lambda: nn.SGD(lr=0.05, momentum=0.9), nn.AdamW])
@pytest.mark.parametrize("lifted", [True, False])
def test_an_interrupted_run_resumed_gives_the_same_bits(tmp_path, make, lifted):
    X, T = data()
    whole, halves = network(), network()
    nn.fit(whole, X, T, epochs=6, optimizer=make(), lifted=lifted, **QUIET)
    path = tmp_path / "checkpoint"
    nn.fit(halves, X, T, epochs=3, optimizer=make(), checkpoint=path, lifted=lifted, **QUIET)
    resumed = network(seed=99)
    history = nn.fit(resumed, X, T, epochs=6, optimizer=make(), checkpoint=path, resume=True, lifted=lifted, **QUIET)
    assert (state(whole) == state(resumed)).all()
    assert [r["epoch"] for r in history] == [1, 2, 3, 4, 5, 6]


def test_an_interrupt_leaves_a_usable_checkpoint(tmp_path, monkeypatch):
    X, T = data()
    whole, model = network(), network()
    nn.fit(whole, X, T, epochs=5, optimizer=nn.Adam(lr=0.01), **QUIET)
    path = tmp_path / "checkpoint"
    make, calls = train.lifted_step, []

    def interrupted(*arguments):
        step = make(*arguments)

        def one(*given):
            calls.append(1)
            if len(calls) == 11:  # in the middle of the third epoch of four steps
                raise KeyboardInterrupt
            return step(*given)

        return one

    monkeypatch.setattr(train, "lifted_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, X, T, epochs=5, optimizer=nn.Adam(lr=0.01), checkpoint=path, **QUIET)
    monkeypatch.setattr(train, "lifted_step", make)
    resumed = network(seed=3)
    nn.fit(resumed, X, T, epochs=5, optimizer=nn.Adam(lr=0.01), checkpoint=path, resume=True, **QUIET)
    assert (state(whole) == state(resumed)).all()


def test_a_checkpoint_exists_before_the_first_epoch_ends(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "lifted_step", lambda *_: stop)
    path = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        nn.fit(network(), *data(), epochs=1, checkpoint=path, **QUIET)
    theta, _, epoch, history = load_checkpoint(path, len(network().parameters()), nn.Adam())
    assert (epoch, history, len(theta)) == (0, [], 33)


def test_checkpoints_that_do_not_fit(tmp_path):
    path = tmp_path / "checkpoint"
    X, T = data()
    nn.fit(network(), X, T, epochs=1, checkpoint=path, **QUIET)
    with pytest.raises(CheckpointError, match="was made with Adam, not SGD"):
        nn.fit(network(), X, T, epochs=2, checkpoint=path, resume=True, optimizer=nn.SGD(), **QUIET)
    with pytest.raises(CheckpointError, match="holds 33 parameters; the network has 9"):
        nn.fit(nn.MLP(2, [2, 1]), X, T, epochs=2, checkpoint=path, resume=True, **QUIET)
    path.write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="is no readable checkpoint"):
        nn.fit(network(), X, T, epochs=2, checkpoint=path, resume=True, **QUIET)


def test_early_stopping_takes_back_the_best_parameters():
    X, T = data()
    model = network()
    history = nn.fit(
        model, X, T, epochs=400, validation=data(40, seed=9), patience=5, optimizer=nn.SGD(lr=1.5), **QUIET
    )
    assert len(history) < 400
    losses = [r["val_loss"] for r in history]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 5
    assert nn.evaluate(model, *data(40, seed=9), "hinge") == pytest.approx(losses[best], rel=1e-12)


@pytest.mark.parametrize("beyond_the_best", [0, 2, 5])
def test_early_stopping_resumed_takes_back_the_same_bits(tmp_path, beyond_the_best):
    X, T = data()
    options = QUIET | {"validation": data(40, seed=9), "patience": 5}
    whole, part, resumed = network(), network(), network(seed=7)
    history = nn.fit(whole, X, T, epochs=400, optimizer=nn.SGD(lr=1.5), **options)
    cut = int(np.argmin([r["val_loss"] for r in history])) + 1 + beyond_the_best
    path = tmp_path / "checkpoint"
    nn.fit(part, X, T, epochs=cut, optimizer=nn.SGD(lr=1.5), checkpoint=path, **options)
    again = nn.fit(resumed, X, T, epochs=400, optimizer=nn.SGD(lr=1.5), checkpoint=path, resume=True, **options)
    assert (state(whole) == state(resumed)).all()
    assert again == history


def test_a_validation_split_is_held_out():
    X, T = data(50)
    history = nn.fit(network(), X, T, epochs=1, validation=0.2, **QUIET)
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history[0])
    with pytest.raises(ValueError, match=r"validation=1.5 is a fraction"):
        nn.fit(network(), X, T, validation=1.5, **QUIET)


def test_a_loss_that_is_no_number_stops_with_step_and_learning_rate():
    X, T = data()
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) at step \d+ \(epoch \d+\), learning rate 1e\+200"):
        nn.fit(
            nn.MLP(2, [8, 1], seed=1),
            X,
            T,
            loss="mse",
            epochs=9,
            optimizer=nn.SGD(lr=1e200),
            batch_size=16,
            progress=False,
        )


def test_what_is_refused():
    X, T = data()
    with pytest.raises(ValueError, match="as many targets as samples, and at least one; got 60 and 3"):
        nn.fit(network(), X, T[:3], **QUIET)
    with pytest.raises(ValueError, match="at least one; got 0 and 0"):
        nn.fit(network(), X[:0], T[:0], **QUIET)
    for size in (0, -1):
        with pytest.raises(ValueError, match=r"batch_size \(the samples of a step\) must be .* of at least 1; got"):
            nn.fit(network(), X, T, **(QUIET | {"batch_size": size}))
    with pytest.raises(ValueError, match="metric 'f1' is not known"):
        nn.fit(network(), X, T, epochs=1, metrics=["f1"], **QUIET)


def test_accuracy_for_each_kind_of_target():
    model = nn.MLP(1, [1])
    model.load_state_dict({"layers.0.W": np.ones((1, 1)), "layers.0.b": np.zeros(1)})
    X = np.array([[1.0], [-1.0], [0.2]])
    assert nn.accuracy(model, X, np.array([1.0, -1.0, -1.0]), "hinge") == pytest.approx(2 / 3)
    assert nn.accuracy(model, X, np.array([1.0, 0.0, 1.0]), "binary_cross_entropy") == 1.0
    assert nn.accuracy(model, X, np.array([1.0, 0.0, 1.0]), "mse") == pytest.approx(2 / 3)
    two = nn.MLP(1, [2])
    two.load_state_dict({"layers.0.W": np.array([[1.0, -1.0]]), "layers.0.b": np.zeros(2)})
    assert nn.accuracy(two, X, np.array([0, 1, 1])) == pytest.approx(2 / 3)
    assert nn.accuracy(two, X, np.eye(2)[[0, 1, 0]]) == 1.0


class Squared(nn.Module):
    """Something that is no MLP."""

    def __init__(self):
        self.w = Value(0.5, "w")

    def __call__(self, x):
        return [self.w * x[0] * x[0]]


def test_any_module_trains():
    X = np.linspace(-1, 1, 20)[:, None]
    model = Squared()
    nn.fit(model, X, 3 * X[:, 0] ** 2, loss="mse", epochs=200, optimizer=nn.SGD(lr=0.5), progress=False, metrics=())
    assert model.w.data == pytest.approx(3.0, abs=1e-6)
    assert nn.predict(model, np.array([[2.0]])) == pytest.approx(np.array([[12.0]]), abs=1e-4)


def test_microgrands_demo_reaches_every_training_sample():
    """100 moons, 2-16-16-1, hinge loss, L2: micrograd's own demo."""
    X, T = nn.moons(100, noise=0.1, seed=1337)
    model = nn.MLP(2, [16, 16, 1], init="uniform", seed=1337)
    schedule = nn.optim.linear(1.0, 100, 0.1)
    nn.fit(
        model,
        X,
        T,
        loss="hinge",
        epochs=100,
        batch_size=100,
        strength=2e-4,
        optimizer=nn.SGD(lr=schedule),
        progress=False,
    )
    assert nn.accuracy(model, X, T, "hinge") == 1.0


# --- the best weights come back ------------------------------------------------------------------------------------


def overfitting(restore=True, epochs=60, **how):
    """Few samples and a large learning rate: the validation loss rises again."""
    X, T = data(24)
    model, lines = network(), []
    options = {"loss": "hinge", "batch_size": 8, "optimizer": nn.SGD(lr=1.5), "report": lines.append} | how
    history = nn.fit(model, X, T, epochs=epochs, validation=data(40, seed=9), restore_best=restore, **options)
    return model, history, lines


@pytest.mark.parametrize("lifted", [True, False])
def test_with_validation_the_best_weights_come_back_and_this_is_said(lifted):
    model, history, lines = overfitting(lifted=lifted, epochs=20)
    losses = [record["val_loss"] for record in history]
    best = int(np.argmin(losses))
    assert best + 1 < len(history) == 20
    assert nn.evaluate(model, *data(40, seed=9), "hinge") == pytest.approx(losses[best], rel=1e-12)
    assert (
        lines[-1]
        == history.said[-1]
        == f"the weights of epoch {best + 1} come back: val_loss {losses[best]:.4g}, the lowest"
    )


def test_without_being_asked_for_they_stay_as_they_are():
    model, history, lines = overfitting(restore=False)
    assert nn.evaluate(model, *data(40, seed=9), "hinge") == pytest.approx(history[-1]["val_loss"], rel=1e-12)
    assert not any("come back" in line for line in lines)


def test_without_validation_nothing_comes_back():
    X, T = data(24)
    model, other = network(), network()
    for m, restore in ((model, True), (other, False)):
        nn.fit(m, X, T, epochs=10, optimizer=nn.SGD(lr=1.5), restore_best=restore, **QUIET)
    assert (state(model) == state(other)).all()


@pytest.mark.parametrize("cut", [3, 20, 59])
def test_what_is_resumed_goes_on_from_the_last_weights_and_ends_with_the_best(tmp_path, cut):
    whole, history, _ = overfitting()
    path = tmp_path / "checkpoint"
    overfitting(epochs=cut, checkpoint=path)
    resumed, again, _ = overfitting(checkpoint=path, resume=True)
    assert again == history
    assert (state(resumed) == state(whole)).all()


def test_an_interrupt_leaves_the_latest_weights():
    """Whoever is told of an epoch sees its weights in the Values, and they stay as they are."""
    seen, model = [], network()

    def stop(line):
        seen.append(state(model))
        if len(seen) == 20:
            raise KeyboardInterrupt

    how = {"optimizer": nn.SGD(lr=1.5), "loss": "hinge", "batch_size": 16, "report": stop}
    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, *data(24), epochs=60, validation=data(40, seed=9), **how)
    assert (state(model) == seen[-1]).all()
    assert len({tuple(weights) for weights in seen}) == 20


# --- numbers that are none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["samples", "targets"])
@pytest.mark.parametrize("patience", [None, 5])
def test_what_is_no_number_in_validation_is_an_error_before_training(bad, where, patience):
    X = data()[0]
    held, targets = X[:10].copy(), X[:10, 0].copy()
    (held[:, 1] if where == "samples" else targets)[3] = bad
    model = network()
    before = state(model)
    name = r"X\[3, 1\] \(row 3, column 1\)" if where == "samples" else r"T\[3\]"
    with pytest.raises(ValueError, match=rf"validation {name} is {bad}: leave that sample out, or fill the number in"):
        nn.fit(model, X, X[:, 0], loss="mse", epochs=3, validation=(held, targets), patience=patience, progress=False)
    assert (state(model) == before).all()


@pytest.mark.parametrize(
    "how", [{}, {"metrics": ()}, {"metrics": (), "validation": 0.2}, {"validation": 0.2, "patience": 3}]
)
@pytest.mark.parametrize("lifted", [True, False])
def test_a_training_that_diverges_ends_with_an_error_and_no_warning(how, lifted):
    for epochs in (1, 2, 3)["metrics" in how and len(how) == 1 :]:  # after one step nobody has looked yet
        with pytest.raises(TrainingError, match=r"learning rate") as caught:
            X, T = data()
            options = QUIET | {"loss": "mse", "batch_size": 60, "lifted": lifted} | how
            nn.fit(
                nn.MLP(2, [8, 1], seed=1),
                X * 1e3,
                T * 1e3,
                epochs=epochs,
                standardise=False,
                optimizer=nn.SGD(1e160),
                **options,
            )
        assert "\n" not in str(caught.value)


# --- standardising --------------------------------------------------------------------------------------------------


def rough(n=60):
    """The moons in other units, and a number to explain."""
    X, T = data(n)
    return X * [1.0, 2000.0] + [50.0, 0.0], T


def test_what_is_standardised_trains_as_if_it_had_been_before():
    X, T = rough()
    model, other = network(), network()
    history = nn.fit(model, X, T, epochs=3, **QUIET)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    want = nn.fit(other, Z, T, epochs=3, **QUIET)
    assert (state(model) == state(other)).all()
    assert history == want
    np.testing.assert_allclose(nn.predict(model, X), nn.predict(other, Z), rtol=1e-12)


@pytest.mark.parametrize("strength", [0.0, 0.3])
@pytest.mark.parametrize("lifted", [True, False])
def test_losses_are_in_the_units_of_the_targets(strength, lifted):
    """The loss before the first step is the loss of the network that standardises, regularisation included."""
    X, _ = rough()
    model = network()
    T = 500.0 + X[:, 1]
    options = {"strength": strength, "lifted": lifted, "optimizer": nn.SGD(lr=1e-300), "validation": (X, T)}
    history = nn.fit(model, X, T, loss="mse", epochs=1, batch_size=60, progress=False, **options)
    want = nn.mean_loss(model, X, T, "mse", strength).data
    assert history[0]["loss"] == pytest.approx(want, rel=1e-9)
    assert history[0]["val_loss"] == pytest.approx(nn.evaluate(model, X, T, "mse"), rel=1e-9)
    assert history[0]["r2"] == pytest.approx(nn.r2(model, X, T), rel=1e-9)


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize("loss", ["hinge", "mse"])
def test_what_is_resumed_standardises_by_what_it_began_with(tmp_path, cut, loss):
    X, T = rough()
    T = T if loss == "hinge" else X[:, 1]
    options = QUIET | {"loss": loss, "validation": 0.2}
    whole, part, resumed = network(), network(), network(seed=7)
    history = nn.fit(whole, X, T, epochs=5, **options)
    path = tmp_path / "checkpoint"
    nn.fit(part, X, T, epochs=cut, checkpoint=path, **options)
    again = nn.fit(resumed, X, T, epochs=5, checkpoint=path, resume=True, **options)
    assert again == history
    assert (state(resumed) == state(whole)).all()
    assert resumed.scaling == whole.scaling == part.scaling
    np.testing.assert_array_equal(nn.predict(resumed, X), nn.predict(whole, X))


def test_training_further_keeps_the_scaling_and_goes_on_where_it_was():
    X, T = rough()
    model = network()
    nn.fit(model, X, T, epochs=30, **QUIET)
    before, scaling = nn.evaluate(model, X, T, "hinge"), model.scaling
    history = nn.fit(model, X[:40] * 1.1, T[:40], epochs=1, optimizer=nn.SGD(lr=1e-9), **QUIET)
    assert model.scaling == scaling
    assert history.said == ["inputs standardised as in the network's earlier training"]
    assert nn.evaluate(model, X, T, "hinge") == pytest.approx(before, rel=1e-6)


def test_what_is_said_of_standardising_is_said_before_the_first_epoch():
    X, T = rough()
    lines = []
    nn.fit(network(), X, T, loss="hinge", epochs=1, report=lines.append)
    assert lines[0] == "inputs standardised: each of 2 columns to mean 0 and deviation 1, kept with the network"
    assert lines[1].startswith("epoch 1/1")


# --- metrics --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "T", "outputs", "metric"),
    [
        ("cross_entropy", lambda X: (X[:, 0] > 0).astype(int), 2, "accuracy"),
        ("hinge", lambda X: np.sign(X[:, 0]), 1, "accuracy"),
        ("binary_cross_entropy", lambda X: (X > 0).astype(float), 2, "label_accuracy"),
        ("binary_cross_entropy", lambda X: np.eye(2)[(X[:, 0] > 0).astype(int)], 2, "accuracy"),
        ("mse", lambda X: X, 2, "r2"),
    ],
)
@pytest.mark.parametrize("lifted", [True, False])
def test_metrics_are_those_of_the_functions_of_their_names(loss, T, outputs, metric, lifted):
    X, _ = data(40)
    model = nn.MLP(2, [4, outputs], seed=1)
    options = {
        "loss": loss,
        "epochs": 3,
        "validation": 0.25,
        "restore_best": False,
        "progress": False,
        "lifted": lifted,
    }
    history = nn.fit(model, X, T(X), **options)
    order = np.random.default_rng([0, 2**31]).permutation(40)
    for prefix, rows in (("val_", order[:10]), ("", order[10:])):
        given = (model, X[rows], T(X)[rows], *([] if metric == "r2" else [loss]))
        assert history[-1][prefix + metric] == pytest.approx(getattr(nn, metric)(*given), rel=1e-12)
    assert history[-1]["val_loss"] == pytest.approx(
        nn.evaluate(model, X[order[:10]], T(X)[order[:10]], loss), rel=1e-12
    )


def test_columns_of_a_frame_are_those_of_the_training_in_their_order():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(rng.normal(size=(20, 2)), columns=["age", "height"])
    model, t = nn.MLP(2, [2]), np.arange(20) % 2
    nn.fit(model, frame, t, epochs=1, validation=(frame, t), progress=False)
    turned, other = frame[["height", "age"]], frame.rename(columns={"height": "size"})
    how = {"epochs": 1, "progress": False}
    for call in (
        lambda X: nn.predict(model, X),
        lambda X: nn.accuracy(model, X, t),
        lambda X: nn.evaluate(model, X, t, "cross_entropy"),
        lambda X: nn.fit(model, X, t, **how),
        lambda X: nn.fit(nn.MLP(2, [2]), frame, t, validation=(X, t), **how),
    ):
        with pytest.raises(ValueError, match=r"column 0 of .*X is 'height', in training it was 'age': pass .*'age', "):
            call(turned)
        with pytest.raises(ValueError, match=r"column 1 of .*X is 'size', in training it was 'height': pass the same"):
            call(other)
        call(frame)
        call(frame.to_numpy())
        call(pandas.DataFrame(frame.to_numpy()))
    nn.predict(nn.MLP(2, [2]), turned)
    state = model.state_dict()
    model.load_state_dict(state)  # somebody else's, for all it knows
    nn.predict(model, turned)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_training_of_which_nothing_is_left_says_so(tmp_path, epochs):
    how = {"loss": "hinge", "checkpoint": tmp_path / "c", "resume": True, "progress": False}
    nn.fit(nn.MLP(2, [2, 1]), *nn.moons(20), epochs=2, **how)
    said = nn.fit(nn.MLP(2, [2, 1]), *nn.moons(20), epochs=epochs, **how).said
    left = [] if epochs > 2 else [f"the checkpoint has made 2 epochs, so nothing is left to do for epochs={epochs}"]
    assert said == left
