"""A prompt shows what the target uses of its module, the most important first."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pytest_genx.pipeline.surroundings import MAX_LINES, imports_for, surroundings
from pytest_genx.pipeline.target import find_targets

MODULE = '''\
from __future__ import annotations

import os.path
import re as regex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List

if TYPE_CHECKING:
    from decimal import Decimal

try:
    import fast
except ImportError:
    import slow as fast

RATE: int = 3
UNUSED = 4
TABLE = {
    1: 2,
    3: 4,
    5: 6,
    7: 8,
    9: 10,
    11: 12,
}
_STEP = RATE * 2


def short(n):
    return n * _STEP


def long(n):
    """Doc."""
    a = 1
    b = 2
    c = 3
    d = 4
    e = 5
    f = 6
    g = 7
    h = 8
    i = 9
    j = 10
    return n


@dataclass
class Item:
    """An item."""

    name: str
    tags: List[str] = field(default_factory=list)

    def label(self):
        return self.name


class Base:
    pass


@dataclass
class Cart(Base):
    """Many items."""

    items: List[Item]
    limit: int = RATE

    def __post_init__(self):
        assert self.items

    def size(self, extra=1):
        return len(self.items) + extra

    def unrelated(self):
        return 0

    def total(self, password="") -> Decimal:
        """Sum of all."""
        return self.size() * UNUSED


def use(item: "Item", more: Dict[str, Any]):
    """See also UNUSED."""
    return short(RATE) + long(TABLE[1]) + regex.match(item.name, os.path.sep)


def alone(n):
    return n
'''


@pytest.fixture
def shown(tmp_path: Path):
    """What is shown for a name of the module: surroundings and imports."""

    def show(name: str, source: str = MODULE) -> tuple[str, str]:
        (tmp_path / "a.py").write_text(source)
        (target,) = find_targets([f"a.py::{name}"], tmp_path)
        tree = ast.parse(source)
        text, used = surroundings(target, tree)
        return text, imports_for(used, tree)

    return show


def test_a_function_is_shown_with_what_it_uses(shown):
    """Constants, helpers, classes, what the docstring mentions, and what these use."""
    text, imports = shown("use")
    expected = (
        "RATE: int = 3\n"
        "UNUSED = 4\n"
        "TABLE = ...\n"
        "_STEP = RATE * 2\n\n\n"
        "def short(n):\n    return n * _STEP\n\n\n"
        'def long(n):\n    """Doc."""\n    ...\n\n\n'
        + MODULE[MODULE.index("@dataclass\nclass Item") : MODULE.index("\n\n\nclass Base")]
    )
    assert text == expected
    assert imports == (
        "import os.path\nimport re as regex\nfrom dataclasses import dataclass, field\n"
        "from typing import Any, Dict, List"
    )


def test_a_method_is_shown_with_its_class_last(shown):
    """Fields, how it is made, and the heads of methods that it calls; not itself."""
    text, imports = shown("Cart.total")
    assert text.endswith(
        "@dataclass\n"
        "class Cart(Base):\n"
        "    items: List[Item]\n"
        "    limit: int = RATE\n\n"
        "    def __post_init__(self):\n"
        "        assert self.items\n\n"
        "    def size(self, extra=1):\n"
        "        ..."
    )
    assert "from decimal import Decimal" in imports
    assert "class Base" in text
    assert "def total" not in text


def test_a_function_that_uses_nothing_is_shown_alone(shown):
    """No padding."""
    assert shown("alone") == ("", "")


def test_the_lines_are_bounded_and_the_least_important_go_first(shown):
    """Helpers give way to constants, and nothing is cut in the middle."""
    helpers = "".join(f"def h{i}():\n" + "    x = 1\n" * 10 + "\n" for i in range(9))
    calls = " + ".join(f"h{i}()" for i in range(9))
    text, _ = shown("f", f"{helpers}\nK = 1\n\ndef f(n):\n    return K + {calls}\n")
    assert text.count("\n") < MAX_LINES
    assert "K = 1" in text
    assert text.count("def h") == 3
    ast.parse(text)


def test_both_branches_of_an_import_are_one_name(shown):
    """The first is shown."""
    _, imports = shown("f", MODULE + "\n\ndef f(n):\n    return fast.run(n)\n")
    assert imports == "import fast"


@pytest.mark.parametrize("name", ["use", "Cart.total", "Cart.size", "Item.label", "long"])
def test_what_is_shown_is_python(shown, name):
    """It can be parsed with the target below it."""
    for text in shown(name):
        ast.parse(text)
