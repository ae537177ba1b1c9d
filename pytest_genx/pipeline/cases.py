"""Statements that check a target -> a case; shared by anchors and by what models write.

It brings statements into one form, so that equal cases have equal text. It does not run them
and does not judge them.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from pytest_genx.domain import Case, Expectation, Target
from pytest_genx.syntax.assertions import run
from pytest_genx.syntax.definition import only_definition, own_nodes
from pytest_genx.syntax.names import (
    bound_names,
    calls,
    dotted,
    import_statements,
    is_call,
    mentions,
    needs,
)
from pytest_genx.syntax.source import compiles, parse, unparse

MAX_SOURCE = 2000  # characters of one case
_WAITED_FOR = frozenset({"run", "run_until_complete", "gather", "wait_for", "create_task"})


def make_case(
    statements: Sequence[ast.stmt], target: Target, known: AbstractSet[str], *, origin: str
) -> Case | None:
    """Make a case of a check and the statements before it.

    Args:
        statements: the check is the last; import statements may stand among them.
        target: what is under test.
        known: names that the target's module binds.
        origin: who wrote it.

    Returns:
        None when it cannot be written as text, is too long, does not compile, or calls
        nothing: `assert f` holds of any function.
    """
    body = [s for s in statements if not isinstance(s, (ast.Import, ast.ImportFrom))]
    if target.is_async and not _is_generator(target):
        body = [_RunTarget(target).visit(statement) for statement in body]
    lines = [unparse(statement) for statement in body]
    source = "\n".join(filter(None, lines))
    calls_something = any(isinstance(n, ast.Call) for s in body for n in ast.walk(s))
    if None in lines or len(source) > MAX_SOURCE or not calls_something or not compiles(source):
        return None
    imports = imports_for(statements, body, known)
    return Case(source, origin, expectation(body, target), imports=imports)


def expectation(body: Sequence[ast.stmt], target: Target) -> Expectation | None:
    """Read the form "call and compare" off a body; None when it means anything else."""
    if len(body) != 1:
        return None
    check = body[0]
    if isinstance(check, ast.Assert):
        return _compared(check.test, target)
    if isinstance(check, ast.With):
        return _raised(check, target)
    if isinstance(check, ast.Expr) and any(calls(check, target)):
        call = unparse(check.value)
        return Expectation(call) if call is not None else None
    return None


def imports_for(
    statements: Iterable[ast.stmt], body: Sequence[ast.stmt], known: AbstractSet[str]
) -> tuple[str, ...]:
    """The import statements that a body needs, one name each, sorted.

    Modules of the standard library, and pytest, need not have been imported by whoever wrote
    the body.

    Args:
        statements: where import statements are looked for.
        body: what needs them.
        known: names that the target's module binds.
    """
    needed = needs(body)
    stated = import_statements(s for s in statements if isinstance(s, (ast.Import, ast.ImportFrom)))
    found = {unparse(node) for name, node in stated.items() if name in needed or name == "*"}
    bases = {n.value.id for s in body for n in ast.walk(s) if isinstance(n, ast.Attribute)
             and isinstance(n.value, ast.Name)}  # fmt: skip
    for name in (bases & needed) - set(stated) - known - set(dir(builtins)):
        if name in sys.stdlib_module_names or name == "pytest":
            found.add(f"import {name}")
    return tuple(sorted(filter(None, found)))


def names_of_module(target: Target) -> frozenset[str]:
    """Names that the target's module binds on its own level."""
    tree = parse(target.module_source)
    return frozenset(bound_names(tree.body) if tree is not None else ())


def _compared(test: ast.expr, target: Target) -> Expectation | None:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    if not isinstance(test.ops[0], ast.Eq):
        return None
    left, right = test.left, test.comparators[0]
    if mentions(right, target):
        left, right = right, left
    if mentions(right, target) or not any(calls(left, target)):
        return None
    # A tolerance is part of what such a comparison says.
    if any(dotted(n).endswith("approx") for n in ast.walk(right)):
        return None
    call, value = unparse(left), unparse(right)
    return Expectation(call, value=value) if call is not None and value is not None else None


def _raised(check: ast.With, target: Target) -> Expectation | None:
    manager = check.items[0].context_expr
    if (
        len(check.items) != 1
        or check.items[0].optional_vars is not None
        or not isinstance(manager, ast.Call)
        or dotted(manager.func) not in {"pytest.raises", "raises"}
        or len(manager.args) != 1
        or manager.keywords
        or not dotted(manager.args[0])
        or len(check.body) != 1
    ):
        return None
    inside = check.body[0]
    if not isinstance(inside, ast.Expr) or not any(calls(inside, target)):
        return None
    call = unparse(inside.value)
    return Expectation(call, raises=dotted(manager.args[0])) if call is not None else None


def _is_generator(target: Target) -> bool:
    """Say whether calling the target gives an asynchronous generator, which cannot be awaited."""
    body = only_definition(target.source).body
    return any(isinstance(node, ast.Yield) for node in own_nodes(body))


class _RunTarget(ast.NodeTransformer):
    """Run the coroutine that a call of the target gives, where nobody does."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in _WAITED_FOR and not is_call(node, self._target):
            return node
        self.generic_visit(node)
        return run(node) if is_call(node, self._target) else node
