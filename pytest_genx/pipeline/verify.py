"""A file just written -> does it pass where it stands; what it fails is taken back.

The last check of all, and the only one outside the sandbox: pytest as the user would start it,
under the user's own configuration, on tests that passed in the sandbox before. This plugin
stays loaded, because its entries in that configuration would be unknown without it, but does
nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_genx.domain import Edit

# `python -m pytest` would put the working directory on the import path; plain `pytest` does not.
_PYTEST = "import sys; sys.path.pop(0); import pytest; sys.exit(pytest.console_main())"

SECONDS = 120  # of wall time for one file; its tests took CPU seconds in the sandbox
_REASONS = {
    1: "its tests fail there",
    2: "collecting it fails there",
    3: "pytest breaks there",
    4: "pytest refuses its own options there",
    5: "pytest collects nothing from it there",
}


def failing(path: Path, rootdir: Path) -> str:
    """Run one test file by plain pytest in a process of its own.

    Args:
        path: the file.
        rootdir: the directory pytest is started in.

    Returns:
        An empty string when all tests pass, otherwise why not.
    """
    with tempfile.TemporaryDirectory(prefix="genx-verify-") as scratch:
        # A coverage file or a byte code cache of the user's must not change by our run.
        quiet = {
            "COVERAGE_FILE": str(Path(scratch) / "coverage"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_GENX_INERT": "1",
        }
        command = [sys.executable, "-c", _PYTEST, "-q", "-o", f"cache_dir={scratch}/cache"]
        command += [f"--rootdir={rootdir}", str(path)]
        try:
            done = subprocess.run(
                command,
                cwd=rootdir,
                env={**os.environ, **quiet},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"its tests take more than {SECONDS} s there"
    status = done.returncode
    return "" if status == 0 else _REASONS.get(status, f"pytest ends with status {status} there")


def take_back(edit: Edit) -> None:
    """Undo an edit that was just applied."""
    if edit.before is None:
        edit.path.unlink()
    else:
        edit.path.write_text(edit.before, encoding="utf-8", newline="\n")
