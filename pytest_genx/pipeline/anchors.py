"""Trusted examples of a target: doctests, examples in prose, and the user's own tests.

Only what stands alone is taken: every name of an example is bound by itself, by an import, by
the target's module, or built in. Whether an example holds is found out by running it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from pytest_genx.domain import Anchor, Case, Target
from pytest_genx.pipeline.cases import expectation, make_case
from pytest_genx.pipeline.existing import Suite
from pytest_genx.pipeline.prose import prose_examples
from pytest_genx.syntax.assertions import without_await
from pytest_genx.syntax.definition import walk_definitions
from pytest_genx.syntax.names import bound_names, mentions, mentions_class, needs
from pytest_genx.syntax.references import uniform
from pytest_genx.syntax.sessions import from_doctest
from pytest_genx.syntax.source import parse
from pytest_genx.syntax.straight import backward, checks, shortened
from pytest_genx.syntax.suite import Program, find_tests, programs

_BUILTINS = frozenset(dir(builtins))


def anchor_case(anchor: Anchor, target: Target) -> Case:
    """Make the case of an anchor; it counts as written once."""
    tree = parse(anchor.source)
    expected = expectation(tree.body, target) if tree is not None else None
    return Case(anchor.source, anchor.origin, expected, imports=anchor.imports, anchor=True)


def docstring_anchors(
    target: Target, tree: ast.Module, known: AbstractSet[str]
) -> Iterator[Anchor]:
    """Yield the examples in the docstrings of the target, its class and its module.

    Args:
        target: what the examples must call.
        tree: its module, parsed.
        known: names that the module binds.
    """
    holder = walk_definitions(tree.body).get(target.owner or "")
    texts = [target.docstring, ast.get_docstring(holder) if holder else None]
    for text in filter(None, [*texts, ast.get_docstring(tree)]):
        try:
            program, _ = uniform(from_doctest(text), target, trust_names=False)
            for statements in checks(without_await(program) or [], target):
                yield from _anchor(statements, target, known, "doctest")
        except RecursionError:
            pass  # nested beyond what can be worked with
    for example in prose_examples(target.docstring or "", target, known):
        yield from _anchor([example], target, known, "docstring")


def suite_anchors(suite: Suite, target: Target, known: AbstractSet[str]) -> Iterator[Anchor]:
    """Yield the tests of a file that call the target and need no fixture.

    A test of nothing but assertions gives an anchor for each; any other is one anchor.

    Args:
        suite: the file.
        target: what the tests must mention.
        known: names that the target's module binds.
    """
    if not suite.runs_alone:
        return
    tests = find_tests(suite.statements)
    setup = [s for s in suite.statements if s not in tests]
    try:
        for program in programs(suite.statements, target):
            for statements in _pieces(program, setup, target):
                if any(mentions(statement, target) for statement in statements):
                    origin = f"{suite.label}::{program.name}"
                    yield from _anchor(statements, target, known, origin)
    except RecursionError:
        return  # nested beyond what can be worked with


def _pieces(program: Program, setup: Sequence[ast.stmt], target: Target) -> list[list[ast.stmt]]:
    """Cut a test into its assertions where that cannot change their meaning."""
    if all(isinstance(s, (ast.Assign, ast.Assert)) for s in program.body):
        quiet = [s for s in setup if not isinstance(s, (ast.Assert, ast.Expr))]
        return list(checks([*quiet, *program.body], target))
    needed = backward(setup, needs(program.body), target)
    return [shortened([*needed, *program.body])]


def _anchor(
    statements: Sequence[ast.stmt], target: Target, known: AbstractSet[str], origin: str
) -> Iterator[Anchor]:
    """Yield the anchor that statements make, if they claim something and stand alone."""
    if not any(isinstance(n, (ast.Assert, ast.With)) for s in statements for n in ast.walk(s)):
        return
    if not any(mentions_class(statement, target) for statement in statements):
        return  # a method of that name, of another class
    case = make_case(statements, target, known, origin=origin)
    body = [s for s in statements if not isinstance(s, (ast.Import, ast.ImportFrom))]
    if case is None:
        return
    given = parse("\n".join(case.imports))
    stated = bound_names(given.body) if given is not None else set()
    if not needs(body) - known - _BUILTINS - stated or "*" in stated:
        yield Anchor(case.source, origin, case.imports)
