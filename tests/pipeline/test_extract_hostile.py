"""No text at all makes extraction raise, or keeps it busy."""

from __future__ import annotations

import ast
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_genx.domain import Role, Sample, Target
from pytest_genx.pipeline.extract import extract_candidates, extract_cases
from pytest_genx.pipeline.target import find_targets

CLAMP = '''\
import math

LIMIT = 10


def clamp(n, low=0, high=LIMIT):
    """Keep `n` between `low` and `high`.

    Both ends belong to it.
    """
    return max(low, min(n, high))
'''


def target_in(directory: Path, source: str, name: str) -> Target:
    """The one target of a module."""
    (directory / "shop.py").write_text(source)
    return find_targets([f"shop.py::{name}"], directory)[0]


@pytest.fixture
def clamp(tmp_path):
    """A documented function."""
    return target_in(tmp_path, CLAMP, "clamp")


def coder(*texts: str) -> list[Sample]:
    """Samples of a coder."""
    return [Sample(Role.CODER, text, "model") for text in texts]


def answers(*texts: str) -> list[Sample]:
    """Samples of a tester."""
    return [Sample(Role.TESTER, textwrap.dedent(text), "model") for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "\ud800 assert clamp(1) == 1",
        "assert clamp(" + "(" * 5000 + "1",
        "assert clamp(" + "-" * 20000 + "1) == 1",
        "assert clamp(1)" + ".a" * 5000 + " == 1",
        "assert clamp(" + "+".join(["1"] * 5000) + ") == 1",
        "x = " + "[" * 90 + "]" * 90 + "\nassert clamp(x) == 1",
        "assert clamp(0x" + "f" * 6000 + ") == 1",
        "assert clamp('\\d' + f'{1!r:>{2}}') == 1",
        "for a in [1] * 9:\n" * 50,
        "if x:\n" * 300,
        "'" * 1001,
        '"""' * 333 + "\n" * 500,
        "def clamp(n):\n" + "    if n:\n" * 200,
        ">>> clamp(1)\n1\n>>>clamp(2)\n",
    ],
)
def test_hostile_texts_do_no_harm(clamp, text):
    """Deep nesting, huge numbers and broken characters give at worst nothing, and soon."""
    started = time.process_time()
    for case in extract_cases(answers(text), clamp):
        ast.parse(case.source)
    for candidate in extract_candidates(coder(text, f"    return n\n{text}"), clamp):
        assert candidate.count == 1
    assert time.process_time() - started < 10


# What parsers of answers look for.
FRAGMENTS = (
    'assert clamp( ) == 1 def test_a(): ```python ``` >>> class A(TestCase): self. # \' """ [ ] { }'
    " : return with pytest.raises(E): lambda for x in <think> </think> import from , async await"
    " @pytest.mark.parametrize( \\ 0"
)
PIECES = st.sampled_from([*FRAGMENTS.split(" "), "\n", "\t"])


@settings(max_examples=150, deadline=None)
@given(
    text=st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("\n    ".join))
)
def test_any_text_gives_what_parses(tmp_path_factory, text):
    """Nothing raises, and whatever comes out is Python that mentions the target."""
    target = target_in(tmp_path_factory.mktemp("any"), CLAMP, "clamp")
    for case in extract_cases([Sample(Role.TESTER, text, "model")], target):
        ast.parse(case.source)
        assert "clamp" in case.source
    for candidate in extract_candidates(coder(text), target):
        ast.parse(candidate.program)
