"""Straight-line test code: what a check needs, and the shortest form that means the same.

A program is a list of statements that run one after the other. Checks are cut out of it
backwards: a statement is needed when it binds a name that is needed, or may change what such
a name stands for. It does not judge whether a check is right.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_genx.domain import Target
from pytest_genx.syntax.names import (
    bound_names,
    calls,
    dotted,
    free_names,
    is_call,
    is_constant,
    mentions,
)

MAX_STATEMENTS = 400  # of one program, loops written out
MAX_ROUNDS = 20  # of a loop or a parametrisation that are written out

# Methods of built-in types that change nothing, for assertions that look at one value twice.
_PURE_METHODS = frozenset({*dir(str), *dir(bytes), *dir(float), "items", "keys", "values", "get"})
_CHANGING_FUNCTIONS = frozenset({"next", "setattr", "delattr"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NESTED = (*_DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class _Fact:
    """What one statement does to names."""

    statement: ast.stmt
    bound: set[str]
    changed: set[str]  # names whose value it may change without binding them
    free: set[str]
    defines: bool  # binds its names whatever they were before
    is_variable: bool  # what it binds can be changed later


def checks(program: Sequence[ast.stmt], target: Target) -> Iterator[list[ast.stmt]]:
    """Cut out every check that mentions the target, each after the statements it needs.

    Checks are assertions, `pytest.raises` blocks, compound statements that hold one, and
    calls of the target whose result is not looked at. Earlier checks are not repeated, but the
    calls in them are, where they may change something.
    """
    plain = [simple for statement in unrolled(program) for simple in _plain(statement, target)]
    facts = [_fact(statement, target) for statement in plain[:MAX_STATEMENTS]]
    for i, fact in enumerate(facts):
        if _is_check(fact.statement, target):
            needed = shortened([*_backward(facts[:i], fact.free), fact.statement])
            if any(mentions(part, target) for part in needed):
                yield needed


def backward(statements: Sequence[ast.stmt], wanted: set[str], target: Target) -> list[ast.stmt]:
    """Choose the statements that `wanted` names need, in order."""
    return _backward([_fact(statement, target) for statement in statements], wanted)


def shortened(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Put assigned values where they are used, if used once or constant.

    Left alone when something besides assignments stands between, since moving a value past it
    could change what it is.
    """
    *setup, last = (copy.deepcopy(statement) for statement in statements)
    setup = [simple for statement in setup for simple in _unpacked(statement)]
    movable = (*_DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign)
    if not all(isinstance(s, movable) for s in setup):
        return [*setup, last]
    for i in reversed(range(len(setup))):
        name, value = _assigned(setup[i]) or ("", None)
        rest = [*setup[i + 1 :], last]
        if value is None or sum(name in bound_names([s]) for s in (*setup, last)) != 1:
            continue
        direct, nested = _uses(rest, name)
        shared = _is_shared(value, [*setup, last])
        if any(_binds_inside(s, name) for s in rest):
            continue
        if is_constant(value) or (direct == 1 and nested == 0 and not shared):
            swap = _Substitute({name: value})
            rest = [swap.visit(s) for s in rest]
            setup, last = [*setup[:i], *rest[:-1]], rest[-1]
    return [*setup, last]


def unrolled(program: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Write loops over literal lists out: assignments of the loop's names, then its body."""
    known: dict[str, ast.expr] = {}
    flat: list[ast.stmt] = []
    for statement in program:
        assigned = _assigned(statement)
        if assigned is not None:
            known[assigned[0]] = assigned[1]
        flat += _rounds(statement, known) or [statement]
    return flat


def assignment(name: str, value: ast.expr) -> ast.stmt:
    """Make `name = value`."""
    return ast.Assign([ast.Name(name, ast.Store())], value, lineno=1)


def _rounds(statement: ast.stmt, known: dict[str, ast.expr]) -> list[ast.stmt]:
    """Write one loop out; an empty list when it cannot be."""
    if not isinstance(statement, ast.For) or statement.orelse:
        return []
    items = statement.iter
    if isinstance(items, ast.Name):
        items = known.get(items.id, items)
    if not isinstance(items, (ast.List, ast.Tuple)) or len(items.elts) > MAX_ROUNDS:
        return []
    jumps = (ast.Break, ast.Continue, ast.Return, ast.For, ast.While)
    if any(isinstance(n, jumps) for part in statement.body for n in ast.walk(part)):
        return []
    flat: list[ast.stmt] = []
    for item in items.elts:
        first = ast.Assign([copy.deepcopy(statement.target)], copy.deepcopy(item), lineno=1)
        flat += [*_unpacked(first), *copy.deepcopy(statement.body)]
    return flat


def _plain(statement: ast.stmt, target: Target) -> list[ast.stmt]:
    """Bring one statement into plain form: one assertion each, no messages, no printing."""
    if isinstance(statement, ast.Expr):
        value = statement.value
        if isinstance(value, ast.Call) and dotted(value.func) == "print" and len(value.args) == 1:
            value = value.args[0]
        if isinstance(value, ast.Tuple) and len(value.elts) == 2:  # `claim, message`
            value = value.elts[0] if isinstance(value.elts[0], ast.Compare) else value
        if isinstance(value, ast.Compare) and mentions(value, target):
            return _plain(ast.Assert(value), target)
        return [ast.Expr(value)]
    if not isinstance(statement, ast.Assert):
        return [] if isinstance(statement, ast.AnnAssign) and not statement.value else [statement]
    test = statement.test
    if isinstance(test, ast.Tuple) and len(test.elts) == 2:  # `assert (claim, message)`
        test = test.elts[0]
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [plain for part in test.values for plain in _plain(ast.Assert(part), target)]
    return [ast.Assert(test)]


def _fact(statement: ast.stmt, target: Target) -> _Fact:
    defined = isinstance(statement, (*_DEFINITIONS, ast.Import, ast.ImportFrom))
    return _Fact(
        statement,
        bound_names([statement]),
        _changed(statement, target),
        free_names(statement),
        defines=defined or _assigned(statement) is not None,
        is_variable=not defined,
    )


def _backward(facts: Sequence[_Fact], wanted: set[str]) -> list[ast.stmt]:
    variables = {name for fact in facts if fact.is_variable for name in fact.bound}
    chosen: list[ast.stmt] = []
    wanted = set(wanted)
    for fact in reversed(facts):
        if not fact.bound & wanted and not fact.changed & variables & wanted:
            continue
        chosen.append(_effect(fact.statement))
        if fact.defines:
            wanted -= fact.bound  # nothing before this counts for it
        wanted |= fact.free
    return chosen[::-1]


def _effect(statement: ast.stmt) -> ast.stmt:
    """What an earlier assertion does besides checking: it evaluates a call."""
    if not isinstance(statement, ast.Assert):
        return statement
    test = statement.test
    sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) else [test]
    called = [s for s in sides if any(isinstance(n, ast.Call) for n in ast.walk(s))]
    return ast.Expr(called[0] if len(called) == 1 else test)


