"""Test functions and test classes -> straight-line programs.

Only what runs without pytest's help becomes a program: functions that ask for fixtures, are
skipped or expected to fail do not.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from pytest_genx.domain import Target
from pytest_genx.syntax.assertions import SELF, without_await, without_unittest
from pytest_genx.syntax.definition import Definition, own_nodes, without_docstring
from pytest_genx.syntax.names import dotted, mentions, needs
from pytest_genx.syntax.straight import MAX_ROUNDS, assignment

_REFUSED_MARKS = frozenset({"skip", "skipif", "xfail", "usefixtures"})
_REFUSED_CALLS = frozenset({"pytest.skip", "pytest.xfail", "pytest.importorskip"})
_ENDS = (ast.Return, ast.Yield, ast.YieldFrom)  # what only a function can do
_UNKNOWN_SETUP = frozenset({"setUp", "setup_method", "asyncSetUp", "setUpClass", "setup_class"})


@dataclass(frozen=True, slots=True)
class Program:
    """The body of one test; a parametrised one gives several."""

    name: str
    body: tuple[ast.stmt, ...]


def find_tests(module: Sequence[ast.stmt]) -> list[Definition | ast.ClassDef]:
    """The test functions and test classes on the level of a module."""
    return [
        node
        for node in module
        if (_is_function(node) and node.name.startswith("test"))
        or (isinstance(node, ast.ClassDef) and any(_methods(node)))
    ]


def programs(module: Sequence[ast.stmt], target: Target) -> Iterator[Program]:
    """Yield a program for each test that mentions the target, one a round if parametrised.

    Args:
        module: a test module; constants in it may parametrise.
        target: what a test, or the setup of its class, must mention.
    """
    for test in find_tests(module):
        if not mentions(test, target):
            continue
        if not isinstance(test, ast.ClassDef):
            yield from _from_function(test, test.name, module, own="", setup=[])
            continue
        setup = _setup(test)
        if setup is None or not _is_plain(test.decorator_list):
            continue
        for method in _methods(test):
            if not any(mentions(part, target) for part in (method, *setup)):
                continue
            parameters = method.args.args
            static = any(dotted(d) == "staticmethod" for d in method.decorator_list)
            own = parameters[0].arg if parameters and not static else ""
            name = f"{test.name}::{method.name}"
            yield from _from_function(method, name, module, own=own, setup=setup)


def _methods(node: ast.ClassDef) -> Iterator[Definition]:
    for inner in node.body:
        if _is_function(inner) and inner.name.startswith("test"):
            yield inner


def _is_function(node: ast.stmt) -> TypeGuard[Definition]:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def _setup(node: ast.ClassDef) -> list[ast.stmt] | None:
    """What runs before each method of a test class; None when that is not plain."""
    found: list[ast.stmt] = []
    for inner in node.body:
        if isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name):
            found.append(assignment(SELF + inner.targets[0].id, inner.value))
        elif isinstance(inner, ast.FunctionDef) and inner.name in {"setUp", "setup_method"}:
            if len(inner.args.args) != 1 or inner.decorator_list:
                return None
            found += without_unittest(without_docstring(inner.body), inner.args.args[0].arg)
        elif _is_function(inner) and inner.name in _UNKNOWN_SETUP:
            return None
    return found


def _from_function(
    node: Definition,
    name: str,
    module: Sequence[ast.stmt],
    *,
    own: str,
    setup: Sequence[ast.stmt],
) -> Iterator[Program]:
    """Yield the rounds of one test whose parameters all get a value."""
    rounds = _rounds(node.decorator_list, module)
    if rounds is None or node.args.kwonlyargs or node.args.vararg or node.args.kwarg:
        return
    body = without_await([*setup, *without_unittest(without_docstring(node.body), own)])
    if (
        not body
        or any(_needs_pytest(s, own) for s in body)
        or any(isinstance(n, _ENDS) for n in own_nodes(body))
    ):
        return
    if any(name.startswith(SELF) for name in needs(body)):
        return
    parameters = {argument.arg for argument in node.args.args} - {own}
    for values in rounds:
        if set(values) == parameters:
            given = [assignment(key, copy.deepcopy(value)) for key, value in values.items()]
            yield Program(name, (*given, *copy.deepcopy(body)))


def _is_plain(decorators: Sequence[ast.expr]) -> bool:
    """Say whether all decorators are marks that let a test run as it stands."""
    for decorator in decorators:
        name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        _, marked, mark = name.rpartition("mark.")
        if name != "staticmethod" and (not marked or mark in _REFUSED_MARKS):
            return False
    return True


def _rounds(
    decorators: Sequence[ast.expr], module: Sequence[ast.stmt]
) -> list[dict[str, ast.expr]] | None:
    """The values of each round; one empty round without parametrisation, None if unknown."""
    if not _is_plain(decorators):
        return None
    axes: list[list[dict[str, ast.expr]]] = []
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and dotted(decorator.func).endswith("mark.parametrize"):
            axis = _axis(decorator, module)
            if axis is None:
                return None
            axes.append(axis)
    product = itertools.islice(itertools.product(*axes), MAX_ROUNDS)
    return [{k: v for part in parts for k, v in part.items()} for parts in product]


def _axis(decorator: ast.Call, module: Sequence[ast.stmt]) -> list[dict[str, ast.expr]] | None:
    """The rounds of one `parametrize`; None when they are not written out."""
    if len(decorator.args) != 2 or any(k.arg == "indirect" for k in decorator.keywords):
        return None
    names = _parameter_names(decorator.args[0])
    listed = decorator.args[1]
    if isinstance(listed, ast.Name):
        listed = _constant(listed.id, module) or listed
    if not names or not isinstance(listed, (ast.List, ast.Tuple)):
        return None
    # pytest unpacks the values of a list of names even when it holds one.
    is_scalar = len(names) == 1 and isinstance(decorator.args[0], ast.Constant)
    axis = []
    for item in listed.elts:
        values: list[ast.expr] = [item]
        if isinstance(item, ast.Call) and dotted(item.func).rpartition(".")[2] == "param":
            if any(keyword.arg == "marks" for keyword in item.keywords):
                continue
            values = item.args
        elif not is_scalar:
            values = item.elts if isinstance(item, (ast.Tuple, ast.List)) else []
        if len(values) != len(names) or any(isinstance(v, ast.Starred) for v in values):
            return None
        axis.append(dict(zip(names, values, strict=True)))
    return axis


def _parameter_names(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    texts = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _constant(name: str, module: Sequence[ast.stmt]) -> ast.expr | None:
    """The value of a module-level constant."""
    for node in module:
        if isinstance(node, ast.Assign) and dotted(node.targets[0]) == name:
            return node.value
    return None


def _needs_pytest(statement: ast.stmt, own: str) -> bool:
    """Say whether a statement uses its test object, or lets pytest decide."""
    return any(
        (isinstance(node, ast.Name) and node.id in {own, "super"})
        or (isinstance(node, ast.Call) and dotted(node.func) in _REFUSED_CALLS)
        or isinstance(node, ast.Nonlocal)
        for node in ast.walk(statement)
    )
