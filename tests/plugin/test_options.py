"""What the plugin adds to a pytest run that does not ask for it: options, and nothing else."""

from __future__ import annotations

import json

import pytest

from pytest_genx.config import Config
from pytest_genx.domain import Oracle
from pytest_genx.options import OPTIONS
from pytest_genx.plugin import read_config

HEAVY = {"numpy", "torch", "transformers", "llama_cpp", "rich", "hypothesis"}
OURS_AT_START = {"pytest_genx", "plugin", "options", "hookspecs"}


def test_help_lists_every_option_and_ini_entry(project: pytest.Pytester) -> None:
    """The table, and what pytest alone has, with their ini twins."""
    text = str(project.runpytest_inprocess("--help").stdout)
    for option in OPTIONS:
        assert f"  {option.flag}{' ' if option.switch else '='}" in text
        assert f"  {option.ini} (" in text
    for name in ("--genx-generate=", "--genx-report=", "genx_targets (", "genx_report ("):
        assert f"  {name}" in text


def test_ordinary_run_imports_nothing_heavy(project: pytest.Pytester) -> None:
    """Without an option of ours neither numpy nor any part of ours is loaded."""
    (project.path / "conftest.py").unlink()
    project.makepyfile(
        test_modules="""
        import json, sys

        def test_modules():
            with open("modules.json", "w") as file:
                json.dump(sorted(sys.modules), file)
        """
    )
    project.runpytest_subprocess("test_modules.py").assert_outcomes(passed=1)
    modules = set(json.loads((project.path / "modules.json").read_text()))
    assert "pytest_genx.plugin" in modules
    assert not modules & HEAVY
    ours = {name.rpartition(".")[2] for name in modules if name.startswith("pytest_genx")}
    assert ours <= OURS_AT_START


def test_ordinary_run_says_nothing(project: pytest.Pytester) -> None:
    """No header line, no summary, no file."""
    before = {path.name for path in project.path.iterdir()}
    result = project.runpytest_inprocess("-p", "no:cacheprovider", "test_good.py")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("genx*")
    assert {path.name for path in project.path.iterdir()} - before <= {"__pycache__"}


def test_no_genx_takes_the_options_away(project: pytest.Pytester) -> None:
    """`-p no:genx` disables all of it."""
    result = project.runpytest_subprocess("-p", "no:genx", "--genx-generate", "words.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*unrecognized arguments: --genx-generate*")
    project.runpytest_subprocess("-p", "no:genx", "test_good.py").assert_outcomes(passed=1)


def test_config_is_read_from_flags_before_the_ini_file(project: pytest.Pytester) -> None:
    """A flag wins; an ini entry counts where there is no flag."""
    project.makeini(
        """
        [pytest]
        genx_seed = 5
        genx_samples = 6
        genx_oracle = code
        genx_report =
            jsonl:a.jsonl
        genx_targets = a.py b.py::f
        testpaths = test_*.py nowhere
        pythonpath = lib
        """
    )
    config = project.parseconfig("--genx-generate=c.py", "--genx-generate", "--genx-seed=7", "-vv")
    root = project.path
    assert read_config(config) == Config(
        root,
        targets=("c.py", "a.py", "b.py::f"),
        sys_path=(str(root / "lib"),),
        test_paths=(str(root / "test_bad.py"), str(root / "test_good.py")),
        oracle=Oracle.CODE,
        samples=6,
        seed=7,
        reports=(("jsonl", "a.jsonl"),),
        color=None,  # the terminal is known once pytest is configured
        verbosity=2,
    )


def test_targets_are_taken_from_where_pytest_was_started(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a subdirectory a path is what the shell completes there, as for pytest's own."""
    (project.path / "sub").mkdir()
    monkeypatch.chdir(project.path / "sub")
    config = project.parseconfig("--genx-generate=../words.py::first")
    (target,) = read_config(config).targets
    assert target == str(project.path / "sub/../words.py::first")
