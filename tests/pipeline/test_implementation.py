"""Answers of a coder in every style become the same candidate."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from pytest_genx.domain import Role, Sample, Target
from pytest_genx.pipeline.extract import extract_candidates
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
CART = '''\
from dataclasses import dataclass


@dataclass
class Cart:
    prices: tuple = ()

    def total(self, coupon=0):
        """Sum less the coupon."""
        return sum(self.prices) - coupon

    @staticmethod
    def parse(line):
        return int(line)
'''
FETCH = "async def fetch(n):\n    return n\n"


def target_in(directory: Path, source: str, name: str) -> Target:
    """The one target of a module."""
    (directory / "shop.py").write_text(source)
    return find_targets([f"shop.py::{name}"], directory)[0]


@pytest.fixture
def clamp(tmp_path):
    """A documented function."""
    return target_in(tmp_path, CLAMP, "clamp")


@pytest.fixture
def total(tmp_path):
    """A method of a class with fields."""
    return target_in(tmp_path, CART, "Cart.total")


@pytest.fixture
def fetch(tmp_path):
    """A coroutine function."""
    return target_in(tmp_path, FETCH, "fetch")


def coder(*texts: str) -> list[Sample]:
    """Samples of a coder."""
    return [Sample(Role.CODER, text, "model") for text in texts]


def one(target: Target, text: str) -> str:
    """The source of the only candidate, whose program must parse."""
    (candidate,) = extract_candidates(coder(textwrap.dedent(text)), target)
    ast.parse(candidate.program)
    return candidate.source


HEAD = CLAMP[CLAMP.index("def clamp") : CLAMP.index("    return")]
BODY = "    if n < low:\n        return low\n    return min(n, high)"


@pytest.mark.parametrize(
    "text",
    [
        "    if n < low:\n        return low\n    return min(n, high)\n",
        "\n    if n < low:\n        return low\n    return min(n, high)\n\n\ndef other():\n    pas",
        "if n < low:\n        return low\n    return min(n, high)",
        "if n < low:\n    return low\nreturn min(n, high)",
        "def clamp(n, low=0, high=LIMIT):\n" + BODY,
        "def clamp(n: int, low: int = 0, high: int = LIMIT) -> int:\n" + BODY,
        "def clamp(n, low, high):\n" + BODY,
        f"```python\ndef clamp(n, low=0, high=LIMIT):\n{BODY}\n```",
        f"Sure! Here's it:\n\n```\ndef clamp(n, low=0, high=LIMIT):\n{BODY}\n```\nIt's easy.",
        f"```python\ndef clamp(n, low=0, high=LIMIT):\n{BODY}",
        f"<think>return n?\ndef clamp(n):\n    return n</think>```\n{HEAD}{BODY}\n```",
        f"So I think.</think>\ndef clamp(n, low=0, high=LIMIT):\n{BODY}",
        f"Here is the code:\n\ndef clamp(n, low=0, high=LIMIT):\n{BODY}\n\nIt works since it's so.",
        f"def clamp(n, low=0, high=LIMIT):\n    '''Other words.'''\n{BODY}\n\nprint(clamp(1))",
        f"import math\n\ndef clamp(n, low=0, high=LIMIT):\n{BODY}\n\nassert clamp(1) == (",
        f"def clamp(n, low=0, high=LIMIT): # it's\n{BODY}\n```\n\nThat's it.",
        "```python\nclass Solution:\n    def clamp(self, n, low=0, high=LIMIT):\n"
        + textwrap.indent(BODY, "    ")
        + "\n```",
        "\n\n    \n    if n < low:\r\n        return low\r\n    return min(n, high)",
        f"1. First:\n\n   ```py\n{textwrap.indent(HEAD + BODY, '   ')}\n   ```",
    ],
)
def test_every_style_of_answer_gives_the_same_candidate(clamp, text):
    """Signature and docstring are the target's own, the body is the answer's."""
    (candidate,) = extract_candidates(coder(text), clamp)
    assert candidate.source == HEAD + BODY
    assert candidate.program == CLAMP.replace("    return max(low, min(n, high))", HEAD[:0] + BODY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "I cannot help with that.",
        "The answer is 42",
        "    pass\n",
        "    ...",
        "def clamp(n, low=0, high=LIMIT):\n    '''Doc.'''\n",
        "def clamp(n, low=0, high=LIMIT):\n    raise NotImplementedError\n",
        "def other(n):\n    return n",
        "<think>def clamp(n):\n    return n",
        "    # only a comment\n",
        "def clamp(n, low=0, high=LIMIT):\n    break\n",
        "    nonlocal n\n    return n\n",
    ],
)
def test_an_answer_without_an_implementation_gives_none(clamp, text):
    """Stubs, prose and other functions are dropped."""
    assert extract_candidates(coder(text), clamp) == []


def test_comments_and_strings_of_a_body_are_kept(total):
    """The text of an answer is shown as it was written, at the method's indentation."""
    text = (
        "    def total(self, coupon=0):\n"
        '        # sum\n        note = """\nleft\n"""\n        return 1'
    )
    (candidate,) = extract_candidates(coder(text), total)
    assert (
        '    """Sum less the coupon."""\n    # sum\n    note = """\nleft\n"""' in candidate.source
    )
    assert '        # sum\n        note = """\nleft\n"""\n        return 1' in candidate.program


