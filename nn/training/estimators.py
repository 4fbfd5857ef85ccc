"""scikit-learn's interface (extra ``sklearn``): a network of scalars, lifted, that fits where its estimators do.

>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True)
>>> MLPClassifier(random_state=0).fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine import MissingExtraError
from engine.arguments import listed, number, one_of, positive, truth, whole
from nn import matrix
from nn.matrix import ACTIVATIONS
from nn.neuron import MLP
from nn.optim import SGD, Adam, Optimizer
from nn.samples import Array
from nn.training.fit import fit
from nn.training.outputs import predict

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    raise MissingExtraError("The estimators need scikit-learn 1.6: pip install 'liftgrad[sklearn]'.") from None


SOLVERS: dict[str, Callable[..., Optimizer]] = {"adam": Adam, "sgd": partial(SGD, momentum=0.9, nesterov=True)}


class _Network(BaseEstimator):  # type: ignore[misc]
    """What both estimators do: an `MLP`, standardised where that is needed, trained by `nn.fit`."""

    _loss = ""

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.03,
        batch_size: int = 32,
        learning_rate_init: float = 1e-3,
        max_iter: int = 100,
        random_state: Any = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.verbose = verbose

    def _train(self, X: Array, T: Array, outputs: int, unit: float) -> None:
        one_of(self.solver, "solver", SOLVERS)
        truth(self.early_stopping, "early_stopping"), truth(self.verbose, "verbose")
        if isinstance(self.random_state, (int, np.integer)):
            whole(self.random_state, "random_state", least=0, most=2**32 - 1)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.model_ = self._network(X.shape[1], outputs, seed)
        X, T, validation = self._divided(X, T, seed)
        self.history_ = fit(
            self.model_,
            X,
            T,
            loss=self._loss,
            epochs=self.max_iter,
            batch_size=self.batch_size,
            optimizer=SOLVERS[self.solver](lr=positive(self.learning_rate_init, "learning_rate_init")),
            strength=number(self.alpha, "alpha", least=0.0) * unit,
            validation=validation,
            patience=self.n_iter_no_change if self.early_stopping else None,
            metrics=None if self.verbose else (),
            seed=seed,
            progress=None if self.verbose else False,
        )
        self.n_iter_ = len(self.history_)
        self.n_outputs_ = outputs
        self.loss_curve_ = [record["loss"] for record in self.history_]
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.inf

    def _network(self, n_inputs: int, outputs: int, seed: int) -> MLP:
        hidden = self.hidden_layer_sizes
        widths = [hidden] if isinstance(hidden, (int, np.integer)) else hidden
        sizes = [*listed(widths, "hidden_layer_sizes", "whole numbers, the neurons of every hidden layer"), outputs]
        activation = one_of(self.activation, "activation", ("logistic", *ACTIVATIONS))
        return MLP(n_inputs, sizes, activation="sigmoid" if activation == "logistic" else activation, seed=seed)

    def _divided(self, X: Array, T: Array, seed: int) -> tuple[Array, Array, Any]:
        """Return what is trained on, and what early stopping looks at: of every class the same part."""
        if not self.early_stopping:
            return X, T, 0.0
        part = number(self.validation_fraction, "validation_fraction", above=0.0, below=1.0)
        classes = T if self._loss == "cross_entropy" else np.zeros(len(T))
        order = np.random.default_rng([seed, 1]).permutation(len(T))
        rows = [order[classes[order] == c] for c in np.unique(classes)]
        held = np.concatenate([of_it[: min(round(part * len(of_it)), len(of_it) - 1)] for of_it in rows])
        if not len(held):
            raise ValueError(
                f"validation_fraction={part} of {len(T)} samples leaves none to validate on; use a larger one, or "
                "early_stopping=False."
            )
        trained = np.setdiff1d(order, held)
        return X[trained], T[trained], (X[held], T[held])

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self)
        return predict(self.model_, validate_data(self, X, dtype=np.float64, reset=False))

    @property
    def coefs_(self) -> list[Array]:
        """Weights of each layer, (inputs, neurons); the first layer's are for standardised inputs."""
        return [v for name, v in self.model_.arrays().items() if name.endswith(".W")]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases of each layer."""
        return [v for name, v in self.model_.arrays().items() if name.endswith(".b")]


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A classifier with scikit-learn's interface: one output per class, cross-entropy.

    Parameters
    ----------
    hidden_layer_sizes
        Neurons in each hidden layer.
    activation
        Of the hidden layers: a name from `nn.neuron.ACTIVATIONS`, or "logistic".
    solver
        "adam", or "sgd" with Nesterov's momentum of 0.9.
    alpha
        Strength of 0.5 * alpha * sum(W * W); for numbers, beside the squared error over their variance.
    batch_size, learning_rate_init, max_iter
        Samples a step, learning rate, passes over the data.
    random_state
        Of the weights and of the shuffling.
    early_stopping, validation_fraction, n_iter_no_change
        Whether to hold out a fraction of the samples, stop when its loss has not fallen for so many passes, and take
        the best weights.
    verbose
        Whether to print progress.

    Attributes
    ----------
    model_
        The `nn.MLP`, with its scaling.
    classes_
        The labels, in the order of the outputs.
    history_, loss_curve_, loss_, n_iter_
        What `nn.fit` returns, its losses, the last of them, passes made.
    n_outputs_, n_features_in_, coefs_, intercepts_
        As scikit-learn has them.

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> MLPClassifier(learning_rate_init=0.01, random_state=0).fit(X, y).predict([[-1.0], [4.0]]).tolist()
    ['low', 'high']
    """

    _loss = "cross_entropy"

    def fit(self, X: Any, y: Any) -> MLPClassifier:
        """Train on samples (N, D) and labels (N,).

        Raises
        ------
        ValueError
            If these are not finite numbers, as many labels as samples, of at least two classes.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, T = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds one class, {self.classes_.tolist()[0]!r}; a classifier needs samples of two or more."
            )
        self._train(X, T, len(self.classes_), unit=1.0)
        return self

    def predict(self, X: Any) -> Array:
        """Return the most probable label of every sample, (N,)."""
        scores = self._outputs(X)
        labels: Array = self.classes_[scores.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of every class, (N, C), in the order of ``classes_``."""
        return matrix.softmax(self._outputs(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithms of the probabilities, (N, C)."""
        scores = self._outputs(X)
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_p: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return log_p


class MLPRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A regressor with scikit-learn's interface: one output a target, squared error.

    Parameters and attributes are those of `MLPClassifier`, without ``classes_``.

    Examples
    --------
    >>> X = np.linspace(0.0, 100.0, 50)[:, None]
    >>> MLPRegressor(random_state=0).fit(X, 3.0 * X[:, 0] + 7.0).score(X, 3.0 * X[:, 0] + 7.0) > 0.9
    True
    """

    _loss = "mse"

    def fit(self, X: Any, y: Any) -> MLPRegressor:
        """Train on samples (N, D) and numbers (N,) or (N, C).

        Raises
        ------
        ValueError
            If these are not finite numbers, as many targets as samples.
        """
        _check_numbers(y)
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        self._flat = y.ndim == 1
        self._train(X, y, 1 if y.ndim == 1 else y.shape[1], unit=float(y.var(axis=0).mean()))
        return self

    def predict(self, X: Any) -> Array:
        """Return the numbers for every sample, (N,), or (N, C) if they were given so."""
        Y = self._outputs(X)
        return Y[:, 0] if self._flat else Y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _check_numbers(y: Any) -> None:
    """Refuse text among the targets of a regressor."""
    values = getattr(y, "values", y)
    if not isinstance(values, np.ndarray):
        values = np.asarray(values, dtype=object)  # what is ragged is said later
    texts = values.ravel().tolist() if values.dtype.kind in "OUS" else []
    text = next((v for v in texts if isinstance(v, (str, bytes))), None)
    if text is not None:
        raise ValueError(
            f"y holds the text {text!r}: pass numbers to a regressor; MLPClassifier takes names of classes."
        )
