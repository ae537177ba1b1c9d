"""Functions that call the target, as they are written in its module and beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from pytest_genx.domain import Target
from pytest_genx.syntax.definition import first_line, walk_definitions
from pytest_genx.syntax.names import calls, mentions_class
from pytest_genx.syntax.source import indentation, shift

MAX_CALLERS = 2
MAX_LINES = 25  # of one
Place = tuple[Sequence[str], Sequence[ast.stmt]]  # lines of a file, and its statements


def callers(target: Target, places: Iterable[Place]) -> tuple[str, ...]:
    """Show the first short functions that call a target, methods below the line of their class.

    Args:
        target: what is called; its own definition and test functions are passed over.
        places: files in order, the target's module first.
    """
    found: list[str] = []
    for i, (lines, statements) in enumerate(places):
        for name, node in walk_definitions(statements).items():
            if len(found) == MAX_CALLERS:
                return tuple(found)
            start, end = first_line(node), node.end_lineno or node.lineno
            itself = i == 0 and name == target.qualname
            if isinstance(node, ast.ClassDef) or itself or end - start >= MAX_LINES:
                continue
            around = next((s for s in statements if _holds(s, node)), node)
            if node.name.startswith("test") or not mentions_class(around, target):
                continue
            if any(calls(node, target)):
                found.append(text_of(node, lines, name.rpartition(".")[0]))
    return tuple(found)


def text_of(node: ast.stmt, lines: Sequence[str], owner: str = "") -> str:
    """The source of a statement at the left margin; a method below the line of its class."""
    start = node.lineno
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        start = first_line(node)
    text = "\n".join(lines[start - 1 : node.end_lineno])
    old = indentation(lines[start - 1])
    if not owner:
        return shift(text, old, "")
    return f"class {owner.rpartition('.')[2]}:\n{shift(text, old, '    ')}"


def _holds(statement: ast.stmt, node: ast.AST) -> bool:
    return any(inner is node for inner in ast.walk(statement))
