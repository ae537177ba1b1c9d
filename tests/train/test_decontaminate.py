"""Equal code is found in spite of names, docstrings and layout; other code is not."""

from __future__ import annotations

import pytest

from pytest_genx.train.decontaminate import (
    contaminated,
    fingerprints,
    index_statements,
    runs,
)

MEASURED = '''
def remove_occurrence(text, char):
    """Remove the first occurrence."""
    for i in range(len(text)):
        if text[i] == char:
            return text[:i] + text[i + 1:]
    return text
'''


def test_renamed_annotated_and_documented_code_is_equal():
    """Names, hints, docstrings and layout do not hide a measured function."""
    other = (
        "def drop(s: str, c: str) -> str:\n"
        "    'Other words.'\n"
        "    for k in range( len(s) ):\n"
        "        if (s[k] == c):\n"
        "            return s[:k] + s[k+1:]\n"
        "    return s\n"
    )
    assert contaminated(other, fingerprints([MEASURED]))


def test_a_method_of_the_same_code_is_found_in_its_module():
    """Functions are compared one by one, wherever they stand."""
    module = "import os\nX = 1\n" + MEASURED + "\ndef g():\n    return X\n"
    assert contaminated(module, fingerprints([MEASURED]))


def test_different_code_is_not_equal():
    """A changed operator or a changed global makes a difference."""
    measured = fingerprints([MEASURED])
    assert not contaminated(MEASURED.replace("==", "!="), measured)
    assert not contaminated(MEASURED.replace("len", "max"), measured)


def test_bodies_too_short_to_tell_anything_never_match():
    """A one-line accessor is in every program."""
    assert fingerprints(["def f(x):\n    return x\n"]) == frozenset()


CUBES = "Write a function to find cubes of individual elements in a list using lambda function."
STATEMENTS = (
    "Write a python function to find the first repeated character in a given string.",
    CUBES,
    """from typing import List

def f(s: str) -> bool:
    ''' Tell whether the text reads the same from
    both of its ends.
    >>> f("a")
    True
    '''
""",
    "Write a function to add numbers.",
    "",
)


@pytest.mark.parametrize(
    ("statement", "share"),
    [
        ("Find the first repeated character in a given string!", 1.0),
        ("Write a program that can FIND the first\nrepeated  character in a given `string`", 1.0),
        ("Long story. " * 9 + "Tell whether the text reads the same from both of its ends.", 1.0),
        (CUBES.replace("cubes", "squares"), 0.5),
        ("Write a python function to add numbers", 1.0),
        ("Write a python function to find the first prime of a list", 0.0),
        ("from typing import List def f(s: str) -> bool", 0.0),
        ("", 0.0),
    ],
)  # fmt: skip
def test_statements_share_runs_of_words(statement, share):
    """Case, layout and how a statement opens do not count; the shorter one decides."""
    assert index_statements(STATEMENTS).share(statement) == pytest.approx(share)


def test_how_statements_open_is_no_run():
    """The boilerplate of MBPP alone has no run of words."""
    assert runs("Write a python function to") == frozenset()
    assert runs("Write a function to find x.") == {"find x"}
