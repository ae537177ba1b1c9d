"""Fixtures of the user's that existing tests of the target ask for; runs none of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_genx.domain import Target
from pytest_genx.pipeline.callers import Place, text_of
from pytest_genx.pipeline.existing import Suite, tests_of
from pytest_genx.syntax.conftests import conftests_above
from pytest_genx.syntax.definition import Definition
from pytest_genx.syntax.source import parse

MAX_FIXTURES = 4
MAX_LINES = 12  # above which a fixture is shown without its body
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def fixtures(target: Target, found: Sequence[Suite], rootdir: Path) -> tuple[str, ...]:
    """Show the fixtures, each as the test that asks for it would get it.

    Args:
        target: what the tests call.
        found: test files that import it.
        rootdir: labels of test files are relative to it, and conftest files are not above it.
    """
    shown: dict[str, str] = {}
    for suite in found:
        asked = dict.fromkeys(name for test in tests_of(suite, target) for name in _asked(test))
        missing = [name for name in asked if name not in shown]
        if not missing:
            continue
        for lines, statements in _places(suite, rootdir):
            for node in statements:
                if isinstance(node, _FUNCTIONS) and node.name in missing and _is_fixture(node):
                    shown.setdefault(node.name, _text(node, lines))
    return tuple(shown.values())[:MAX_FIXTURES]


def _asked(test: Definition) -> list[str]:
    return [a.arg for a in (*test.args.args, *test.args.kwonlyargs) if a.arg != "self"]


def _places(suite: Suite, rootdir: Path) -> Iterable[Place]:
    """The test file itself, then conftest files, the nearest first."""
    yield suite.lines, suite.statements
    for name in reversed(conftests_above(rootdir / suite.label, rootdir)):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        tree = parse(text)
        if tree is not None:
            yield text.split("\n"), tree.body


def _is_fixture(node: Definition) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def _text(node: Definition, lines: Sequence[str]) -> str:
    text = text_of(node, lines)
    if text.count("\n") < MAX_LINES:
        return text
    return f"@pytest.fixture\ndef {node.name}({ast.unparse(node.args)}):\n    ..."
