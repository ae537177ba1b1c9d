"""Expressions with their variables replaced, so that they stand alone."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from pytest_genx.backends.inputs.namespace import stored_names

HOLE = "__genx_call__"


def parse_expression(text: str) -> ast.expr | None:
    """Parse an expression; None when the text is none."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def parse_statements(source: str) -> list[ast.stmt]:
    """Parse statements; nothing when the text is no Python."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []


def inlined(
    node: ast.expr, variables: Mapping[str, ast.expr], hole: ast.expr | None = None
) -> ast.expr:
    """Replace variables by what they stand for, and one sub-expression by the name `HOLE`.

    Args:
        node: the expression; it is left as it is.
        variables: expressions by name.
        hole: the part to be cut out, by identity.
    """
    own = stored_names(node)
    known = {name: value for name, value in variables.items() if name not in own}
    result = _rebuilt(node, known, hole)
    assert isinstance(result, ast.expr), "an expression is rebuilt as one"
    return result


def text_of(node: ast.expr, variables: Mapping[str, ast.expr], hole: ast.expr | None = None) -> str:
    """Write an expression with its variables replaced."""
    return ast.unparse(inlined(node, variables, hole))


def _rebuilt(node: ast.AST, variables: Mapping[str, ast.expr], hole: ast.expr | None) -> ast.AST:
    if node is hole:
        return ast.Name(HOLE, ast.Load())
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return variables.get(node.id, node)

    def part(value: Any) -> Any:
        if isinstance(value, list):
            return [part(item) for item in value]
        return _rebuilt(value, variables, hole) if isinstance(value, ast.AST) else value

    return type(node)(**{name: part(value) for name, value in ast.iter_fields(node)})
