"""Text that may be anything is parsed as far as it goes."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.syntax.source import (
    MAX_LINES,
    clean,
    compiles,
    fenced,
    parse,
    parse_expression,
    recover,
    shift,
    spoken,
    unparse,
)


def recovered(text: str) -> list[str]:
    """What is recovered, as text."""
    return [ast.unparse(statement) for chunk in recover(text) for statement in chunk.body]


@pytest.mark.parametrize("text", ["def", "\0", "\ud800", "(" * 500, "-" * 50000 + "1", "if x:"])
def test_what_is_no_python_is_none(text):
    """No text makes the parser raise."""
    assert parse(text) is None


def test_warnings_about_a_text_are_not_shown(recwarn):
    """A bad escape is the writer's business."""
    assert parse("'\\d'") is not None
    assert not recwarn.list


@pytest.mark.parametrize(
    ("text", "known"), [(" [1,\n 2] ", True), ("a = 1", False), ("", False), ("a; b", False)]
)
def test_an_expression_is_one_expression(text, known):
    """Statements and nothing are none."""
    assert (parse_expression(text) is not None) == known


@pytest.mark.parametrize(
    ("text", "works"), [("a = 1", True), ("'\\d'", True), ("return 1", False), ("a b", False)]
)
def test_a_program_is_more_than_what_parses(text, works):
    """Statements must stand where they may."""
    assert compiles(text) == works


def test_what_cannot_be_written_is_none():
    """Numbers beyond the limit for text, and nesting beyond the limit for functions."""
    assert unparse(ast.parse("0x" + "f" * 6000)) is None
    deep: ast.expr = ast.Constant(1)
    for _ in range(5000):
        deep = ast.UnaryOp(ast.USub(), deep)
    node = ast.Expr(deep)
    assert unparse(node) is None


def test_texts_are_cut_and_cleaned():
    """Null bytes and surrogates go, line ends are the same, size is bounded."""
    assert clean("a\0b\r\nc\rd\ud800 my\\_name") == "ab\nc\nd my_name"
    assert clean("x\n" * 9999).count("\n") == MAX_LINES - 1


@pytest.mark.parametrize(
    "text",
    [
        "<think>a\nb</think>answer",
        "<thinking>a</thinking>answer",
        "a</think>answer",
        "answer<think>never closed",
        "<think>a</think>ans<think>b</think>wer",
    ],
)
def test_reasoning_is_dropped(text):
    """Closed, opened by the prompt, or cut off."""
    assert spoken(text) == "answer"


def test_fences_split_a_text():
    """The last may stay open."""
    inside, outside = fenced("a\n```python\nb\nc\n```\nd\n  ~~~\ne")
    assert (inside, outside) == (["b\nc", "e"], ["a", "d"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nThis is prose.\nb = 2", ["a = 1", "b = 2"]),
        ("    a = 1\n    b = 2\nc = 3", ["a = 1", "b = 2", "c = 3"]),
        ("a = (1,\n2)\nb = (3,\n", ["a = (1, 2)"]),
        ("def f():\n    a = 1\n    return (\n", ["def f():\n    a = 1"]),
        ("if a:\n    b\nelse\n    c", ["if a:\n    b", "c"]),
        ('a = 1\nb = """open\nc = 2', ["a = 1", "c = 2"]),
        ("It's\na = 1\nIsn't it", ["a = 1"]),
        ("# only\n\n", []),
    ],
)
def test_everything_that_parses_is_recovered(text, expected):
    """Broken lines are skipped, and the longest run from each place is taken."""
    assert recovered(text) == expected


def test_positions_count_in_the_lines_of_the_chunk():
    """Also where an indented run was given a block."""
    (chunk,) = recover("  a = 1\n  b = 2")
    assert [chunk.lines[statement.lineno - 1] for statement in chunk.body] == ["  a = 1", "  b = 2"]


def test_code_moves_and_strings_stay():
    """Docstrings move, other strings over several lines keep their text, comments follow."""
    text = (
        '    def f():\n        """A.\n\n        B.\n        """\n# low\n'
        '        a = """\n  x\n"""\n        b = f"""\n{a}\n  y"""\n   \n        return (\n    1)'
    )
    moved = shift(text, "    ", "")
    assert moved == (
        'def f():\n    """A.\n\n    B.\n    """\n# low\n'
        '    a = """\n  x\n"""\n    b = f"""\n{a}\n  y"""\n\n    return (\n1)'
    )
    assert shift(shift(moved, "", "\t"), "\t", "") == moved
