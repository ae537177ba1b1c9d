"""Statements that check a target -> what they say, in a form that is equal for equal claims.

Two texts that claim the same may be written differently: layout, quotes, order of keywords,
which side of `==`, a variable for a value, `[1,2]`, `1.0` for `1` as an expected value. Inputs
that differ, if only by `1.0` for `1`, are different: a function may tell them apart. A claim is
what is compared, not the message beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable
from collections.abc import Set as AbstractSet

from pytest_genx.syntax.names import dotted, mentions_any
from pytest_genx.syntax.source import parse


def claim(source: str, names: AbstractSet[str]) -> Hashable:
    r"""Bring a check into its normal form.

    Args:
        source: statements, the assertions among them.
        names: what a call of the target mentions: its name, that of its class.

    Returns:
        Equal for checks that say the same; the text itself when it cannot be read.

    >>> claim("assert f( [1,2] ) == 3", {"f"}) == claim("x = f([1, 2])\nassert 3.0 == x", {"f"})
    True
    >>> claim("assert f(1) == 3", {"f"}) == claim("assert f(1.0) == 3", {"f"})
    False
    """
    tree = parse(source)
    if tree is None:
        return source.strip()
    try:
        body = [_Plain().visit(statement) for statement in _inlined(tree.body)]
        if len(body) == 1:
            compared = _compared(body[0], names)
            if compared is not None:
                return compared
        return tuple(ast.dump(statement) for statement in body)
    except RecursionError:
        return source.strip()  # nested beyond what can be worked with


def _compared(check: ast.stmt, names: AbstractSet[str]) -> Hashable | None:
    """The call and the value of `assert CALL == VALUE`, or the call and what it raises."""
    if isinstance(check, ast.With) and len(check.items) == 1 and len(check.body) == 1:
        manager, inside = check.items[0].context_expr, check.body[0]
        raises = isinstance(manager, ast.Call) and dotted(manager.func).endswith("raises")
        if raises and isinstance(inside, ast.Expr) and not check.items[0].optional_vars:
            return "raises", ast.dump(inside.value), ast.dump(manager)
        return None
    if not isinstance(check, ast.Assert) or not isinstance(check.test, ast.Compare):
        return None
    test = check.test
    if len(test.ops) != 1:
        return None
    left, right = test.left, test.comparators[0]
    constant = isinstance(right, ast.Constant) and type(right.value) in (bool, type(None))
    if not isinstance(test.ops[0], ast.Eq) and not (isinstance(test.ops[0], ast.Is) and constant):
        return None
    if not mentions_any(left, names):
        left, right = right, left
    return "equal", ast.dump(left), _value(right)


def _value(node: ast.expr) -> Hashable:
    """An expected value, such that values that are equal in Python are equal here."""
    try:
        return "value", _frozen(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return "text", ast.dump(node)


def _frozen(value: object) -> Hashable:
    """A literal's value as something that can be a key; numbers are equal as in Python."""
    if isinstance(value, (list, tuple)):
        return type(value).__name__, tuple(_frozen(item) for item in value)
    if isinstance(value, (set, frozenset)):
        return "set", frozenset(_frozen(item) for item in value)
    if isinstance(value, dict):
        return "dict", frozenset((_frozen(key), _frozen(item)) for key, item in value.items())
    assert isinstance(value, Hashable), "a literal is one of the above or a constant"
    return value


class _Plain(ast.NodeTransformer):
    """Leaves out what says nothing: messages, and the order of keywords."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.Assert(self.visit(node.test))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if all(keyword.arg for keyword in node.keywords):
            node.keywords.sort(key=lambda keyword: keyword.arg or "")
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(node.value)  # without its `u`


def _inlined(body: list[ast.stmt]) -> list[ast.stmt]:
    """Put a variable's value where it is used, if the next statement alone does, and once."""
    body = list(body)
    at = len(body) - 2
    while at >= 0:
        statement, following = body[at], body[at + 1]
        name = _assigned(statement)
        if name is not None and isinstance(following, (ast.Assert, ast.Assign, ast.Expr)):
            uses = [
                n for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name
            ]
            once = [n for n in ast.walk(following) if isinstance(n, ast.Name) and n.id == name]
            if len(uses) == 2 and len(once) == 1 and isinstance(once[0].ctx, ast.Load):
                assert isinstance(statement, ast.Assign)
                body[at : at + 2] = [_Put(name, statement.value).visit(following)]
        at -= 1
    return body


def _assigned(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return target.id if isinstance(target, ast.Name) else None
    return None


class _Put(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name = name
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._value if node.id == self._name else node