def test_a_cut_answer_gives_its_longest_part_that_parses(clamp):
    """Lines are cut from the end until the rest is Python."""
    source = one(clamp, "    if n < low:\n        return low\n    return min(n, hi(")
    assert source == HEAD + "    if n < low:\n        return low"


@pytest.mark.parametrize(
    "text",
    [
        "        return sum(self.prices) * 2\n\n    def other(self):\n        pass\n",
        "def total(self, coupon=0):\n    return sum(self.prices) * 2",
        "    def total(self, coupon=0):\n        return sum(self.prices) * 2",
        "class Cart:\n    def total(self, coupon=0):\n        return sum(self.prices) * 2",
        (
            "@dataclass\nclass Cart:\n    prices: tuple = ()\n\n    def total(self, coupon=0):\n"
            "        return sum(self.prices) * 2"
        ),
        "    return sum(self.prices) * 2",
    ],
)
def test_methods_come_plain_in_classes_or_as_a_body(total, text):
    """However it is written, it ends up in the place of the method."""
    (candidate,) = extract_candidates(coder(text), total)
    assert candidate.source == (
        'def total(self, coupon=0):\n    """Sum less the coupon."""\n'
        "    return sum(self.prices) * 2"
    )
    assert candidate.program == CART.replace("sum(self.prices) - coupon", "sum(self.prices) * 2")


def test_decorators_and_asynchrony_of_the_target_stay(tmp_path, fetch):
    """An answer that forgets them is still put in the right place."""
    parse = target_in(tmp_path, CART, "Cart.parse")
    assert one(parse, "def parse(line):\n    return 2") == (
        "@staticmethod\ndef parse(line):\n    return 2"
    )
    assert one(fetch, "def fetch(n):\n    return 2") == "async def fetch(n):\n    return 2"


def test_an_answer_that_waits_is_no_plain_function(clamp):
    """A body with `await` cannot stand in a plain function."""
    text = "async def clamp(n, low=0, high=LIMIT):\n    return await n"
    assert extract_candidates(coder(text), clamp) == []


def test_added_decorators_are_kept_below_the_targets_own(tmp_path):
    """`@staticmethod` stays outermost."""
    parse = target_in(tmp_path, CART, "Cart.parse")
    source = one(parse, "import functools\n\n@functools.cache\ndef parse(line):\n    return 2")
    assert source == "@staticmethod\n@functools.cache\ndef parse(line):\n    return 2"


def test_another_signature_is_kept_as_it_is(clamp):
    """The answer's parameters are what its body uses; the docstring stays."""
    source = one(clamp, "def clamp(value, lo, hi):\n    return max(lo, min(value, hi))")
    assert source.startswith('def clamp(value, lo, hi):\n    """Keep `n` between')
    assert source.endswith("    return max(lo, min(value, hi))")


def test_star_imports_are_added_only_where_the_module_has_none(tmp_path, clamp):
    """A name that is nowhere bound may come from them; the module's own may bind it too."""
    text = "from math import *\n\n\ndef clamp(n, low=0, high=LIMIT):\n    return floor(n)"
    (candidate,) = extract_candidates(coder(text), clamp)
    assert "from math import *\n" in candidate.program
    starred = target_in(tmp_path, "from os import *\n" + CLAMP, "clamp")
    (candidate,) = extract_candidates(coder(text), starred)
    assert "from math import *" not in candidate.program


def test_other_defaults_are_kept(clamp):
    """A changed default is part of the answer."""
    assert "high=5)" in one(clamp, "def clamp(n, low=0, high=5):\n    return n")


def test_what_an_answer_needs_goes_where_it_works(clamp):
    """Imports go below the module's own, helpers before the definition; the rest is left out."""
    text = """\
        from collections import deque, OrderedDict
        import os
        import math

        LIMIT = 99
        STEP = 2

        def helper(n):
            return deque([n])[0] * STEP

        def unused(n):
            return n

        def clamp(n, low=0, high=LIMIT):
            return helper(n)
        """
    (candidate,) = extract_candidates(coder(textwrap.dedent(text)), clamp)
    expected = CLAMP.replace("import math\n", "import math\nfrom collections import deque\n")
    helpers = "STEP = 2\n\n\ndef helper(n):\n    return deque([n])[0] * STEP\n\n\n"
    expected = expected.replace("def clamp", helpers + "def clamp")
    assert candidate.program == expected.replace(
        "return max(low, min(n, high))", "return helper(n)"
    )
