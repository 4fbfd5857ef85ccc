"""The estimators are scikit-learn's: its own checks pass, and its own data are learnt."""

from __future__ import annotations

import importlib
import pickle
import sys

import numpy as np
import pytest
from long_run import shortened

import nn
from engine import MissingExtraError

datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn: pip install 'liftgrad[sklearn]'")
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [nn.MLPClassifier, nn.MLPRegressor])
def test_scikit_learns_own_checks(kind):
    results = check_estimator(kind(hidden_layer_sizes=(16,), learning_rate_init=0.01, max_iter=50), on_fail=None)
    assert [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"] == []
    assert sum(r["status"] == "passed" for r in results) > 40
    assert [r["check_name"] for r in results if r["status"] not in ("passed", "failed")] in (
        [],
        ["check_array_api_input"],
    )


@pytest.mark.parametrize("load", shortened([datasets.load_wine, datasets.load_breast_cancer], 1))
def test_classes_of_real_data(load):
    X, y = load(return_X_y=True)
    assert cross_val_score(nn.MLPClassifier(random_state=0), X, y, cv=3).mean() >= 0.95
    X_train, T_train, X_test, T_test = nn.split(X, y, 0.25, seed=1)
    model = nn.MLP(X.shape[1], [16, int(y.max()) + 1])
    history = nn.fit(model, X_train, T_train, epochs=20, progress=False)
    assert "inputs standardised" in history.said[0]
    assert nn.accuracy(model, X_test, T_test) >= 0.95


def test_numbers_of_real_data():
    X, y = datasets.load_diabetes(return_X_y=True)
    X_train, T_train, X_test, T_test = nn.split(X, y, 0.25, seed=1)
    model = nn.MLP(10, [8, 1])
    history = nn.fit(model, X_train, T_train, loss="mse", epochs=20, progress=False)
    assert ["standardised" in sentence for sentence in history.said] == [True, True]
    assert nn.r2(model, X_test, T_test) >= 0.4
    assert history[-1]["loss"] == pytest.approx(nn.evaluate(model, X_train, T_train, "mse"), rel=0.1)
    estimator = nn.MLPRegressor(random_state=1).fit(X_train, T_train)
    assert estimator.score(X_test, T_test) >= 0.4


def test_labels_of_every_kind():
    X, y = datasets.load_iris(return_X_y=True)
    for labels in (np.array(["a", "b", "c"])[y], y * 10 - 5, y.astype(float), y == 1):
        model = nn.MLPClassifier(random_state=0).fit(X, labels)
        assert model.score(X, labels) > 0.9
        assert list(model.classes_) == sorted(set(labels.tolist()))
        p = model.predict_proba(X)
        np.testing.assert_allclose(p.sum(axis=1), 1.0)
        np.testing.assert_allclose(np.log(p), model.predict_log_proba(X), atol=1e-9)
        assert (model.classes_[p.argmax(axis=1)] == model.predict(X)).all()


def test_frames_keep_their_columns_names():
    X, y = datasets.load_iris(return_X_y=True, as_frame=True)
    model = nn.MLPClassifier(random_state=0, max_iter=5).fit(X, y)
    assert list(model.feature_names_in_) == list(X.columns)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[X.columns[::-1]])


def test_several_numbers_a_sample():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)) * [1.0, 100.0, 1.0]
    Y = np.stack([X[:, 0], 5.0 * X[:, 2] + 30.0], axis=1)
    model = nn.MLPRegressor(random_state=0).fit(X, Y)
    assert model.predict(X).shape == (200, 2)
    assert model.score(X, Y) > 0.95
    assert nn.MLPRegressor(random_state=0, max_iter=5).fit(X, Y[:, 0]).predict(X).shape == (200,)


def test_in_pipelines_searches_and_pickles():
    X, y = datasets.load_iris(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    search = GridSearchCV(
        nn.MLPClassifier(random_state=0, learning_rate_init=0.02), {"hidden_layer_sizes": [(4,), (8, 8)]}, cv=3
    )
    pipeline = make_pipeline(StandardScaler(), search).fit(X_train, y_train)
    assert pipeline.score(X_test, y_test) > 0.9
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict_proba(X_test), pipeline.predict_proba(X_test))


