"""The command line: ``python -m nn demo``, ``train``, ``compare``, ``check``, ``gpt``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import engine
import nn
import viz
from nn import matrix
from nn.check import CheckError, check_file
from nn.data import DataError, names
from nn.devices import DeviceError, join, leave
from nn.gpt import GPT, sample
from nn.gpt import train as train_gpt
from nn.module import StateError
from nn.neuron import ACTIVATIONS
from nn.optim import OPTIMIZERS
from nn.templates import template
from nn.train import CheckpointError, TrainingError

ENOUGH = 0.96  # of the digits the demo has not seen
ONE_OUTPUT = {"moons": "hinge", "xor": "binary_cross_entropy"}


def load(name: str) -> tuple[Any, Any]:
    """Return a data set by name, by the path of a CSV file, or by the folder of MNIST's files."""
    if name == "digits":
        X, T = nn.digits()
        return X / 16.0, T
    if name == "moons":
        return nn.moons(100)
    if name == "xor":
        return nn.xor()
    return nn.mnist(name) if Path(name).is_dir() else nn.csv(name)


def problem(arguments: argparse.Namespace) -> tuple[Any, Any, nn.MLP]:
    """Return samples, targets and the network that the options describe; classes become one output each."""
    X, T = load(arguments.data)
    classes = np.issubdtype(T.dtype, np.integer) and int(T.max()) + 1
    if classes and classes > 2 and arguments.loss != "cross_entropy":
        T = matrix.one_hot(T, classes)  # one output against all others
        T = 2.0 * T - 1.0 if arguments.loss == "hinge" else T
    outputs = classes if classes and arguments.loss == "cross_entropy" else 1 if T.ndim == 1 else T.shape[1]
    sizes = [*arguments.hidden, outputs]
    return X, T, nn.MLP(X.shape[1], sizes, activation=arguments.activation, seed=arguments.seed)


def demo(arguments: argparse.Namespace) -> int:
    """Train 64-32-10 on real digits, written as neurons of Values; compare its gradients; say how well it reads."""
    began = time.perf_counter()
    X, T = load("digits")
    X_train, T_train, X_test, T_test = nn.split(X, T, test=0.2, seed=0)
    model = nn.MLP(64, [32, 10], seed=0)
    path = "lifted to matrices" if not arguments.eager else "one scalar at a time"
    print(f"{len(X):,} handwritten digits of 8 x 8 pixels; {model}: {len(model.parameters()):,} Values, {path}")
    epochs = arguments.epochs or (8 if arguments.eager else 40)
    rate = nn.Adam(lr=5e-3 if not arguments.eager else 1e-2)
    nn.fit(model, X_train, T_train, epochs=epochs, batch_size=32, optimizer=rate, lifted=not arguments.eager)
    reached = nn.accuracy(model, X_test, T_test)
    print(f"test accuracy: {100 * reached:.1f}% of {len(T_test)} digits it has not seen")
    report = nn.compare_gradients(model, X_train[:32], T_train[:32])
    print("\ngradients of a batch of 32, scalar and lifted against the equations by hand:")
    print(report)
    graph = nn.mean_loss(model, X_train[:32], T_train[:32])
    graph.backward()
    try:
        drawn = str(viz.save(graph, arguments.picture))
    except viz.RenderError as error:
        drawn = f"not drawn. {error}"
    print(f"\nthe graph of that batch's loss, {engine.graph.count(graph):,} scalar nodes: {drawn}")
    print(f"{time.perf_counter() - began:.1f} s")
    return 0 if report.ok and reached >= ENOUGH else 1


def train(arguments: argparse.Namespace) -> int:
    """Train a network on a data set."""
    if arguments.coordinator and arguments.backend != "jax":
        raise ValueError("--coordinator is for several processes on JAX; add --backend jax.")
    if arguments.coordinator:
        join(arguments.coordinator, arguments.processes, arguments.process)
    X, T, model = problem(arguments)
    print(f"{model}, {len(model.parameters()):,} parameters; {len(X):,} samples")
    history = nn.fit(
        model,
        X,
        T,
        loss=arguments.loss,
        epochs=arguments.epochs,
        batch_size=arguments.batch,
        optimizer=OPTIMIZERS[arguments.optimizer](lr=arguments.lr),
        strength=arguments.l2,
        validation=arguments.validation,
        patience=arguments.patience,
        checkpoint=arguments.checkpoint,
        resume=arguments.resume,
        seed=arguments.seed,
        lifted=not arguments.eager,
        backend=arguments.backend,
        devices=arguments.devices,
    )
    if arguments.process:
        return 0  # the first of several processes writes for all
    if history:
        print(", ".join(f"{k} {v:.4g}" for k, v in history[-1].items()))
    if arguments.save:
        model.save(arguments.save)
    if arguments.plot:
        history.plot(arguments.plot)
    return 0


def compare(arguments: argparse.Namespace) -> int:
    """Print scalar, lifted and hand-derived gradients side by side; status 1 if any differ."""
    X, T, model = problem(arguments)
    if arguments.load:
        model.load(arguments.load)
    rows = slice(0, arguments.batch)
    report = nn.compare_gradients(model, X[rows], T[rows], arguments.loss, strength=arguments.l2)
    print(report)
    return 0 if report.ok else 1