def _is_check(statement: ast.stmt, target: Target) -> bool:
    if isinstance(statement, ast.Assert):
        return True
    if isinstance(statement, ast.Expr):
        return any(calls(statement, target))
    if isinstance(statement, (ast.With, ast.Try, ast.For, ast.While, ast.If)):
        return any(
            isinstance(n, ast.Assert)
            or (isinstance(n, ast.Call) and dotted(n.func) in {"pytest.raises", "raises"})
            for n in ast.walk(statement)
        )
    return False


def _changed(statement: ast.stmt, target: Target) -> set[str]:
    """Names whose value a statement may change without binding them.

    Calls of the target are taken to change nothing where their result is looked at.
    """
    if isinstance(statement, (*_DEFINITIONS, ast.Import, ast.ImportFrom)):
        return set()
    found: set[str] = set()
    looks = isinstance(statement, (ast.Assert, ast.Assign, ast.AnnAssign))
    for node in ast.walk(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            found |= free_names(node.value)
        elif isinstance(node, ast.Call):
            if not looks:
                found |= free_names(node)
            elif isinstance(node.func, ast.Attribute):
                if node.func.attr not in _PURE_METHODS:
                    found |= free_names(node.func.value)
            elif dotted(node.func) in _CHANGING_FUNCTIONS:
                found |= free_names(*node.args)
            elif isinstance(statement, ast.Assign) and not is_call(node, target):
                found |= free_names(*node.args) if dotted(node.func) not in _LOOKING else set()
    return found


# Built-in functions that leave their arguments as they are.
_LOOKING = frozenset(
    {"abs", "all", "any", "bool", "bytes", "dict", "enumerate", "filter", "float", "frozenset"}
    | {"hash", "int", "isinstance", "len", "list", "map", "max", "min", "range", "repr"}
    | {"reversed", "round", "set", "sorted", "str", "sum", "tuple", "type", "zip"}
)


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """Name and value of `name = value`."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return (statement.target.id, statement.value) if statement.value is not None else None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        goal = statement.targets[0]
        return (goal.id, statement.value) if isinstance(goal, ast.Name) else None
    return None


def _unpacked(statement: ast.stmt) -> list[ast.stmt]:
    """Split `a, b = 1, 2`, and drop annotations."""
    assigned = _assigned(statement)
    if assigned is not None:
        return [assignment(*assigned)]
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        goal, value = statement.targets[0], statement.value
        listed = (ast.Tuple, ast.List)
        if isinstance(goal, listed) and isinstance(value, listed):
            pairs = list(zip(goal.elts, value.elts, strict=False))
            names = {g.id for g in goal.elts if isinstance(g, ast.Name)}
            if (
                len(goal.elts) == len(value.elts) == len(names)
                and not names & free_names(value)
                and not any(isinstance(v, ast.Starred) for v in value.elts)
            ):
                return [assignment(g.id, v) for g, v in pairs if isinstance(g, ast.Name)]
    return [statement]


def _uses(statements: Sequence[ast.AST], name: str) -> tuple[int, int]:
    """How often a name is read, once per run of the statements and possibly more often."""
    direct = nested = 0
    waiting: list[tuple[ast.AST, bool]] = [(statement, False) for statement in statements]
    while waiting:
        node, deep = waiting.pop()
        if isinstance(node, ast.Name) and node.id == name:
            nested, direct = (nested + 1, direct) if deep else (nested, direct + 1)
        deep = deep or isinstance(node, (*_NESTED, ast.For, ast.While))
        waiting += [(child, deep) for child in ast.iter_child_nodes(node)]
    return direct, nested


def _binds_inside(statement: ast.stmt, name: str) -> bool:
    """Say whether a function or comprehension in a statement has a name of its own like this."""
    return any(
        (isinstance(n, ast.arg) and n.arg == name)
        or (isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load))
        for n in ast.walk(statement)
    )


def _is_shared(value: ast.expr, statements: Sequence[ast.stmt]) -> bool:
    """Say whether a call takes a variable that is used elsewhere too: its turn would matter."""
    if not any(isinstance(node, ast.Call) for node in ast.walk(value)):
        return False
    variables = {found[0] for found in map(_assigned, statements) if found is not None}
    return any(
        sum(_uses(statements, name)) > 2  # the assignment counts as one
        for name in free_names(value) & variables
    )


class _Substitute(ast.NodeTransformer):
    """Put expressions in the place of names."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self._values:
            return copy.deepcopy(self._values[node.id])
        return node
