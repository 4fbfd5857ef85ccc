"""How many lines the machinery of the diagnosis has: search, judging and alterations, without what is only said.

    python tests/benchmarks/count_machinery.py [REVISION ...]

Counted are lines that hold code, in nn/diagnosis, as in the revisions of git (default: the files as they are), by what they
do: search, judging, the table of mistakes, other alterations, the recording of functions, and the reading of what somebody
gives. Not counted are docstrings, comments and blank lines; lines of text alone (sentences, equations and references in
tables and decorators, with the brackets of a table that holds nothing else); and three kinds of files, which are shown beside:

printed   what says and teaches: reports, sentences, notation, pages, templates
courses   how somebody's course writes networks: dialects, his names and calls, other conventions
bridges   to frameworks: frameworks/, and what PyTorch's words and JAX's primitives are in NumPy's
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOM = "nn/diagnosis"
EXCLUDED = {
    "printed": {"report", "text", "notation", "page", "__main__", "__init__", "sentences", "wording", "template"},
    "courses": {
        "script",
        "apart",
        "dialects",
        "declared",
        "readings",
        "calls",
        "elsewhere",
        "own",
        "held",
        "undeclared",
    },
    "bridges": {"frameworks", "torch_words", "tensors", "jaxprs", "jax_primitives"},
}
COUNTED = {
    "table": {"mistakes"},
    "search": {"search", "directions", "series", "target", "explain", "walk", "evidence"},
    "recording": {
        "recorded",
        "recorded_array",
        "author_run",
        "composed",
        "primitives",
        "matrices",
        "unchanged",
        "authors",
        "ties",
        "buffers",
        "equations",
        "network_edges",
    },
    "alterations": {"alterations"},
    "reading": {"network", "backward", "points", "candidate", "asked", "asserted", "assigned"},
}
JUDGING = "judging"  # all other files
OF_TEXT = (ast.Dict, ast.Tuple, ast.List, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.Add)
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def sources(revision: str) -> Iterator[tuple[str, str]]:
    """Yield the files of the room as they are ("") or were."""
    if not revision:
        yield from ((str(path), path.read_text(encoding="utf-8")) for path in sorted(Path(ROOM).rglob("*.py")))
        return
    names = git("ls-tree", "-r", "--name-only", revision, ROOM).split()
    yield from ((name, git("show", f"{revision}:{name}")) for name in names if name.endswith(".py"))


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


def lines_of_code(source: str) -> int:
    """Count the lines that hold code, and not text alone."""
    tokens: dict[int, list[tokenize.TokenInfo]] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            for line in range(token.start[0], token.end[0] + 1):
                tokens.setdefault(line, []).append(token)
    spoken = set(lines_spoken(source))
    return sum(line not in spoken and not is_text(found) for line, found in tokens.items())


def lines_spoken(source: str) -> Iterator[int]:
    """Yield the lines of docstrings, of tables of text, and of decorators that hold an equation and a reference."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            if all(isinstance(part, OF_TEXT) for part in ast.walk(node.value)):
                yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for call in getattr(node, "decorator_list", []):
            if isinstance(call, ast.Call) and any(keyword.arg == "reference" for keyword in call.keywords):
                yield from range(call.lineno, (call.end_lineno or call.lineno) + 1)


def is_text(found: list[tokenize.TokenInfo]) -> bool:
    """Whether a line holds strings and constants alone, perhaps after the names of keywords."""
    after = [token.string for token in found[1:]] + [""]
    plain = (
        token.type == tokenize.STRING
        or (token.type == tokenize.OP and token.string in ",()=+:{}")
        or (token.type == tokenize.NAME and (token.string.isupper() or following == "="))
        for token, following in zip(found, after)
    )
    says = any(token.type == tokenize.STRING or token.string.isupper() for token in found)
    return says and all(plain)


def part_of(name: str) -> str:
    """Return what a file counts as."""
    names = set(Path(name).with_suffix("").parts)
    return next((part for part, known in (EXCLUDED | COUNTED).items() if names & known), JUDGING)


def main() -> None:
    for revision in sys.argv[1:] or [""]:
        parts = dict.fromkeys((JUDGING, *COUNTED, *EXCLUDED), 0)
        for name, source in sources(revision):
            parts[part_of(name)] += lines_of_code(source)
        counted, beside = ({k: n for k, n in parts.items() if (k in EXCLUDED) == is_one} for is_one in (False, True))
        print(f"{revision or 'now'}: {sum(counted.values()):,} lines, {counted}; not counted: {beside}")


if __name__ == "__main__":
    main()
