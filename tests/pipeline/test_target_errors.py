"""What cannot be a target is refused with a sentence that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.errors import NoTargets, SourceError, TargetNotFound
from pytest_genx.pipeline.target import find_targets

SHOP = """\
def total(prices):
    return sum(prices)


class Basket:
    @property
    def size(self):
        return 0
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A rootdir with one module."""
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def test_a_missing_path_is_told_with_what_is_near(shop):
    """Siblings with a similar name are offered."""
    with pytest.raises(TargetNotFound, match=r"path 'shopp.py' does not exist.*shop\.py"):
        find_targets(["shopp.py::total"], shop)


def test_a_missing_name_is_told_with_what_is_near(shop):
    """Names of the same file are offered."""
    with pytest.raises(TargetNotFound, match=r"in shop\.py, .*'totle' does not exist.*total"):
        find_targets(["shop.py::totle"], shop)


def test_a_name_in_a_directory_does_not_exist(shop):
    """Only files hold names."""
    with pytest.raises(TargetNotFound, match="which is a directory"):
        find_targets([".::total"], shop)


def test_a_property_is_refused_by_name(shop):
    """It is not called, so there is no call to test."""
    with pytest.raises(SourceError, match="property"):
        find_targets(["shop.py::Basket.size"], shop)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.py", b"def f(:\n", "line 1"),
        ("a.py", b"x = '\xff'\n", "encoding|codec"),
        ("a.py", b"# coding: nonsense\n", "unknown encoding"),
        ("a.txt", b"", r"not a \.py file"),
        ("a-b.py", b"", "can be imported"),
        ("a.py", b"x = '\0'\n", "null"),
    ],
)
def test_unreadable_files_are_refused_with_the_reason(tmp_path, name, data, reason):
    """The message names the file and what is wrong with it."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=reason) as caught:
        find_targets([name], tmp_path)
    assert name in str(caught.value)


def test_a_broken_file_is_told_in_a_scan_too(shop):
    """It is not passed over in silence."""
    (shop / "broken.py").write_text("def f(:\n")
    with pytest.raises(SourceError, match=r"broken\.py"):
        find_targets(["."], shop)


def test_nothing_to_test_is_an_error(tmp_path):
    """The message names the places."""
    (tmp_path / "a.py").write_text("A = 1\n")
    with pytest.raises(NoTargets, match=r"a\.py"):
        find_targets(["a.py"], tmp_path)