def check(arguments: argparse.Namespace) -> int:
    """Run gradients(params, X, T) of a Python file of yours and name what is wrong with it; status 1 if anything is.

    The file is run as your own program, with all that you may do.
    """
    if arguments.template:
        print(template(arguments.template), end="")
        return 0
    if not arguments.file:
        raise CheckError("no file given; python -m nn check --template > my_backprop.py makes one to start from.")
    diagnosis = check_file(arguments.file)
    print(diagnosis)
    return 0 if diagnosis.ok else 1


def gpt(arguments: argparse.Namespace) -> int:
    """Train a character-level GPT, written one scalar at a time, on a file of names; print some that it makes up."""
    documents, letters = names(arguments.data)
    model = GPT(len(letters) + 1, seed=arguments.seed)
    print(f"{len(documents):,} names of {len(letters)} letters; {len(model.parameters()):,} parameters")
    losses = train_gpt(model, documents, arguments.steps, lifted=not arguments.eager)
    last = losses[-100:]
    print(f"loss {losses[0]:.3f} at first, {sum(last) / len(last):.3f} over the last {len(last)} steps")
    rng = np.random.default_rng(arguments.seed)
    print("\n".join(sample(model, letters, rng) for _ in range(arguments.samples)))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m nn", description="Networks of scalar neurons, trained as matrices.")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        made.set_defaults(run=run)
        made.add_argument("--eager", action="store_true", help="train with the scalar engine, not lifted")
        return made

    made = command("demo", demo)
    made.add_argument("--epochs", type=int, default=0, help="passes over the data")
    made.add_argument("--picture", default="digits.svg", help="file for the picture of the graph")
    made = commands.add_parser("check", help="diagnose your own gradient function", description=check.__doc__)
    made.set_defaults(run=check)
    made.add_argument("file", nargs="?", help="a Python file that defines gradients(params, X, T)")
    made.add_argument(
        "--template",
        nargs="?",
        const="rows",
        choices=matrix.CONVENTIONS,
        help="print a file to start from, in a convention of the weights (default: rows)",
    )
    made = command("gpt", gpt)
    made.add_argument("--data", required=True, help="a text file, one name a line")
    made.add_argument("--steps", type=int, default=1000)
    made.add_argument("--samples", type=int, default=10)
    made.add_argument("--seed", type=int, default=0)
    for name, run in (("train", train), ("compare", compare)):
        made = command(name, run)
        made.add_argument("--data", default="digits", help="digits, moons, xor, a .csv file, or a folder of IDX files")
        made.add_argument("--hidden", type=int, nargs="*", default=[32], help="neurons in each hidden layer")
        made.add_argument("--activation", choices=list(ACTIVATIONS), default="relu")
        made.add_argument("--loss", choices=list(nn.losses.LOSSES), help="default: what suits the data")
        made.add_argument("--l2", type=float, default=0.0, help="strength of the regularisation")
        made.add_argument("--batch", type=int, default=32, help="samples a step")
        made.add_argument("--seed", type=int, default=0)
        if name == "compare":
            made.add_argument("--load", help="parameters to compare at, a safetensors file")
            continue
        made.add_argument("--epochs", type=int, default=20)
        made.add_argument("--optimizer", choices=list(OPTIMIZERS), default="adam")
        made.add_argument("--lr", type=float, default=1e-2, help="learning rate")
        made.add_argument("--validation", type=float, default=0.0, help="fraction of samples held out")
        made.add_argument("--patience", type=int, help="epochs without progress before stopping")
        made.add_argument("--checkpoint", help="file to keep a checkpoint in")
        made.add_argument("--resume", action="store_true", help="go on from the checkpoint")
        made.add_argument("--backend", choices=("numpy", "jax"), default="numpy", help="what runs the matrices")
        made.add_argument("--devices", type=int, help="how many of JAX's devices; default: all")
        made.add_argument("--coordinator", help="host:port of process 0, where several train together on JAX")
        made.add_argument("--processes", type=int, default=1, help="how many processes there are")
        made.add_argument("--process", type=int, default=0, help="which of them this is, from 0 on")
        made.add_argument("--save", help="file for the trained parameters (safetensors)")
        made.add_argument("--plot", help="file for the loss curve (needs matplotlib)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command: 0 if all is well, 1 if gradients differ, 2 if it could not be done."""
    arguments = parser().parse_args(argv)
    if getattr(arguments, "loss", "") is None:
        arguments.loss = ONE_OUTPUT.get(arguments.data, "cross_entropy")
    try:
        run: Callable[[argparse.Namespace], int] = arguments.run
        return run(arguments)
    except (
        DataError,
        StateError,
        CheckpointError,
        DeviceError,
        TrainingError,
        ValueError,
        IndexError,
        OSError,
        ImportError,
    ) as error:
        print(f"python -m nn {arguments.command}: {error}", file=sys.stderr)
        leave(2)
        return 2
    except KeyboardInterrupt:
        print(f"python -m nn {arguments.command}: interrupted", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
