"""The engine by its public face alone: what `crossrun.py` and `load.py` share.

Nothing here knows how a sandbox works, so that figures from before and after a change of it
can be compared. Batches are made as `genx bench` makes them.
"""

from __future__ import annotations

import argparse
import ast
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from common import ROOT

from pytest_genx import plugins
from pytest_genx.bench import pool as pools
from pytest_genx.bench.protocol import extract
from pytest_genx.bench.runner import MODULE, WALL
from pytest_genx.config import from_strings
from pytest_genx.domain import Case, Execution, Expectation, Limits
from pytest_genx.errors import GenxError
from pytest_genx.interfaces import Sandbox
from pytest_genx.pipeline.crossrun import run_programs
from pytest_genx.sandboxes.process import usable_cores

POOL = ROOT.parent / "shared" / "data" / "pools" / "humaneval-codegen16b-dev.jsonl.gz"
CPU = 0.1  # seconds for one pair, unless a row says otherwise


@dataclass(frozen=True, slots=True)
class Job:
    """One batch: whole programs, and the cases that each of them meets."""

    name: str
    programs: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def n_pairs(self) -> int:
        """Programs times cases."""
        return len(self.programs) * len(self.cases)

    def only(self, kept: Sequence[bool]) -> Job:
        """Return the job with some of its programs; `kept` is `[n_programs]`."""
        chosen = zip(self.programs, kept, strict=True)
        return replace(self, programs=tuple(program for program, keep in chosen if keep))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what runs, and in which sandbox."""
    parser.add_argument("--pool", type=Path, nargs="+", default=[POOL], help="recorded samples")
    parser.add_argument("--sandbox", help="its name; the product's default when not given")
    parser.add_argument(
        "--compare", action="store_true", help="give `assert CALL == VALUE` as call and value"
    )


def read_pool(path: Path) -> pools.Pool:
    """Read a pool, or leave with one sentence."""
    try:
        return pools.read(path)
    except GenxError as error:
        sys.exit(f"the benchmark needs a pool (--pool): {error}")


def jobs_of(pool: pools.Pool, n_tasks: int, *, compare: bool) -> list[Job]:
    """Make a job of each of the first tasks; those with nothing to run are left out."""
    made = []
    for task in pool.tasks[:n_tasks]:
        material = extract(task)
        cases = tuple(_case(text, compare=compare) for text in material.asserts)
        made.append(Job(task.task_id, material.programs, cases))
    return [job for job in made if job.n_pairs]


@contextmanager
def opened(name: str | None) -> Iterator[Sandbox]:
    """Open a sandbox as the product does, and print its name."""
    try:
        config = from_strings({"sandbox": name}, rootdir=ROOT)
        sandbox = plugins.sandbox(plugins.load(), config.sandbox)(config)
    except GenxError as error:
        sys.exit(str(error))
    with closing(sandbox):
        print(f"sandbox: {sandbox.name}; {usable_cores()} cores; Python {sys.version.split()[0]}")
        yield sandbox


def run(job: Job, sandbox: Sandbox, cpu: float = CPU) -> list[list[Execution]]:
    """Run a job; rows are programs. `cpu` is seconds of CPU time for one pair."""
    limits = Limits(cpu=cpu, wall=WALL + 10.0 * cpu)
    return run_programs(MODULE, f"{MODULE}.py", job.programs, job.cases, sandbox, limits=limits)


def letters(rows: Sequence[Sequence[Execution]]) -> list[str]:
    """Write each row as a string of the outcomes' letters."""
    return ["".join(execution.outcome.value for execution in row) for row in rows]


def _case(text: str, *, compare: bool) -> Case:
    return Case(text, "pool", _expectation(text) if compare else None)


def _expectation(text: str) -> Expectation | None:
    """Take `assert CALL == VALUE` apart; None when it has another form."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in what a model wrote
        body = ast.parse(text).body
    match body:
        case [ast.Assert(ast.Compare(ast.Call() as call, [ast.Eq()], [value]), None)]:
            return Expectation(ast.unparse(call), ast.unparse(value))
    return None
