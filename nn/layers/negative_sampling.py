"""Negative sampling: a word's vector against that of a neighbour and those of drawn words.

Mikolov and others, "Distributed Representations of Words and Phrases and their Compositionality" (2013), equation 4;
the gradients as in Rong, "word2vec Parameter Learning Explained" (2014), equations 56 to 61.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def sigmoid(z: Array) -> Array:
    """Return ``1 / (1 + exp(-z))``."""
    return 1.0 / (1.0 + np.exp(-z))


def forward(v: Array, u: Array, outside: int, drawn: Array) -> tuple[Array, Cache]:
    """Return ``-log sigmoid(u[outside] . v) - sum(log sigmoid(-u[drawn] . v))``.

    Parameters
    ----------
    v, u
        The vector in the middle, (D,), and those of all words outside, (V, D).
    outside, drawn
        The number of the neighbour, and those of the words that were drawn, (K,).

    Returns
    -------
    tuple
        The loss, one number, and what the backward pass needs.

    Examples
    --------
    >>> float(forward(np.zeros(2), np.zeros((4, 2)), 1, np.array([0, 3]))[0]).__round__(4)
    2.0794
    """
    neighbour, others = u[outside], u[drawn]
    right = sigmoid(neighbour @ v)
    wrong = sigmoid(others @ v)
    loss = -np.log(right) - np.log(1.0 - wrong).sum()
    return loss, (v, u, outside, drawn, right, wrong)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """Return dv (D,) and du (V, D) of `dout`, one number: a word that was drawn twice counts twice.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    v, u, outside, drawn, right, wrong = cache
    dright = dout * (right - 1.0)
    dwrong = dout * wrong
    dv = dright * u[outside] + dwrong @ u[drawn]
    du = np.zeros_like(u)
    du[outside] += dright * v
    np.add.at(du, drawn, dwrong[:, None] * v)
    return dv, du


def inputs(rng: np.random.Generator) -> tuple[Array, Array, int, Array]:
    """Draw vectors and words, one of which twice."""
    size, d = (int(k) for k in rng.integers((5, 3), (7, 5)))
    return rng.normal(size=d), rng.normal(size=(size, d)), 0, np.append(rng.integers(1, size, 2), [2, 2])


MISTAKES = (
    Slip(
        "of equal drawn words only the last counts",
        "np.add.at(du, drawn, dwrong[:, None] * v)",
        "du[drawn] += dwrong[:, None] * v",
        ("overwritten",),
    ),
    Slip(
        "the drawn words have the neighbour's sign",
        "dwrong = dout * wrong",
        "dwrong = dout * (wrong - 1.0)",
        ("term-dropped",),
    ),
    Slip("the drawn words are forgotten", " + dwrong @ u[drawn]", "", ("path-missing",)),
    Slip("the drawn words are subtracted", " + dwrong @ u[drawn]", " - dwrong @ u[drawn]", ("sign",)),
    Slip(
        "the sigmoid is differentiated once more",
        "dout * (right - 1.0)",
        "dout * (right - 1.0) * right * (1.0 - right)",
        ("slope-squared",),
    ),
    Slip("the neighbour is forgotten", "dright * u[outside] + dwrong", "dwrong", ("path-missing",)),
    Slip(
        "the probability stands for the error",
        "dout * (right - 1.0)",
        "dout * right",
        ("slope-of-another", "slope-formula", "wrong-operand"),
    ),
)
