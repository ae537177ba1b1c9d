"""Module under test -> the path of its test file; looks at the tree, writes nothing.

The module must be importable from the test file in the user's own pytest run, so a tests
directory is taken only where that is so. In order:

1. the directory the user named, or else the one where an earlier run put the file;
2. the directories of `test_paths`, nearest to the module first, then each `tests` directory on
   the way from the module up to the rootdir, then the module's own directory if it holds tests,
   then a new `tests` in the rootdir;
3. the import root itself, where pytest's default import mode makes the import work.

From a directory the module imports when its import root is on the user's `pythonpath` or the
interpreter's path, when pytest puts it there for the test file or for a conftest file above
it, or when a test that is already there imports the same package. With
`--import-mode=importlib` pytest puts nothing anywhere, and only the other reasons hold.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_genx.domain import Target
from pytest_genx.pipeline.render import MARK


def place(
    target: Target,
    name: str,
    *,
    rootdir: Path,
    test_dir: Path | None,
    test_paths: Sequence[Path],
    sys_path: Sequence[str] = (),
) -> Path:
    """Choose the path for the tests of the target's module.

    Args:
        target: any target of the module.
        name: the file's name.
        rootdir: pytest's.
        test_dir: the user's choice, if any.
        test_paths: where the user's tests are, files and directories.
        sys_path: the user's own additions to the import path.
    """
    if test_dir is not None:
        return test_dir / name
    directories = list(_directories(target.path, rootdir, test_paths))
    for directory in (target.import_root, *directories):
        if _is_ours(directory / name):
            return directory / name
    roots = {Path(entry).resolve() for entry in (*sys_path, *_interpreter_path())}
    if target.import_root.resolve() in roots:
        return directories[0] / name
    for directory in directories:
        if _reaches(directory, target, rootdir):
            return directory / name
    return target.import_root / name


def file_names(target: Target, rootdir: Path) -> Iterator[str]:
    """Yield names for the file of a module's tests, best first, for when modules share one."""
    yield f"test_{target.module.replace('.', '_')}_genx.py"
    path, inside = target.path.with_suffix(""), target.path.is_relative_to(rootdir)
    label = (path.relative_to(rootdir) if inside else path).as_posix()
    yield f"test_{label.replace('/', '_').replace(':', '')}_genx.py"
    for number in itertools.count(2):
        yield f"test_{target.module.replace('.', '_')}_{number}_genx.py"


def _is_ours(path: Path) -> bool:
    """Say whether an earlier run wrote the file."""
    return path.is_file() and _text(path).startswith(MARK)


def _interpreter_path() -> list[str]:
    """`sys.path` without the current directory, which is not always there."""
    return [entry for entry in sys.path if entry and entry != os.getcwd()]  # noqa: PTH109


def _directories(path: Path, rootdir: Path, test_paths: Sequence[Path]) -> Iterator[Path]:
    """Directories that could hold the tests of the module at `path`, the best first."""
    named = [d for d in test_paths if d.is_dir() and not path.is_relative_to(d)]
    yield from sorted(named, key=lambda directory: -_shared(path, directory))
    for parent in path.parents:
        if not parent.is_relative_to(rootdir):
            break
        if (parent / "tests").is_dir():
            yield parent / "tests"
    if any(not _is_ours(beside) for beside in path.parent.glob("test_*.py")):
        yield path.parent
    yield rootdir / "tests"


def _shared(path: Path, other: Path) -> int:
    """How many leading parts two paths have in common."""
    pairs = zip(path.parts, other.parts, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _reaches(directory: Path, target: Target, rootdir: Path) -> bool:
    """Say whether a test file in `directory` can import the target's module."""
    if _inserted(directory) == target.import_root:
        return True
    for parent in (directory, *directory.parents):
        if not parent.is_relative_to(rootdir):
            break
        if (parent / "conftest.py").is_file() and _inserted(parent) == target.import_root:
            return True
    package = re.escape(target.module.partition(".")[0])
    statement = re.compile(rf"^\s*(from|import)\s+{package}\b", re.MULTILINE)
    return any(statement.search(text) for text in _texts(directory))


def _inserted(directory: Path) -> Path:
    """What pytest's default import mode puts on the path for a file in `directory`."""
    while (directory / "__init__.py").is_file():
        directory = directory.parent
    return directory


def _texts(directory: Path) -> Iterator[str]:
    """The user's test and conftest files; what was written before proves nothing."""
    if directory.is_dir():
        texts = map(_text, sorted(directory.rglob("*.py")))
        yield from (text for text in texts if not text.startswith(MARK))


def _text(path: Path) -> str:
    """The text of a file; one that cannot be read says nothing."""
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except OSError:
        return ""
