"""Trusted examples are found in docstrings and in the user's tests, and stand alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.domain import Anchor, Expectation
from pytest_genx.pipeline.anchors import anchor_case
from pytest_genx.pipeline.context import gather
from pytest_genx.pipeline.target import find_targets

MODULE = '''\
"""Things.

>>> half(10)
5
"""

from decimal import Decimal

STEP = 2


def half(n):
    """Half of `n`, rounded down: half(7) == 3.

    >>> half(4)
    2
    >>> n = 6
    >>> half(n)
    3
    >>> half(Decimal(3))
    Decimal('1')
    >>> print(half(2))
    1
    >>> half(-1)
    Traceback (most recent call last):
        ...
    ValueError: -1
    >>> half(9)  # doctest: +SKIP
    100
    >>> half(unknown)
    3
    >>> half(1)  # doctest: +ELLIPSIS
    ...
    """
    if n < 0:
        raise ValueError(n)
    return n // STEP


class Stack:
    """Items on top of each other.

    >>> stack = Stack()
    >>> stack.push(1)
    >>> stack.push(2)
    >>> stack.pop()
    2
    """

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        return self.items.pop()


async def fetch(n):
    return n
'''


@pytest.fixture
def anchors(tmp_path: Path):
    """Gather the anchors of a target, with a test file of that text."""

    def find(name: str, tests: str = "") -> list[Anchor]:
        (tmp_path / "pkg").mkdir(exist_ok=True)
        (tmp_path / "pkg" / "__init__.py").write_text("from pkg.things import half\n")
        (tmp_path / "pkg" / "things.py").write_text(MODULE)
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "tests" / "test_things.py").write_text(tests)
        (target,) = find_targets([f"pkg/things.py::{name}"], tmp_path)
        return list(gather(target, rootdir=tmp_path, test_paths=()).anchors)

    return find


def test_docstrings_give_their_sessions_and_their_prose(anchors):
    """Values are compared as literals, otherwise by `repr`; skipped and open ones are left out."""
    found = [(a.source, a.origin, a.imports) for a in anchors("half")]
    raised = "with pytest.raises(ValueError):\n    half(-1)"
    assert found == [
        ("assert half(4) == 2", "doctest", ()),
        ("assert half(6) == 3", "doctest", ()),
        ("assert repr(half(Decimal(3))) == \"Decimal('1')\"", "doctest", ()),
        ("assert str(half(2)) == '1'", "doctest", ()),
        (raised, "doctest", ("import pytest",)),
        ("assert half(10) == 5", "doctest", ()),
        ("assert half(7) == 3", "docstring", ()),
    ]


@pytest.mark.parametrize("name", ["Stack.push", "Stack.pop"])
def test_sessions_of_a_class_count_for_its_methods(anchors, name):
    """Lines before the checked one come with it."""
    (anchor,) = anchors(name)
    assert anchor.source == (
        "stack = Stack()\nstack.push(1)\nstack.push(2)\nassert stack.pop() == 2"
    )


@pytest.mark.parametrize(
    "imported",
    [
        "from pkg.things import half",
        "from pkg.things import half as h\nhalf = None",
        "from pkg import half",
        "from pkg import things",
        "import pkg.things",
        "import pkg.things as t",
    ],
)
def test_however_a_test_imports_the_target_it_calls_it_by_name(anchors, imported):
    """The module's own names are used, and the import is dropped."""
    how = {"as h": "h", "as t": "t.half", "import things": "things.half"}
    called = next((call for end, call in how.items() if end in imported), "half")
    called = "pkg.things.half" if imported == "import pkg.things" else called
    imported = imported.replace("\nhalf = None", "")
    (anchor,) = anchors("half", f"{imported}\n\ndef test_it():\n    assert {called}(8) == 4\n")[7:]
    assert anchor.source == "assert half(8) == 4"
    assert anchor.origin == "tests/test_things.py::test_it"
    assert anchor.imports == ()


USER = '''\
from decimal import Decimal
import pytest
from pkg.things import STEP, half

TABLE = [(8, 4), (9, 4)]


def helper(n):
    return n * STEP


@pytest.fixture
def number():
    return 3


def test_assertions():
    """Doc."""
    assert half(0) == 0, "zero"
    assert half(Decimal(2)) == 1


def test_body():
    values = []
    values.append(half(helper(5)))
    assert values == [5]


@pytest.mark.parametrize(("n", "want"), TABLE)
def test_table(n, want):
    assert half(n) == want


@pytest.mark.parametrize("n", [1, pytest.param(2, marks=x), pytest.param(3, id="x")])
@pytest.mark.parametrize("m", [10])
def test_product(n, m):
    assert half(n * m) == n * 5


def test_raises():
    with pytest.raises(ValueError, match="-2"):
        half(-2)


def test_fixture(number):
    assert half(number) == 1


@pytest.mark.skip
def test_skipped():
    assert half(1) == 100


@pytest.mark.xfail
def test_failing():
    assert half(1) == 100


@given(n=integers())
def test_property(n):
    assert half(n) == 100


def test_skips_itself():
    pytest.skip("no")
    assert half(1) == 100


def test_other():
    assert helper(1) == 2


class TestHalf:
    def test_method(self):
        assert half(20) == 10

    def test_state(self):
        assert half(self.n) == 10
'''


