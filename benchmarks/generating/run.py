"""Whole runs on `examples/`: how long until something shows, and what is neither model nor code."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from common import ROOT, Line
from generating.setting import Setting

from pytest_genx import app, plugins
from pytest_genx.config import from_strings

FIRST = "examples/"  # how the first line of a target begins
GOAL_SECONDS = 5.0
GOAL_SHARE = 0.10


def cold_start(setting: Setting) -> Line:
    """A fresh process to the first line that names a target's result."""
    found = [_first_line() for _ in range(2 if setting.quick else 5)]
    median = statistics.median(found)
    return Line(
        "cold start to the first report line of a target",
        f"{median:.1f} s",
        f"under {GOAL_SECONDS:g} s",
        median < GOAL_SECONDS,
    )


def _first_line() -> float:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
    command += ["--genx-generate=examples", "--genx-cache=none"]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "100"}
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith(FIRST):
                return time.perf_counter() - started
    finally:
        process.kill()
        process.communicate()
    raise SystemExit("no line of a target was reported")


class Timed:
    """A backend or a sandbox whose working time is added up."""

    def __init__(self, part: Any) -> None:
        self._part = part
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)

    def run(self, *arguments: Any) -> None:
        """Execute."""
        started = time.perf_counter()
        self._part.run(*arguments)
        self.seconds += time.perf_counter() - started

    def sample(self, request: Any) -> Iterator[Any]:
        """Sample; what is done with a sample does not count."""
        samples = self._part.sample(request)
        while True:
            started = time.perf_counter()
            sample = next(samples, None)
            self.seconds += time.perf_counter() - started
            if sample is None:
                return
            yield sample


def outside(setting: Setting) -> Line:
    """The share of a run on `examples/` in neither backends nor the sandbox."""
    shares = [_share() for _ in range(1 if setting.quick else 3)]
    median = statistics.median(shares)
    return Line(
        "time outside of model and execution on examples/",
        f"{median:.0%}",
        f"at most {GOAL_SHARE:.0%}",
        median <= GOAL_SHARE,
    )


def _share() -> float:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "project"
        shutil.copytree(ROOT / "examples", root, ignore=shutil.ignore_patterns("__pycache__"))
        config = from_strings({"cache": "none"}, rootdir=root, targets=(".",))
        parts: list[Timed] = []
        with _Replaced(parts):
            run = app.open_run(config, plugins.load(()))
        try:
            started = time.perf_counter()
            run.execute()
            total = time.perf_counter() - started
        finally:
            run.close()
    inside = sum(part.seconds for part in parts)
    names = ", ".join(f"{part.name} {part.seconds:.2f} s" for part in parts)
    print(f"   {total:.2f} s in all; {names}; {len(run.targets)} targets")
    return (total - inside) / total


class _Replaced:
    """While open, runs get parts that are timed."""

    def __init__(self, parts: list[Timed]) -> None:
        self._parts = parts
        self._make: Callable[..., Any] = app.Parts

    def __enter__(self) -> None:
        def make(config: Any, backends: Any, sandbox: Any, *rest: Any) -> Any:
            self._parts += [Timed(part) for part in (*backends, sandbox)]
            return self._make(config, tuple(self._parts[:-1]), self._parts[-1], *rest)

        app.Parts = make  # type: ignore[assignment, misc]

    def __exit__(self, *_: object) -> None:
        app.Parts = self._make  # type: ignore[misc]
