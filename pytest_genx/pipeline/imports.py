"""Names that a test uses -> the import statements it needs; reads source, imports nothing."""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LINE = 88  # columns, after which a list of names is broken

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Import:
    """One name and how it is bound: `import NAME` when `module` is None, else from it."""

    module: str | None
    name: str
    alias: str | None = None

    @property
    def bound(self) -> str:
        """The name that the statement binds."""
        return self.alias or (self.name.partition(".")[0] if self.module is None else self.name)

    @property
    def clause(self) -> str:
        """What stands after `import`."""
        return f"{self.name} as {self.alias}" if self.alias else self.name

    @property
    def statement(self) -> str:
        """The whole statement."""
        prefix = f"from {self.module} " if self.module is not None else ""
        return f"{prefix}import {self.clause}"


def imports_in(statements: Iterable[ast.AST], package: str = "") -> Iterator[Import]:
    """Yield what each import statement binds, relative ones resolved against `package`."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (Import(None, alias.name, alias.asname) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            yield from (Import(module, alias.name, alias.asname) for alias in node.names)


def offered_by(module: str, source: str, *, is_package: bool) -> dict[str, Import]:
    """Map each name at the top level of a module to the import that a test should use.

    What the module imports plainly is imported from where it comes from, all else from the
    module itself.

    Args:
        module: dotted name of the module.
        source: its text.
        is_package: whether it is an `__init__.py`.
    """
    package = module if is_package else module.rpartition(".")[0]
    tree = ast.parse(source)
    plain = {found.bound: found for found in imports_in(tree.body, package)}
    nested = set(_conditional(tree))
    offered: dict[str, Import] = {}
    for symbol in symtable.symtable(source, module, "exec").get_symbols():
        name = symbol.get_name()
        if symbol.is_imported() and not symbol.is_assigned() and name not in nested:
            offered[name] = plain.get(name, Import(module, name))
        elif symbol.is_imported() or symbol.is_assigned():
            offered[name] = Import(module, name)
    return offered


def _conditional(tree: ast.Module) -> Iterator[str]:
    """Names that the module imports inside a compound statement: under `if`, in `try`."""
    waiting: list[ast.AST] = [node for node in tree.body if not isinstance(node, _SCOPES)]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            yield from (found.bound for found in imports_in([child]))
            if not isinstance(child, _SCOPES):
                waiting.append(child)


def free_names(function: str) -> set[str]:
    """Names that the source of one function takes from its module; built-ins too."""
    found: set[str] = set()
    waiting = symtable.symtable(function, "<test>", "exec").get_children()
    while waiting:
        table = waiting.pop()
        found |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        waiting += table.get_children()
    return found


def read_before_bound(function: str) -> set[str]:
    """Local names that a function reads before it binds them, as a module's code may.

    `total = total([1])` works on a module's level and fails in a function.
    """
    body = ast.parse(function).body[0]
    assert isinstance(body, ast.FunctionDef)
    table = symtable.symtable(function, "<test>", "exec").get_children()[0]
    local = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    bound: set[str] = set()
    early: set[str] = set()
    for statement in body.body:
        nodes = list(ast.walk(statement))
        # since Python 3.12 symtable takes a comprehension's own names for the function's
        inner = [n for c in nodes if isinstance(c, ast.comprehension) for n in ast.walk(c.target)]
        names = [n for n in nodes if isinstance(n, ast.Name) and n not in inner]
        early |= {n.id for n in names if isinstance(n.ctx, ast.Load)} - bound
        bound |= {n.id for n in names if isinstance(n.ctx, ast.Store)}
        bound |= {found.bound for found in imports_in(nodes)}
        if isinstance(statement, _SCOPES):
            bound.add(statement.name)
    return early & local & bound


def resolve(
    name: str, stated: Mapping[str, Import], offered: Mapping[str, Import], module: str
) -> Import | None:
    """Find the import for a name: stated by the case, offered by the module, or guessed.

    Returns:
        None for a built-in, which needs none.
    """
    known = stated.get(name) or offered.get(name)
    if known is not None:
        return known
    if hasattr(builtins, name) or name in {"__file__", "__name__"}:
        return None
    if name in sys.stdlib_module_names or name == "pytest":
        return Import(None, name)
    star = stated.get("*")
    # the module binds it in a way that its text does not show
    return Import(star.module if star is not None else module, name)


def import_block(imports: Iterable[Import], import_root: Path) -> str:
    """Write sorted import statements: standard library, third parties, the user's own."""
    groups: dict[int, list[Import]] = {0: [], 1: [], 2: []}
    for found in set(imports):
        groups[_group(found, import_root)].append(found)
    blocks = ["\n".join(_lines(group)) for group in groups.values() if group]
    return "\n\n".join(blocks)


def _group(found: Import, import_root: Path) -> int:
    top = (found.module or found.name).partition(".")[0]
    if top in sys.stdlib_module_names:
        return 0
    own = (import_root / top).is_dir() or (import_root / f"{top}.py").is_file()
    return 2 if own else 1


def _lines(group: list[Import]) -> Iterator[str]:
    """Plain imports first, then one statement for each module."""
    yield from sorted(found.statement for found in group if found.module is None)
    for module in sorted({found.module for found in group if found.module is not None}):
        members = sorted((f for f in group if f.module == module), key=_member_order)
        clauses = [member.clause for member in members]
        line = f"from {module} import {', '.join(clauses)}"
        if len(line) > LINE:
            yield f"from {module} import (\n    " + ",\n    ".join(clauses) + ",\n)"
        else:
            yield line


def _member_order(found: Import) -> tuple[int, str]:
    """Constants, then classes, then the rest, as import sorters do."""
    name = found.name
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)
