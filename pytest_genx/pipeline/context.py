"""What a prompt may show besides the target, gathered from its module and the user's tests.

Nothing is imported or run. Only files that hold the target's name are parsed.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_genx.domain import Anchor, Context, Target
from pytest_genx.pipeline.anchors import docstring_anchors, suite_anchors
from pytest_genx.pipeline.annotated import types_of
from pytest_genx.pipeline.callers import callers, text_of
from pytest_genx.pipeline.existing import Suite, may_use, read_suite, suites, tests_of
from pytest_genx.pipeline.fixtures import fixtures
from pytest_genx.pipeline.surroundings import imports_for, surroundings
from pytest_genx.syntax.definition import first_line
from pytest_genx.syntax.names import bound_names, calls, is_literal, mentions_class
from pytest_genx.syntax.source import parse_known, unparse

MAX_ANCHORS = 40
MAX_CALLS = 20
MAX_STYLE = 2  # existing tests that are shown
_MAX_CALL = 200  # characters
_MAX_STYLE_LINES = 25  # of one existing test
_MAX_LISTED = 50  # files of the same directory that may be read
_MAX_NEIGHBOURS = 8  # of them that may be parsed


def gather(target: Target, *, rootdir: Path, test_paths: Sequence[Path]) -> Context:
    """Gather what is known about a target without running anything.

    Args:
        target: what is under test.
        rootdir: pytest's.
        test_paths: where the user's tests are; () looks in the usual places.
    """
    tree = parse_known(target.module_source)
    known = bound_names(tree.body)
    found = list(suites(target, rootdir, test_paths))
    stated = [docstring_anchors(target, tree, known)]
    stated += [suite_anchors(suite, target, known) for suite in found]
    anchors = list(itertools.islice(itertools.chain.from_iterable(stated), MAX_ANCHORS))
    shown, used = surroundings(target, tree)
    beside = list(_neighbours(target))
    files = [(target.module_source.split("\n"), tree.body)]
    files += [(list(suite.lines), list(suite.statements)) for suite in beside]
    return Context(
        imports=imports_for(used, tree),
        surroundings=shown,
        anchors=tuple({anchor.source: anchor for anchor in reversed(anchors)}.values())[::-1],
        calls=_calls(target, tree, anchors, found, beside),
        test_style=_style(found, target),
        callers=callers(target, files),
        fixtures=fixtures(target, found, rootdir),
        types=types_of(target, tree),
    )


def _calls(
    target: Target,
    tree: ast.Module,
    anchors: Sequence[Anchor],
    found: Sequence[Suite],
    beside: Sequence[Suite],
) -> tuple[str, ...]:
    """The calls of the target that are written anywhere near, literal ones first."""
    places: list[ast.AST] = [parse_known(anchor.source) for anchor in anchors]
    places += [statement for suite in found for statement in suite.statements]
    own = len(places)
    places += [*tree.body, *(statement for suite in beside for statement in suite.statements)]
    literal: dict[str, None] = {}
    other: dict[str, None] = {}
    for i, place in enumerate(places):
        if not mentions_class(place, target):
            continue  # a method of that name, of another class
        for call in calls(place, target):
            if own <= i < own + len(tree.body) and target.start <= call.lineno <= target.end:
                continue  # a recursion says nothing about use
            text = unparse(call)
            if text is not None and len(text) <= _MAX_CALL and "\n" not in text:
                values = [*call.args, *(keyword.value for keyword in call.keywords)]
                (literal if all(map(is_literal, values)) else other)[text] = None
    return (*literal, *other)[:MAX_CALLS]


def _neighbours(target: Target) -> Iterator[Suite]:
    """Modules in the same directory that import the target."""
    listed = sorted(target.path.parent.glob("*.py"))[:_MAX_LISTED]
    users = (path for path in listed if path != target.path and may_use(path, target))
    for path in itertools.islice(users, _MAX_NEIGHBOURS):
        suite = read_suite(path, target, path.parent)
        if suite is not None:
            yield suite


def _style(found: Sequence[Suite], target: Target) -> tuple[str, ...]:
    """Existing tests that call the target, as they are written."""
    shown: list[str] = []
    for suite in found:
        for node in tests_of(suite, target):
            start, end = first_line(node), node.end_lineno or node.lineno
            if end - start < _MAX_STYLE_LINES and len(shown) < MAX_STYLE:
                shown.append(text_of(node, suite.lines))
    return tuple(shown)
