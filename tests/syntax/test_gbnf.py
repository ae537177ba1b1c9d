"""GBNF that is written by hand is checked before llama.cpp sees it."""

from __future__ import annotations

import pytest

from pytest_genx.syntax.gbnf import faults, literal


@pytest.mark.parametrize(
    "grammar",
    [
        "a ::= b",
        'root ::= {2} "a"',
        'root ::= "a',
        "root ::= b",
        'root ::= ("a"',
        'root ::= * "a"',
        "root",
        "",
    ],
)
def test_faults_are_named(grammar):
    """What would kill the process of llama.cpp does not get there."""
    assert faults(grammar)


def test_repetitions_and_sets_are_known():
    """With bounds, without an upper one, and of groups."""
    assert faults('root ::= [a-z]{2,3} ( "," name ){0,} name{2}\nname ::= [^"\\\\]+') == ""


def test_a_literal_says_odd_characters_by_number():
    """Quotes and backslashes are escaped, what cannot be printed is numbered."""
    assert literal('a"b\\c\x00') == '"a\\"b\\\\c\\U00000000"'