def test_early_stopping_and_what_is_kept():
    X, y = datasets.load_breast_cancer(return_X_y=True)
    model = nn.MLPClassifier(early_stopping=True, n_iter_no_change=3, learning_rate_init=0.02, random_state=0).fit(X, y)
    assert model.n_iter_ < 200
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_)
    assert "val_loss" in model.history_[0]
    assert [w.shape for w in model.coefs_] == [(30, 100), (100, 2)]
    assert [b.shape for b in model.intercepts_] == [(100,), (2,)]
    assert isinstance(model.model_, nn.MLP)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "lbfgs"}, "solver='lbfgs' is not known; use 'adam' or 'sgd'"),
        ({"activation": "swish"}, "activation='swish' is not known"),
        ({"alpha": -1.0}, "alpha must be a number of at least 0; got -1.0"),
        ({"early_stopping": "yes"}, "early_stopping must be True or False"),
        ({"early_stopping": 1}, "early_stopping must be True or False"),
        ({"early_stopping": True, "validation_fraction": 1.5}, "validation_fraction must be .*; got 1.5"),
        ({"early_stopping": True, "validation_fraction": 0}, "validation_fraction must be .*; got 0"),
        ({"early_stopping": True}, "validation_fraction=0.1 of 2 samples leaves none to validate on"),
        ({"max_iter": 0.5}, r"epochs \(the passes over the data\) must be a whole number"),
        ({"hidden_layer_sizes": (3, "a")}, "neurons .* must be a whole number of at least 1; got 'a'"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        nn.MLPClassifier(**options).fit([[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("y", [["a", "b"], [1.0, "2"], np.array(["x", 3.0], dtype=object), [["a", 1], ["b", 2]]])
def test_names_are_no_numbers(y):
    with pytest.raises(ValueError, match=r"y holds the text '.*': pass numbers to a regressor; MLPClassifier takes"):
        nn.MLPRegressor().fit([[0.0], [1.0]], y)


@pytest.mark.parametrize("n", [(95, 5), (40, 40, 20), (97, 2, 1)])
def test_early_stopping_looks_at_samples_of_every_class_and_trains_on_each(monkeypatch, n):
    given = {}

    def fit(model, X, T, *, validation, **how):
        given.update(T=T, held=validation[1])
        return nn.fit(model, X, T, validation=validation, **how)

    monkeypatch.setattr(nn.training.estimators, "fit", fit)
    y = np.repeat(np.arange(len(n)), n)
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    how = {"early_stopping": True, "validation_fraction": 0.2, "max_iter": 2}
    for seed in range(3):
        nn.MLPClassifier(random_state=seed, **how).fit(X, y)
        assert [int((given["held"] == c).sum()) for c in range(len(n))] == [round(0.2 * k) for k in n]
        assert [int((given["T"] == c).sum()) for c in range(len(n))] == [k - round(0.2 * k) for k in n]
    nn.MLPRegressor(random_state=0, **how).fit(X, X[:, 0])
    assert len(given["held"]) == round(0.2 * len(y))


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="y holds one class, 3; a classifier needs samples of two or more"):
        nn.MLPClassifier().fit([[0.0], [1.0]], [3, 3])


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name == "sklearn" or name.startswith("sklearn.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "nn.training.estimators")
    monkeypatch.delattr(nn.training, "estimators", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'liftgrad\[sklearn\]'"):
        nn.MLPClassifier  # noqa: B018 - looked up when it is used
    monkeypatch.undo()
    importlib.import_module("nn.training.estimators")


def test_they_are_listed_and_nothing_else_is_found():
    assert {"MLPClassifier", "MLPRegressor"} <= set(dir(nn))
    with pytest.raises(AttributeError, match="module 'nn' has no attribute 'MLPTransformer'"):
        nn.MLPTransformer  # noqa: B018
