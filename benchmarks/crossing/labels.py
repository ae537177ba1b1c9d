"""Row 7 of `crossrun.py`: the verdicts of the label tests, against a straightforward run.

The straightforward run is a fresh interpreter for each program, with 10 s of wall time. The
engine runs at its default limit first; what timed out there though the plain run ended is run
again at the plain run's limit, so that both have had the same time.
"""

from __future__ import annotations

from dataclasses import dataclass

from common import Line
from crossing import plain
from crossing.engine import Job, letters, run
from crossing.rates import within
from crossing.table import Setting

from pytest_genx.bench.pool import Pool
from pytest_genx.bench.protocol import extract
from pytest_genx.domain import Case, Limits

AGAIN = 3  # plain runs of a program that is judged differently


@dataclass(frozen=True, slots=True)
class Differing:
    """One program that the two judge differently."""

    task: str
    ours: str
    plain: str
    program: str


def verdicts(setting: Setting) -> Line:
    """Row 7: count the programs that are judged differently."""
    limit = 2.0 if setting.quick else 10.0
    n_programs = n_unexplained = 0
    for pool in setting.pools:
        for job in within(setting.budget, _jobs(pool, quick=setting.quick)):
            n_programs += len(job.programs)
            n_unexplained += sum(
                not _changes(one, job, limit, setting.cores)
                for one in _compare(job, limit, setting)
            )
    print(f"   {n_programs:,} programs, {limit:g} s in a fresh interpreter each")
    agreed = 1 - n_unexplained / n_programs
    return Line(
        "verdicts of label tests that agree with a plain run, non-deterministic ones apart",
        f"{agreed:.2%}, {n_unexplained} differ",
        "100%",
        n_unexplained == 0,
    )


def _jobs(pool: Pool, *, quick: bool) -> list[Job]:
    tasks = [task for task in pool.tasks if task.label_test is not None]
    jobs = []
    for task in tasks[:: 10 if quick else 1]:
        programs = extract(task).programs[: 10 if quick else None]
        jobs.append(Job(task.task_id, programs, (Case(task.label_test or "", "label"),)))
    return [job for job in jobs if job.programs]


def _compare(job: Job, limit: float, setting: Setting) -> list[Differing]:
    """Run both, and list the programs that pass on one side alone."""
    check = job.cases[0].source
    found = plain.fresh_interpreters([(p, check) for p in job.programs], limit, setting.cores)
    ours = letters(run(job, setting.sandbox, Limits().cpu))
    unsure = [o == "T" and f != "T" for o, f in zip(ours, found, strict=True)]
    if any(unsure):
        again = iter(letters(run(job.only(unsure), setting.sandbox, limit)))
        ours = [next(again) if flag else one for flag, one in zip(unsure, ours, strict=True)]
    return [
        Differing(job.name, o, f, program)
        for o, f, program in zip(ours, found, job.programs, strict=True)
        if (o == "P") != (f == "P")
    ]


def _changes(one: Differing, job: Job, limit: float, cores: int) -> bool:
    """Whether further plain runs say different things, which lists the task; prints it."""
    pairs = [(one.program, job.cases[0].source)] * AGAIN
    found = [one.plain, *plain.fresh_interpreters(pairs, limit, cores)]
    changes = len({letter == "P" for letter in found}) > 1
    reason = "non-deterministic: plain runs differ" if changes else "deterministic"
    print(f"   {one.task}: ours {one.ours}, plain {''.join(found)}: {reason}")
    if not changes:
        last = one.program.strip().splitlines()[-1].strip()
        print(f"     the program ends in {last!r:.80}")
    return changes
