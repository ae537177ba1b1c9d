"""The pytest front end: options, and generation after the session's own tests.

Costs a pytest run nothing but its options unless `--genx-generate` is given: all else is
imported then. Names of test paths on the command line decide whether the session's own tests
run first or generation is all there is. Workers of pytest-xdist never generate.
"""

# ruff: noqa: PLC0415 -- importing late is what keeps other people's pytest runs fast

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from pytest_genx.app import Run
    from pytest_genx.config import Config
    from pytest_genx.domain import Question
    from pytest_genx.interfaces import Reporter
    from pytest_genx.records import Record


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer every option as a flag and as an ini entry."""
    from pytest_genx.options import OPTIONS

    group = parser.getgroup("genx", "ranked tests and code from a local model")
    group.addoption(
        "--genx-generate",
        nargs="?",
        const="",
        action="append",
        metavar="PATH|PATH::NAME",
        help="generate cases for a file, a directory or one function, after the tests named on "
        "the command line, if any; without a value, for what genx_targets lists",
    )
    parser.addini("genx_targets", "what --genx-generate without a value stands for", "args", [])
    group.addoption(
        "--genx-report",
        action="append",
        metavar="NAME:FILE",
        help="write a report to a file, such as jsonl:genx.jsonl",
    )
    parser.addini("genx_report", "like --genx-report, one a line", "linelist", [])
    for option in OPTIONS:
        if option.switch:
            on = option.choices[-1]
            group.addoption(option.flag, action="store_const", const=on, help=option.help)
            parser.addini(option.ini, f"like {option.flag}, when it is {on}", default="")
            continue
        metavar = option.metavar or "|".join(option.choices) or option.name.upper()
        default = f" (default: {option.default})" if option.default else ""
        group.addoption(option.flag, metavar=metavar, help=option.help + default)
        parser.addini(option.ini, f"like {option.flag}", default="")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take part in the session if it is asked to generate."""
    if config.getoption("genx_generate") is None or hasattr(config, "workerinput"):
        return
    if "PYTEST_GENX_INERT" in os.environ:  # a run of ours that checks what was written
        return
    if config.getoption("collectonly"):
        config.pluginmanager.register(_CollectOnly(), "genx_collect_only")
        return
    alone = config.args_source is not pytest.Config.ArgsSource.ARGS
    if alone and config.pluginmanager.hasplugin("xdist"):
        config.option.dist = "no"  # there is nothing for workers to do
    config.pluginmanager.register(_Generation(config, alone=alone), "genx_generation")


class _CollectOnly:
    """Says that nothing is generated."""

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        terminalreporter.write_line("genx: nothing is generated with --collect-only")


