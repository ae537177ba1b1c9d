"""Run test functions with the user's own pytest, plugins and fixtures, in the case's process.

Child side: imports nothing of ours, and besides the standard library the pytest of the user's
environment. The functions stand in a file of the case's own directory. What they import under
the name of the module under test is the candidate, whose names they see without an import,
too. The user's conftest files are imported as they are and offer their fixtures and hooks to
the functions, the innermost first. `async` functions that no plugin runs are run in an event
loop of their own.

A verdict is made of the reports of pytest, never of its exit status or output. A test that is
skipped, or expected to fail, proves nothing and is an ERROR, as is what fails outside of the
test's body.

Not covered: options from `addopts`, which may ask for anything; the order and the seed of
pytest-randomly, which is left out; where the file stands (`request.path`).
"""
# ruff: noqa: PTH109, PTH110, PTH118, PTH120, PTH123 -- pathlib takes long to import

from __future__ import annotations

import ast
import asyncio
import functools
import importlib
import importlib.metadata
import inspect
import io
import json
import os
import sys
import types
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:  # run by path, these are modules of their own
    from pytest_genx.sandboxes.worker.observe import one_line
    from pytest_genx.sandboxes.worker.typename import type_name
else:
    from observe import one_line
    from typename import type_name

_FILE = "test_genx_case.py"
_NAMES = "genx_case_names"  # a module that holds what the functions see without an import
_LEFT_OUT = ("genx", "cacheprovider", "randomly")  # plugins


