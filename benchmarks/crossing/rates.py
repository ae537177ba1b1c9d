"""Rows 1 to 3 of `crossrun.py`: pairs for each second, against three other ways to execute.

Sides alternate task by task, so that both feel the same neighbours.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common import Line
from crossing import harness, plain
from crossing.engine import CPU, Job, jobs_of, letters, run
from crossing.table import Setting

N_TASKS = 40
SHOWN = 5  # disagreements that are listed
SETTLED = 40  # disagreements that a fresh interpreter settles
LIMIT = 10.0  # wall seconds in a fresh interpreter
PASSES = 5  # of row 3, at most
SMALL = 3_000  # pairs that a task of `--quick` has at most


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One pair that two sides judge differently; `letter` is ours."""

    task: str
    program: str
    check: str
    letter: str


def usual_harness(setting: Setting) -> Line:
    """Row 1: the same pairs by the scheme of human-eval and CodeT."""
    theirs = ours = stalled = 0.0
    n_pairs = n_timeouts = 0
    differing: list[Disagreement] = []
    for job in within(setting.budget, _jobs(setting)):
        checks = [case.source for case in job.cases]
        started = time.perf_counter()
        checked = harness.check_all(job.programs, checks, CPU, setting.cores)
        between = time.perf_counter()
        rows = letters(run(job, setting.sandbox))
        theirs += between - started
        ours += time.perf_counter() - between
        stalled += sum(one.seconds for one in checked if harness.TIMED_OUT in one.verdicts)
        n_pairs += job.n_pairs
        n_timeouts += sum(row.count("T") for row in rows)
        differing += _against_harness(job, checked, rows)
    settled, right = _settle(differing, setting.cores)
    print(f"   {n_pairs:,} pairs: harness {theirs:.1f} s, {n_pairs / theirs:,.0f} pairs/s")
    print(
        f"   ours {ours:.2f} s, {n_pairs / ours:,.0f} pairs/s; {n_timeouts:,} pairs time out here"
    )
    stalled = min(theirs, stalled / setting.cores)
    print(
        f"   {stalled / theirs:.0%} of the harness's time went into programs that time out on an "
        f"assertion; without it, and with ours whole, {(theirs - stalled) / ours:.1f}x"
    )
    _show(differing)
    if differing:
        print(f"   a fresh interpreter agrees with us in {right} of {settled} that it settled")
    ratio = theirs / ours
    return Line(
        "against the usual harness", f"{ratio:.1f}x", "25x", ratio >= 25 and right == settled
    )


def pytest_per_pair(setting: Setting) -> Line:
    """Row 2: one pytest process for each pair, against the rate on the tasks they are from."""
    generator = random.Random(0)
    per_task, n_tasks = (5, 2) if setting.quick else (20, 10)
    theirs = ours = 0.0
    n_theirs = n_ours = n_different = 0
    for job in _jobs(setting)[:n_tasks]:
        started = time.perf_counter()
        rows = letters(run(job, setting.sandbox))
        between = time.perf_counter()
        at = [(i, j) for i, row in enumerate(rows) for j, letter in enumerate(row) if letter != "T"]
        at = generator.sample(at, min(per_task, len(at)))
        pairs = [(job.programs[i], job.cases[j].source) for i, j in at]
        after = time.perf_counter()
        found = plain.pytest_processes(pairs, LIMIT, setting.cores)
        theirs += time.perf_counter() - after
        ours += between - started
        n_theirs += len(pairs)
        n_ours += job.n_pairs
        n_different += sum(
            (rows[i][j] == "P") != (letter == "P") for (i, j), letter in zip(at, found, strict=True)
        )
    print(f"   {n_theirs} pairs, {setting.cores} pytest at a time: {theirs:.1f} s")
    print(f"   ours: the rate on the {n_ours:,} pairs of their {n_tasks} tasks, {ours:.2f} s")
    print(f"   {n_different} of the {n_theirs} judged differently")
    ratio = (n_ours / ours) / (n_theirs / theirs)
    return Line("against one pytest process for each pair", f"{ratio:,.0f}x", "500x", ratio >= 500)


