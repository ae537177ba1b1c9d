"""Targets are found by reading source, and described as the rest of the pipeline needs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_genx.domain import TargetKind
from pytest_genx.pipeline.target import find_targets

SHOP = '''\
"""A shop."""

import functools
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol, overload

if TYPE_CHECKING:
    def never(): ...


def total(prices):
    """Sum them."""

    def inner():
        return 1

    return sum(prices) + inner() - 1


def _private(n):
    return n


@overload
def twice(n: int) -> int: ...
@overload
def twice(n: str) -> str: ...
def twice(n):
    return n + n


@functools.lru_cache(
    maxsize=None,
)
def cached(n):
    return n


async def fetch(n):
    return n


class Basket:
    def add(self, name):
        return name

    @property
    def size(self):
        return 0

    @size.setter
    def size(self, value):
        pass

    @staticmethod
    def parse(line):
        return line

    @classmethod
    def empty(cls):
        return cls()

    @abstractmethod
    def price(self):
        ...

    def __call__(self):
        return 1

    class Item:
        def cost(self):
            return 2


class Reader(Protocol):
    def read(self): ...


class _Hidden:
    def found(self):
        return 1
'''


def names(specs: list[str], rootdir: Path) -> list[str]:
    """Qualified names of what is found."""
    return [target.qualname for target in find_targets(specs, rootdir)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A rootdir with one module."""
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def test_a_file_stands_for_its_public_functions_and_methods(shop):
    """Properties, overloads, abstract, nested, private and special functions are left out."""
    expected = ["total", "twice", "cached", "fetch", "Basket.add", "Basket.parse"]
    assert names(["shop.py"], shop) == [*expected, "Basket.empty", "Basket.Item.cost"]


def test_a_class_stands_for_its_public_methods(shop):
    """Naming a class, even a private one, takes what it offers."""
    found = names(["shop.py::Basket"], shop)
    assert found == ["Basket.add", "Basket.parse", "Basket.empty", "Basket.Item.cost"]
    assert names(["shop.py::_Hidden"], shop) == ["_Hidden.found"]


@pytest.mark.parametrize(
    "name", ["_private", "Basket.__call__", "Basket::__call__", "Basket.price", "Reader.read"]
)
def test_what_is_named_may_be_anything_that_is_called(shop, name):
    """A name given by the user is not filtered."""
    assert names([f"shop.py::{name}"], shop) == [name.replace("::", ".")]


@pytest.mark.parametrize(
    ("name", "kind", "is_async", "is_stub"),
    [
        ("total", TargetKind.FUNCTION, False, False),
        ("fetch", TargetKind.FUNCTION, True, False),
        ("Basket.add", TargetKind.METHOD, False, False),
        ("Basket.parse", TargetKind.STATICMETHOD, False, False),
        ("Basket.empty", TargetKind.CLASSMETHOD, False, False),
        ("Basket.price", TargetKind.METHOD, False, True),
    ],
)
def test_a_target_says_how_it_is_called(shop, name, kind, is_async, is_stub):
    """Kind, asynchrony and emptiness are read off the definition."""
    (target,) = find_targets([f"shop.py::{name}"], shop)
    assert (target.kind, target.is_async, target.is_stub) == (kind, is_async, is_stub)


def test_the_source_is_the_lines_from_decorator_to_end_dedented(shop):
    """`start` and `end` name the lines whose dedented text is `source`."""
    (target,) = find_targets(["shop.py::Basket.parse"], shop)
    lines = SHOP.split("\n")
    assert lines[target.start - 1] == "    @staticmethod"
    assert target.source == "@staticmethod\ndef parse(line):\n    return line"
    assert target.module_source == SHOP
    (cached,) = find_targets(["shop.py::cached"], shop)
    assert cached.source.startswith("@functools.lru_cache(\n    maxsize=None,\n)\ndef cached")


def test_overloads_give_way_to_the_implementation(shop):
    """The last definition of a name is the one that counts."""
    (target,) = find_targets(["shop.py::twice"], shop)
    assert target.source == "def twice(n):\n    return n + n"


def test_text_of_strings_survives_the_dedenting(tmp_path):
    """A method's string over several lines is not moved, its docstring is."""
    source = (
        "class A:\n"
        "    def f(self):\n"
        '        """First.\n'
        "\n"
        "        Second.\n"
        '        """\n'
        '        return """\n'
        "left\n"
        '            right"""\n'
    )
    (tmp_path / "a.py").write_text(source)
    (target,) = find_targets(["a.py::A.f"], tmp_path)
    assert target.source == (
        "def f(self):\n"
        '    """First.\n'
        "\n"
        "    Second.\n"
        '    """\n'
        '    return """\n'
        "left\n"
        '            right"""'
    )
    assert target.docstring == "First.\n\nSecond."


@pytest.mark.parametrize(
    "body",
    [
        "...",
        "pass",
        "'''Doc.'''",
        "'''Doc.'''\n    ...",
        "raise NotImplementedError",
        "'''Doc.'''\n    raise NotImplementedError('later')",
    ],
)
def test_a_body_that_does_nothing_is_a_stub(tmp_path, body):
    """Docstring, ellipsis, pass and NotImplementedError are no implementation."""
    (tmp_path / "a.py").write_text(f"def f(n):\n    {body}\n")
    assert find_targets(["a.py"], tmp_path)[0].is_stub


