"""A sandbox that counts, batches to ask the cache about, and disks with little room."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_genx.domain import Batch, Case, Execution, Limits, Outcome
from pytest_genx.outcomes.cache import OutcomeCache
from pytest_genx.pipeline.crossrun import run_programs


class Counting:
    """Executes by looking: a program passes a case that it contains."""

    name = "counting"

    def __init__(self):
        self.executed = []

    def run(self, batch, on_pair):
        for i, program in enumerate(batch.programs):
            for j, case in enumerate(batch.cases):
                if not batch.known or j not in batch.known[i]:
                    self.executed.append((program, case.source))
                    on_pair(i, j, self.execute(program, case.source))

    def execute(self, program, case):
        outcome = Outcome.PASS if case in program else Outcome.FAIL
        return Execution(outcome, digest=program + case)

    def close(self):
        pass


@pytest.fixture
def sandbox():
    """What it executed stands in `executed`."""
    return Counting()


@pytest.fixture
def batch(tmp_path):
    """Two programs and two cases in a project of their own."""
    root = tmp_path / "project"
    root.mkdir()
    return Batch(
        module="maths",
        path=str(root / "maths.py"),
        sys_path=(str(root),),
        programs=("a = 1\nx = 1\n", "b = 1\ny = 1\n"),
        cases=(Case("a = 1", "test"), Case("y = 1", "test")),
        limits=Limits(),
    )


@pytest.fixture
def run(sandbox):
    """Cross-run a batch with a cache in a directory; gives the matrix and what is noted."""

    def run(batch, directory, by=sandbox):
        cache = OutcomeCache(directory)
        try:
            matrix = run_programs(
                batch.module,
                batch.path,
                batch.programs,
                batch.cases,
                by,
                sys_path=batch.sys_path,
                limits=batch.limits,
                hash_seed=batch.hash_seed,
                cache=cache,
            )
        finally:
            cache.close()
        return matrix, cache.notes

    return run


@pytest.fixture
def disk(tmp_path):
    """Mount a small disk with options, where this process may."""
    mounted = []

    def mount(options: str) -> Path:
        path = tmp_path / f"disk{len(mounted)}"
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "genx", str(path)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("this process may not mount a disk")
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)
