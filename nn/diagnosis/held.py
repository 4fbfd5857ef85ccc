"""What people hold parameters in, and what they call them: weights and biases told apart, paired, and put in order.

A weight and its bias have one name but for the word that says which of the two they are.

>>> by_layer({"w_h": np.ones((3, 4)), "b_h": np.ones(4), "w_out": np.ones((4, 1))})
{'layers.0.W': 'w_h', 'layers.0.b': 'b_h', 'layers.1.W': 'w_out'}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from engine.arguments import described, listed
from nn import matrix
from nn.diagnosis.dialects import Dialect
from nn.samples import Array

WORDS = {"b": "b|bias|biases|intercept", "W": "w|weight|weights|theta|coef"}
PLAIN = {kind: re.compile(rf"(.*[._])?({words})_?(\d*|\[\d+\])$", re.IGNORECASE) for kind, words in WORDS.items()}
JOINED = {
    kind: re.compile(rf"(?:{words})_?(.+)$|(.+?)_?(?:{words})$", re.IGNORECASE)
    for kind, words in (("b", "biases|bias|b"), ("W", "weights|weight|w"))
}
"""Names of which one part says that they are a weight or a bias: apart from the others, or joined to them."""


def is_plain(model: Any) -> bool:
    """Whether parameters are held in dictionaries, lists or arrays, and not in an object of somebody's own."""
    return isinstance(model, (Mapping, list, tuple, np.ndarray))


def parameters_of(model: Any, dialect: Dialect) -> Mapping[str, Any]:
    """Return what holds parameters as a dictionary of arrays by the names that they have there."""
    if isinstance(model, Mapping):
        return _of_mapping({str(name): x for name, x in model.items()})
    for name in ("params", "parameters"):
        if isinstance(getattr(model, name, None), Mapping):
            return parameters_of(getattr(model, name), dialect)
    if hasattr(model, "weights"):
        biases = getattr(model, "biases", getattr(model, "bias", []))
        return _numbered("weights", model.weights) | _numbered("biases", biases)
    if isinstance(model, (list, tuple, np.ndarray)) and len(model):
        return _in_lists(model, dialect)
    if own := attributes_held(model):
        return own
    raise TypeError(f"model must be an nn.MLP, or parameters (W1, b1, ...) in a dictionary; got {described(model)}.")


def attributes_held(model: Any) -> dict[str, Any]:
    """Return the arrays of an object that are called weights and biases (`self.W1`); none where no weight is."""
    held = {name: x for name, x in getattr(model, "__dict__", {}).items() if isinstance(x, (np.ndarray, float))}
    return _of_mapping(held) if any(_is_called_weight(name) for name in held) else {}


