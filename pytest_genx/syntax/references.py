"""How test code refers to a target, made uniform: by the names its own module uses.

`import shop.cart as c; c.total(1)` and `from shop import total as t; t(1)` both become
`total(1)`, since cases run in a copy of the module's namespace.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_genx.domain import Target
from pytest_genx.syntax.names import dotted


@dataclass(slots=True)
class _Found:
    """Names that stand for the target's module or for what is in it."""

    members: dict[str, str] = field(default_factory=dict)  # local name -> name in the module
    modules: set[str] = field(default_factory=set)


def uniform(
    statements: Sequence[ast.stmt], target: Target, *, trust_names: bool
) -> tuple[list[ast.stmt], bool]:
    """Rewrite references to the target's module, and drop the imports that made them.

    Args:
        statements: a whole test module; it is changed.
        target: what is referred to.
        trust_names: whether an import of the target's name from anywhere means the target, as
            in the text of a model, which does not know where the module is.

    Returns:
        The statements, and whether any import reached the target.
    """
    finder = _Finder(target, trust_names=trust_names)
    kept = [finder.visit(statement) for statement in statements]
    found = finder.found
    if found.members or found.modules:
        rename = _Rename(found)
        kept = [rename.visit(statement) for statement in kept]
    plain = [statement for statement in kept if not isinstance(statement, ast.Pass)]
    return plain, finder.reached


class _Finder(ast.NodeTransformer):
    """Drop imports that reach the target, and note what they bind."""

    def __init__(self, target: Target, *, trust_names: bool) -> None:
        self.found = _Found()
        self.reached = False
        self._target = target
        self._root = target.qualname.partition(".")[0]
        self._trust = trust_names

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        kept = []
        for alias in node.names:
            if self._is_module(alias.name):
                self.found.modules.add(alias.asname or alias.name)
                self.reached = True
            else:
                kept.append(alias)
        return ast.Import(kept) if kept else ast.Pass()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        module = node.module or ""
        if module == "__future__":
            return ast.Pass()
        if self._is_module(module, node.level):
            self.reached = True
            self._take(node.names)
            return ast.Pass()
        kept = [alias for alias in node.names if not self._reaches(module, node.level, alias)]
        if len(kept) < len(node.names):
            self.reached = True
            if self._trust and not self._target.module.startswith(f"{module}."):
                return ast.Pass()  # the rest comes from the same place, which does not exist
        return ast.ImportFrom(node.module, kept, node.level) if kept else ast.Pass()

    def _take(self, names: Sequence[ast.alias]) -> None:
        for alias in names:
            if alias.name != "*":
                self.found.members[alias.asname or alias.name] = alias.name

    def _is_module(self, name: str, level: int = 0) -> bool:
        """Say whether a module's name is the target's, also under `src.` or relative."""
        own = self._target.module
        if name == own or name.endswith(f".{own}"):
            return True
        loose = level > 0 or self._trust
        return bool(name) and loose and name.rpartition(".")[2] == own.rpartition(".")[2]

    def _reaches(self, module: str, level: int, alias: ast.alias) -> bool:
        """Note an alias that is the target's module, or the target as its package offers it."""
        package, _, last = self._target.module.rpartition(".")
        parent = self._trust or level > 0 or module == package or module.endswith(f".{package}")
        if alias.name == last and parent and last != self._root:
            self.found.modules.add(alias.asname or alias.name)
            return True
        above = self._target.module.startswith(f"{module}.")
        if alias.name == self._root and (self._trust or level > 0 or above):
            self._take([alias])
            return True
        return alias.name == "*" and (self._trust or above)


class _Rename(ast.NodeTransformer):
    """Write members of the module by their own names."""

    def __init__(self, found: _Found) -> None:
        self._found = found

    def visit_Name(self, node: ast.Name) -> ast.expr:
        node.id = self._found.members.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if dotted(node.value) in self._found.modules:
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        self.generic_visit(node)
        return node
