"""Candidates x cases x sandbox -> executions; rows are candidates, columns are cases.

What a cache knows is not executed, and what is executed the cache is told as it comes. The
matrix is the same either way: which pairs count as hopeless is decided here, on whole rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from pytest_genx.domain import (
    HOPELESS,
    NOT_RUN,
    Batch,
    Candidate,
    Case,
    CaseForm,
    Execution,
    Limits,
    Outcome,
    Target,
)
from pytest_genx.errors import SandboxError
from pytest_genx.interfaces import Cache, Journal, Sandbox

OnProgress = Callable[[int, int], None]
_Item = TypeVar("_Item")
_Row = list[Execution | None]
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
    rootdir: str = "",
    conftests: tuple[str, ...] = (),
    on_progress: OnProgress | None = None,
    cache: Cache | None = None,
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
        rootdir: pytest's, for cases that are test functions.
        conftests: the conftest files whose fixtures those may use, outermost first.
        on_progress: called with pairs done and pairs in total, duplicates included.
        cache: executions of earlier runs; None executes everything, and keeps nothing.

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
        rootdir=rootdir,
        conftests=conftests,
        on_progress=on_progress,
        cache=cache,
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
    rootdir: str = "",
    conftests: tuple[str, ...] = (),
    on_progress: OnProgress | None = None,
    cache: Cache | None = None,
) -> list[list[Execution]]:
    """Run whole programs against cases; as `cross_run`, for programs without a target.

    Programs with the same text, and cases that execute the same, run once: what stands twice
    gets the same execution. After `HOPELESS` timeouts in the order of the cases the rest of a
    row is timeouts too. An exception, KeyboardInterrupt included, passes through and leaves
    nothing but what the cache was told.
    """
    row_numbers = _numbered(programs)
    column_numbers = _numbered(map(_executed_as, cases))
    batch = Batch(
        module=module,
        path=path,
        sys_path=sys_path,
        programs=_firsts(programs, row_numbers),
        cases=_firsts(cases, column_numbers),
        limits=limits,
        hash_seed=hash_seed,
        rootdir=rootdir,
        conftests=conftests,
    )
    row_counts, column_counts = Counter(row_numbers), Counter(column_numbers)
    total = len(row_numbers) * len(column_numbers)
    done = 0

    def on_done(row: int, column: int) -> None:
        nonlocal done
        done += row_counts[row] * column_counts[column]
        if on_progress is not None:
            on_progress(done, total)

    with _journal(cache, batch, sandbox) as journal:
        rows = _collect(batch, sandbox, journal, on_done)
    whole = [list(filter(None, row)) for row in rows]
    if any(len(row) != len(batch.cases) for row in whole):
        raise SandboxError(sandbox.name, f"reported {done} of {total} pairs")
    return [[whole[i][j] for j in column_numbers] for i in row_numbers]


def _collect(
    batch: Batch,
    sandbox: Sandbox,
    journal: Journal | None,
    on_done: Callable[[int, int], None],
) -> list[_Row]:
    """Take what is known, and have the sandbox run the rest.

    Args:
        batch: distinct programs and cases.
        sandbox: not asked when nothing is left to run.
        journal: what is known, and what takes down the rest.
        on_done: told the row and the column of each pair that is done.
    """
    rows: list[_Row] = [[None] * len(batch.cases) for _ in batch.programs]
    known = ({},) * len(rows) if journal is None else journal.known
    for i, row in enumerate(rows):
        for j, execution in known[i].items():
            row[j] = execution
        _cut_off(row)
        for j, found in enumerate(row):
            if found is not None:
                on_done(i, j)
    left = [i for i, row in enumerate(rows) if None in row]

    def on_pair(program: int, case: int, execution: Execution) -> None:
        i = left[program]
        row = rows[i]
        if row[case] is not None:
            return  # known, and reported as such
        row[case] = execution
        if journal is not None:
            journal.keep(i, case, execution)
        on_done(i, case)

    if left:
        some = tuple(batch.programs[i] for i in left)
        knowing: tuple[Mapping[int, Execution], ...] = tuple(known[i] for i in left)
        sandbox.run(replace(batch, programs=some, known=knowing if any(knowing) else ()), on_pair)
    for row in rows:
        _cut_off(row)
    return rows


def _cut_off(row: _Row) -> None:
    """Fill a row after the timeout that makes it hopeless, once all before that is known."""
    timeouts = 0
    for j, execution in enumerate(row):
        if execution is None:
            return
        timeouts += execution.outcome is Outcome.TIMEOUT
        if timeouts == HOPELESS:
            row[j + 1 :] = [NOT_RUN] * (len(row) - j - 1)
            return


@contextmanager
def _journal(cache: Cache | None, batch: Batch, sandbox: Sandbox) -> Iterator[Journal | None]:
    """Open the journal of a batch; there is none without a cache, or with nothing to run."""
    if cache is None or not batch.programs or not batch.cases:
        yield None
        return
    journal = cache.journal(batch, sandbox)
    try:
        yield journal
    finally:
        journal.close()


def _executed_as(case: Case) -> Hashable:
    """What decides how a case executes: the value expected, not how the assertion is written."""
    source = None if case.expectation and case.form is CaseForm.SNIPPET else case.source
    return case.form, source, case.expectation, case.imports


def _numbered(keys: Iterable[Hashable]) -> list[int]:
    """Number things by first appearance; equal ones get the same number."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _firsts(items: Sequence[_Item], numbers: list[int]) -> tuple[_Item, ...]:
    """Take the first item of each number."""
    firsts: dict[int, _Item] = {}
    for item, number in zip(items, numbers, strict=True):
        firsts.setdefault(number, item)
    return tuple(firsts.values())