def bare_loop(setting: Setting) -> Line:
    """Row 3: nothing but `exec`, on as many cores, without programs that time out or crash."""
    jobs = []
    n_left_out = n_programs = 0
    for job in within(setting.budget, _jobs(setting)):
        kept = [not set(row) & {"T", "C"} for row in letters(run(job, setting.sandbox))]
        n_left_out += kept.count(False)
        n_programs += len(kept)
        jobs += [job.only(kept)] if any(kept) else []
    started = time.perf_counter()
    passes = [_pass(jobs, setting)]
    while len(passes) < PASSES and time.perf_counter() - started < setting.patience:
        passes.append(_pass(jobs, setting))
    passes.sort(key=lambda one: one[1] / one[0])
    bare, ours, differing = passes[len(passes) // 2]
    n_pairs = sum(job.n_pairs for job in jobs)
    print(f"   {n_left_out} of {n_programs:,} programs left out, as they time out or crash")
    print(f"   {n_pairs:,} pairs: bare {bare:.2f} s, {n_pairs / bare:,.0f} pairs/s")
    print(
        f"   ours {ours:.2f} s, {n_pairs / ours:,.0f} pairs/s; the median of {len(passes)} passes"
    )
    _show(differing)
    ratio = ours / bare
    return Line("wall time over a bare loop", f"{ratio:.2f}x", "at most 3.0x", ratio <= 3.0)


def within(budget: float, jobs: Sequence[Job]) -> Iterator[Job]:
    """Yield jobs until `budget` seconds are spent; the first one always, at least."""
    started = time.perf_counter()
    for job in jobs:
        yield job
        if time.perf_counter() - started > budget:
            print(f"   stopped after {jobs.index(job) + 1} of {len(jobs)} tasks, as time is up")
            return


def _jobs(setting: Setting) -> list[Job]:
    jobs = jobs_of(setting.pools[0], N_TASKS, compare=setting.compare)
    return [job for job in jobs if job.n_pairs <= SMALL] if setting.quick else jobs


def _pass(jobs: Sequence[Job], setting: Setting) -> tuple[float, float, list[Disagreement]]:
    """Run all jobs on both sides; return the seconds of each, and where they differ."""
    bare = ours = 0.0
    differing: list[Disagreement] = []
    for job in jobs:
        checks = [case.source for case in job.cases]
        bare_rows, seconds = plain.bare_loop(job.programs, checks, setting.cores)
        bare += seconds
        started = time.perf_counter()
        rows = letters(run(job, setting.sandbox))
        ours += time.perf_counter() - started
        differing += [
            Disagreement(job.name, program, check, letter)
            for program, row, bare_row in zip(job.programs, rows, bare_rows, strict=True)
            for check, letter, other in zip(checks, row, bare_row, strict=True)
            if (letter == "P") != (other == "P")
        ]
    return bare, ours, differing


def _against_harness(
    job: Job, checked: Sequence[harness.Checked], rows: Sequence[str]
) -> list[Disagreement]:
    """List the pairs that the two sides judge differently where neither timed out."""
    return [
        Disagreement(job.name, program, case.source, letter)
        for program, one, row in zip(job.programs, checked, rows, strict=True)
        for case, verdict, letter in zip(job.cases, one.verdicts, row, strict=True)
        if letter != "T"
        and verdict != harness.TIMED_OUT
        and (letter == "P") != (verdict == harness.PASSED)
    ]


def _show(differing: Sequence[Disagreement]) -> None:
    print(f"   {len(differing)} pairs judged differently, timeouts apart")
    for one in differing[:SHOWN]:
        print(f"     {one.task}: we say {one.letter}: {' '.join(one.check.split()):.80}")


def _settle(differing: Sequence[Disagreement], cores: int) -> tuple[int, int]:
    """Ask a fresh interpreter; return how many pairs it was asked, and in how many we agree."""
    step = max(1, len(differing) // SETTLED)
    asked = differing[::step][:SETTLED]
    found = plain.fresh_interpreters([(one.program, one.check) for one in asked], LIMIT, cores)
    right = sum((one.letter == "P") == (f == "P") for one, f in zip(asked, found, strict=True))
    return len(asked), right
