"""``liftgrad gpt``: train the GPT of scalars on names, with progress and a checkpoint; save it; make up names."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from nn.command_line import interrupts
from nn.command_line.interrupts import Interrupted
from nn.command_line.sizes import MOST
from nn.data import names
from nn.files import check_outputs, read_text
from nn.gpt import BETAS, GPT, sample, train
from nn.module import StateError, read_notes
from nn.optim import Adam, linear
from nn.training.checkpoint import check_unused, digest, load_checkpoint, save_checkpoint
from nn.training.locks import only_writer
from nn.training.saved import check_replaceable
from viz.arguments import UsageError

KEY = "liftgrad gpt"  # of the words beside a saved network's arrays
EVERY = 1.0  # seconds between two checkpoints
RATE = 1e-2


def gpt(options: argparse.Namespace) -> int:
    """Train a character-level GPT, written one scalar at a time, on a file of names; print some that it makes up."""
    if bool(options.data) == bool(options.load):
        raise UsageError("liftgrad gpt: give --data names.txt to train, or --load network to make up names without.")
    if options.load:
        for name in ("checkpoint", "resume", "save", "force", "eager"):
            if getattr(options, name):
                raise UsageError(f"liftgrad gpt: --{name} is for training, and --load trains nothing.")
        model, letters = load_gpt(options.load)
    else:
        model, letters = _trained(options)
    rng = np.random.default_rng(options.seed)
    print("\n".join(sample(model, letters, rng) for _ in range(options.samples)), end="\n" if options.samples else "")
    return 0


def save_gpt(model: GPT, letters: str, path: str | Path) -> None:
    """Write a network, its shape and its letters to a safetensors file."""
    shape = {"letters": letters, "channels": len(model.wte[0]), "heads": model.heads, "context": model.context}
    model.save(path, {KEY: json.dumps(shape)})


def load_gpt(path: str | Path) -> tuple[GPT, str]:
    """Return a network and its letters from a file.

    Raises
    ------
    StateError
        If it cannot be read, or holds something else.
    """
    notes = read_notes(path)
    if KEY not in notes:
        raise StateError(f"{path}: holds no GPT with its letters; `liftgrad gpt --save` writes such files.")
    try:
        shape = json.loads(notes[KEY])
        letters, channels, heads, context = (shape[k] for k in ("letters", "channels", "heads", "context"))
        if min(channels, heads, context) < 1 or channels % heads or len(letters) * channels + channels**2 > MOST:
            raise ValueError(f"{channels} channels, {heads} heads, {context} letters")
        model = GPT(len(letters) + 1, channels, heads, context)
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(f"{path}: its description of the network is damaged ({error}).") from None
    try:
        model.load(path)
    except StateError as error:
        raise StateError(f"{path}: {error}") from None
    return model, letters


def remarks_on(path: str | Path, documents: Sequence[Sequence[int]], context: int) -> list[str]:
    """Say which names are not learnt as they stand: lines of several words, and names that are too long."""
    lines = [line.split() for line in read_text(path).splitlines()]
    several = [words for words in lines if len(words) > 1]
    sentences = []
    if several:
        first = " ".join(several[0])[:60]
        sentences.append(f"several words in {len(several):,} lines, each taken as a name of its own; one is {first!r}")
    longest = context - 1  # letters: the end of a name takes a place too
    long = sum(len(tokens) - 2 > longest for tokens in documents)
    if long:
        sentences.append(
            f"more than {longest} letters in {long:,} of the names: what follows is cut off, their end with it"
        )
    return sentences


def _trained(options: argparse.Namespace) -> tuple[GPT, str]:
    """Return a trained network, and its letters; what is interrupted is kept."""
    documents, letters = names(options.data)
    _check_outputs(options)
    model = GPT(len(letters) + 1, seed=options.seed)
    print(f"{len(documents):,} names of {len(letters)} letters; {len(model.parameters()):,} parameters")
    for remark in remarks_on(options.data, documents, model.context):
        print(f"remark: {remark}")
    untrained = [value.data for value in model.parameters()]
    with only_writer(options.checkpoint):
        try:
            losses = _run(model, documents, letters, options)
        except KeyboardInterrupt:
            with interrupts.ignored():
                learnt = untrained != [value.data for value in model.parameters()]
                raise Interrupted(_kept(model, letters, options, learnt)) from None
    last = losses[-100:]
    print(f"loss {losses[0]:.3f} at first, {sum(last) / len(last):.3f} over the last {len(last)} steps")
    if options.save:
        save_gpt(model, letters, options.save)
        print(f"saved: {options.save} (liftgrad gpt --load {options.save})")
    return model, letters


def _run(model: GPT, documents: list[list[int]], letters: str, options: argparse.Namespace) -> list[float]:
    """Train, from the checkpoint on if that is asked for; the same steps in one go or in many give the same bits."""
    optimizer, losses = Adam(linear(RATE, options.steps), betas=BETAS), []
    run = {
        "network": f"of {len(model.parameters())} parameters",
        "seed": str(options.seed),
        "steps": str(options.steps),
        "names": digest(np.array([ord(c) for c in letters]), *[np.array(tokens) for tokens in documents]),
    }
    values = model.parameters()
    if options.resume and Path(options.checkpoint).exists():
        theta, _, _, records = load_checkpoint(options.checkpoint, len(values), optimizer, run)
        losses = [record["loss"] for record in records]
        for value, number in zip(values, theta.tolist()):
            value.data = number
    with tqdm(total=options.steps, initial=len(losses), disable=None, unit="step") as bar:
        keep = _keeper(options.checkpoint, optimizer, run, options.steps)
        plain = _plain_lines(options.steps) if bar.disable else None

        def after(theta: Any, losses: list[float]) -> None:
            keep(theta, losses)
            bar.update()
            if plain is not None:
                plain(losses)

        return train(
            model, documents, options.steps, not options.eager, RATE, losses=losses, optimizer=optimizer, after=after
        )


def _keeper(path: str | None, optimizer: Adam, run: dict[str, str], steps: int) -> Callable[[Any, list[float]], None]:
    """Return what writes a checkpoint from time to time, and after the last step."""
    latest = 0.0

    def keep(theta: Any, losses: list[float]) -> None:
        nonlocal latest
        if path is None or (time.monotonic() - latest < EVERY and len(losses) < steps):
            return
        records = [{"epoch": float(k + 1), "loss": loss} for k, loss in enumerate(losses)]
        save_checkpoint(path, theta, theta, optimizer, len(losses), records, run=run)
        latest = time.monotonic()

    return keep


def _plain_lines(steps: int) -> Callable[[list[float]], None]:
    """Return what prints at most ten lines where there is no terminal."""
    every = max(1, steps // 10)

    def show(losses: list[float]) -> None:
        if len(losses) % every == 0:
            print(f"step {len(losses):,}/{steps:,}: loss {sum(losses[-every:]) / every:.3f}", flush=True)

    return show


def _check_outputs(options: argparse.Namespace) -> None:
    check_outputs([options.checkpoint, options.save], [options.data])
    check_unused(options.checkpoint, resume=options.resume, force=options.force)
    check_replaceable(options.save, KEY, force=options.force, resume=options.resume)


def _kept(model: GPT, letters: str, options: argparse.Namespace, learnt: bool) -> str:
    """Save what was learnt, where that was asked for; say what is kept."""
    sentences = []
    if options.checkpoint and Path(options.checkpoint).exists():
        sentences.append(f"--resume goes on from {options.checkpoint}, at most {EVERY:g} s back")
    if options.save and learnt:
        save_gpt(model, letters, options.save)
        sentences.append(f"what was learnt so far is in {options.save}")
    return "; ".join(sentences)
