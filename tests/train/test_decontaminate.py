"""Equal code is found in spite of names, docstrings and layout; other code is not."""

from __future__ import annotations

from pytest_genx.train.decontaminate import contaminated, fingerprints

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
