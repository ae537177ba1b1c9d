"""Classes of other modules of the project that the target's annotations name."""

from __future__ import annotations

import ast
import tokenize
from pathlib import Path

from pytest_genx.domain import Target
from pytest_genx.pipeline.surroundings import shown, signature
from pytest_genx.syntax.definition import only_definition, walk_definitions
from pytest_genx.syntax.names import absolute, free_names, import_statements
from pytest_genx.syntax.source import parse, parse_known

MAX_TYPES = 4
_MAX_BYTES = 1_000_000
_HOPS = 2  # a package that only passes a name on, then where it is defined


def types_of(target: Target, tree: ast.Module) -> tuple[str, ...]:
    """Show the classes, cut to what a reader needs; what is not in the project is passed over.

    Args:
        target: whose signature counts.
        tree: its module, parsed.
    """
    imported = import_statements(tree.body)
    named = free_names(signature(only_definition(target.source)))
    found = []
    for name in sorted(named & set(imported), key=list(imported).index):
        is_package = target.path.name == "__init__.py"
        text = _find(target, imported[name], target.module, _HOPS, is_package=is_package)
        if text is not None:
            found.append(text)
    return tuple(found[:MAX_TYPES])


def _find(
    target: Target,
    statement: ast.Import | ast.ImportFrom,
    module: str,
    hops: int,
    *,
    is_package: bool,
) -> str | None:
    """The text of the class that an import statement binds."""
    text = absolute(statement, module, is_package=is_package)
    made = parse_known(text).body[0] if text is not None else None
    if not isinstance(made, ast.ImportFrom) or not made.module or made.module == target.module:
        return None
    path = _path(target.import_root, made.module)
    tree, lines = _read(path) if path is not None else (None, [])
    if path is None or tree is None:
        return None
    name = made.names[0].name
    node = walk_definitions(tree.body).get(name)
    if isinstance(node, ast.ClassDef):
        return shown(name, node, lines)
    passed_on = import_statements(tree.body).get(name)
    if passed_on is None or hops <= 1:
        return None
    package = path.name == "__init__.py"
    return _find(target, passed_on, made.module, hops - 1, is_package=package)


def _path(root: Path, module: str) -> Path | None:
    place = root.joinpath(*module.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _read(path: Path) -> tuple[ast.Module | None, list[str]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None, []
        with tokenize.open(path) as file:
            text = file.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None, []
    return parse(text), text.split("\n")
