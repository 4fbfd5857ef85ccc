"""The options of the command line, and what each takes: numbers within their range, and options with their partners."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from engine.version import __version__
from nn import losses
from nn.checking.hints import LEVELS
from nn.command_line.problems import DATA
from nn.diagnosis.dialects import DIALECTS
from nn.matrix import ACTIVATIONS
from nn.optim import OPTIMIZERS
from viz.arguments import Parser, UsageError

Command: TypeAlias = Callable[[argparse.Namespace], int]

LARGEST = 1_000_000_000  # of what is counted

PARTNERS = {
    "resume": ("checkpoint", "the file to go on from"),
    "process": ("coordinator", "the host and port of process 0"),
    "processes": ("coordinator", "the host and port of process 0"),
}


def whole(low: int, high: int = LARGEST) -> Callable[[str], int]:
    """Return a reader of whole numbers within a range.

    >>> whole(1)("12")
    12
    """

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {low} to {high:,}")
        return number

    return read


def real(low: float = -math.inf, below: float = math.inf) -> Callable[[str], float]:
    """Return a reader of finite numbers from `low` on, and below `below`.

    >>> real(0.0, 1.0)("0.25")
    0.25
    """

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (low <= number < below and math.isfinite(number)):
            ends = f" from {low:g}" if math.isfinite(low) else ""
            ends += f" to less than {below:g}" if math.isfinite(below) else " on" if ends else ""
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no finite number{ends}")
        return number

    return read


def parser(commands: dict[str, Command]) -> Parser:
    """Return the parser of the command line.

    Parameters
    ----------
    commands
        What runs each of the subcommands.
    """
    top = Parser(prog="liftgrad", description="Networks of scalar neurons, trained as matrices.")
    top.add_argument("--version", action="version", version=f"liftgrad {__version__}")
    parts = top.add_subparsers(dest="command", required=True, metavar="command")
    options: dict[str, Callable[[Parser], None]] = {
        "demo": _demo, "train": _train, "predict": _predict, "compare": _compare, "check": _check, "gpt": _gpt,
        "draw": lambda _: None,
    }  # fmt: skip
    for name, add in options.items():
        run = commands[name]
        what = (run.__doc__ or "").strip()
        part = parts.add_parser(name, help=what.splitlines()[0], description=what)
        part.set_defaults(run=run)
        add(part)
    return top


def check_partners(options: argparse.Namespace) -> None:
    """Refuse options that say nothing without another, or against another.

    Raises
    ------
    UsageError
        Naming the first of them.
    """
    by_name = vars(options)
    present = {name for name, value in by_name.items() if value is not None and value is not False}

    def refuse(what: str) -> None:
        raise UsageError(f"liftgrad {options.command}: {what}.")

    for name in ("coordinator", "devices"):
        if name in present and options.backend != "jax":
            refuse(f"--{name} is for training on JAX; add --backend jax")
    for name, (partner, what) in PARTNERS.items():
        if name in present and partner in by_name and partner not in present:
            refuse(f"--{name} needs --{partner}, {what}")
    if "coordinator" in present and not {"process", "processes"} <= present:
        refuse("--coordinator needs --processes, how many there are, and --process, which of them this is")
    if "processes" in present and options.process >= options.processes:
        refuse(
            f"--process {options.process} of {options.processes}: they are numbered from 0 to {options.processes - 1}"
        )
    if {"resume", "force"} <= present:
        refuse("--resume goes on, --force starts anew; give one of them")
    if "eager" in present and by_name.get("backend") == "jax":
        refuse("--eager trains one scalar at a time, --backend jax does not; leave one of them out")


def _demo(part: Parser) -> None:
    part.add_argument("--epochs", type=whole(1), help="passes over the data")
    part.add_argument("--picture", default=str(Path("liftgrad-demo") / "digits.svg"), help="default: %(default)s")
    _add_eager(part)


def _train(part: Parser) -> None:
    _add_problem(part)
    _add_eager(part)
    part.add_argument("--epochs", type=whole(1), default=20, help="passes over the data (default: %(default)s)")
    part.add_argument("--optimizer", choices=list(OPTIMIZERS), default="adam", help="default: %(default)s")
    part.add_argument("--lr", type=real(), default=1e-2, help="learning rate (default: %(default)s)")
    part.add_argument("--validation", type=real(0.0, 1.0), default=0.0, help="fraction of samples held out")
    part.add_argument("--patience", type=whole(1), help="epochs without progress before stopping")
    part.add_argument("--checkpoint", help="file to keep a checkpoint in, after every epoch")
    part.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    part.add_argument("--force", action="store_true", help="replace a checkpoint, or a saved network")
    part.add_argument("--backend", choices=("numpy", "jax"), default="numpy", help="what runs the matrices")
    part.add_argument("--devices", type=whole(1), help="how many of JAX's devices; default: all")
    part.add_argument("--coordinator", help="host:port of process 0, where several train together on JAX")
    part.add_argument("--processes", type=whole(1), help="how many processes there are")
    part.add_argument("--process", type=whole(0), help="which of them this is, from 0 on")
    part.add_argument("--save", help="file for the trained network (safetensors); predict reads it")
    part.add_argument("--plot", help="file for the loss curve (needs matplotlib)")


def _compare(part: Parser) -> None:
    _add_problem(part)
    part.add_argument("--load", help="parameters to compare at, a safetensors file")


def _predict(part: Parser) -> None:
    part.add_argument("model", help="a network that liftgrad train --save wrote")
    part.add_argument("rows", help="a CSV file of samples, or MNIST's folder or images")
    part.add_argument("-o", "--output", help="file for the predictions; default: they are printed")
    part.add_argument("--force", action="store_true", help="replace a file of predictions")
    _add_reading(part)


def _check(part: Parser) -> None:
    part.add_argument("files", nargs="*", metavar="file", help="Python files, or folders of them")
    part.add_argument("--reference", metavar="FILE", help="whose forward, inputs or settings the files are judged by")
    part.add_argument("--hint", choices=LEVELS, help="tell no more of a mistake than this (default: all, or a table)")
    part.add_argument("--json", action="store_true", help="print JSON")
    part.add_argument("--junit", metavar="FILE", help="write a report of tests in JUnit's XML")
    part.add_argument("--output", action="store_true", help="show what the files print")
    part.add_argument("--timeout", type=real(1e-3), default=30.0, help="seconds for each file (default: %(default)s)")
    part.add_argument("--memory", type=whole(64), help="MiB that each file may allocate (default: 2048)")
    part.add_argument("--jobs", type=whole(1), help="how many run at a time (default: as many as there are processors)")
    part.add_argument(
        "--template",
        nargs="?",
        const="rows",
        metavar="FILE",
        help=f"write a file to start from; without a file print it; {', '.join(DIALECTS)}: its convention",
    )
    part.add_argument("--convention", choices=DIALECTS, help="of the template's weights (default: rows)")
    part.add_argument("--force", action="store_true", help="replace a file that is there")


def _gpt(part: Parser) -> None:
    _add_eager(part)
    part.add_argument("--data", help="a text file, one name per line")
    part.add_argument("--load", help="a network that --save wrote: make up names without training")
    part.add_argument("--steps", type=whole(1), default=1000, help="names to learn from (default: %(default)s)")
    part.add_argument("--samples", type=whole(0), default=10, help="names to make up (default: %(default)s)")
    part.add_argument("--seed", type=whole(0), default=0, help="of the weights and the names (default: %(default)s)")
    part.add_argument("--checkpoint", help="file to keep a checkpoint in, once a second")
    part.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    part.add_argument("--force", action="store_true", help="replace a checkpoint, or a saved network")
    part.add_argument("--save", help="file for the trained network (safetensors)")


def _add_eager(part: Parser) -> None:
    part.add_argument("--eager", action="store_true", help="train with the scalar engine, not lifted")


def _add_problem(part: Parser) -> None:
    """Add what describes a data set, a network and a loss."""
    part.add_argument("--data", default="digits", help=f"{DATA} (default: %(default)s)")
    part.add_argument("--target", help="the column to learn, by name or by number from 1 on (default: the last)")
    part.add_argument("--drop", nargs="+", default=(), metavar="COLUMN", help="columns to leave out")
    part.add_argument("--missing", choices=("mean", "drop"), help="fill missing values, or leave their rows out")
    _add_reading(part)
    part.add_argument("--hidden", type=whole(1), nargs="*", default=[32], help="neurons in each hidden layer")
    part.add_argument(
        "--activation", choices=list(ACTIVATIONS), help="default: relu; tanh for targets that are numbers"
    )
    part.add_argument("--loss", choices=list(losses.LOSSES), help="default: what suits the targets")
    part.add_argument("--l2", type=real(0.0), help="strength of the regularisation; default: 0, for numbers a little")
    part.add_argument("--batch", type=whole(1), default=32, help="samples a step (default: %(default)s)")
    part.add_argument("--seed", type=whole(0), default=0, help="of weights and shuffling (default: %(default)s)")


def _add_reading(part: Parser) -> None:
    """Add how a CSV file is read, where that cannot be found by looking."""
    part.add_argument("--header", action=argparse.BooleanOptionalAction, help="whether line 1 holds names of columns")
    part.add_argument("--decimal", choices=(".", ","), help="what stands before decimals")
