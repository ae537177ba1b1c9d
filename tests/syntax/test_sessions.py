"""Doctests become assertions that hold exactly when the doctest passes."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.syntax.sessions import from_doctest, without_sessions


def program(text):
    """The program of a text, as text."""
    return "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in from_doctest(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">>> f(1)\n2", "assert f(1) == 2"),
        (">>> f(1)\n[1,\n 2]", "assert f(1) == [1, 2]"),
        (">>> f(1)\n'a'", "assert f(1) == 'a'"),
        (">>> f(1)\nnan", "assert repr(f(1)) == 'nan'"),
        (">>> f(1)\nA(b=1)", "assert repr(f(1)) == 'A(b=1)'"),
        (">>> print(f(1))\n1 2\n3", "assert str(f(1)) == '1 2\\n3'"),
        (">>> print(f(1), 2)\n1 2", "print(f(1), 2)"),
        (">>> pprint(f(1))\n[1]", "pprint(f(1))"),
        (">>> a = f(1)\n>>> a\n1", "a = f(1)\nassert a == 1"),
        (">>> for a in b:\n...     c(a)", "for a in b:\n    c(a)"),
        (">>> f(1)  # doctest: +SKIP\n2", ""),
        (">>> f(1)  # doctest: +ELLIPSIS\n[1, ...]", "f(1)"),
        (">>> f(1)\n<BLANKLINE>\n2", "f(1)"),
        (">>> f(1)  # doctest: +NORMALIZE_WHITESPACE\na  b", "f(1)"),
        (">>> f(1)  # doctest: +NORMALIZE_WHITESPACE\n[1,  2]", "assert f(1) == [1, 2]"),
        (">>> f(1)\nTraceback (most recent call last):\n  x\nm.MyError: no",
         "with pytest.raises(MyError):\n    f(1)"),
        (">>> f(\n2", ""),
        (">>>f(1)\n2", ""),
        ("no session", ""),
    ],
)  # fmt: skip
def test_an_output_becomes_an_assertion(text, expected):
    """By value for literals, by text for all else; what cannot be compared is only run."""
    assert program(text) == expected


def test_sessions_can_be_taken_out_of_a_text():
    """The number of lines stays."""
    text = "a\n  >>> f(1)\n  2\n\nb\n>>> c"
    assert without_sessions(text) == "a\n\n\n\nb\n"
