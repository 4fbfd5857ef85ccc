r"""A function as it is written, with every value and every operation of it handed to a hook.

>>> import ast
>>> tree = ast.parse("def f(d, x):\n    y = 2 * x\n    return d[0] * y").body[0]
>>> other, nodes = instrumented(tree, 0)
>>> print(ast.unparse(other).splitlines()[3])
    y = _hook(5, _hook(4, _hook(2, 2), _hook(3, x)))
>>> [(node.form, node.text) for node in nodes][3:5]
[('value', 'x'), ('binary', '2 * x')]
"""

from __future__ import annotations

import ast
import copy
import operator
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nn.diagnosis.mending.source import LAMBDA, Definition, parameters
from nn.diagnosis.mending.tables import ALONG_AXES

HOOK = "_hook"
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert, ast.Not: operator.not_,
}  # fmt: skip
AS_IT_STANDS = {"super", "locals", "globals", "vars", "eval", "exec", "dir"}  # these look at the call itself
UNTOUCHED = (
    ast.JoinedStr, ast.Assert, ast.Raise, ast.Delete, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal,
    ast.ClassDef, ast.Lambda, ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFunctionDef,
)  # fmt: skip


def first(value: Any, *beside: Any) -> Any:
    """Return a value as it is."""
    return value


@dataclass(frozen=True, eq=False)
class Node:
    """One expression of a function.

    Attributes
    ----------
    key, form
        Its number; and "value" (of a variable, an attribute), "parameter", "constant", "binary", "unary", "comparison",
        "call", "index", "slice", or "store": what is about to be assigned.
    tree, statement
        As it is written, and what it stands in.
    do
        What makes its value of those of its operands.
    role
        What a number is for, if it is one: an "index" or an "axis".
    scope
        The first number of its function's expressions: a name means the same in these alone.
    """

    key: int
    form: str
    tree: ast.expr
    statement: ast.AST
    do: Callable[..., Any] = first
    role: str = ""
    scope: int = 0

    @cached_property
    def text(self) -> str:
        """The expression; of an assignment, what it is to."""
        return ast.unparse(self.tree)

    @property
    def is_variable(self) -> bool:
        """Whether it is what a variable becomes."""
        is_assigned = self.form == "store" and not isinstance(self.statement, ast.AugAssign)
        return isinstance(self.tree, ast.Name) and (is_assigned or self.form == "parameter")

    @cached_property
    def line(self) -> int:
        """The line that it begins in."""
        return int(getattr(self.tree, "lineno", 0))


def instrumented(node: Definition, begin: int, modules: Collection[str] = ()) -> tuple[ast.FunctionDef, list[Node]]:
    """Return a function's definition with hooks, and the expressions that they are for, numbered from a number on.

    Names of modules are left as they are.
    """
    instrumenting = _Instrumenting(node, begin, modules)
    return instrumenting.result, instrumenting.nodes


