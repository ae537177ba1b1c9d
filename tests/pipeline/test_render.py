"""The text of a test file: that it can be read back, and that cases keep their meaning."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_genx.domain import Case, Target, TargetKind
from pytest_genx.pipeline.imports import LINE
from pytest_genx.pipeline.render import functions_for, parse, render


def text_of(half: Target, *cases: str) -> str:
    """Render cases of one target."""
    functions = functions_for(half, [Case(case, "t") for case in cases], set())
    return render("half.py", {"half": functions}, Path("nowhere"), "again")


def test_file_is_read_back_as_it_was_written(half: Target) -> None:
    """Functions, the target they belong to, and their imports survive."""
    text = text_of(half, "assert half(4) == 2", "# --- other ---\nassert half(2) == 1")
    known = parse(text)
    assert known is not None
    assert known.pristine
    assert known.source == "half.py"
    assert {q: [f.name for f in fs] for q, fs in known.sections.items()} == {
        "half": ["test_half_4", "test_half_2"]
    }
    assert render("half.py", known.sections, Path("nowhere"), "again") == text


def test_any_edit_is_seen(half: Target) -> None:
    """A changed body is not pristine; a file without our first line is not ours."""
    text = text_of(half, "assert half(4) == 2")
    edited = parse(text + "# mine\n")
    assert edited is not None
    assert not edited.pristine
    assert parse("# a comment\n" + text) is None
    assert parse("") is None


@pytest.mark.parametrize(
    "case",
    [
        "x = '''a\n  b\n\n c'''\nassert x == 'a\\n  b\\n\\n c'",
        "x = 'a\\\nb'\nassert x == 'ab'",
        "n = 1\nx = f'''{n}\n {n + 1}\n'''\nassert x == '1\\n 2\\n'",
        "n = 1\nx = f'''{'''y\nz'''}\n'''\nassert x == 'y\\nz\\n'"
        if sys.version_info >= (3, 12)
        else "pass",
        "if half:\n\n    assert True\nassert 1",
        "assert (\n    half(\n4) == 2)",
        "x = 'a\u2028b\x0cc'\ny = '''\r\n\u2028\n\x0b'''",
        "try:\n\thalf(1)\nfinally:\n\tpass",
    ],
)
def test_indenting_changes_no_string(half: Target, case: str) -> None:
    """The body of the function is, statement for statement, the case."""
    (function,) = functions_for(half, [Case(case, "t")], set())
    body = ast.parse(function.text).body[0]
    assert isinstance(body, ast.FunctionDef)
    assert [ast.dump(node) for node in body.body] == [ast.dump(n) for n in ast.parse(case).body]
    known = parse(text_of(half, case))
    assert known is not None
    assert known.sections["half"][0].text == function.text


@pytest.mark.parametrize(
    "case",
    [
        "assert half(" + "1 + " * 25 + "1) == 13",
        "assert half(4) == (" + "1 + " * 25 + "1)",
        "assert (half(4) or " + "1 or " * 20 + "2) == 2",
        "assert half(4) is not half(" + "1 + " * 25 + "1)",
        "assert half(4) == " + "1 + " * 25 + "1, 'message'",
        "assert 1 < half(4) < " + "1 + " * 25 + "1",
        "assert half('" + "a" * 200 + "') == '" + "a" * 100 + "'",
    ],
)
def test_breaking_a_long_line_changes_nothing(half: Target, case: str) -> None:
    """The statement is the same, however it is broken."""
    (function,) = functions_for(half, [Case(case, "t")], set())
    body = ast.parse(function.text).body[0]
    assert isinstance(body, ast.FunctionDef)
    assert [ast.dump(node) for node in body.body] == [ast.dump(n) for n in ast.parse(case).body]


def test_long_comparison_is_broken_at_the_operator(half: Target) -> None:
    """As formatters do it, each side on a line of its own."""
    left, right = "half(" + "1 + " * 15 + "1)", "1 + " * 15 + "1"
    (function,) = functions_for(half, [Case(f"assert {left} == {right}", "t")], set())
    lines = function.text.splitlines()[1:]
    assert lines == ["    assert (", f"        {left}", f"        == {right}", "    )"]
    assert max(map(len, lines)) <= LINE


@given(st.text(max_size=200))
def test_any_text_survives_as_an_argument(text: str) -> None:
    """Whatever a string holds, the file is valid Python and reads back."""
    target = Target(
        path=Path("f.py"),
        import_root=Path(),
        module="f",
        qualname="f",
        kind=TargetKind.FUNCTION,
        is_async=False,
        is_stub=False,
        start=1,
        end=1,
        source="def f(x): return x\n",
        module_source="def f(x): return x\n",
    )
    written = text_of(target, f"assert f({text!r}) == {text!r}")
    known = parse(written)
    assert known is not None
    assert known.pristine
    assert [len(functions) for functions in known.sections.values()] == [1]
