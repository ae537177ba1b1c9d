"""`--genx-write=accept`: files that pass on their own, and a second run that changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

ACCEPT = ["--genx-generate=words.py", "--genx-write=accept", "-p", "no:cacheprovider"]


def tree(root: Path) -> dict[str, bytes]:
    """Every file of a project with what it holds; caches of compiled code are nobody's."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_report_writes_nothing(project: pytest.Pytester) -> None:
    """Without being asked nothing in the tree changes."""
    before = tree(project.path)
    project.runpytest_inprocess("--genx-generate=words.py", "-p", "no:cacheprovider")
    assert tree(project.path) == before


def test_written_tests_pass_without_the_plugin(project: pytest.Pytester) -> None:
    """One new file, and nothing else; it needs pytest alone."""
    before = tree(project.path)
    result = project.runpytest_inprocess(*ACCEPT)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["test_words_genx.py: written (* tests)"])
    after = tree(project.path)
    assert set(after) - set(before) == {"test_words_genx.py"}
    assert {name: after[name] for name in before} == before
    for name in ("tox.ini", "conftest.py"):  # nothing of ours is left, warnings are errors
        (project.path / name).unlink()
    run = project.runpytest_subprocess("-p", "no:genx", "-W", "error", "test_words_genx.py")
    written = after["test_words_genx.py"].decode()
    assert written.count("\ndef test_shout") >= 1
    assert written.count("\ndef test_first") >= 1
    run.assert_outcomes(passed=written.count("\ndef test_"))


def test_second_run_changes_nothing(project: pytest.Pytester) -> None:
    """The written tests are there now, and generation comes to the same."""
    project.runpytest_inprocess(*ACCEPT)
    before = tree(project.path)
    result = project.runpytest_inprocess(*ACCEPT)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["test_words_genx.py: unchanged (* tests)"])
    assert tree(project.path) == before


def test_edited_file_is_left_alone(project: pytest.Pytester) -> None:
    """What a person changed stays, and they are told."""
    project.runpytest_inprocess(*ACCEPT)
    path = project.path / "test_words_genx.py"
    path.write_text(path.read_text() + "\n\ndef test_mine():\n    pass\n")
    before = tree(project.path)
    result = project.runpytest_inprocess(*ACCEPT)
    result.stdout.fnmatch_lines(["test_words_genx.py: left alone: it was edited by hand"])
    assert tree(project.path) == before


def test_src_layout_with_pythonpath_gets_a_tests_directory(project: pytest.Pytester) -> None:
    """What was written passes under the project's own configuration."""
    with (project.path / "tox.ini").open("a") as file:
        file.write("\npythonpath = src\n")
    (project.path / "src/shop").mkdir(parents=True)
    (project.path / "src/shop/__init__.py").touch()
    (project.path / "words.py").rename(project.path / "src/shop/words.py")
    args = ["--genx-generate=src", "--genx-write=accept"]
    assert project.runpytest_inprocess(*args).ret == 0
    run = project.runpytest_subprocess("tests/test_shop_words_genx.py")
    assert run.ret == 0