class _Instrumenting(ast.NodeTransformer):
    def __init__(self, node: Definition, begin: int, modules: Collection[str]) -> None:
        self.nodes: list[Node] = []
        self._begin, self._modules = begin, modules
        self._statement: ast.AST = node
        self._role, self._is_lambda = "", isinstance(node, ast.Lambda)
        self._bound = set(parameters(node))
        self.result = _as_statements(copy.deepcopy(node))
        seen = [self._seen(name, node, "parameter") for name in parameters(node)]
        self.result.body = [*seen, *self._statements(self.result.body)]

    def _hooked(self, form: str, tree: ast.expr, *operands: ast.expr, **more: Any) -> ast.expr:
        key = self._begin + len(self.nodes)
        self.nodes.append(Node(key, form, tree, self._statement, more.get("do", first), self._role, self._begin))
        call = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(key), *operands], more.get("keywords", []))
        return ast.copy_location(call, tree)

    def _seen(self, name: str, where: ast.AST, form: str = "value") -> ast.stmt:
        tree = ast.copy_location(ast.Name(name, ast.Load()), where)
        assigned = ast.Assign([ast.Name(name, ast.Store())], self._hooked(form, tree, tree))
        return ast.copy_location(assigned, where)

    def _statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [other for statement in body for other in self._of_statement(statement)]

    def _of_statement(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        shown = statement
        if self._is_lambda and isinstance(statement, ast.Return) and statement.value is not None:
            shown = ast.Expr(statement.value)
        outer, self._statement = self._statement, copy.deepcopy(shown)
        yield self.visit(statement)
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            names = [x.id for x in ast.walk(target) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)]
            self._bound.update(names)
            if not isinstance(target, ast.Name):
                yield from (self._seen(name, statement) for name in names)
        self._statement = outer

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Leave what is no computing; statements within a statement are visited one by one."""
        if isinstance(node, UNTOUCHED):
            return node
        for field, child in ast.iter_fields(node):
            if isinstance(child, list) and child and isinstance(child[0], ast.stmt):
                setattr(node, field, self._statements(child))
            elif field not in ("annotation", "returns", "decorator_list", "type_params"):
                setattr(node, field, self._visited(child))
        return node

    def _visited(self, child: Any) -> Any:
        if isinstance(child, list):
            return [self.visit(x) if isinstance(x, ast.AST) else x for x in child]
        return self.visit(child) if isinstance(child, ast.AST) else child

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        """Leave defaults: they were computed where the function was defined."""
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        """Leave the condition: a loop that ends must end."""
        node.body, node.orelse = self._statements(node.body), self._statements(node.orelse)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Hook a variable that is read."""
        is_read = isinstance(node.ctx, ast.Load) and node.id not in self._modules
        return self._hooked("value", copy.deepcopy(node), node) if is_read else node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Hook a number."""
        is_number = type(node.value) in (int, float)
        return self._hooked("constant", copy.deepcopy(node), node) if is_number else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Hook an attribute that is read."""
        tree = copy.deepcopy(node)
        node.value = self.visit(node.value)
        return self._hooked("value", tree, node) if isinstance(node.ctx, ast.Load) else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Hook an operation on two operands."""
        tree, do = copy.deepcopy(node), OPERATORS[type(node.op)]
        return self._hooked("binary", tree, self.visit(node.left), self.visit(node.right), do=do)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Hook an operation on one operand; a negative number is one."""
        tree, operand = copy.deepcopy(node), node.operand
        if isinstance(node.op, ast.USub) and isinstance(operand, ast.Constant):
            return self._hooked("constant", tree, node)
        return self._hooked("unary", tree, self.visit(operand), do=OPERATORS[type(node.op)])

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Hook a comparison of two numbers."""
        if len(node.ops) > 1 or type(node.ops[0]) not in OPERATORS:
            return node
        tree, do = copy.deepcopy(node), OPERATORS[type(node.ops[0])]
        return self._hooked("comparison", tree, self.visit(node.left), self.visit(node.comparators[0]), do=do)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Hook what is taken out of an array, and the indices of what is written into one."""
        tree = copy.deepcopy(node)
        base = self.visit(node.value) if isinstance(node.ctx, ast.Load) else node.value
        outer, self._role = self._role, "index"
        index, self._role = self._index(node.slice), outer
        if not isinstance(node.ctx, ast.Load):
            node.slice = index
            return node
        return self._hooked("index", tree, base, index, do=operator.getitem)

    def _index(self, index: ast.expr) -> ast.expr:
        if isinstance(index, ast.Tuple):
            return ast.Tuple([self._index(x) for x in index.elts], ast.Load())
        if not isinstance(index, ast.Slice):
            return index if isinstance(index, ast.Starred) else self.visit(index)
        ends = [ast.Constant(None) if x is None else self.visit(x) for x in (index.lower, index.upper, index.step)]
        return self._hooked("slice", copy.deepcopy(index), *ends, do=slice)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Hook a call, with its arguments."""
        tree = copy.deepcopy(node)
        if isinstance(node.func, ast.Name) and node.func.id in AS_IT_STANDS:
            return node
        callee = node.func
        if isinstance(callee, ast.Attribute):
            callee.value = self.visit(callee.value)
        elif not isinstance(callee, ast.Name):
            callee = self.visit(callee)
        name = callee.attr if isinstance(callee, ast.Attribute) else ""
        arguments, keywords = [self._argument(x, name) for x in node.args], self._visited(node.keywords)
        return self._hooked("call", tree, callee, *arguments, keywords=keywords, do=_called)

    def _argument(self, node: ast.expr, of: str) -> ast.expr:
        """Hook an argument; a whole number in a sum or its like is an axis."""
        number = node.operand if isinstance(node, ast.UnaryOp) else node
        is_axis = of in ALONG_AXES and isinstance(number, ast.Constant) and type(number.value) is int
        outer, self._role = self._role, "axis" if is_axis else self._role
        visited: ast.expr = self.visit(node)
        self._role = outer
        return visited

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        """Hook an argument by name."""
        outer, self._role = self._role, "axis" if node.arg == "axis" else self._role
        node.value, self._role = self.visit(node.value), outer
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Hook what is assigned, beside what the variable or the part of an array held."""
        node.value = self.visit(node.value)
        (target,) = node.targets if len(node.targets) == 1 else (None,)
        if isinstance(target, (ast.Name, ast.Subscript, ast.Attribute)):
            node.value = self._stored(target, node.value)
        node.targets = [self.visit(x) for x in node.targets]
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Hook what is added to a variable or to a part of an array."""
        node.value = self._stored(node.target, self.visit(node.value))
        node.target = self.visit(node.target)
        return node

    def _stored(self, target: ast.expr, value: ast.expr) -> ast.expr:
        old = copy.deepcopy(target)
        for x in ast.walk(old):
            if isinstance(x, (ast.Name, ast.Subscript, ast.Attribute)):
                x.ctx = ast.Load()
        is_known = not isinstance(target, ast.Name) or target.id in self._bound
        nothing = ast.arguments([], [], None, [], [], None, [])
        beside = [ast.Lambda(nothing, old)] if is_known and not isinstance(target, ast.Attribute) else []
        return self._hooked("store", old, value, *beside)


def _as_statements(node: Definition) -> ast.FunctionDef:
    """Return a lambda as a function of its name, in which there is room for more than its result."""
    if isinstance(node, ast.FunctionDef):
        return node
    result = ast.copy_location(ast.Return(node.body), node.body)
    (function,) = ast.parse("def named(): pass").body
    assert isinstance(function, ast.FunctionDef)
    function.name, function.args, function.body = LAMBDA, node.args, [result]
    return ast.copy_location(function, node)


def _called(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    return function(*arguments, **keywords)
