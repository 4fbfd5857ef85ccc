"""The command line: evaluate an expression, print its value and gradients, and write its picture.

Example: liftgrad draw "tanh(w*x + b)" w=0.5 x=2 b=-1 -o neuron.svg
The same is run by python -m viz.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence

from viz.arguments import Parser
from viz.errors import ExpressionError, RenderError
from viz.expression import evaluate
from viz.render import save

OPTION = re.compile(r"-h$|-o|--(help|output|derivatives)\b|--$")


def main(arguments: Sequence[str] | None = None, prog: str = "python -m viz") -> int:
    """Run the command; the exit status is 0, or 2 where the user can mend something.

    >>> main(["w*x", "w=0.5", "x=2"])
    w*x = 1.0
      d/dw = 2.0
      d/dx = 0.5
    0
    """
    parser = Parser(prog=prog, description="Evaluate, differentiate and draw an expression.")
    parser.add_argument("expression", help='arithmetic over the engine\'s functions: "tanh(w*x + b)"')
    parser.add_argument("values", nargs="*", metavar="name=number", help="the value of each name")
    parser.add_argument("-o", "--output", metavar="FILE", help="where the picture goes: .svg .png .pdf .dot .html")
    parser.add_argument("--derivatives", action="store_true", help="write local derivatives on the edges")
    typed = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(parser.parse_intermixed_args([_no_option(text) for text in typed]))
    except (ExpressionError, RenderError, OSError, ValueError, TypeError) as error:
        print(error, file=sys.stderr)
        return 2


def _no_option(text: str) -> str:
    """Return an argument as the parser reads it: a space before it says that "-x*2" is not an option."""
    return f" {text}" if text.startswith("-") and not OPTION.match(text) else text


def _run(arguments: argparse.Namespace) -> int:
    pairs = [_assignment(text) for text in arguments.values]
    numbers = dict(pairs)
    if len(numbers) < len(pairs):
        raise ValueError(f"{max(numbers, key=[name for name, _ in pairs].count)} is given twice; give it once.")
    result, names = evaluate(arguments.expression, numbers)
    unused = sorted(set(numbers) - set(names))
    if unused:
        raise ValueError(f"{', '.join(unused)} not in the expression; leave it out.")
    result.backward()
    print(f"{arguments.expression.strip()} = {result.data!r}")
    for name, value in names.items():
        print(f"  d/d{name} = {value.grad!r}")
    if arguments.output:
        options = {"derivatives": True} if arguments.derivatives else {}
        print(f"wrote {save(result, arguments.output, **options)}")
    return 0


def _assignment(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    try:
        if not equals or not name.strip().isidentifier():
            raise ValueError
        return name.strip(), float(number)
    except ValueError:
        raise ValueError(f"{text.strip()!r} is not name=number; write for example x=2.0.") from None


if __name__ == "__main__":
    sys.exit(main())