def modules(conftests: list[str]) -> list[str]:
    """List what to import beforehand: pytest, installed plugins, what conftest files import."""
    names = ["pytest"]
    with suppress(Exception):
        from _pytest.config import default_plugins  # noqa: PLC0415 -- only where it is asked for

        names += [f"_pytest.{name}" for name in default_plugins if name not in _LEFT_OUT]
    found = importlib.metadata.entry_points(group="pytest11")
    names += sorted({e.value.partition(":")[0] for e in found if e.name not in _LEFT_OUT})
    for path in conftests:
        with suppress(OSError, SyntaxError, ValueError), open(path, encoding="utf-8") as file:
            for node in ast.parse(file.read()).body:
                if isinstance(node, ast.Import):
                    names += [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.append(node.module)
    return names


def prepare(source: str, batch: dict[str, Any]) -> Callable[..., str]:
    """Make what runs a case; `batch` says where the user's files are."""
    lines = source.split("\n")
    future = [line for line in lines if line.startswith("from __future__ import")]
    rest = [line for line in lines if not line.startswith("from __future__ import")]
    text = "\n".join([*future, f"from {_NAMES} import *", *rest, ""])
    return functools.partial(_run, text, batch["pytest"])


def _run(
    text: str,
    settings: dict[str, Any],
    namespace: dict[str, Any],
    _limit: int,
    restart: Callable[[], None],
) -> str:
    """Run the functions of a case, and return the verdict.

    Args:
        text: of the file.
        settings: `rootdir`, `inifile` and `conftests`, outermost first.
        namespace: the candidate's, with the imports of the case.
        restart: called when the functions are about to run.

    Raises:
        BaseException: what the body of the first test that fails raised.
    """
    import pytest  # noqa: PLC0415 -- the user's

    sys.modules[_NAMES] = _offered(namespace)
    directory = os.getcwd()
    path = os.path.join(directory, _FILE)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    reporter = _Reporter(settings["conftests"], restart)
    arguments = [
        path, "-q", "--no-header", "--no-summary", "--import-mode=importlib", "--capture=sys",
        "-o", "addopts=", "-c", settings["inifile"] or os.devnull, f"--confcutdir={directory}",
        f"--rootdir={settings['rootdir'] or directory}",
        "-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning",
    ]  # fmt: skip
    for name in _LEFT_OUT:
        arguments += ["-p", f"no:{name}"]
    pytest.hookimpl(tryfirst=True)(_Reporter.pytest_sessionfinish)
    status: object = None
    with redirect_stderr(io.StringIO()) as said:
        try:
            status = pytest.main(arguments, plugins=[reporter])
        except _Finished as finished:
            status = finished.args[0]
    last = next((line for line in reversed(said.getvalue().split("\n")) if line.strip()), "")
    return reporter.verdict(f"pytest ran no test, and ended with status {status!s}: {last}")


class _Finished(BaseException):
    """All reports are there: what is left is to sum them up for people, which takes long."""


def _offered(namespace: dict[str, Any]) -> types.ModuleType:
    """Make the module whose names the functions see; tests of the candidate's own are not run."""
    module = types.ModuleType(_NAMES)
    names = [n for n in namespace if not n.startswith("__") and not n.lower().startswith("test")]
    vars(module).update({name: namespace[name] for name in names}, __all__=names)
    return module


class _Reporter:
    """A plugin that brings the user's conftest files in, and what pytest reports out."""

    def __init__(self, conftests: list[str], restart: Callable[[], None]) -> None:
        self._conftests = conftests
        self._restart = restart
        self._passed = 0
        self._wrong: tuple[str, BaseException | None, str] | None = None

    def verdict(self, otherwise: str) -> str:
        """Return the verdict, or raise what the body of a test raised."""
        if self._wrong is None:
            return _free("P", "") if self._passed else _free("E", otherwise.rstrip(": "))
        when, error, text = self._wrong
        if error is None:
            return _free("E", f"{when}: {text}")
        if when == "call":
            raise error
        name = type_name(type(error))
        return _free("E", f"{when}: {name}: {error}", name)

    def pytest_addoption(self, pluginmanager: Any) -> None:
        """Import the conftest files as early as pytest would those of a whole run."""
        for path in self._conftests:
            pluginmanager.register(_import_conftest(path), f"conftest of {os.path.dirname(path)}")

    def pytest_collection_finish(self) -> None:
        """Set the clock back: starting pytest is no fault of the candidate's."""
        self._restart()

    def pytest_sessionfinish(self, exitstatus: object) -> None:
        """End the run."""
        raise _Finished(exitstatus)

    def pytest_pyfunc_call(self, pyfuncitem: Any) -> bool | None:
        """Run an `async` test that no plugin has taken."""
        function = pyfuncitem.obj
        if not inspect.iscoroutinefunction(function):
            return None
        names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001 -- as pytest's own does
        asyncio.run(function(**{name: pyfuncitem.funcargs[name] for name in names}))
        return True

    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        """Take what was raised, while a file was collected or a test was run."""
        when = getattr(report, "when", None) or "collection"
        self._note(when if when != "collect" else "collection", call.excinfo.value)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take what became of a stage of a test."""
        if report.failed:
            self._note(report.when, None, str(report.longrepr))  # no exception: a strict xfail
        elif report.skipped:
            reason = getattr(report, "wasxfail", None)
            if reason is None:
                reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
            self._note("not judged", None, str(reason))
        elif report.when == "call":
            self._passed += 1
            if hasattr(report, "wasxfail"):
                self._note("not judged", None, f"expected to fail: {report.wasxfail}")

    def _note(self, when: str, error: BaseException | None, text: str = "") -> None:
        """Keep the first thing that went wrong; the exception comes after its report."""
        if self._wrong is None or (self._wrong[0] == when and self._wrong[1] is None):
            self._wrong = when, error or (self._wrong and self._wrong[1]), text


def _free(letter: str, detail: str, raised: str | None = None) -> str:
    return "f" + json.dumps([letter, one_line(detail), raised, None])


def _import_conftest(path: str) -> types.ModuleType:
    """Import a file under the name it has from the nearest directory that is no package."""
    directory, name = os.path.dirname(path), "conftest"
    while os.path.exists(os.path.join(directory, "__init__.py")):
        directory, package = os.path.split(directory)
        name = f"{package}.{name}"
    known = sys.modules.get(name)
    if getattr(known, "__file__", path) != path:
        del sys.modules[name]
    sys.path.insert(0, directory)
    return importlib.import_module(name)
