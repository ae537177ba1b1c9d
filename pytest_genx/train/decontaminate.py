"""Keep what models are measured on out of what they are trained on.

Two definitions count as equal when their code is, after docstrings, annotations and
formatting are removed and every name that the definition binds is numbered by appearance.
A solution in other words is not found; the card says so.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable

_SHORTEST = 40  # characters of a normalised definition; below, equality says nothing


class _Names(ast.NodeTransformer):
    """Number every bound name by its first appearance and drop what does not run."""

    def __init__(self, bound: set[str]) -> None:
        self._bound = bound
        self._numbers: dict[str, str] = {}

    def _numbered(self, name: str) -> str:
        if name not in self._bound:
            return name
        return self._numbers.setdefault(name, f"v{len(self._numbers)}")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._numbered(node.name)
        node.returns = None
        node.decorator_list = []
        node.body = [s for s in node.body if not _is_text(s)] or [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        node.arg = self._numbered(node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._numbered(node.id)
        return node


def fingerprint(definition: ast.FunctionDef) -> str | None:
    """Hash the normalised code of a function; None when it is too short to tell anything."""
    copy = ast.parse(ast.unparse(definition)).body[0]
    bound = {copy.name} if isinstance(copy, ast.FunctionDef) else set()
    for node in ast.walk(copy):
        if isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    text = ast.unparse(ast.fix_missing_locations(_Names(bound - {"self"}).visit(copy)))
    return hashlib.sha256(text.encode()).hexdigest() if len(text) >= _SHORTEST else None


def fingerprints(programs: Iterable[str]) -> frozenset[str]:
    """Hash every function and method of the given programs."""
    found = set()
    for program in programs:
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.FunctionDef):
                found.add(fingerprint(node))
    return frozenset(f for f in found if f is not None)


def contaminated(source: str, measured: frozenset[str]) -> bool:
    """Tell whether any function in `source` equals one of the measured ones."""
    return any(
        isinstance(node, ast.FunctionDef) and fingerprint(node) in measured
        for node in ast.walk(ast.parse(source))
    )


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
