"""Doctests -> straight-line programs; the standard library does the parsing."""

from __future__ import annotations

import ast
import doctest

from pytest_genx.syntax.assertions import called, equal, raises
from pytest_genx.syntax.names import dotted, is_literal
from pytest_genx.syntax.source import parse, parse_expression


def from_doctest(text: str) -> list[ast.stmt]:
    """Read the interactive sessions of a text as one program, outputs as assertions.

    What is printed is compared by value when it is a literal, by `repr` otherwise. Skipped
    examples are left out, and outputs with an ellipsis assert nothing. A text that breaks the
    rules of doctest gives an empty program.
    """
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return []
    return [statement for example in examples for statement in _statements(example)]


def without_sessions(text: str) -> str:
    """Blank the lines of interactive sessions, outputs included."""
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        inside = line.lstrip().startswith(">>>") or (inside and bool(line.strip()))
        kept.append("" if inside else line)
    return "\n".join(kept)


def _statements(example: doctest.Example) -> list[ast.stmt]:
    tree = parse(example.source)
    if tree is None or example.options.get(doctest.SKIP):
        return []
    body = tree.body
    if example.exc_msg is not None:
        name = example.exc_msg.partition(":")[0].strip().rpartition(".")[2]
        return [raises(ast.Name(name, ast.Load()), body)] if name.isidentifier() else []
    if len(body) == 1 and isinstance(body[0], ast.Expr) and example.want.strip():
        return [_claim(body[0].value, example) or body[0]]
    return body


def _claim(call: ast.expr, example: doctest.Example) -> ast.stmt | None:
    """Make the assertion that an example's output states."""
    want = example.want.rstrip("\n")
    printer = dotted(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
    if "..." in want or "<BLANKLINE>" in want or printer.lstrip("_") in {"pp", "pprint"}:
        return None
    if isinstance(call, ast.Call) and printer == "print":
        if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
            return None
        return equal(called("str", call.args[0]), ast.Constant(want))
    value = parse_expression(want)
    if value is not None and is_literal(value):
        return equal(call, value)
    if example.options.get(doctest.NORMALIZE_WHITESPACE):
        return None
    return equal(called("repr", call), ast.Constant(want))
