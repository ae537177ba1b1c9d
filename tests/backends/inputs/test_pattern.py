from __future__ import annotations

import re

import pytest

from pytest_genx.backends.inputs.pattern import matching_texts


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(\d+)\s*([smhd])$",
        r"[^@\s]+@[^@\s]+\.\w+",
        r"(?i)(foo|bar)?x*",
        r"\b[A-Z][a-z]+\b",
        r"(?P<year>\d{4})-(?P<month>\d\d)",
        r"(?:a|bc){2,}?",
        r"[^\W\d_]+",
        r"[^0-9a-f]",
        r"a(?=b)b",
        "",
    ],
)
def test_the_texts_match(pattern):
    """All of them, for every construct."""
    texts = matching_texts(pattern)
    assert texts
    assert all(re.search(pattern, text) for text in texts)


def test_alternatives_and_repeats_vary():
    """One text would test one branch."""
    assert matching_texts("(cat|dog|bird)s?") == ["cat", "dogs", "birds"]


@pytest.mark.parametrize("pattern", ["(", "[", "*a"])
def test_a_pattern_that_does_not_compile_has_none(pattern):
    """The user's mistake is for a test to find."""
    assert matching_texts(pattern) == []