def test_plain_tests_of_the_user_become_anchors(anchors):
    """Assertions one by one, other bodies whole, tables written out; nothing with fixtures."""
    found = {}
    for anchor in anchors("half", USER)[7:]:
        found.setdefault(anchor.origin.partition("::")[2], []).append(anchor)
    assert {name: [a.source for a in group] for name, group in found.items()} == {
        "test_assertions": ["assert half(0) == 0", "assert half(Decimal(2)) == 1"],
        "test_body": [
            (
                "def helper(n):\n    return n * STEP\n"
                "values = []\nvalues.append(half(helper(5)))\nassert values == [5]"
            )
        ],
        "test_table": ["assert half(8) == 4", "assert half(9) == 4"],
        "test_product": ["assert half(1 * 10) == 1 * 5", "assert half(3 * 10) == 3 * 5"],
        "test_raises": ["with pytest.raises(ValueError, match='-2'):\n    half(-2)"],
        "TestHalf::test_method": ["assert half(20) == 10"],
    }
    assert found["test_assertions"][1].imports == ("from decimal import Decimal",)
    assert found["test_raises"][0].imports == ("import pytest",)


@pytest.mark.parametrize(
    "header",
    [
        "import pytest\npytestmark = pytest.mark.skip\n",
        "import pytest\n@pytest.fixture(autouse=True)\ndef prepare():\n    pass\n",
        "def setup_module():\n    pass\n",
        "# pytest-genx: 0.1.0 wrote this\n",
        "def broken(:\n",
        "from elsewhere import half\n",
    ],
)
def test_some_files_hold_no_anchors(anchors, header):
    """Where fixtures act unasked, what this product wrote, other functions of the same name."""
    body = "def test_it():\n    assert half(8) == 4\n"
    first = "" if "elsewhere" in header else "from pkg.things import half\n"
    assert len(anchors("half", f"{header}{first}{body}")) == 7


def test_a_method_of_the_same_name_elsewhere_is_no_example(anchors):
    """The class must be named."""
    tests = "from pkg.things import Stack\n\ndef test_it():\n    assert [1].pop() == 1\n"
    assert len(anchors("Stack.pop", tests)) == 1


def test_asynchronous_tests_are_run(anchors):
    """What they wait for is run by `asyncio`."""
    tests = (
        "from pkg.things import fetch\n\nasync def test_it():\n"
        "    assert await fetch(1) == 1\n\n"
        "async def test_more():\n    async with fetch(1):\n        assert True\n"
    )
    (anchor,) = anchors("fetch", tests)
    assert anchor.source == "assert asyncio.run(fetch(1)) == 1"
    assert anchor.imports == ("import asyncio",)


def test_relative_imports_of_tests_are_made_absolute(tmp_path):
    """An anchor runs outside of its test package."""
    package = tmp_path / "pkg"
    (package / "tests").mkdir(parents=True)
    for path in (package, package / "tests"):
        (path / "__init__.py").write_text("")
    (package / "things.py").write_text("def half(n):\n    return n // 2\n")
    (package / "tests" / "test_things.py").write_text(
        "from ..things import half\nfrom .data import EIGHT\n\n"
        "def test_it():\n    assert half(EIGHT) == 4\n"
    )
    (target,) = find_targets(["pkg/things.py"], tmp_path)
    (anchor,) = gather(target, rootdir=tmp_path, test_paths=()).anchors
    assert anchor.imports == ("from pkg.tests.data import EIGHT",)


def test_the_case_of_an_anchor_is_trusted(half):
    """It keeps origin and imports, and has an expectation where its form allows."""
    case = anchor_case(Anchor("assert half(4) == 2", "doctest", ("import re",)), half)
    assert (case.anchor, case.count, case.origin, case.imports) == (
        True,
        1,
        "doctest",
        ("import re",),
    )
    assert case.expectation == Expectation("half(4)", "2")
    free = anchor_case(Anchor("n = 4\nassert half(n) == 2", "docstring"), half)
    assert free.expectation is None