class _Generation:
    """One run, opened before the session's own tests and executed after them."""

    def __init__(self, config: pytest.Config, *, alone: bool) -> None:
        self._config = config
        self._alone = alone
        self._failures = _Failures()
        self._run: Run | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Open everything first: what is wrong is said before any test has run."""
        from pytest_genx import app, plugins
        from pytest_genx.errors import GenxError

        try:
            manager = plugins.load(_conftests(self._config))
            config = read_config(self._config)
            reporters: list[Reporter] = [self._failures]
            if self._config.pluginmanager.hasplugin("terminalreporter"):
                reporters.append(plugins.reporter(manager, "terminal")(config))
            self._run = app.open_run(config, manager, reporters=reporters, ask=self._ask)
        except GenxError as error:
            raise pytest.UsageError(str(error)) from None
        self._config.add_cleanup(self._run.close)

    def pytest_report_header(self) -> str:
        assert self._run is not None, "the header is shown after the session has started"
        when = "instead of tests" if self._alone else "after the tests"
        number = len(self._run.targets)
        return f"genx: {when}, generating for {number} target{'' if number == 1 else 's'}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool | None:
        if not self._alone:
            return None
        session.items = []
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: the tests' last line is complete
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        try:
            result = yield
        except BaseException:
            self._say("genx: nothing is generated, the tests were stopped")
            raise
        self._generate(session)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Have a failed target count as a failure, and no collected test as none."""
        if self._alone and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            exitstatus = session.exitstatus = pytest.ExitCode.OK
        if self._failures.seen and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _generate(self, session: pytest.Session) -> None:
        """Execute the run; an error must not hide that the session's own tests failed."""
        from pytest_genx.errors import GenxError

        assert self._run is not None, "a session that did not start runs no tests"
        if not self._alone:
            self._say("")  # ends the line of dots
        try:
            with _uncaptured(self._config):
                self._run.execute()
        except GenxError as error:
            if not session.testsfailed:
                raise pytest.UsageError(str(error)) from None
            self._say(f"ERROR: {error}")

    def _ask(self, question: Question) -> str | None:
        """Put a question on the terminal; None when nobody is there to answer."""
        from pytest_genx.reporters.question import put

        capture = self._config.pluginmanager.getplugin("capturemanager")
        if capture is not None:
            # Output is let through already. What lets that through no more gives input back, too.
            capture.suspend_global_capture(in_=True)
        if os.environ.get("CI") or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return None
        return put(question, sys.stdin, sys.stdout)

    def _say(self, line: str) -> None:
        """Write a line, if there is a terminal to write it to."""
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(line)
            reporter.flush()


class _Failures:
    """A reporter that remembers whether any target failed."""

    def __init__(self) -> None:
        self.seen = False

    def record(self, record: Record) -> None:
        from pytest_genx.records import TargetFailed

        self.seen = self.seen or isinstance(record, TargetFailed)

    def close(self) -> None:
        """Nothing was opened."""


def read_config(config: pytest.Config) -> Config:
    """Make a `Config` of pytest's: the command line first, then the ini file.

    Raises:
        BadOption: a value is not one that the option can have.
    """
    import glob

    from pytest_genx.config import from_strings
    from pytest_genx.options import OPTIONS

    values = {
        option.name: config.getoption(option.flag) or config.getini(option.ini)
        for option in OPTIONS
    }
    given: list[str] = config.getoption("genx_generate")
    here = config.invocation_params.dir
    targets = [_from(here, config.rootpath, target) for target in given if target]
    if "" in given:
        targets += config.getini("genx_targets")
    tests = [
        path
        for pattern in config.getini("testpaths")
        for path in sorted(glob.glob(str(config.rootpath / pattern), recursive=True))  # noqa: PTH207
    ]
    terminal = config.pluginmanager.hasplugin("terminalreporter")
    return from_strings(
        values,
        rootdir=config.rootpath,
        targets=tuple(targets),
        reports=tuple(config.getoption("genx_report") or config.getini("genx_report")),
        sys_path=tuple(str(path) for path in config.getini("pythonpath")),
        test_paths=tuple(tests),
        color=config.get_terminal_writer().hasmarkup if terminal else None,
        verbosity=config.getoption("verbose", 0),
    )


def _from(here: Path, rootdir: Path, target: str) -> str:
    """Read a target as typed in a directory; in the rootdir itself it stays as it is."""
    return target if here == rootdir else str(here / target)


def _conftests(config: pytest.Config) -> Iterator[tuple[str, ModuleType]]:
    """The conftest files loaded so far that implement hooks of ours, by path."""
    for plugin in config.pluginmanager.get_plugins():
        path = getattr(plugin, "__file__", None) or ""
        is_conftest = isinstance(plugin, ModuleType) and Path(path).name == "conftest.py"
        if is_conftest and any(name.startswith("genx_") for name in vars(plugin)):
            yield path, plugin


def _uncaptured(config: pytest.Config) -> AbstractContextManager[None]:
    """Let output through to the terminal."""
    capture = config.pluginmanager.getplugin("capturemanager")
    return nullcontext() if capture is None else capture.global_and_fixture_disabled()
