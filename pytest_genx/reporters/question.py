"""A question to the user on the terminal, and the answer; numbers, a skip, or another value.

Whether there is anybody to ask is for the front end to say.
"""

from __future__ import annotations

from typing import TextIO

from pytest_genx.domain import Question
from pytest_genx.reporters.layout import plain, support
from pytest_genx.syntax.source import parse_expression


def put(question: Question, read: TextIO, write: TextIO) -> str | None:
    """Ask until there is an answer that makes sense.

    Args:
        question: what to ask.
        read: where lines come from.
        write: where the question goes.

    Returns:
        An expression; None when the user skips, or nothing more can be read.
    """
    _say(write, f"\nwhat should {question.call} give?\n")
    for number, answer in enumerate(question.answers, 1):
        _say(write, f"  {number}  {answer.value}  ({support(answer)})\n")
    _say(write, "  s  skip   o  another value\n")
    keys = [str(number) for number in range(1, len(question.answers) + 1)]
    while True:
        key = _line(f"{', '.join(keys)}, s or o: ", read, write)
        if key in keys:
            return question.answers[int(key) - 1].value
        if key is None or key == "s":
            return None
        if key == "o":
            return _other(read, write)


def _other(read: TextIO, write: TextIO) -> str | None:
    while True:
        text = _line("the value, as a Python expression: ", read, write)
        if not text:
            return None
        if parse_expression(text) is not None:
            return text
        _say(write, "that is no expression; an empty line skips\n")


def _line(prompt: str, read: TextIO, write: TextIO) -> str | None:
    """Read a line without what surrounds it; None at the end of input."""
    _say(write, prompt)
    line = read.readline()
    if not line:
        _say(write, "\n")
    return line.strip() if line else None


def _say(write: TextIO, text: str) -> None:
    """Write text of users and models such that no terminal obeys it."""
    encoding = write.encoding or "utf-8"
    write.write(plain(text).plain.encode(encoding, "backslashreplace").decode(encoding))
    write.flush()