@pytest.mark.parametrize("body", ["return None", "raise ValueError", "n.clear()", "yield"])
def test_a_body_that_does_something_is_no_stub(tmp_path, body):
    """Even the least implementation is one."""
    (tmp_path / "a.py").write_text(f"def f(n):\n    {body}\n")
    assert not find_targets(["a.py"], tmp_path)[0].is_stub


def test_definitions_in_branches_are_found_and_the_first_branch_counts(tmp_path):
    """`try` and `if` on the level of a module define names too."""
    source = (
        "try:\n"
        "    import fast\n"
        "    def f(): return 'fast'\n"
        "except ImportError:\n"
        "    def f(): return 'slow'\n"
        "if True:\n"
        "    def g(): return 1\n"
        "else:\n"
        "    def h(): return 2\n"
        "if __name__ == '__main__':\n"
        "    def run(): return 3\n"
    )
    (tmp_path / "a.py").write_text(source)
    found = find_targets(["a.py"], tmp_path)
    assert [t.qualname for t in found] == ["f", "g", "h"]
    assert "fast" in found[0].source


def test_packages_are_imported_from_above_their_top(tmp_path):
    """The import root is the first directory without an `__init__.py`, as in a src layout."""
    inner = tmp_path / "src" / "shop" / "sub"
    inner.mkdir(parents=True)
    for package in (inner, inner.parent):
        (package / "__init__.py").write_text("def f():\n    return 1\n")
    (inner / "cart.py").write_text("def g():\n    return 1\n")
    loose = tmp_path / "space" / "tool.py"
    loose.parent.mkdir()
    loose.write_text("def h():\n    return 1\n")
    found = {t.module: t.import_root for t in find_targets(["."], tmp_path)}
    src = tmp_path / "src"
    expected = {"shop": src, "shop.sub": src, "shop.sub.cart": src, "tool": tmp_path / "space"}
    assert found == expected


def test_a_scan_passes_over_what_is_not_the_users_code(tmp_path):
    """Tests, hidden, virtual and built directories, and files that only set things up."""
    skipped = ["test_a.py", "a_test.py", "conftest.py", "setup.py", "__main__.py", "not-a-name.py"]
    skipped += ["tests/helper.py", ".hidden/a.py", "myenv/a.py", "build/a.py", "venv/a.py"]
    for name in [*skipped, "kept.py", "pkg/kept.py"]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("def f():\n    return 1\n")
    (tmp_path / "myenv" / "pyvenv.cfg").write_text("")
    found = [t.path.relative_to(tmp_path).as_posix() for t in find_targets(["."], tmp_path)]
    assert found == ["kept.py", "pkg/kept.py"]
    assert names(["test_a.py"], tmp_path) == ["f"]


def test_targets_come_by_path_and_line_and_once(shop):
    """The order of the specifications does not matter."""
    (shop / "a.py").write_text("def z():\n    return 1\n\n\ndef a():\n    return 1\n")
    found = names(["shop.py::total", ".", "a.py::a"], shop)
    assert found[:3] == ["z", "a", "total"]
    assert len(found) == len(set(found))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_line_ends_give_the_same_target(tmp_path, ends):
    """Line ends are normalised when the file is read."""
    (tmp_path / "a.py").write_bytes(f"def f(n):{ends}    return n{ends}".encode())
    (target,) = find_targets(["a.py"], tmp_path)
    assert target.source == "def f(n):\n    return n"


def test_declared_encodings_and_byte_order_marks_are_honoured(tmp_path):
    """Source is decoded as Python decodes it."""
    latin = "# coding: latin-1\ndef f():\n    return 'é'\n"
    (tmp_path / "a.py").write_bytes(latin.encode("latin-1"))
    (tmp_path / "b.py").write_bytes(b"\xef\xbb\xbfdef g():\n    return '\xc3\xa9'\n")
    assert ["é" in t.source for t in find_targets(["."], tmp_path)] == [True, True]


def test_form_feeds_and_unicode_line_separators_do_not_shift_lines(tmp_path):
    """Lines are counted as Python counts them."""
    (tmp_path / "a.py").write_text("\x0c\nA = '\u2028'\n\n\ndef f():\n    return 1\n")
    assert find_targets(["a.py"], tmp_path)[0].source == "def f():\n    return 1"


def test_warnings_about_the_users_code_are_not_ours(tmp_path, recwarn):
    """An invalid escape sequence in the user's file is the user's business."""
    (tmp_path / "a.py").write_text("def f():\n    return '\\d'\n")
    assert names(["a.py"], tmp_path) == ["f"]
    assert not recwarn.list


def test_nothing_is_imported(tmp_path):
    """A module that would fail on import is described all the same."""
    (tmp_path / "explosive.py").write_text("raise SystemExit(1)\ndef f():\n    return 1\n")
    assert names(["explosive.py"], tmp_path) == ["f"]
    assert "explosive" not in sys.modules
