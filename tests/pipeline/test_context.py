"""What a prompt may show is gathered from the module, its neighbours and the user's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.domain import Context
from pytest_genx.pipeline.context import MAX_ANCHORS, MAX_CALLS, gather
from pytest_genx.pipeline.target import find_targets

PRICING = '''\
"""Prices."""

import json
import math
from dataclasses import dataclass
from typing import Any, List, Optional


def total(prices, coupon=0):
    """Sum less the coupon.

    >>> total([1, 2])
    3
    """
    return math.floor(sum(prices)) - coupon


def bill(prices):
    return total(prices, 5) + total([], coupon=2)


def again(n):
    return again(n - 1)
'''
TESTS = """\
from shop.pricing import total


def test_total():
    assert total([5]) == 5


def test_fixture(tmp_path):
    name = tmp_path.name
    assert total([len(name)], 0) == len(name)


def test_third():
    assert total([7]) == 7


def test_other():
    assert True
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A rootdir with a package and tests."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "pricing.py").write_text(PRICING)
    (tmp_path / "shop" / "till.py").write_text("from .pricing import total\n\nX = total([8, 9])\n")
    (tmp_path / "tests" / "test_pricing.py").write_text(TESTS)
    return tmp_path


def gathered(rootdir: Path, name: str = "total", test_paths: tuple[Path, ...] = ()) -> Context:
    """The context of a function of the shop."""
    (target,) = find_targets([f"shop/pricing.py::{name}"], rootdir)
    return gather(target, rootdir=rootdir, test_paths=test_paths)


def test_imports_are_those_that_the_target_uses(shop):
    """Other imports of the module are not shown."""
    assert gathered(shop).imports == "import math"


def test_anchors_come_from_docstring_and_tests(shop):
    """The docstring's first, equal ones once."""
    found = [anchor.source for anchor in gathered(shop).anchors]
    assert found == [
        "assert total([1, 2]) == 3",
        "assert total([5]) == 5",
        "assert total([7]) == 7",
    ]


def test_calls_come_from_everywhere_near_literal_ones_first(shop):
    """Docstring, tests with fixtures, the module itself and its neighbours; no recursion."""
    assert gathered(shop).calls == (
        "total([1, 2])",
        "total([5])",
        "total([7])",
        "total([], coupon=2)",
        "total([8, 9])",
        "total([len(name)], 0)",
        "total(prices, 5)",
    )
    assert gathered(shop, "again").calls == ()


def test_existing_tests_are_shown_as_they_are_written(shop):
    """Two of those that call the target, fixtures or not."""
    style = gathered(shop).test_style
    assert (
        "\n\n\n".join(style)
        == TESTS[TESTS.index("def test_total") : TESTS.index("\n\n\ndef test_third")]
    )


def test_given_test_paths_replace_the_usual_places(shop):
    """Files may be named too, whatever they are called."""
    other = shop / "checks.py"
    other.write_text("from shop.pricing import total\n\ndef test_a():\n    assert total([]) == 0\n")
    found = gathered(shop, test_paths=(other,)).anchors
    assert [a.origin for a in found] == ["doctest", "checks.py::test_a"]


def test_tests_beside_the_module_are_found(shop):
    """Some projects keep them there."""
    text = "from shop.pricing import total\n\ndef test_a():\n    assert total([]) == 0\n"
    (shop / "shop" / "pricing_test.py").write_text(text)
    assert "shop/pricing_test.py::test_a" in [a.origin for a in gathered(shop).anchors]


def test_files_that_break_are_passed_over(shop):
    """Neither bad syntax nor bad bytes nor deep nesting stops the search."""
    (shop / "tests" / "test_a.py").write_text("from shop.pricing import total\ndef (:\n")
    (shop / "tests" / "test_b.py").write_bytes(b"from shop.pricing import total\n# \xff\n")
    deep = "total(" * 80 + ")" * 80
    (shop / "tests" / "test_c.py").write_text(f"from shop.pricing import total\nx = {deep}\n")
    plus = "+".join(["total(1)"] * 3000)
    (shop / "tests" / "test_d.py").write_text(f"from shop.pricing import total\nx = {plus}\n")
    assert len(gathered(shop).anchors) == 3


def test_everything_is_bounded(shop):
    """A large suite does not make a large context."""
    lines = [f"def test_{n}():\n    assert total([{n}]) == {n}\n" for n in range(200)]
    text = "from shop.pricing import total\n\n" + "\n".join(lines)
    (shop / "tests" / "test_pricing.py").write_text(text)
    context = gathered(shop)
    assert len(context.anchors) == MAX_ANCHORS
    assert len(context.calls) == MAX_CALLS


def test_nothing_near_gives_an_empty_context(tmp_path):
    """A module alone has no anchors, no calls, no style."""
    (tmp_path / "a.py").write_text("def f(n):\n    return n\n")
    (target,) = find_targets(["a.py"], tmp_path)
    assert gather(target, rootdir=tmp_path, test_paths=()) == Context()


def test_methods_of_other_classes_are_no_calls(tmp_path):
    """Only where the class is named can a call of that name be meant."""
    text = "class A:\n    def get(self, n):\n        return n\n\n\nX = {}.get(1)\nY = A().get(2)\n"
    (tmp_path / "a.py").write_text(text)
    (target,) = find_targets(["a.py"], tmp_path)
    assert gather(target, rootdir=tmp_path, test_paths=()).calls == ("A().get(2)",)


def test_callers_fixtures_and_types_are_gathered_from_the_project(tmp_path):
    """From the module and beside it, conftest files, and modules that annotations lead to."""
    files = {
        "shop/__init__.py": "from .money import Price\n",
        "shop/money.py": "class Price:\n    cents: int\n",
        "shop/till.py": "from shop import Price\n\n\ndef pay(price: Price) -> int:\n    return 1\n",
        "shop/desk.py": "from .till import pay\n\n\ndef sell(x):\n    return pay(x)\n",
        "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef price():\n    return 1\n",
        "tests/test_till.py": "from shop.till import pay\n\n\ndef test_pay(price, tmp_path):\n"
        "    assert pay(price) == 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (target,) = find_targets(["shop/till.py::pay"], tmp_path)
    context = gather(target, rootdir=tmp_path, test_paths=())
    assert context.callers == ("def sell(x):\n    return pay(x)",)
    assert context.fixtures == ("@pytest.fixture\ndef price():\n    return 1",)
    assert context.types == ("class Price:\n    cents: int",)
