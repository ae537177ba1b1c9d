"""Known bugs: JSON lines of faulty code, correct code, and what tells them apart.

A set is read whole and checked field by field. What tells the codes apart is for judging
alone; no stage is ever shown it.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_genx.bench.pool import defines
from pytest_genx.bench.record_lines import read_records, text_of, texts_of
from pytest_genx.syntax.definition import is_string, own_nodes

_KEPT = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


@dataclass(frozen=True, slots=True)
class Bug:
    """One problem: `buggy` and `correct` are whole modules, `checks` are statements."""

    bug_id: str
    entry_point: str
    statement: str
    buggy: str
    correct: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BugSet:
    """The problems of one file, under the file's name without its suffixes."""

    name: str
    bugs: tuple[Bug, ...]


def read(path: Path) -> BugSet:
    """Read a set from JSON lines, gzipped or plain; empty lines are skipped.

    A record has `id`, `entry_point`, `buggy`, `correct`, and either `tests`, a list of
    statements, or `cases`, a list of `[arguments, expected value]`. Its `statement` may be
    missing; the text that stands alone in the faulty module is taken then.

    Raises:
        TargetNotFound: there is no such file.
        RecordError: the file cannot be read, holds no bug, or has a bad line (its number is
            in the message).
    """
    name, bugs = read_records(path, _bug, what="bug set", empty="the set holds no bugs")
    return BugSet(name, bugs)


def documented(program: str, entry_point: str, statement: str) -> str:
    """Give a function the statement as its docstring, unless it has one."""
    tree = _parsed(program)
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == entry_point:
            if statement and ast.get_docstring(node) is None:
                text = textwrap.indent(statement.strip(), "    ").strip()
                text += "\n    " if "\n" in text else ""
                node.body.insert(0, ast.Expr(ast.Constant(text)))
            break
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _bug(record: Any, known: Container[str]) -> tuple[str, Bug]:
    """Check one record; unknown fields are left alone."""
    if not isinstance(record, dict):
        raise ValueError("expected an object")  # noqa: TRY004 -- reported with its line
    bug_id, entry_point = text_of(record, "id"), text_of(record, "entry_point")
    if bug_id in known:
        raise ValueError(f"a second bug named {bug_id!r}")
    codes = {key: text_of(record, key) for key in ("buggy", "correct")}
    for key, code in codes.items():
        if not defines(code, entry_point):
            raise ValueError(f"field {key!r} defines no {entry_point!r}")
    statement = record.get("statement")
    bug = Bug(
        bug_id,
        entry_point,
        _spoken(codes["buggy"]) if statement is None else text_of(record, "statement"),
        _module(codes["buggy"]),
        _module(codes["correct"]),
        _checks(record, entry_point, codes["correct"]),
    )
    return bug_id, bug


def _checks(record: dict[str, Any], entry_point: str, correct: str) -> tuple[str, ...]:
    if "tests" in record:
        found = texts_of(record, "tests")
    elif "cases" in record:
        cases = record["cases"]
        shaped = isinstance(cases, list) and all(
            isinstance(item, list) and len(item) == 2 and isinstance(item[0], list)
            for item in cases
        )
        if not shaped:
            raise ValueError(
                f"field 'cases' must be a list of [arguments, expected value], got {cases!r:.40}"
            )
        call = "list({})" if _generates(correct, entry_point) else "{}"
        found = tuple(
            f"assert {call.format(_call(entry_point, arguments))} == {expected!r}"
            for arguments, expected in cases
        )
    else:
        raise ValueError("one of the fields 'tests' and 'cases' is needed")
    if not found:
        raise ValueError("there is nothing that tells the codes apart")
    return found


def _call(name: str, arguments: list[Any]) -> str:
    return f"{name}({', '.join(map(repr, arguments))})"


def _generates(program: str, entry_point: str) -> bool:
    """Whether a function is a generator, whose items are what is compared."""
    return any(
        isinstance(inner, (ast.Yield, ast.YieldFrom))
        for node in _parsed(program).body
        if isinstance(node, ast.FunctionDef) and node.name == entry_point
        for inner in own_nodes(node.body)
    )


def _module(program: str) -> str:
    """Leave out what is no part of a module under test: texts, prints, and tests of its own."""
    tree = _parsed(program)
    tree.body = [node for node in tree.body if isinstance(node, _KEPT)]
    return ast.unparse(tree) + "\n"


def _spoken(program: str) -> str:
    """The first text that stands alone on the module's own level."""
    for node in _parsed(program).body:
        if isinstance(node, ast.Expr) and is_string(node):
            assert isinstance(node.value, ast.Constant)
            return str(node.value.value).strip()
    return ""


def _parsed(program: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes in other people's texts
        return ast.parse(program)