def _of_mapping(held: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights and biases of what may hold other things too.

    Raises
    ------
    ValueError
        If there are vectors beside matrices, and neither are called weights or biases.
    """
    plain = [name for name in held if is_weight(name)]
    done = tuple(rest for name in plain if (rest := _rest(name, "W")))
    joined = [name for name, x in held.items() if np.ndim(x) == 2 and name not in plain and not is_bias(name)]
    also = [name for name in joined if JOINED["W"].match(name) and not _rest(name, "W").startswith(done or "\0")]
    weights = {*plain, *also} or {*joined}  # whatever they are called
    taken = {name: x for name, x in held.items() if name in weights or is_bias(name) or _is_joined(name, weights)}
    vectors = [name for name, x in held.items() if name not in taken and np.ndim(x) == 1]
    if vectors and joined and not (plain or also):
        raise ValueError(
            f"nothing says which weights {vectors[0]!r} is the bias of; call them alike, as 'W_{vectors[0]}' and "
            f"'b_{vectors[0]}' are, or pass lists: (weights, biases)."
        )
    return taken


def is_weight(name: str) -> bool:
    """Whether a name says by itself that it is a weight's."""
    return bool(PLAIN["W"].match(name))


def is_bias(name: str) -> bool:
    """Whether a name says by itself that it is a bias's."""
    return bool(PLAIN["b"].match(name))


def _biases(names: Iterable[str]) -> list[str]:
    """Return the names of biases: those that say so, and those that differ from a weight's in the word for it."""
    others = [name for name in names if not is_bias(name)]
    return [name for name in names if is_bias(name) or _is_joined(name, [x for x in others if x != name])]


def _is_joined(name: str, weights: Iterable[str]) -> bool:
    """Whether a name is that of one of these weights but for the word that says which of the two it is."""
    if is_weight(name) or not JOINED["b"].match(name):
        return False
    return _rest(name, "b") in [_rest(weight, "W") for weight in weights if _is_called_weight(weight)]


def _is_called_weight(name: str) -> bool:
    return is_weight(name) or bool(JOINED["W"].match(name))


def _rest(name: str, kind: str) -> str:
    """Return a weight's or bias's name without the word that says which of the two it is."""
    plain, joined = PLAIN[kind].match(name), JOINED[kind].match(name)
    if plain:
        return ((plain[1] or "") + plain[3]).lower().strip("._")
    return (joined[1] or joined[2] if joined else name).lower().strip("._")


def _numbered(name: str, arrays: Any) -> dict[str, Any]:
    return {f"{name}[{k}]": x for k, x in enumerate(listed(arrays, name, "one array per layer"))}


def _in_lists(model: Any, dialect: Dialect) -> dict[str, Any]:
    """Return arrays without names under the dialect's: (weights, biases), W, (w, b), or W1, b1, W2, b2, ..."""
    if isinstance(model, np.ndarray) and model.dtype != object:
        return {"W": model}
    if len(model) == 2 and all(isinstance(x, (list, tuple)) for x in model):
        first, second = model
        swapped = _are_vectors(first) and not _are_vectors(second)
        return _numbered("weights", second if swapped else first) | _numbered("biases", first if swapped else second)
    if len(model) <= 2 and (len(model) < 2 or _is_bias(model[1], dialect)):
        return dict(zip(("w" if np.size(model[0]) == max(np.shape(model[0]) or (1,)) else "W", "b"), model))
    if not all(_is_bias(b, dialect) for b in model[1::2]):
        return {dialect.parameter("W", k): x for k, x in enumerate(model)}  # of layers without biases
    return {dialect.parameter("Wb"[k % 2], k // 2): x for k, x in enumerate(model)}


def _is_bias(x: Any, dialect: Dialect) -> bool:
    """Whether an array may be a bias: one of two axes is a column where samples are, and else a row."""
    shape = np.shape(x)
    return len(shape) < 2 or (len(shape) == 2 and shape[dialect.layout in matrix.OF_COLUMNS] == 1)


def _are_vectors(arrays: Any) -> bool:
    return all(np.ndim(x) < 2 or 1 in np.shape(x) for x in arrays)


def by_layer(held: Mapping[str, Array]) -> dict[str, str]:
    """Return somebody's names by those of `nn.matrix`, layer by layer.

    Raises
    ------
    TypeError
        If there are no weights.
    """
    biases = _biases(held)
    weights = [name for name in held if name not in biases]
    if not weights:
        raise TypeError("there are no weights among the parameters: pass {'W1': ..., 'b1': ..., 'W2': ...}.")
    if all(map(_numbers_in, weights)):  # else they are in the order of their layers
        weights.sort(key=_numbers_in)
    alike = {name: _rest(name, "b") for name in biases}
    names: dict[str, str] = {}
    for layer, own in enumerate(weights):
        names[f"layers.{layer}.W"] = own
        bias = next((name for name, rest in alike.items() if rest == _rest(own, "W")), None)
        bias = bias or next((name for name in alike if _numbers_in(name) == _numbers_in(own)), None)
        if bias is not None:
            names[f"layers.{layer}.b"] = bias
            del alike[bias]
    return names


def _numbers_in(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", name))
