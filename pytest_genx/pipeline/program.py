"""A definition put in the place of a target -> the text of the whole module."""

from __future__ import annotations

import ast

from pytest_genx.domain import Target
from pytest_genx.syntax.definition import first_line
from pytest_genx.syntax.source import indentation, parse, parse_known, shift


def place(target: Target, definition: str, extra: str = "") -> str:
    """Write the module's text with another definition instead of the target's.

    Args:
        target: says which lines are replaced.
        definition: one function at the left margin; it is indented as the target is.
        extra: statements that the definition needs. Imports go below those that open the
            module, all else stands before the definition, or before the class that holds it.
    """
    lines = target.module_source.split("\n")
    margin = indentation(lines[target.start - 1])
    body = shift(definition.strip("\n"), "", margin).split("\n")
    placed = [*lines[: target.start - 1], *body, *lines[target.end :]]
    added = parse(extra)
    if added is None or not added.body:
        return "\n".join(placed)
    imports = [s for s in added.body if isinstance(s, (ast.Import, ast.ImportFrom))]
    others = [s for s in added.body if not isinstance(s, (ast.Import, ast.ImportFrom))]
    top, before = _places(target)
    helpers = [line for s in others for line in [*ast.unparse(s).split("\n"), "", ""]]
    placed[before - 1 : before - 1] = helpers
    gap = ["", ""] if imports and placed[top].strip() and top + 1 == before else []
    placed[top:top] = [*map(ast.unparse, imports), *gap]
    return "\n".join(placed)


def _places(target: Target) -> tuple[int, int]:
    """How many lines stand before new imports, and the line that helpers go before."""
    module = parse_known(target.module_source)
    top, before = _begin(module.body[0]) - 1, target.start
    leading = True
    for i, node in enumerate(module.body):
        end = node.end_lineno or node.lineno
        if _begin(node) <= target.start <= end:
            before = _begin(node)
        docstring = i == 0 and isinstance(node, ast.Expr)
        leading = leading and (docstring or isinstance(node, (ast.Import, ast.ImportFrom)))
        if leading and end < target.start:
            top = end
    following = [n.lineno for n in module.body if n.lineno <= top < (n.end_lineno or 0)]
    return (top, before) if not following else (before - 1, before)


def _begin(node: ast.stmt) -> int:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return first_line(node)
    return node.lineno
