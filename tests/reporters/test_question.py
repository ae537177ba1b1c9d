"""The dialogue of a question, with typed lines."""

from __future__ import annotations

import io

import pytest

from pytest_genx.domain import Answer, Question
from pytest_genx.reporters.question import put

QUESTION = Question("f([3, 1])", (Answer("[1, 3]", 12, 40, 0.48), Answer("[3, 1]", 1, 1, 0.31)))


def dialogue(typed: str, question: Question = QUESTION) -> tuple[str | None, str]:
    shown = io.StringIO()
    return put(question, io.StringIO(typed), shown), shown.getvalue()


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("1\n", "[1, 3]"),
        (" 2 \n", "[3, 1]"),
        ("s\n", None),
        ("", None),
        ("3\n\nyes\n2\n", "[3, 1]"),
        ("o\n{1: 2}\n", "{1: 2}"),
        ("o\n[1,\n[]\n", "[]"),
        ("o\n\n", None),
        ("o\n", None),
        ("x\n", None),
    ],
)
def test_what_is_typed_is_the_answer(typed: str, given: str | None) -> None:
    """A number, a skip, another value; what makes no sense is asked for again, until the end."""
    assert dialogue(typed)[0] == given


def test_question_shows_who_gives_which_value() -> None:
    """Number, value, how many candidates, how likely."""
    assert dialogue("1\n")[1] == (
        "\nwhat should f([3, 1]) give?\n"
        "  1  [1, 3]  (12 candidates, 48 %)\n"
        "  2  [3, 1]  (1 candidate, 31 %)\n"
        "  s  skip   o  another value\n"
        "1, 2, s or o: "
    )


def test_values_cannot_command_the_terminal() -> None:
    """Control characters of a model's are written out."""
    odd = Question("f('\x1b[2J')", (Answer("'\x1b[31m'", 1, 1, 0.5),))
    assert "\x1b" not in dialogue("s\n", odd)[1]
