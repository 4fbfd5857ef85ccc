"""What is said of an edit: the line, what stands there, and what should.

>>> from nn.diagnosis.mending.edits import Edit
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.instrumented import Node
from nn.diagnosis.report import Finding

LONGEST = 100  # characters of a statement, beyond which a part of it is shown
LEADS = {
    "-v": "the sign is wrong",
    "v * u": "the factor `{u}` is missing",
    "v / u": "a factor `{u}` is too many, or a division by it missing",
    "v + u": "the term `{u}` is missing",
    "v - u": "the term `{u}` is too many, or `-{u}` missing",
    "v + c * u": "a term of `{u}` is missing",
}
"""What is said first of some changes, which are longer to read."""


def correction(edit: Edit, wrong: Sequence[str], together: Sequence[Edit] = ()) -> Finding:
    """Return what is said of an edit that makes some gradients right, with others that do so together with it."""
    if edit.node.form in ("store", "parameter"):
        return _of_statement(edit, ", ".join(wrong))
    shown, instead = _surroundings(edit.node), belongs(edit)
    other, as_written = ast.unparse(_corrected(shown, together or [edit])), ast.unparse(shown)
    should = f"{lead(edit)}`{edit.node.text}` should be `{ast.unparse(instead)}`"
    sentence = f"line {edit.node.line}, `{as_written}`: {should}"
    if edit.also:
        sentence += f", also in {_lines(edit)}"
    return Finding(edit.kind, sentence, ", ".join(wrong), "", other, as_written, "")


def _corrected(shown: ast.AST, edits: Sequence[Edit]) -> ast.AST:
    """Return a part of a text with edits in it: what is within another expression after that."""
    places = [(node, edit) for edit in edits if edit.node.form not in ("store", "parameter") for node in edit.nodes]
    corrected = copy.deepcopy(shown)
    for node, edit in sorted(places, key=lambda place: -len(place[0].text)):
        corrected = _Replacing(node.tree, belongs(edit)).visit(corrected)
    return corrected


def _lines(edit: Edit) -> str:
    """Return the lines of the other places in which an edit stands."""
    several = [f"{line}" for line in sorted({node.line for node in edit.also})]
    return f"line{'s' if len(several) > 1 else ''} {', '.join(several)}"


def _of_statement(edit: Edit, wrong: str) -> Finding:
    """Return what is said of what is assigned, and of an argument wherever it is read."""
    node, line = edit.node, f"line {edit.node.line}"
    if node.form == "parameter":
        instead = ast.unparse(belongs(edit))
        sentence = f"{line}: the argument `{node.text}` should be `{instead}` wherever it is read"
        return Finding(edit.kind, sentence, wrong, "", f"{node.text} = {instead}", node.text, "")
    as_written = ast.unparse(node.statement)
    sign, value = as_written[len(node.text) :].lstrip().split("= ", 1)
    other = {"old + v": f"{node.text} += {value}", "v - old": f"{node.text} = {value}"}.get(edit.text, "")
    if edit.text == "-v":
        other = f"{node.text} {'+=' if sign == '-' else '-='} {value}"
    should = f"should be `{other}`" if other else "should not be there"
    return Finding(edit.kind, f"{line}, `{as_written}`: it {should}", wrong, "", other or "nothing", as_written, "")


def lead(edit: Edit) -> str:
    """Return what is said before a change."""
    return f"{LEADS[edit.text].format(u=edit.uses)}: " if edit.text in LEADS else ""


def belongs(edit: Edit) -> ast.expr:
    """Return the expression that belongs in place of what is written."""
    tree = edit.node.tree
    parts: dict[str, ast.expr] = {"v": tree}
    if isinstance(tree, ast.BinOp):
        parts |= {"a": tree.left, "b": tree.right}
    elif isinstance(tree, ast.Compare):
        parts |= {"a": tree.left, "b": tree.comparators[0]}
    elif isinstance(tree, ast.UnaryOp) and edit.node.form == "unary":
        parts["a"] = tree.operand
    elif isinstance(tree, ast.Subscript):
        parts["a"] = tree.value
    elif isinstance(tree, ast.Call):
        parts |= {"f": tree.func, **dict(zip("ab", tree.args))}
    if edit.number is not None:
        parts["c"] = ast.Constant(float(f"{edit.number:.6g}") if edit.number % 1 else int(edit.number))
    if edit.uses:
        parts["u"] = ast.parse(edit.uses, mode="eval").body
    filled: ast.expr = _Filling(parts, edit).visit(ast.parse(edit.text, mode="eval").body)
    return filled


class _Filling(ast.NodeTransformer):
    """Puts an author's expressions into a text."""

    def __init__(self, parts: dict[str, ast.expr], edit: Edit) -> None:
        self._parts, self._edit = parts, edit

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return what a name stands for."""
        return self._parts.get(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Return an attribute; `f.__self__` is what a method is called on."""
        if node.attr == "__self__":
            func = self._parts["f"]
            return func.value if isinstance(func, ast.Attribute) else func
        return ast.Attribute(self.visit(node.value), node.attr, node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Return a call with the author's arguments by name, or with others."""
        tree, edit = self._edit.node.tree, self._edit
        keywords = list(tree.keywords) if isinstance(tree, ast.Call) else []
        if edit.keywords is not None:
            keywords = [ast.keyword(k, ast.Constant(x)) for k, x in edit.keywords.items() if x is not None]
        if all(k.arg is not None for k in node.keywords):
            keywords = node.keywords
        args: list[ast.expr] = []
        for x in node.args:
            if isinstance(x, ast.Starred) and isinstance(tree, ast.Call):
                args += tree.args
            else:
                args.append(self.visit(x))
        return ast.Call(self.visit(node.func), args, keywords)


def _surroundings(node: Node) -> ast.AST:
    """Return the statement that an expression stands in, or the longest part of it that can be shown."""
    around = [x for x in ast.walk(node.statement) if _is_around(x, node.tree)]
    several = [x for x in (node.statement, *around) if not hasattr(x, "body") and not _is_of_several(x)] or around
    return next((x for x in several if len(ast.unparse(x)) <= LONGEST), several[-1] if several else node.tree)


def _is_of_several(x: ast.AST) -> bool:
    """Whether it is a list of results, of which one is meant."""
    listed = x.value if isinstance(x, ast.Return) else x
    return isinstance(listed, ast.Tuple) and len(listed.elts) > 1


def _is_around(outer: ast.AST, inner: ast.AST) -> bool:
    return isinstance(outer, ast.expr) and _span(outer)[0] <= _span(inner)[0] and _span(inner)[1] <= _span(outer)[1]


def _span(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
    begin = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    return begin, (getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))


class _Replacing(ast.NodeTransformer):
    """Puts one expression in place of another, which stands at the same place in the text."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the expression that belongs here."""
        is_it = type(node) is type(self._old) and _span(node) == _span(self._old) and not _is_stored(node)
        return self._new if is_it else self.generic_visit(node)


def _is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)
