"""Which names code binds and which it needs from outside; works on trees, runs nothing."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator

from pytest_genx.domain import Target, TargetKind
from pytest_genx.syntax.source import parse_expression, unparse

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def bound_names(statements: Iterable[ast.AST]) -> set[str]:
    """Names that statements bind in their own scope, whatever branch they stand in."""
    found: set[str] = set()
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Lambda, *_COMPREHENSIONS)):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        waiting += ast.iter_child_nodes(node)
    return found


def free_names(*nodes: ast.AST) -> set[str]:
    """Names that are read and not bound by an enclosing function, class or comprehension.

    Names in quoted annotations count. Assignments on the level of `nodes` bind nothing here;
    `needs` knows their order.
    """
    found: set[str] = set()
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(node, frozenset()) for node in nodes]
    while waiting:
        node, local = waiting.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store) and node.id not in local:
                found.add(node.id)
        elif isinstance(node, _FUNCTIONS):
            outer, inner = _split_function(node)
            body = node.body if isinstance(node.body, list) else [node.body]
            own = frozenset(a.arg for a in _arguments(node.args)) | bound_names(body)
            generic = frozenset(p.name for p in getattr(node, "type_params", []))
            waiting += [(part, local | generic) for part in outer]
            waiting += [(part, local | own | generic) for part in inner]
        elif isinstance(node, ast.ClassDef):
            own = local | bound_names(node.body)
            waiting += [(n, local) for n in (*node.decorator_list, *node.bases, *node.keywords)]
            waiting += [(part, own) for part in node.body]
        elif isinstance(node, _COMPREHENSIONS):
            own = local | bound_names(generator.target for generator in node.generators)
            first = node.generators[0].iter
            waiting += [(n, own) for n in _comprehension_parts(node) if n is not first]
            waiting.append((first, local))
        else:
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                found |= {node.target.id} - local
            if isinstance(node, ast.AnnAssign):
                waiting += [(quoted, local) for quoted in _quoted(node.annotation)]
            waiting += [(child, local) for child in ast.iter_child_nodes(node)]
    return found


def needs(statements: Iterable[ast.stmt]) -> set[str]:
    """Names that statements, run in order, take from outside."""
    found: set[str] = set()
    bound: set[str] = set()
    for statement in statements:
        found |= free_names(statement) - bound
        bound |= bound_names([statement])
    return found


def import_statements(statements: Iterable[ast.AST]) -> dict[str, ast.Import | ast.ImportFrom]:
    """Map each name imported in this scope to a statement that imports nothing else."""
    found: dict[str, ast.Import | ast.ImportFrom] = {}
    waiting = list(statements)[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found.setdefault(bound, ast.Import([alias]))
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for alias in node.names:
                single = ast.ImportFrom(node.module, [alias], node.level)
                found.setdefault(alias.asname or alias.name, single)
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting += list(ast.iter_child_nodes(node))[::-1]
    return found


def is_special(target: Target) -> bool:
    """Say whether a method is called by an operator or by making an object."""
    return target.owner is not None and target.name.startswith("__") and target.name.endswith("__")


def is_call(node: ast.AST, target: Target) -> bool:
    """Say whether an expression calls the target itself.

    A method is known by its name alone, and a special method by its class being called.
    """
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if is_special(target):
        return _last_part(called) == (target.owner or "").rpartition(".")[2]
    if target.kind is TargetKind.FUNCTION:
        return isinstance(called, ast.Name) and called.id == target.name
    return isinstance(called, ast.Attribute) and called.attr == target.name


def calls(node: ast.AST, target: Target) -> Iterator[ast.Call]:
    """Yield the calls of the target in a tree."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and is_call(inner, target):
            yield inner


def mentions(node: ast.AST, target: Target) -> bool:
    """Say whether a tree names the target, called or not."""
    if target.owner is None:
        return any(isinstance(n, ast.Name) and n.id == target.name for n in ast.walk(node))
    name = target.owner.rpartition(".")[2] if is_special(target) else target.name
    return any(
        (isinstance(n, ast.Attribute) and n.attr == name)
        or (is_special(target) and isinstance(n, ast.Name) and n.id == name)
        for n in ast.walk(node)
    )


def mentions_class(node: ast.AST, target: Target) -> bool:
    """Say whether a tree names the class of a method; True for a function."""
    name = (target.owner or "").rpartition(".")[2]
    return not name or any(
        (isinstance(n, ast.Name) and n.id == name)
        or (isinstance(n, ast.Attribute) and n.attr == name)
        or (isinstance(n, ast.ClassDef) and n.name == name)
        for n in ast.walk(node)
    )


def dotted(node: ast.AST) -> str:
    """Write `a.b.c` for a chain of attributes; an empty string for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def mentions_any(node: ast.AST, names: Container[str]) -> bool:
    """Say whether one of the names occurs, as a name or as an attribute."""
    return any(
        (isinstance(n, ast.Name) and n.id in names)
        or (isinstance(n, ast.Attribute) and n.attr in names)
        for n in ast.walk(node)
    )


def is_constant(node: ast.AST) -> bool:
    """Say whether an expression is a literal that cannot change: numbers, texts, tuples."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Tuple):
        return all(map(is_constant, node.elts))
    return isinstance(node, ast.Constant)


def is_literal(node: ast.expr) -> bool:
    """Say whether an expression is built of literals alone."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def absolute(node: ast.Import | ast.ImportFrom, module: str, *, is_package: bool) -> str | None:
    """Write an import statement of a module so that it works anywhere; None when none does."""
    if isinstance(node, ast.ImportFrom) and node.level:
        parts = module.split(".")
        base = parts[: max(0, len(parts) - node.level + (1 if is_package else 0))]
        origin = ".".join([*base, *filter(None, [node.module])])
        if not origin:
            return None
        node = ast.ImportFrom(origin, node.names, 0)
    return unparse(node)


def _last_part(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    rest = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _split_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
) -> tuple[list[ast.AST], list[ast.AST]]:
    """What is evaluated outside of a function and what inside of it."""
    outer: list[ast.AST] = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
    if isinstance(node, ast.Lambda):
        return outer, [node.body]
    annotations = [a.annotation for a in _arguments(node.args)] + [node.returns]
    for annotation in filter(None, annotations):
        outer += [annotation, *_quoted(annotation)]
    return [*outer, *node.decorator_list], list(node.body)


def _quoted(annotation: ast.expr) -> Iterator[ast.expr]:
    """Yield annotations that are written as strings."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            inner = parse_expression(node.value)
            if inner is not None:
                yield inner


def _comprehension_parts(node: ast.expr) -> list[ast.AST]:
    parts: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            parts += [child.target, child.iter, *child.ifs]
        else:
            parts.append(child)
    return parts
