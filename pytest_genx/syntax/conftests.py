"""Find the user's pytest files that test functions of a case may need; imports none of them."""

from __future__ import annotations

import re
from pathlib import Path

# In pytest's order, with what must stand in a file that may belong to other tools as well.
_INI_FILES = (
    ("pytest.toml", ""), (".pytest.toml", ""), ("pytest.ini", ""), (".pytest.ini", ""),
    ("pyproject.toml", r"^\[tool\.pytest"), ("tox.ini", r"^\[pytest\]"),
    ("setup.cfg", r"^\[tool:pytest\]"),
)  # fmt: skip


def conftests_above(test_file: Path, rootdir: Path) -> tuple[str, ...]:
    """List the conftest files that pytest would load for a test file, outermost first.

    Args:
        test_file: it need not exist.
        rootdir: nothing outside of it is listed.
    """
    directory, rootdir = test_file.absolute().parent, rootdir.absolute()
    if not directory.is_relative_to(rootdir):
        return ()
    steps = directory.relative_to(rootdir).parts
    directories = [rootdir.joinpath(*steps[:n]) for n in range(len(steps) + 1)]
    paths = [directory / "conftest.py" for directory in directories]
    return tuple(str(path) for path in paths if path.is_file())


def ini_file(rootdir: Path) -> str:
    """Find pytest's configuration file in a directory; "" where there is none."""
    for name, section in _INI_FILES:
        path = rootdir / name
        try:
            text = path.read_text(encoding="utf-8") if path.is_file() else None
        except (OSError, UnicodeDecodeError):
            continue
        if text is not None and re.search(section, text, re.MULTILINE):
            return str(path.absolute())
    return ""
