"""What a module binds at its top level, and how it spells names from elsewhere."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_genx.domain import Context, Target

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FOREIGN = re.compile(r"«([\w.]+)»")
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class Namespace:
    """The top level of a module, by name.

    `imports` maps a local name to the dotted name it stands for; a module is its own name.
    """

    functions: dict[str, Function]
    classes: dict[str, ast.ClassDef]
    constants: dict[str, ast.expr]
    imports: dict[str, str]

    def bound(self) -> set[str]:
        """Every name that can be used in a call without an import."""
        return {*self.functions, *self.classes, *self.constants, *self.imports, *_BUILTINS}


def namespace_of(target: Target, context: Context) -> Namespace:
    """Read the top level of the target's module.

    Classes that the context shows count when the module imports them.
    """
    found = Namespace({}, {}, {}, {})
    for statement in _top_level(ast.parse(target.module_source).body):
        _bind(found, statement)
    for statement in _parsed(context.surroundings):
        if isinstance(statement, ast.ClassDef) and statement.name in found.imports:
            found.classes.setdefault(statement.name, statement)
    return found


def localize(text: str, namespace: Namespace) -> tuple[str, tuple[str, ...]]:
    """Spell the names between guillemets as the module does.

    Returns:
        The text without guillemets, and the import statements it needs besides the module's.
    """
    imports: dict[str, None] = {}

    def spell(match: re.Match[str]) -> str:
        dotted = match[1]
        module, _, name = dotted.rpartition(".")
        for local, origin in namespace.imports.items():
            if origin == dotted:
                return local
            if origin == module:
                return f"{local}.{name}"
        if not module:
            imports[f"import {dotted}"] = None
            return dotted
        if name in namespace.bound():
            # the module uses the name for something else
            imports[f"import {module}"] = None
            return dotted
        imports[f"from {module} import {name}"] = None
        return name

    return _FOREIGN.sub(spell, text), tuple(imports)


def free_names(tree: ast.AST) -> set[str]:
    """Names that an expression uses and does not bind itself."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - stored_names(tree)


def stored_names(tree: ast.AST) -> set[str]:
    """Names that an expression binds itself, in comprehensions and lambdas."""
    nodes = list(ast.walk(tree))
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in nodes if isinstance(n, ast.arg)}


def last_name(node: ast.AST | None) -> str:
    """The last part of a dotted name: `date` of `datetime.date`; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements that run on import, those under `if` and `try` included."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            if not (isinstance(statement, ast.If) and last_name(statement.test) == "TYPE_CHECKING"):
                yield from _top_level(statement.body)
            yield from _top_level(statement.orelse)
            if isinstance(statement, ast.Try):
                for handler in statement.handlers:
                    yield from _top_level(handler.body)
                yield from _top_level(statement.finalbody)
        else:
            yield statement


def _bind(found: Namespace, statement: ast.stmt) -> None:
    """Note what one statement binds; the first binding of a name stays."""
    if isinstance(statement, Function):
        found.functions.setdefault(statement.name, statement)
    elif isinstance(statement, ast.ClassDef):
        found.classes.setdefault(statement.name, statement)
        for inner in statement.body:
            if isinstance(inner, ast.ClassDef):
                found.classes.setdefault(f"{statement.name}.{inner.name}", inner)
    elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        places = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for place in places:
            if isinstance(place, ast.Name):
                found.constants.setdefault(place.id, statement.value)
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        _bind_imports(found, statement)


def _bind_imports(found: Namespace, statement: ast.Import | ast.ImportFrom) -> None:
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            local = alias.asname or alias.name
            origin = f"{'.' * statement.level}{statement.module or ''}.{alias.name}"
        else:
            # `import a.b` binds `a`
            local = alias.asname or alias.name.partition(".")[0]
            origin = alias.name if alias.asname else local
        found.imports.setdefault(local, origin)
