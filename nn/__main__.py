"""The command line: ``liftgrad demo``, ``train``, ``predict``, ``compare``, ``check``, ``gpt``, ``draw``.

``python -m nn`` is the same.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from nn.command_line import commands, interrupts
from nn.command_line.check_command import check
from nn.command_line.gpt_command import gpt
from nn.command_line.options import Command, check_partners, parser
from nn.training.devices import DeviceError, leave
from nn.training.epochs import TrainingError
from nn.unread import dropped
from viz.arguments import UsageError

COMMANDS: dict[str, Command] = {
    "demo": commands.demo,
    "train": commands.train_network,
    "predict": commands.predict_rows,
    "compare": commands.compare,
    "check": check,
    "gpt": gpt,
    "draw": commands.draw,
}
EXPECTED = (DeviceError, TrainingError, ValueError, IndexError, OSError, ImportError, MemoryError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command: 0 if all is well, 1 if gradients differ, 2 if it could not be done.

    >>> main(["draw", "w*x", "w=0.5", "x=2"])
    w*x = 1.0
      d/dw = 2.0
      d/dx = 0.5
    0
    """
    typed = list(sys.argv[1:] if argv is None else argv)
    command = ""
    try:
        options = _given(typed)
        command = options.command
        check_partners(options)
        keeps = any(getattr(options, name, None) for name in ("save", "checkpoint", "plot"))
        with dropped() if keeps else nullcontext():
            status: int = COMMANDS[command](options)
        sys.stdout.flush()
        return status
    except UsageError as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:  # whoever read what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except EXPECTED as error:
        print(f"liftgrad {command}: {_one_line(error)}", file=sys.stderr)
        leave(2)
    except KeyboardInterrupt as interrupt:
        with interrupts.ignored():
            print(f"liftgrad {command}".rstrip() + ": interrupted" + _kept(interrupt), file=sys.stderr)
            leave(2)
    return 2


def console() -> int:
    """Run the command line as a process: Ctrl-C is one line from the first moment to the last."""
    try:
        interrupts.raise_once()
        status = main()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left that could be lost
    except KeyboardInterrupt:  # between two lines of `main`
        print("liftgrad: interrupted", file=sys.stderr)
        return 2
    return status


def _given(typed: list[str]) -> argparse.Namespace:
    if typed[:1] == ["draw"]:
        return argparse.Namespace(command="draw", rest=typed[1:])
    if not typed:
        known = ", ".join(COMMANDS)
        raise UsageError(f"liftgrad: no command given; use one of {known} (liftgrad --help says what they do).")
    options, unknown = parser(COMMANDS).parse_known_args(typed)
    if unknown:
        command = f"liftgrad {options.command}"
        raise UsageError(f"{command}: {' '.join(unknown)}: is not known ({command} --help lists what there is).")
    return options


def _one_line(error: BaseException) -> str:
    line = " ".join(str(error).split())
    return line or f"there is not enough memory ({type(error).__name__})."


def _kept(interrupt: KeyboardInterrupt) -> str:
    return f"; {interrupt}" if str(interrupt) else ""


if __name__ == "__main__":
    sys.exit(console())
