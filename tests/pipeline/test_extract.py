"""Equal answers are merged and counted, and checks in every style become the same cases."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from pytest_genx.domain import Expectation, Role, Sample, Target
from pytest_genx.pipeline.extract import extract_candidates, extract_cases, incumbent, merge
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


def answers(*texts: str) -> list[Sample]:
    """Samples of a tester."""
    return [Sample(Role.TESTER, textwrap.dedent(text), "model") for text in texts]


def sources(target: Target, *texts: str) -> list[str]:
    """The sources of all cases."""
    return [case.source for case in extract_cases(answers(*texts), target)]


def test_equal_answers_are_merged_and_counted(clamp):
    """Layout, comments and docstrings make no difference; names do."""
    texts = [
        "    x = n\n    return x",
        "    x = n  # so\n\n    return (x)",
        "def clamp(n, low=0, high=LIMIT):\n    'Doc.'\n    x = n\n    return x",
        "    y = n\n    return y",
    ]
    assert [c.count for c in extract_candidates(coder(*texts), clamp)] == [3, 1]


def test_equal_bodies_with_other_helpers_are_not_merged(clamp):
    """What a body calls is part of what it does."""
    texts = [f"    return h(n)\n\n\ndef h(n):\n    return {k}" for k in (1, 2)]
    assert len(extract_candidates(coder(*texts), clamp)) == 2


def test_the_incumbent_comes_first_and_absorbs_its_equals(clamp):
    """A model that writes the current code again adds to its count."""
    current = incumbent(clamp)
    assert current is not None
    assert (current.source, current.program) == (clamp.source, clamp.module_source)
    written = extract_candidates(coder("    return n", "    return max(low, min(n, high))"), clamp)
    first, second = merge([*written, current])
    assert (first.incumbent, first.count, second.count) == (True, 2, 1)


def test_a_stub_has_no_incumbent(tmp_path):
    """There is no current code to defend."""
    assert incumbent(target_in(tmp_path, "def f(n):\n    ...\n", "f")) is None


def test_samples_count_for_their_role_alone(clamp):
    """A tester that repeats the definition writes no candidate, and the other way around."""
    assert extract_candidates(answers("    return n"), clamp) == []
    assert extract_cases(coder("assert clamp(1) == 1"), clamp) == []


def test_assertions_become_one_case_each(clamp):
    """The text is written anew, so that equal cases are equal; messages are dropped."""
    text = """\
        assert clamp( 1 ) == 1, "one"
        assert 10 == clamp(11)
        assert clamp(-1) == 0 and clamp(0) == 0
        assert (clamp(3) == 3, "three")
        assert clamp(12
        """
    first, second, *rest = extract_cases(answers(text), clamp)
    assert first.source == "assert clamp(1) == 1"
    assert first.expectation == Expectation("clamp(1)", "1")
    assert first.origin == "model"
    assert second.source == "assert 10 == clamp(11)"
    assert second.expectation == Expectation("clamp(11)", "10")
    assert [case.source for case in rest] == [
        "assert clamp(-1) == 0",
        "assert clamp(0) == 0",
        "assert clamp(3) == 3",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "assert clamp(1)",
        "assert not clamp(0)",
        "assert clamp(1) is None",
        "assert clamp(1) != 2",
        "assert clamp(1) < 2 < 3",
        "assert clamp(1) == clamp(2)",
        "assert clamp(1) == pytest.approx(1.0)",
        "assert math.isclose(clamp(1), 1.0)",
        "assert isinstance(clamp(1), int)",
    ],
)
def test_other_assertions_are_kept_without_an_expectation(clamp, text):
    """Only "call equals value" has the form that can be corrected."""
    (case,) = extract_cases(answers(text), clamp)
    assert case.source == text
    assert case.expectation is None


@pytest.mark.parametrize("text", ["assert 1 == 1", "assert total(1) == 2", "clamp", "x = clamp(1)"])
def test_what_does_not_check_the_target_is_no_case(clamp, text):
    """An assertion about something else says nothing here."""
    assert sources(clamp, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = 5\nassert clamp(x) == 5",
        "x: int = 5\nresult = clamp(x)\nassert result == 5",
        "def test_clamp():\n    '''Doc.'''\n    x = 5\n    y = 5\n    assert clamp(x) == y",
        "from solution import clamp\nassert clamp(5) == 5",
        "import shop\nassert shop.clamp(5) == 5",
        "from shop import clamp as c\nassert c(5) == 5",
        ">>> clamp(5)\n5\n",
        "Some examples:\n\n>>> x = 5\n>>> clamp(x)\n5\n",
        "clamp(5) == 5",
        "if __name__ == '__main__':\n    assert clamp(5) == 5",
        "for n, want in [(5, 5)]:\n    assert clamp(n) == want",
        "CASES = [(5, 5)]\nfor n, want in CASES:\n    assert clamp(n) == want",
        (
            "@pytest.mark.parametrize('n, want', [(5, 5)])\ndef test_it(n, want):\n"
            "    assert clamp(n) == want"
        ),
        (
            "class TestClamp(unittest.TestCase):\n    def setUp(self):\n        self.n = 5\n\n"
            "    def test_it(self):\n        self.assertEqual(clamp(self.n), 5)"
        ),
        "    self.assertEqual(clamp(5), 5)\n    self.assertEqual(clamp(6",
        "```python\nassert clamp(5) == 5\n```\n\nassert clamp(7) == 7 is not meant.",
        "def clamp(n, low=0, high=10):\n    return n\n\n\nassert clamp(5) == 5",
    ],
)
def test_every_style_of_check_gives_the_same_case(clamp, text):
    """Values stand where they are used, and the target is called by its own name."""
    (case,) = extract_cases(answers(text), clamp)
    assert case.source == "assert clamp(5) == 5"
    assert case.expectation == Expectation("clamp(5)", "5")
    assert case.imports == ()


def test_calls_alone_are_to_be_observed(clamp):
    """Also printed ones, and ones that are wrapped."""
    cases = extract_cases(
        answers("clamp(1)\nprint(clamp(2))  # 2\nlist(map(str, [clamp(3)]))\n"), clamp
    )
    calls = ["clamp(1)", "clamp(2)", "list(map(str, [clamp(3)]))"]
    assert [case.expectation for case in cases] == [Expectation(call) for call in calls]
    assert [case.source for case in cases] == calls


@pytest.mark.parametrize(
    "text",
    [
        "with pytest.raises(ValueError):\n    clamp('a')",
        "import pytest\n\ndef test_it():\n    with pytest.raises(ValueError):\n        clamp('a')",
        (
            "class TestIt(unittest.TestCase):\n    def test_it(self):\n"
            "        with self.assertRaises(ValueError):\n            clamp('a')"
        ),
        (
            "class TestIt(unittest.TestCase):\n    def test_it(self):\n"
            "        self.assertRaises(ValueError, clamp, 'a')"
        ),
        ">>> clamp('a')\nTraceback (most recent call last):\nValueError: no\n",
    ],
)
def test_expected_exceptions_have_one_form(clamp, text):
    """`pytest` is imported even when the answer forgot it."""
    (case,) = extract_cases(answers(text), clamp)
    assert case.source == "with pytest.raises(ValueError):\n    clamp('a')"
    assert case.expectation == Expectation("clamp('a')", raises="ValueError")
    assert case.imports == ("import pytest",)


def test_state_that_a_check_needs_comes_with_it(total):
    """Every assertion gets all before it that may change its objects, as calls alone."""
    text = """\
        def test_total():
            other = Cart()
            cart = Cart((1, 2))
            assert cart.total() == 3
            cart.prices = (5,)
            cart.prices += (6,)
            assert cart.total() == 11
        """
    last = "assert cart.total() == 11"
    assert sources(total, text) == [
        "assert Cart((1, 2)).total() == 3",
        "cart = Cart((1, 2))\ncart.total()\ncart.prices = (5,)\ncart.prices += (6,)\n" + last,
    ]


def test_values_are_not_moved_past_what_could_change_them(clamp):
    """A copy made before a change stays before it."""
    text = "x = [1]\ny = list(x)\nx.append(2)\nassert clamp(len(x)) == len(y) + 1"
    (source,) = sources(clamp, text)
    assert source == "x = [1]\ny = list(x)\nx.append(2)\nassert clamp(len(x)) == len(y) + 1"


def test_shared_iterators_keep_their_turn(clamp):
    """Two reads of one iterator are not put into an expression in another order."""
    text = "it = iter([1, 2])\na = next(it)\nb = next(it)\nassert clamp(b) + a == 3"
    (source,) = sources(clamp, text)
    assert source.splitlines()[:3] == text.splitlines()[:3]


def test_imports_that_a_case_needs_are_stated(clamp):
    """Those of the answer, and modules of the standard library that it forgot."""
    text = "from decimal import Decimal\nimport os\nassert clamp(Decimal('1')) == random.Random(1)"
    (case,) = extract_cases(answers(text), clamp)
    assert case.imports == ("from decimal import Decimal", "import random")


def test_names_of_the_module_need_no_import(clamp):
    """Cases run in its namespace."""
    (case,) = extract_cases(answers("assert clamp(math.pi) == LIMIT"), clamp)
    assert case.imports == ()


@pytest.mark.parametrize(
    "text",
    [
        "assert fetch(1) == 1",
        "assert await fetch(1) == 1",
        "assert asyncio.run(fetch(1)) == 1",
        (
            "@pytest.mark.asyncio\nasync def test_it():\n    result = await fetch(1)\n"
            "    assert result == 1"
        ),
    ],
)
def test_coroutines_are_run(fetch, text):
    """A call that nobody waits for is run, and what is awaited is run."""
    (case,) = extract_cases(answers(text), fetch)
    assert case.source == "assert asyncio.run(fetch(1)) == 1"
    assert case.expectation == Expectation("asyncio.run(fetch(1))", "1")
    assert case.imports == ("import asyncio",)


def test_tests_with_fixtures_are_passed_over(clamp):
    """They cannot run by themselves."""
    assert sources(clamp, "def test_it(tmp_path):\n    assert clamp(tmp_path) == 1") == []


def test_equal_cases_are_merged_and_counted_by_sample(clamp):
    """A model that repeats itself within one answer has said it once."""
    text = "assert clamp(1) == 1\n"
    (case,) = extract_cases(answers(text * 5, text.replace("1", " 1 ")), clamp)
    assert case.count == 2


def test_one_answer_gives_a_bounded_number_of_cases(clamp):
    """An endless list is cut."""
    text = "".join(f"assert clamp({n}) == {n}\n" for n in range(300))
    assert len(sources(clamp, text)) == 64


def test_broken_lines_between_do_not_hide_the_rest(clamp):
    """Every statement that parses is kept."""
    text = "assert clamp(1) == 1\nassert clamp(2) == ]\nassert clamp(3) == 3\nassert clamp(4"
    assert sources(clamp, text) == ["assert clamp(1) == 1", "assert clamp(3) == 3"]
