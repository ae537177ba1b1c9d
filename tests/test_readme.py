from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_genx.options import OPTIONS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def option_table() -> str:
    """Write the options as the README shows them."""
    rows = [f"| `{o.flag}` | {o.help} | {f'`{o.default}`' if o.default else ''} |" for o in OPTIONS]
    return "\n".join(rows)


def command(mark: str) -> str:
    """The shell command under a mark of the README."""
    found = re.search(rf"<!-- {mark} -->\n```sh\n(.+)\n```", README)
    assert found is not None
    return found[1]


def test_options_are_those_of_the_option_table():
    """The README's table is the option table, row by row."""
    assert option_table() in README


def test_both_commands_set_up_the_same_build():
    """The trimmed build stands in both commands, word for word."""
    flags = [re.search(r'CMAKE_ARGS="[^"]+"', command(mark)) for mark in ("try", "test")]
    assert flags[0] is not None
    assert flags[1] is not None
    assert flags[0][0] == flags[1][0]
    assert (ROOT / ".ci" / "text-only.cmake").is_file()


@pytest.mark.parametrize("mark", ["try", "test"])
def test_commands_are_valid_shell(mark):
    """A shell parses each command."""
    subprocess.run(["sh", "-n", "-c", command(mark)], check=True)


def test_main_job_of_the_readme_runs(tmp_path):
    """What the first command runs after installing reports every example and writes nothing."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    program, *arguments = command("try").rpartition("&& ")[2].split()
    assert program == ".venv/bin/pytest"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "--genx-samples=2", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    names = re.findall(r"^(?:async )?def (\w+)", _sources(), re.MULTILINE)
    assert len(names) >= 8
    assert [name for name in names if f"::{name}" not in done.stdout] == []
    assert "suspected bug" in done.stdout
    assert list(tmp_path.rglob("test_*")) == []


def test_benchmarks_share_one_contract():
    """Every script has a docstring, `--quick`, and ends in the common closing line."""
    for script in (ROOT / "benchmarks").glob("*.py"):
        text = script.read_text(encoding="utf-8")
        assert text.startswith('"""'), script.name
        if script.name != "common.py":
            assert "arguments(" in text, script.name
            assert "return close(" in text or "return close_table(" in text, script.name


def _sources() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "examples" / "shop").glob("*.py"))
