"""Somebody's function of gradients, or of an update, called as its author calls it.

Arguments are told by the names that the author gives them; a function of three, of which one is called something else,
is given the parameters in a dictionary, samples and targets.

>>> own = Own.of((np.ones((3, 1)), 0.5), "coursera", 3)
>>> def propagate(w, b, X, Y):
...     return {"dw": X @ (w.T @ X + b - Y).T, "db": np.sum(w.T @ X + b - Y)}, 0.7
>>> calls = Calls(propagate, own)
>>> given = calls(matrix.from_rows(own.rows(), own.layout), np.ones((3, 4)), np.ones((1, 4)))
>>> given["layers.0.W"].ravel(), calls.cost
(array([10., 10., 10.]), 0.7)
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MethodType
from typing import Any, cast

import numpy as np

from engine.arguments import described
from nn import matrix
from nn.diagnosis.asked import answer
from nn.diagnosis.held import parameters_of
from nn.diagnosis.own import Own, Parameters
from nn.diagnosis.trials import CandidateError
from nn.samples import Array

ROLES = {  # what an argument is for, by what people call it
    "params": "params parameters param model theta_dict net",
    "X": "X x inputs input_vector train_X X_train X_batch x_train data a0 A0 features img image sample",
    "T": "T t Y y targets target target_vector labels label train_Y y_train Y_train y_batch",
    "batch": "mini_batch batch training_data",
    "rate": "lr learning_rate eta alpha rate step_size learningRate",
    "strength": "reg lambd lambda_ lmbda lam l2 reg_lambda Lambda lamda lamdb weight_decay reg_strength",
    "samples": "n m N n_data num_train n_samples num_samples",
    "weights": "weights Ws",
    "biases": "biases bs",
    "one": "num_iterations iterations n_iter num_iters n_iterations max_iter epochs n_epochs",
}
LISTED = {"weights": "W", "biases": "b"}
ROLE_OF = {name: role for role, names in ROLES.items() for name in names.split()}
CANDIDATE = "diagnose"  # who calls, in messages


@dataclass
class Calls:
    """A function of gradients by the names of `nn.matrix`, made of somebody's own.

    Attributes
    ----------
    function
        What is called.
    own
        How its author holds parameters.
    strength
        Of the penalty, as the author says it.
    rate
        The learning rate, if the function updates the parameters: the gradient is (old - new) / rate.
    alone
        Whether it is called with one sample at a time, and the results are added up.
    flat
        Whether the targets of one output have one axis.
    cost
        The loss that it returned beside the gradients when it was called last, or None.
    first
        The gradients and the loss of the first call.
    samples
        How many samples it was called with last.
    """

    function: Callable[..., Any]
    own: Own
    strength: float = 0.0
    rate: float = math.inf
    alone: bool = False
    flat: bool = False
    cost: float | None = None
    first: tuple[dict[str, Any], float | None] | None = None
    samples: int = 0

    @classmethod
    def by(cls, function: Callable[..., Any], own: Own, strength: float, rate: float) -> Calls:
        """Return the calls of a function; with one sample at a time where its course does that and it takes no list."""
        return cls(function, own, strength, rate, alone=own.dialect.one_sample and not takes_batch(function))

    def __call__(self, params: Mapping[str, Array], X: Array, T: Array) -> dict[str, Any]:
        """Return the gradients at some parameters, everything in the layout of `own`."""
        given = self._added_up(params, X, T) if self.alone else self._once(params, X, T)
        if self.first is None and isinstance(given, Mapping):
            self.first = {name: np.array(x) for name, x in given.items()}, self.cost
        return given

    def calling(self, function: Callable[..., Any]) -> Calls:
        """Return the same calls of another function, that stands in place of this one."""
        return replace(self, function=function, first=None)

    def _added_up(self, params: Mapping[str, Array], X: Array, T: Array) -> dict[str, Any]:
        """Return the sum of what is called with one sample after the other."""
        total: dict[str, Any] = {}
        for x, t in self._one_by_one(X, T):
            for name, gradient in self._once(params, x, t).items():
                total[name] = total.get(name, 0.0) + np.asarray(gradient)
        self.cost = None
        return total

    def _one_by_one(self, X: Array, T: Array) -> Iterator[tuple[Array, Array]]:
        """Yield each sample and its target, as arrays of one sample."""
        if self.own.dialect.one_sample and self.own.of_vectors:
            X, T = (X, T) if self.own.layout in matrix.OF_COLUMNS else (X.T, T.T)
            yield from ((X[:, i], T[..., i]) for i in range(X.shape[1]))
        elif self.own.layout in matrix.OF_COLUMNS:
            yield from ((X[:, i : i + 1], T[..., i : i + 1]) for i in range(X.shape[1]))
        else:
            yield from ((X[i : i + 1], T[i : i + 1]) for i in range(len(X)))

    def _once(self, params: Mapping[str, Array], X: Array, T: Array) -> dict[str, Any]:
        own = self.own.handed(params)
        self.samples = 1 if X.ndim == 1 else X.shape[self.own.layout in matrix.OF_COLUMNS]
        if self.updates:
            own.update({name: np.array(x) for name, x in own.items()})
        T = T.ravel() if self.flat and T.size == self.samples else T
        function, holder = self._held(own)
        args, kwargs = self._arguments(own, X, T)
        returned = answer(function, args, kwargs, CANDIDATE)
        for role in LISTED.keys() & kwargs.keys():  # an update may have put other arrays into a list
            if isinstance(kwargs[role], list):
                own.update(zip(self.own.called(LISTED[role]), kwargs[role]))
        if self.updates:
            held = own if holder is None else parameters_of(holder, self.own.dialect)
            return self._differenced(params, held, returned if holder is None else None)
        is_readable = isinstance(returned, Mapping) or self.own.dialect.is_course or self.own.are_ordered(returned)
        if returned is not None and not is_readable:
            return cast("dict[str, Any]", returned)  # whoever calls says what is wanted
        gradients, self.cost = taken_apart(returned, self.own)
        if gradients is None:
            raise CandidateError(
                f"{_named(self.function)}() returned None, not gradients; if it updates the parameters, say its "
                "learning rate: lr=0.1."
            )
        try:
            return self.own.gradients(gradients)
        except ValueError as error:
            raise CandidateError(f"{_named(self.function)}() returned {described(returned)}: {error}") from None

    @property
    def updates(self) -> bool:
        """Whether the function updates parameters."""
        return math.isfinite(self.rate)

    def _held(self, own: dict[str, Any]) -> tuple[Callable[..., Any], Any]:
        """Return the function; of a method of what holds the parameters, that of a copy which holds these."""
        holder = self.own.holder
        if holder is None or getattr(self.function, "__self__", None) is not holder:
            return self.function, None
        held: Any = copy.deepcopy(holder)
        for name in ("params", "parameters"):
            if isinstance(getattr(held, name, None), Mapping):
                getattr(held, name).update(own)
                break
        else:
            if hasattr(held, "weights"):
                lists = {"weights": "W", "biases" if hasattr(held, "biases") else "bias": "b"}
                own = {name: self._listed(own, kind) for name, kind in lists.items()}
            vars(held).update(own)
        return MethodType(cast("MethodType", self.function).__func__, held), held

    def _arguments(self, own: Parameters, X: Array, T: Array) -> tuple[list[Any], dict[str, Any]]:
        """Return what the function is called with."""
        known: dict[str, Any] = {"params": own, "X": X, "T": T, "one": 1, "strength": self.strength}
        known |= {role: self._listed(own, kind) for role, kind in LISTED.items()}
        known |= {"rate": self.rate if self.updates else 0.0}
        if X.ndim > 1:
            known |= {"samples": self.samples, "batch": list(self._one_by_one(X, T))}
        required = _required(self.function)
        if required is None or (len(required) == 3 and not self._says_all(required, own)):
            return [own, X, T], {}
        if "weights" in required and "biases" not in required and self.own.called("b"):  # all of them in one
            known["weights"] = own
        unknown = [name for name in required if not self._says(name, own)]
        if unknown:
            raise CandidateError(
                f"{_named(self.function)}() takes {unknown[0]!r}, and nothing says what that is: pass a function of "
                "(parameters, X, Y) that calls it."
            )
        wanted = [*required, *(name for name in _optional(self.function) if self._says(name, own))]
        return [], {name: own[name] if own.answers(name) else known[ROLE_OF[name]] for name in wanted}

    def _says(self, name: str, own: Parameters) -> bool:
        return own.answers(name) or name in ROLE_OF

    def _says_all(self, names: list[str], own: Parameters) -> bool:
        """Whether each name says what it is of, and each of something else."""
        roles = {name if own.answers(name) else ROLE_OF.get(name, "") for name in names}
        return "" not in roles and len(roles) == len(names)

    def _listed(self, own: Mapping[str, Any], kind: str) -> list[Any]:
        return [own[name] for name in self.own.called(kind)]

    def _differenced(self, params: Mapping[str, Array], held: Any, returned: Any) -> dict[str, Any]:
        """Return the gradients that an update was made with, from the parameters after it."""
        after = held if returned is None else taken_apart(returned, self.own)[0]
        new = self.own.gradients(after)
        return {name: (params[name] - np.asarray(x)) / self.rate for name, x in new.items() if name in params}


def takes_batch(function: Any) -> bool:
    """Whether an update is one by a list of samples: its function takes one, or there is no function."""
    return not callable(function) or any(ROLE_OF.get(name) == "batch" for name in _required(function) or ())


def own_as_taken(rows: Mapping[str, Array], convention: str, function: Callable[..., Any]) -> Own:
    """Return how the author of a function holds parameters of these shapes, as its arguments tell.

    Parameters that are arguments themselves are all that there are; one layer's `w` is a column, whatever the dialect.
    """
    usual, names = Own.by_default(rows, convention), set(_required(function) or ())
    of_one = len(rows) == 2
    held: dict[str, Any] = {}
    for name, x in matrix.from_rows(rows, usual.layout).items():
        said = {usual.names[name], *(("w", "W") if of_one and name.endswith("W") else "b" if of_one else ())} & names
        if said:
            own = said.pop()
            held[own] = rows[name] if own == "w" else float(x.ravel()[0]) if own == "b" and x.size == 1 else x
    if not usual.dialect.is_course or not held:
        return usual
    return Own.of(held, convention, len(rows["layers.0.W"]))


def taken_apart(returned: Any, own: Own) -> tuple[Any, float | None]:
    """Return the gradients that a function returned, and the cost that it returned with them, if it did."""
    if not isinstance(returned, (tuple, list)):
        return returned, None
    several = list(returned)
    mappings = [x for x in several if isinstance(x, Mapping)]
    if mappings:
        numbers_ = [x for x in several if not isinstance(x, Mapping) and np.ndim(x) == 0 and x is not None]
        said = [m for m in mappings if any(str(key) not in own.canonical for key in m)]
        return (said or mappings)[-1], float(numbers_[0]) if len(numbers_) == 1 else None
    place = next((k for k in (0, len(several) - 1) if _is_cost(several[k])), None) if several else None
    if len(several) != len(own.arrays) + 1 or place is None:
        return returned if len(several) != 1 else several[0], None
    cost = float(np.asarray(several.pop(place)).ravel()[0])
    return several if len(several) > 1 else several[0], cost


def _is_cost(x: Any) -> bool:
    return not isinstance(x, (list, tuple, Mapping)) and np.size(x) == 1 and np.asarray(x).dtype.kind in "fiu"


def _named(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _required(function: Callable[..., Any]) -> list[str] | None:
    """Return the names of the arguments that a function must be given, or None where nobody knows."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.POSITIONAL_ONLY) for p in parameters):
        return None
    return [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]


def _optional(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is not p.empty]
