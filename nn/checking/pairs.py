"""Backward passes in a file of somebody's, each judged against a forward pass: the file's own, or a reference's.

A pair is called ``forward`` and ``backward``, or ``affine_forward`` and ``affine_backward``, or with other words before
and behind; ``fwd`` and ``bwd`` for short.  What the forward pass is called with is returned by ``inputs()``, or
``affine_inputs()``.  Where there is a reference, its forward passes are the truth, and they say which backward passes
there should be; a forward pass of the file's own makes the cache.  What is called ``affine`` may have both, in a
framework.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from engine.agreement import EPS
from nn.checking.loading import CheckError, blamed, raised_in
from nn.diagnosis.agreed import agreed
from nn.diagnosis.asked import copies, parts
from nn.diagnosis.backward import check_backward
from nn.diagnosis.frameworks.judged import of_framework
from nn.diagnosis.report import Diagnosis, Finding, Verdict
from nn.samples import Array, numbers

T = TypeVar("T")
CLOSE = 1e-9  # two forward passes that differ by less, beside the largest number, compute one thing
SPELLINGS = {"forward": ("forward", "fwd"), "backward": ("backward", "bwd"), "inputs": ("inputs",)}
OTHER_FORWARD = Finding(
    "other-forward", "the forward pass computes something else than the reference's", "forward", "",
    "out = the reference's forward(*inputs)", "another out, for the same inputs", "",
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """A backward pass, and what it is judged by.

    Attributes
    ----------
    name
        What its functions are called, with ``{}`` in the place of ``forward`` and its like.
    file, reference
        The author's module, and the reference, which may be the same.
    path, reference_path
        Where they are.
    """

    name: str
    file: ModuleType
    path: str | Path
    reference: ModuleType
    reference_path: str | Path

    @property
    def has_two_forwards(self) -> bool:
        """Whether the author's own forward pass stands beside the reference's."""
        own, truth = self._of(self.file, "forward"), self._of(self.reference, "forward")
        return own is not None and truth is not None and own is not truth

    @property
    def of_framework(self) -> Any:
        """What bears the pair's name in the author's file, if it has a backward pass in a framework; else None."""
        function = getattr(self.file, self._alone, None) if self._alone else None
        return function if of_framework(function, None, ()) is not None else None

    @property
    def title(self) -> str:
        """What is judged: the backward pass, or what a framework runs."""
        is_alone = self._of(self.file, "backward") is None and self.of_framework is not None
        return self._alone if is_alone else self.called("backward")

    @property
    def _alone(self) -> str:
        """The name without a word for what it does."""
        return "_".join(word for word in self.name.split("_") if word != "{}")

    @property
    def defined(self) -> bool:
        """Whether there is a backward pass in the author's file."""
        return self._of(self.file, "backward") is not None or self.of_framework is not None

    @property
    def has_inputs(self) -> bool:
        """Whether it is said what forward is called with."""
        return any(hasattr(module, self.called("inputs")) for module in (self.reference, self.file))

    def called(self, kind: str) -> str:
        """Return what the pair's function of a kind is called: in the file, in the reference, or should be."""
        names = [self.name.format(word) for word in SPELLINGS[kind]]
        defined = [name for module in (self.file, self.reference) for name in names if hasattr(module, name)]
        return [*defined, *names][0]

    def forward_checked(self) -> Diagnosis:
        """Return whether the author's forward pass computes what the reference's does."""
        if self._is_same:
            return Diagnosis("right", parameters=(Verdict("out", "right", 0.0, 0.0),))
        return Diagnosis("named", (OTHER_FORWARD,), parameters=(Verdict("out", "named", np.inf, np.inf),))

    def forward_run(self) -> str:
        """Return the name of the reference's forward pass, once it has run.

        Raises
        ------
        CheckError
            If it cannot.
        """
        truth, sets = self._of(self.reference, "forward"), self.inputs()
        for inputs in sets:
            self._run(functools.partial(truth or _nothing, *copies(inputs)), "forward")
        return self.called("forward")

    def backward_checked(self) -> Diagnosis:
        """Return what is said of the backward pass: by the reference, or by the author's forward if that is another.

        Raises
        ------
        CheckError
            If something is missing or raises; the message names the line.
        """
        truth, own = self._of(self.reference, "forward"), self._of(self.file, "forward")
        backward = self._of(self.file, "backward")
        if backward is None and self.of_framework is not None:
            judge = [self.of_framework] if truth is None else [truth, self.of_framework]
            several = self.inputs()
            return self._run(lambda: agreed([check_backward(*judge, *inputs) for inputs in several]), "backward")
        if backward is None:
            raise CheckError(f"{self.path}: defines no function {self.called('backward')}(dout, cache).")
        if truth is None:
            missing = self.called("forward")
            raise CheckError(f"{self.path}: defines {self.called('backward')}, and no {missing} to judge it by.")
        if own is not None and not self._is_same:
            truth = own
        return self._run(lambda: self._judged(truth, own or truth, backward), "backward")

    def inputs(self) -> list[tuple[Any, ...]]:
        """Return what forward is to be called with: one set of inputs, or several."""
        name = self.called("inputs")
        for module, path in ((self.reference, self.reference_path), (self.file, self.path)):
            if hasattr(module, name):
                return self._sets(getattr(module, name), path)
        forward = self.called("forward")
        raise CheckError(f"{self.reference_path}: defines no {name}(): return a tuple of what {forward} takes.")

    def _of(self, module: ModuleType, kind: str) -> Callable[..., Any] | None:
        names = [self.name.format(word) for word in SPELLINGS[kind]]
        return next((f for name in names if callable(f := getattr(module, name, None))), None)

    def _sets(self, inputs: Any, path: str | Path) -> list[tuple[Any, ...]]:
        name = self.called("inputs")
        if callable(inputs):
            try:
                takes_rng = bool(inspect.signature(inputs).parameters)
                inputs = inputs(np.random.default_rng(0)) if takes_rng else inputs()
            except BaseException as error:
                raise CheckError(blamed(error, path, f"{name}() raised")) from error
        several = inputs if isinstance(inputs, list) else [inputs]
        forward = self._of(self.reference, "forward")
        ordered = [_in_order(one, forward) if isinstance(one, Mapping) else one for one in several]
        if not several or not all(isinstance(one, tuple) for one in ordered):
            raise CheckError(f"{path}: {name} is neither a tuple or dictionary of inputs, nor a list of some.")
        return ordered

    @cached_property
    def _is_same(self) -> bool:
        """Whether the two forward passes compute one thing."""
        truth, own = self._of(self.reference, "forward"), self._of(self.file, "forward")
        if truth is None or own is None or own is truth:
            return True
        ways = (own, truth)
        results = [[self._run(functools.partial(_output, f, at), "forward") for f in ways] for at in self.inputs()]
        return all(
            out.shape == right.shape and bool(np.all(np.abs(out - right) <= CLOSE * np.abs(right).max(initial=EPS)))
            for out, right in results
        )

    def _judged(self, truth: Callable[..., Any], own: Callable[..., Any], backward: Callable[..., Any]) -> Diagnosis:
        several = self.inputs()
        kept = [parts(own(*copies(inputs)))[1] for inputs in several]
        if own is truth and all(k or _without_cache(backward, inputs) is inputs for k, inputs in zip(kept, several)):
            return agreed([check_backward(own, backward, *inputs) for inputs in several])  # whose text may be mended

        @functools.wraps(truth)
        def forward(*inputs: Any) -> Any:
            return parts(truth(*copies(inputs)))[0]

        def gradients(dout: Any, *inputs: Any) -> Any:
            cache = parts(own(*copies(inputs)))[1]
            return backward(dout, *(cache or _without_cache(backward, inputs)))

        return agreed([check_backward(forward, gradients, *inputs) for inputs in several])

    def _run(self, function: Callable[[], T], kind: str) -> T:
        """Return what a function returns; what it raises is blamed on the line that led to it."""
        try:
            with np.errstate(all="ignore"):
                return function()
        except CheckError:
            raise
        except BaseException as error:
            paths = [path for path in (self.path, self.reference_path) if raised_in(error, path)]
            where, what = (paths[0], f"{self.called(kind)}() raised") if paths else (self.path, self.called(kind) + ":")
            raise CheckError(blamed(error, where, what)) from error


