"""Candidates x cases x sandbox -> executions; rows are candidates, columns are cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from pytest_genx.domain import Batch, Candidate, Case, Execution, Limits, Target
from pytest_genx.errors import SandboxError
from pytest_genx.interfaces import Sandbox

OnProgress = Callable[[int, int], None]
_Item = TypeVar("_Item")
_LIMITS = Limits()


def cross_run(
    target: Target,
    candidates: Sequence[Candidate],
    cases: Sequence[Case],
    sandbox: Sandbox,
    *,
    sys_path: tuple[str, ...] = (),
    limits: Limits = _LIMITS,
    hash_seed: int = 0,
    on_progress: OnProgress | None = None,
) -> list[list[Execution]]:
    """Run every candidate against every case.

    Args:
        target: what the candidates implement; its module is what they are imported as.
        candidates: the rows.
        cases: the columns.
        sandbox: what executes.
        sys_path: the user's own additions to the import path, after the target's root.
        limits: what one case may use.
        hash_seed: order of sets of strings.
        on_progress: called with pairs done and pairs in total, duplicates included.

    Returns:
        One list of executions for each candidate, one execution for each case.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    return run_programs(
        target.module,
        str(target.path),
        [candidate.program for candidate in candidates],
        cases,
        sandbox,
        sys_path=(str(target.import_root), *sys_path),
        limits=limits,
        hash_seed=hash_seed,
        on_progress=on_progress,
    )


def run_programs(
    module: str,
    path: str,
    programs: Sequence[str],
    cases: Sequence[Case],
    sandbox: Sandbox,
    *,
    sys_path: tuple[str, ...] = (),
    limits: Limits = _LIMITS,
    hash_seed: int = 0,
    on_progress: OnProgress | None = None,
) -> list[list[Execution]]:
    """Run whole programs against cases; as `cross_run`, for programs without a target.

    Programs with the same text, and cases that execute the same, run once: what stands twice
    gets the same execution. An exception, KeyboardInterrupt included, passes through and
    leaves nothing.
    """
    rows = _numbered(programs)
    columns = _numbered((case.expectation or case.source, case.imports) for case in cases)
    batch = Batch(
        module=module,
        path=path,
        sys_path=sys_path,
        programs=_firsts(programs, rows),
        cases=_firsts(cases, columns),
        limits=limits,
        hash_seed=hash_seed,
    )
    row_counts, column_counts = Counter(rows), Counter(columns)
    total = len(rows) * len(columns)
    done = 0
    found: dict[tuple[int, int], Execution] = {}

    def on_pair(program: int, case: int, execution: Execution) -> None:
        nonlocal done
        found[program, case] = execution
        done += row_counts[program] * column_counts[case]
        if on_progress is not None:
            on_progress(done, total)

    sandbox.run(batch, on_pair)
    if len(found) != len(batch.programs) * len(batch.cases):
        raise SandboxError(sandbox.name, f"reported {done} of {total} pairs")
    return [[found[i, j] for j in columns] for i in rows]


def _numbered(keys: Iterable[Hashable]) -> list[int]:
    """Number things by first appearance; equal ones get the same number."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _firsts(items: Sequence[_Item], numbers: list[int]) -> tuple[_Item, ...]:
    """Take the first item of each number."""
    return tuple(items[numbers.index(number)] for number in range(len(set(numbers))))
