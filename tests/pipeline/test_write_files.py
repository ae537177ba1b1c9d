"""Applying edits: what is replaced, what is left alone, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_genx.domain import Case, Edit, Target
from pytest_genx.errors import WriteRefused
from pytest_genx.pipeline.write import EDITED, FOREIGN, apply, plan

NAME = "test_half_genx.py"
BOTH = [Case("assert half(4) == 2", "t"), Case("assert half(7) == 3", "t")]


@pytest.fixture
def root(tmp_path: Path, half: Target) -> Path:
    """A project with the module `half`."""
    (tmp_path / "half.py").write_text(half.module_source)
    return tmp_path


def planned(
    root: Path, half: Target, cases: list[Case], test_dir: Path | None = None
) -> list[Edit]:
    """Plan for the one target."""
    target = replace(half, path=root / "half.py", import_root=root)
    return plan([(target, cases)], rootdir=root, test_dir=test_dir, test_paths=[])


def test_foreign_file_is_left_alone(root: Path, half: Target) -> None:
    """A file of the same name that somebody else wrote is never replaced."""
    path = root / NAME
    path.write_text("def test_mine():\n    pass\n")
    (record,) = apply(planned(root, half, BOTH), root)
    assert record.status == FOREIGN
    assert path.read_text() == "def test_mine():\n    pass\n"


def test_file_edited_by_hand_is_left_alone(root: Path, half: Target) -> None:
    """One changed character makes the file the user's."""
    apply(planned(root, half, BOTH), root)
    path = root / NAME
    edited = path.read_text().replace("== 2", "== 2.0")
    path.write_text(edited)
    (record,) = apply(planned(root, half, BOTH[:1]), root)
    assert record.status == EDITED
    assert path.read_text() == edited


def test_windows_line_ends_are_no_edit(root: Path, half: Target) -> None:
    """A version control system that converts line ends does not make the file the user's."""
    apply(planned(root, half, BOTH), root)
    path = root / NAME
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (record,) = apply(planned(root, half, BOTH), root)
    assert record.status == "unchanged"


def test_path_outside_the_rootdir_is_refused(root: Path, half: Target) -> None:
    """Neither a parent directory nor a symbolic link leads out; nothing at all is written."""
    outside = root.parent / f"{root.name}-outside"
    outside.mkdir()
    (root / "link").symlink_to(outside)
    for test_dir in (outside, root / "link", root / ".." / outside.name):
        edits = planned(root, half, BOTH, test_dir)
        inside = Edit(root / "inside.py", None, "")
        with pytest.raises(WriteRefused, match="outside the rootdir"):
            apply([inside, *edits], root)
        assert not inside.path.exists()
    assert not list(outside.iterdir())


def test_file_that_changed_since_planning_is_refused(root: Path, half: Target) -> None:
    """An edit is for the text it was planned on; nothing at all is written."""
    edits = planned(root, half, BOTH)
    edits[0].path.write_text("")
    with pytest.raises(WriteRefused, match="changed in the meantime"):
        apply([Edit(root / "other.py", None, ""), *edits], root)
    assert not (root / "other.py").exists()


def test_unwritable_directory_is_refused_in_one_sentence(root: Path, half: Target) -> None:
    """A file where the directory should be is the file system's refusal."""
    (root / "tests").touch()
    with pytest.raises(WriteRefused, match="will not write"):
        planned(root, half, BOTH, root / "tests")


def test_rewriting_keeps_the_mode_and_leaves_no_other_file(root: Path, half: Target) -> None:
    """The replacement has the mode of the file it replaces."""
    apply(planned(root, half, BOTH), root)
    path = root / NAME
    path.chmod(0o640)
    (record,) = apply(planned(root, half, BOTH[:1]), root)
    assert record.status == "written"
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in root.iterdir()) == ["half.py", NAME]


def test_failure_half_way_leaves_no_half_file(
    root: Path, half: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the text is being written leaves the old file, and no temporary one."""
    apply(planned(root, half, BOTH), root)
    before = (root / NAME).read_text()

    def interrupted(self: Path, text: str, **kwargs: str) -> int:
        with self.open("w") as file:
            file.write(text[:20])
        raise KeyboardInterrupt

    edits = planned(root, half, BOTH[:1])
    monkeypatch.setattr(Path, "write_text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        apply(edits, root)
    assert (root / NAME).read_text() == before
    assert not list(root.glob(".*"))
