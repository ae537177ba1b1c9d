"""The import statements of a source, read and not run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from pytest_genx.syntax.source import parse

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")

_DYNAMIC = {"__import__", "import_module", "pytest_plugins"}  # what takes modules as strings


@dataclass(frozen=True, slots=True)
class Imports:
    """Pairs of a number of leading dots and a dotted name, "" for none."""

    pairs: frozenset[tuple[int, str]] = frozenset()

    def names(self, package: str) -> frozenset[str]:
        """Return absolute names for a module in a package; what leads outside is left out."""
        return frozenset(filter(None, (_absolute(*pair, package) for pair in self.pairs)))


def imports_of(source: str) -> Imports:
    """Find what a source imports, wherever in it; nothing when it does not parse.

    `from a import b` may mean the attribute or the module `a.b`: both are listed.
    """
    tree = parse(source)
    pairs: set[tuple[int, str]] = set()
    strings: set[tuple[int, str]] = set()
    dynamic = False
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            pairs.update((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            pairs.add((node.level, origin))
            pairs.update(
                (node.level, f"{origin}.{alias.name}".lstrip("."))
                for alias in node.names
                if alias.name != "*"
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            relative = len(node.value) - len(node.value.lstrip("."))
            if _DOTTED.fullmatch(node.value[relative:]):
                strings.add((relative, node.value[relative:]))
        elif isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            dynamic = dynamic or name in _DYNAMIC
    return Imports(frozenset(pairs | strings if dynamic else pairs))


def _absolute(level: int, name: str, package: str) -> str:
    if level == 0:
        return name
    parts = package.split(".") if package else []
    if level - 1 >= len(parts):
        return ""
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [name])])
