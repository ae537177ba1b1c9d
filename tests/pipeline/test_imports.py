"""What a written test imports, and from where."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.pipeline.imports import (
    Import,
    free_names,
    import_block,
    imports_in,
    offered_by,
    read_before_bound,
    resolve,
)

MODULE = """
from __future__ import annotations
import os, xml.dom as dom
import importlib.util
from decimal import Decimal as D
from .near import close
from ..far import away
from . import sibling
if True:
    import json
try:
    import tomllib
except ImportError:
    tomllib = None
from collections import deque
deque = list
LIMIT: int = 3
for index in range(3):
    pass
def size(text):
    import re
    return re
class Box:
    inner = 1
from shapes import *
"""


def statements(source: str, *, is_package: bool = False) -> dict[str, str]:
    """What a module offers, as statements."""
    offered = offered_by("shop.sub.cart", source, is_package=is_package)
    return {name: found.statement for name, found in offered.items()}


def test_plain_imports_are_repeated_and_all_else_comes_from_the_module() -> None:
    """Relative imports are resolved; what a compound statement or a later one binds is not."""
    assert statements(MODULE) == {
        "os": "import os",
        "dom": "import xml.dom as dom",
        "importlib": "import importlib.util",
        "D": "from decimal import Decimal as D",
        "close": "from shop.sub.near import close",
        "away": "from shop.far import away",
        "sibling": "from shop.sub import sibling",
        "json": "from shop.sub.cart import json",
        "tomllib": "from shop.sub.cart import tomllib",
        "deque": "from shop.sub.cart import deque",
        "LIMIT": "from shop.sub.cart import LIMIT",
        "index": "from shop.sub.cart import index",
        "size": "from shop.sub.cart import size",
        "Box": "from shop.sub.cart import Box",
        "annotations": "from shop.sub.cart import annotations",
    }


def test_relative_imports_of_a_package_start_at_itself() -> None:
    """In an `__init__.py` one dot means the package."""
    offered = statements("from .near import close", is_package=True)
    assert offered == {"close": "from shop.sub.cart.near import close"}


def test_free_names_are_those_from_outside() -> None:
    """Parameters, loop variables, comprehensions and inner functions are no imports."""
    source = """def test():
    rows = [cell for cell in table if cell]
    def inner(x):
        return x + offset
    for row in rows:
        assert inner(row) == len(rows)
    assert f"{title!r:{width}}"
"""
    assert free_names(source) == {"table", "offset", "len", "title", "width"}


@pytest.mark.parametrize(
    ("body", "early"),
    [
        ("total = total([1])", {"total"}),
        ("total = 1\n    total = total + 1", set()),
        ("assert total\n    import total", {"total"}),
        ("import total\n    assert total", set()),
        ("def total(): pass\n    total()", set()),
        ("assert [total for total in 'ab']", set()),
        ("x = total", set()),
    ],
)
def test_reading_before_binding_is_seen(body: str, early: set[str]) -> None:
    """Only names that the function binds and that a statement reads no later."""
    assert read_before_bound(f"def test():\n    {body}\n") == early


def test_names_are_resolved_in_order() -> None:
    """The case's own import, the module's, none for built-ins, then the best guess."""
    stated = {"a": Import("stated", "a"), "b": Import("stated", "b")}
    offered = {"b": Import("mod", "b"), "c": Import("mod", "c"), "sum": Import("mod", "sum")}

    def found(name: str) -> str | None:
        answer = resolve(name, stated, offered, "mod")
        return answer.statement if answer is not None else None

    names = ["a", "b", "c", "sum", "len", "math", "pytest", "other"]
    assert [found(name) for name in names] == [
        "from stated import a",
        "from stated import b",
        "from mod import c",
        "from mod import sum",
        None,
        "import math",
        "import pytest",
        "from mod import other",
    ]


def test_star_import_of_the_case_gives_the_unknown_names() -> None:
    """A function cannot hold a star import, so each name is imported by itself."""
    found = resolve("sqrt", {"*": Import("math", "*")}, {}, "mod")
    assert found == Import("math", "sqrt")


def test_block_is_sorted_as_import_sorters_sort(tmp_path: Path) -> None:
    """Three groups; plain imports first; constants, classes and functions; long ones broken."""
    (tmp_path / "shop.py").touch()
    names = ["b", "A", "LIMIT", "a_very_long_name_for_a_function", "another_very_long_name"]
    found = [
        Import("shop", "one"),
        *(Import("shop.words", name) for name in names),
        Import(None, "pytest"),
        Import(None, "os"),
        Import("os", "path", "p"),
        Import(None, "ast"),
        Import(None, "os"),
    ]
    assert import_block(found, tmp_path) == (
        "import ast\nimport os\nfrom os import path as p\n\n"
        "import pytest\n\n"
        "from shop import one\n"
        "from shop.words import (\n    LIMIT,\n    A,\n    a_very_long_name_for_a_function,\n"
        "    another_very_long_name,\n    b,\n)"
    )


def test_statement_with_several_names_is_taken_apart() -> None:
    """Each name is an import of its own."""
    import ast

    body = ast.parse("import a.b, c as d\nfrom e import f, g as h\nx = 1").body
    assert [found.bound for found in imports_in(body)] == ["a", "d", "f", "h"]
