"""Test files that use a target are found without parsing the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_genx.pipeline import existing
from pytest_genx.pipeline.existing import MAX_FILES, may_use, read_suite, suites
from pytest_genx.pipeline.target import find_targets

USES = "from pkg.cart import total\n\ndef test_a():\n    assert total(1) == 1\n"


@pytest.fixture
def target(tmp_path: Path):
    """A function of a package in a rootdir."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (tmp_path / "pkg" / "cart.py").write_text("def total(n):\n    return n\n")
    return find_targets(["pkg/cart.py"], tmp_path)[0]


def labels(target, rootdir, test_paths=()):
    """What the files are called."""
    return [suite.label for suite in suites(target, rootdir, test_paths)]


def test_the_usual_places_are_searched(target, tmp_path):
    """`tests` and `test` in the rootdir with all below, and beside the module."""
    found = ["tests/deep/test_a.py", "test/b_test.py", "pkg/test_c.py", "pkg/tests/test_d.py"]
    for name in [*found, "tests/helper.py", "tests/.hidden/test_x.py", "other/test_x.py"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(USES)
    assert set(labels(target, tmp_path)) == set(found)


def test_files_named_after_the_module_come_first(target, tmp_path):
    """The others follow by name."""
    for name in ("test_b.py", "test_a.py", "test_cart.py"):
        (tmp_path / name).write_text(USES)
    found = labels(target, tmp_path, (tmp_path,))
    assert found == ["test_cart.py", "test_a.py", "test_b.py"]


def test_only_files_with_the_names_are_parsed(target, tmp_path, monkeypatch):
    """Reading decides; the parser sees nothing else."""
    texts = {"test_a.py": USES, "test_b.py": "from pkg.cart import other\n", "test_c.py": "total"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    parsed = []
    monkeypatch.setattr(existing, "parse", parsed.append)
    assert labels(target, tmp_path, (tmp_path,)) == []
    assert parsed == [USES]


def test_the_number_of_parsed_files_is_bounded(target, tmp_path):
    """A project may have thousands."""
    for number in range(MAX_FILES + 5):
        (tmp_path / f"test_{number}.py").write_text(USES)
    assert len(labels(target, tmp_path, (tmp_path,))) == MAX_FILES


@pytest.mark.parametrize("text", ["# pytest-genx: 1\n" + USES, USES + "# pytest-genx: by hand\n"])
def test_what_this_product_wrote_is_passed_over(target, tmp_path, text):
    """It is no evidence of what the user means."""
    path = tmp_path / "test_a.py"
    path.write_text(text)
    assert not may_use(path, target)


def test_a_file_that_is_gone_is_not_used(target, tmp_path):
    """Files may vanish while they are listed."""
    assert not may_use(tmp_path / "gone.py", target)
    assert read_suite(tmp_path / "gone.py", target, tmp_path) is None


@pytest.mark.parametrize(
    ("header", "alone"),
    [
        ("", True),
        ("@pytest.fixture\ndef a():\n    pass\n", True),
        ("@pytest.fixture(autouse=True)\ndef a():\n    pass\n", False),
        ("pytestmark = pytest.mark.slow\n", True),
        ("pytestmark = [pytest.mark.skipif(True)]\n", False),
        ("def setup_function():\n    pass\n", False),
    ],
)
def test_what_acts_on_every_test_is_noticed(target, tmp_path, header, alone):
    """Such tests do not run by themselves."""
    path = tmp_path / "test_a.py"
    path.write_text(header + USES)
    suite = read_suite(path, target, tmp_path)
    assert suite is not None
    assert suite.runs_alone == alone
