"""A check becomes a case in one form, with an expectation only where its meaning is exact."""

from __future__ import annotations

import ast

import pytest

from pytest_genx.domain import Expectation
from pytest_genx.pipeline.cases import MAX_SOURCE, expectation, imports_for, make_case


def made(half, text, known=frozenset()):
    """The case of a text's statements."""
    return make_case(ast.parse(text).body, half, known, origin="model")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("assert half(2) == 1", Expectation("half(2)", "1")),
        ("assert 1 == half(2)", Expectation("half(2)", "1")),
        ("assert len([half(2)]) == 1", Expectation("len([half(2)])", "1")),
        (
            "with pytest.raises(ValueError):\n    half(-1)",
            Expectation("half(-1)", None, "ValueError"),
        ),
        ("with raises(shop.Bad):\n    half(-1)", Expectation("half(-1)", None, "shop.Bad")),
        ("half(2)", Expectation("half(2)")),
    ],
)
def test_call_and_compare_is_read_off(half, text, expected):
    """Equality on either side, an expected exception, and a call alone."""
    assert expectation(ast.parse(text).body, half) == expected


@pytest.mark.parametrize(
    "text",
    [
        "assert half(2) == half(3)",
        "assert half == half",
        "assert half(2) is True",
        "assert half(2) == 1 == 1",
        "assert half(2) == pytest.approx(1)",
        "n = 2\nassert half(n) == 1",
        "with pytest.raises(ValueError, match='no'):\n    half(-1)",
        "with pytest.raises((TypeError, ValueError)):\n    half(-1)",
        "with pytest.raises(ValueError) as caught:\n    half(-1)",
        "with pytest.raises(ValueError):\n    n = half(-1)",
        "with pytest.raises(ValueError):\n    other(-1)",
        "with open('a') as file:\n    half(-1)",
        "other(2)",
    ],
)
def test_anything_else_stays_free(half, text):
    """A tolerance, a pattern or a second statement is part of what is said."""
    assert expectation(ast.parse(text).body, half) is None


def test_imports_are_stated_apart_one_name_each(half):
    """Only those that the statements use, sorted."""
    case = made(half, "from math import pi, tau\nimport re, os\nassert half(pi) == re.X")
    assert case.source == "assert half(pi) == re.X"
    assert case.imports == ("from math import pi", "import re")


def test_the_standard_library_and_pytest_are_imported_unasked(half):
    """Unless the module or the statements bind the name to something else."""
    body = ast.parse("json = 1\nassert half(math.pi) == re.X + json.x + half.y").body
    assert imports_for([], body, {"re"}) == ("import math",)


def test_a_check_that_calls_nothing_is_no_case(half):
    """`assert half` holds of any function."""
    assert made(half, "assert half") is None
    assert made(half, "assert half is not None") is None


def test_what_cannot_be_written_is_no_case(half):
    """Numbers too long for text, texts too long for a test, and what does not compile."""
    assert made(half, "if x:\n    assert half(2) == 1\n    break") is None
    assert made(half, f"assert half(0x{'f' * 6000}) == 1") is None
    assert made(half, f"assert half('{'a' * MAX_SOURCE}') == 1") is None