def _nothing(*_: Any) -> None:
    """Stand for a forward pass that is the framework's own."""


def _output(forward: Callable[..., Any], inputs: Sequence[Any]) -> Array:
    return numbers(parts(forward(*copies(inputs)))[0], "forward's result")


def _without_cache(backward: Callable[..., Any], inputs: Sequence[Any]) -> Sequence[Any]:
    """Return what backward takes beside `dout` where forward keeps nothing: the inputs, or all of them as its cache."""
    try:
        taken = [p for p in inspect.signature(backward).parameters.values() if p.kind == p.POSITIONAL_OR_KEYWORD]
    except (TypeError, ValueError):  # of a function that is not written in Python
        return inputs
    return (tuple(inputs),) if len(taken) == 2 and len(inputs) > 1 else inputs


def pairs(file: ModuleType, path: str | Path, reference: ModuleType, reference_path: str | Path) -> list[Pair]:
    """Return the backward passes that a file should have: those whose forward passes a reference has, with inputs.

    Where the file is its own reference, those that it has.
    """
    several = [Pair(stem, file, path, reference, reference_path) for stem in _stems(reference, "forward", "backward")]
    if reference is file:
        return [pair for pair in several if pair.defined]
    return [pair for pair in several if pair.has_inputs]


def asked(reference: ModuleType, path: str | Path) -> list[str]:
    """Return the forward passes of a reference that backward passes are judged by, once they have run.

    Raises
    ------
    CheckError
        If there is one, and no inputs for any; or one raises.
    """
    several = [Pair(stem, reference, path, reference, path) for stem in _stems(reference, "forward")]
    if several and not any(pair.has_inputs for pair in several):
        several[0].inputs()
    return [pair.forward_run() for pair in several if pair.has_inputs]


def _stems(module: ModuleType, *kinds: str) -> list[str]:
    """Return a module's names of some kinds, and of inputs, with a gap for the kind."""
    names = [(name, value) for name, value in vars(module).items() if not name.startswith("__")]
    stems = [_stem(name, kind) for name, value in names for kind in kinds if callable(value)]
    stems += [stem for name, _ in names if (stem := _stem(name, "inputs")) not in (None, "{}")]
    return [stem for stem in dict.fromkeys(stems) if stem is not None]


def _stem(name: str, kind: str) -> str | None:
    """Return a name with a gap for the word that says of which kind it is; None if it has no such word.

    >>> _stem("affine_forward", "forward"), _stem("conv_fwd_naive", "forward"), _stem("affine", "forward")
    ('affine_{}', 'conv_{}_naive', None)
    """
    words = name.split("_")
    if words[0] == "" or not any(word in SPELLINGS[kind] for word in words):
        return None
    place = next(k for k, word in enumerate(words) if word in SPELLINGS[kind])
    return "_".join("{}" if k == place else word for k, word in enumerate(words))


def _in_order(inputs: Mapping[str, Any], forward: Callable[..., Any] | None) -> Any:
    """Return inputs by name in the order in which forward takes them."""
    names = list(inspect.signature(forward).parameters) if forward is not None else []
    return tuple(inputs[name] for name in names if name in inputs) if set(inputs) <= set(names) else inputs
