"""The user's own test files, as far as they import a target; reads them, runs nothing.

Files that this product wrote are no evidence of what is meant, and are passed over.
"""

from __future__ import annotations

import ast
import itertools
import os
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_genx.domain import Target
from pytest_genx.syntax.definition import Definition
from pytest_genx.syntax.names import absolute, calls, dotted
from pytest_genx.syntax.references import uniform
from pytest_genx.syntax.source import parse

PROVENANCE = b"# pytest-genx:"  # how a line begins in the files that this product writes
MAX_FILES = 30  # parsed for one target
_MAX_LISTED = 5000
_MAX_BYTES = 1_000_000
_PRUNED = frozenset({"__pycache__", "node_modules", "venv", "env", "build", "dist"})
_MARKS = ("skip", "xfail", "usefixtures", "parametrize")  # that act on a whole file
_MODULE_SETUP = frozenset({"setup_module", "setup_function", "setUpModule"})


@dataclass(frozen=True, slots=True)
class Suite:
    """One test file, with the target's module written as its own tests would.

    `runs_alone` is False when fixtures or hooks act on every test without being asked for.
    """

    label: str
    lines: tuple[str, ...]
    statements: tuple[ast.stmt, ...]
    runs_alone: bool


def suites(target: Target, rootdir: Path, test_paths: Sequence[Path]) -> Iterator[Suite]:
    """Yield the test files that import the target, those named after its module first.

    Args:
        target: what is looked for.
        rootdir: labels are relative to it.
        test_paths: files and directories; when empty, `tests` and `test` in the rootdir and
            what stands beside the module.
    """
    module = target.module.rpartition(".")[2]
    places = test_paths or _usual_places(target, rootdir)
    files = dict.fromkeys(file for place in places for file in _files(place))
    files.pop(target.path, None)
    candidates = (
        p for p in sorted(files, key=lambda p: module not in p.name) if may_use(p, target)
    )
    for path in itertools.islice(candidates, MAX_FILES):
        suite = read_suite(path, target, rootdir)
        if suite is not None:
            yield suite


def _usual_places(target: Target, rootdir: Path) -> list[Path]:
    beside = target.path.parent
    files = [p for p in sorted(beside.glob("*.py")) if _is_test_file(p.name)]
    return [rootdir / "tests", rootdir / "test", beside / "tests", beside / "test", *files]


def _files(place: Path) -> Iterator[Path]:
    """Test files at or below a place, in a stable order."""
    if place.is_file():
        yield place
    listed = 0
    for here, directories, names in os.walk(place):
        directories[:] = sorted(d for d in directories if d not in _PRUNED and d[0] != ".")
        for name in sorted(names):
            if _is_test_file(name) and listed < _MAX_LISTED:
                listed += 1
                yield Path(here, name)


def _is_test_file(name: str) -> bool:
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def read_suite(path: Path, target: Target, rootdir: Path) -> Suite | None:
    """Read one file; None when it does not import the target, or is no Python.

    Args:
        path: the file; it need not hold tests.
        target: what must be imported.
        rootdir: the label is relative to it.
    """
    try:
        with tokenize.open(path) as file:
            text = file.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None
    tree = parse(text)
    if tree is None:
        return None
    try:
        _make_absolute(tree, path)
        statements, reached = uniform(tree.body, target, trust_names=False)
    except RecursionError:
        return None
    if not reached:
        return None
    label = path.relative_to(rootdir) if path.is_relative_to(rootdir) else path
    lines = tuple(text.split("\n"))
    return Suite(label.as_posix(), lines, tuple(statements), _runs_alone(statements))


def may_use(path: Path, target: Target) -> bool:
    """Say whether a file is the user's and holds the target's name and its module's or package's.

    Args:
        path: the file; it is read, not parsed.
        target: what it may use.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else b""
    except OSError:
        return False
    special = target.name.startswith("__") and target.owner is not None
    name = target.qualname.partition(".")[0] if special else target.name
    parts = {target.module.partition(".")[0], target.module.rpartition(".")[2]}
    ours = data.startswith(PROVENANCE) or b"\n" + PROVENANCE in data
    return not ours and name.encode() in data and any(part.encode() in data for part in parts)


def _make_absolute(tree: ast.Module, path: Path) -> None:
    """Replace relative imports by absolute ones, as far as packages allow."""
    names = [path.stem]
    directory = path.parent
    while (directory / "__init__.py").exists():
        names.insert(0, directory.name)
        directory = directory.parent
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            text = absolute(node, ".".join(names), is_package=False)
            made = parse(text) if text is not None else None
            if made is not None and isinstance(made.body[0], ast.ImportFrom):
                node.module, node.level = made.body[0].module, 0


def _runs_alone(statements: Sequence[ast.stmt]) -> bool:
    """Say whether nothing in a file acts on all of its tests."""
    for node in statements:
        marks = isinstance(node, ast.Assign) and dotted(node.targets[0]) == "pytestmark"
        if marks and any(word in ast.unparse(node) for word in _MARKS):
            return False
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(d) for d in node.decorator_list]
            if node.name in _MODULE_SETUP or any("autouse=True" in d for d in decorators):
                return False
    return True


def tests_of(suite: Suite, target: Target) -> Iterator[Definition]:
    """Yield the test functions of a file, methods too, that call a target."""
    for statement in suite.statements:
        for node in ast.walk(statement):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if node.name.startswith("test") and any(calls(node, target)):
                yield node
