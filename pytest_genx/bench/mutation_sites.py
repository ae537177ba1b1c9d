"""Mutation operators: what may stand in the place of a node of the syntax tree.

Each is a function of one node that yields replacements: a node, or a list of statements for a
statement. The classic set (DeMillo, Lipton and Sayward 1978, "Hints on test data selection")
for what Python programs are made of, and a few slips that people make with its builtins.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping

Replacements = Iterator["ast.AST | list[ast.stmt]"]
Operator = Callable[[ast.AST], Replacements]

_COMPARED: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_COMPUTED: Mapping[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.FloorDiv),
    ast.Div: (ast.FloorDiv, ast.Mult),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_TWINS = (
    ("min", "max"),
    ("any", "all"),
    ("upper", "lower"),
    ("isupper", "islower"),
    ("startswith", "endswith"),
    ("lstrip", "rstrip"),
    ("find", "rfind"),
    ("ceil", "floor"),
    ("append", "extend"),
    ("keys", "values"),
)
_CONFUSED = {a: b for pair in _TWINS for a, b in (pair, pair[::-1])}
_BYPASSED = frozenset({"sorted", "set", "abs", "list", "round", "reversed", "int", "str"})
_MANY = 2  # arguments that can be swapped


def comparison(node: ast.AST) -> Replacements:
    """`<` for `<=` and the like, `==` for `!=`, `in` for `not in`."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in _COMPARED[type(op)]:
                changed = copy.deepcopy(node)
                changed.ops[i] = other()
                yield changed


def arithmetic(node: ast.AST) -> Replacements:
    """`+` for `-`, `//` for `/` and the like, in assignments such as `+=` too."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        for other in _COMPUTED.get(type(node.op), ()):
            changed = copy.deepcopy(node)
            changed.op = other()
            yield changed


def constant(node: ast.AST) -> Replacements:
    """A whole number one more and one less, a truth value turned over."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        elif isinstance(node.value, int):
            yield ast.Constant(node.value + 1)
            yield ast.Constant(node.value - 1)


def text(node: ast.AST) -> Replacements:
    """An empty string for another, and another for an empty one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield ast.Constant("" if node.value else " ")


def connective(node: ast.AST) -> Replacements:
    """`and` for `or`, and one operand of them left out."""
    if isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield changed
        for i in range(len(node.values)):
            rest = [copy.deepcopy(v) for j, v in enumerate(node.values) if j != i]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def negation(node: ast.AST) -> Replacements:
    """A condition turned over, a `not` or a minus left out."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield copy.deepcopy(node.operand)
    if isinstance(node, (ast.If, ast.IfExp, ast.While)) and not isinstance(
        node.test, (ast.Compare, ast.Constant)
    ):
        changed = copy.deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), changed.test)
        yield changed


def returned(node: ast.AST) -> Replacements:
    """`None` for what is returned."""
    if isinstance(node, ast.Return) and node.value is not None:
        yield ast.Return(ast.Constant(None))


def branch(node: ast.AST) -> Replacements:
    """A condition left out with what it guards, or what it guards done always."""
    if isinstance(node, ast.If):
        yield copy.deepcopy(node.orelse)
        yield copy.deepcopy(node.body)
    if isinstance(node, ast.IfExp):
        yield copy.deepcopy(node.orelse)
        yield copy.deepcopy(node.body)
    if isinstance(node, ast.comprehension) and node.ifs:
        changed = copy.deepcopy(node)
        changed.ifs.pop()
        yield changed


def statement(node: ast.AST) -> Replacements:
    """A statement left out that changes something."""
    if isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield []


def loop(node: ast.AST) -> Replacements:
    """`break` for `continue`, a `break` left out."""
    if isinstance(node, ast.Break):
        yield ast.Continue()
        yield ast.Pass()
    if isinstance(node, ast.Continue):
        yield ast.Break()


def index(node: ast.AST) -> Replacements:
    """An index or the end of a slice moved by one, where it is no number; those are constants."""
    if not isinstance(node, ast.Subscript):
        return
    place = node.slice
    if isinstance(place, ast.Slice):
        for end, missing in (("lower", 1), ("upper", -1)):
            given = getattr(place, end)
            if isinstance(given, ast.Constant):
                continue
            changed = copy.deepcopy(node)
            moved = ast.Constant(missing) if given is None else _moved(given, 1)
            setattr(changed.slice, end, moved)
            yield changed
        if place.step is not None:
            changed = copy.deepcopy(node)
            setattr(changed.slice, "step", None)  # noqa: B010 -- typed as any expression
            yield changed
    elif not isinstance(place, (ast.Constant, ast.UnaryOp, ast.Tuple)):
        for by in (1, -1):
            changed = copy.deepcopy(node)
            changed.slice = _moved(place, by)
            yield changed


def bound(node: ast.AST) -> Replacements:
    """The end of a `range` one earlier and one later, its start one later."""
    if not isinstance(node, ast.Call) or _called(node) != "range" or not node.args:
        return
    alone = len(node.args) == 1
    shifts = [(0 if alone else 1, -1), (0 if alone else 1, 1)]
    for i, by in shifts if alone else [*shifts, (0, 1)]:
        if not isinstance(node.args[i], ast.Constant):
            changed = copy.deepcopy(node)
            changed.args[i] = _moved(node.args[i], by)
            yield changed
    if alone:
        changed = copy.deepcopy(node)
        changed.args.insert(0, ast.Constant(1))
        yield changed


def arguments(node: ast.AST) -> Replacements:
    """Two neighbouring arguments swapped."""
    if isinstance(node, ast.Call) and not any(isinstance(a, ast.Starred) for a in node.args):
        for i in range(len(node.args) - 1):
            changed = copy.deepcopy(node)
            changed.args[i : i + _MANY] = changed.args[i : i + _MANY][::-1]
            yield changed


def function(node: ast.AST) -> Replacements:
    """`max` for `min` and the like, or a call of `sorted`, `abs` and the like left out."""
    name = _called(node)
    if not isinstance(node, ast.Call):
        return
    if name in _CONFUSED:
        changed = copy.deepcopy(node)
        if isinstance(changed.func, ast.Name):
            changed.func.id = _CONFUSED[name]
        elif isinstance(changed.func, ast.Attribute):
            changed.func.attr = _CONFUSED[name]
        yield changed
    if name in _BYPASSED and len(node.args) == 1 and isinstance(node.func, ast.Name):
        yield copy.deepcopy(node.args[0])


def keyword(node: ast.AST) -> Replacements:
    """A named argument left out: `reverse=True`, `key=...`."""
    if isinstance(node, ast.Call):
        for i in range(len(node.keywords)):
            changed = copy.deepcopy(node)
            del changed.keywords[i]
            yield changed


def _moved(node: ast.expr, by: int) -> ast.expr:
    op = ast.Add() if by > 0 else ast.Sub()
    return ast.BinOp(copy.deepcopy(node), op, ast.Constant(abs(by)))


def _called(node: ast.AST) -> str:
    """The last part of the name that a call calls."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


OPERATORS: Mapping[str, Operator] = {
    "comparison": comparison,
    "arithmetic": arithmetic,
    "constant": constant,
    "text": text,
    "connective": connective,
    "negation": negation,
    "return": returned,
    "branch": branch,
    "statement": statement,
    "loop": loop,
    "index": index,
    "bound": bound,
    "arguments": arguments,
    "function": function,
    "keyword": keyword,
}
