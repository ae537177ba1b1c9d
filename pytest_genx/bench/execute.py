"""A pool's tasks, executed: pass matrices, which candidates are correct, which cases are valid.

Everything runs in the sandbox, labels and references included. Labels have their own limit: the
lowest of `LABEL_LIMITS` at which the task's reference passes. The reference is never a row of the
matrix. What a ranking is worth is not computed here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pytest_genx.bench.pool import Pool, PoolTask
from pytest_genx.bench.protocol import Material, extract
from pytest_genx.domain import Case, Execution, Limits, Outcome
from pytest_genx.interfaces import Cache, Sandbox
from pytest_genx.matrix import Bools, PassMatrix
from pytest_genx.pipeline.crossrun import run_programs
from pytest_genx.pipeline.score import to_arrays
from pytest_genx.pipeline.weak import weaknesses, weights

MODULE = "solution"
LABEL_LIMITS = (0.5, 2.0, 8.0)  # seconds of CPU time; most references need far less than the first
WALL = 5.0  # seconds of wall time beyond ten times the CPU limit; the CPU limit is what decides

OnPairs = Callable[[int], None]


class Watch(Protocol):
    """Opens a display of progress: a title and the number of pairs to come."""

    def __call__(self, title: str, total: int) -> AbstractContextManager[OnPairs]:
        """Open it; what it gives is told how many more pairs are done."""


@dataclass(frozen=True, slots=True)
class Validity:
    """Which cases the reference passes.

    Args:
        valid: `[n_cases] bool`.
        judged: `[n_cases] bool`, False where the reference ran out of time, which says nothing.
    """

    valid: Bools
    judged: Bools


@dataclass(frozen=True, slots=True)
class Executed:
    """What running one task gave.

    Args:
        task_id: name of the task.
        matrix: rows are distinct programs, columns distinct assertions; with what was observed.
        correct: `[n_candidates] bool`, None when the task has no `label_test`.
        warning: what is wrong with the task itself, "" for nothing.
        seconds: wall time.
        validity: of the cases; None when nobody asked, or the task has no reference.
    """

    task_id: str
    matrix: PassMatrix
    correct: Bools | None
    warning: str
    seconds: float
    validity: Validity | None = None

    @property
    def pass_rate(self) -> float:
        """The share of correct samples; 0 when there are no samples or no labels."""
        counts = self.matrix.candidate_counts
        if self.correct is None or len(counts) == 0:
            return 0.0
        return float(counts[self.correct].sum() / counts.sum())


def execute_pool(
    pool: Pool,
    sandbox: Sandbox,
    *,
    cpu: float,
    watch: Watch,
    cache: Cache | None = None,
    judge_cases: bool = False,
) -> tuple[Executed, ...]:
    """Run all tasks of a pool; as `execute`, in the order of the pool."""
    materials = [extract(task) for task in pool.tasks]
    total = 0
    for task, material in zip(pool.tasks, materials, strict=True):
        total += material.pairs
        if task.label_test is not None:
            total += len(material.programs)
        if judge_cases and task.reference is not None:
            total += len(material.asserts)
    with watch(pool.name, total) as on_pairs:
        return tuple(
            execute(
                task,
                material,
                sandbox,
                cpu=cpu,
                on_pairs=on_pairs,
                cache=cache,
                judge_cases=judge_cases,
            )
            for task, material in zip(pool.tasks, materials, strict=True)
        )


def execute(
    task: PoolTask,
    material: Material,
    sandbox: Sandbox,
    *,
    cpu: float,
    on_pairs: OnPairs,
    cache: Cache | None = None,
    judge_cases: bool = False,
) -> Executed:
    """Run a task's programs against its assertions and against its label.

    Args:
        task: as recorded.
        material: what `protocol.extract` made of it.
        sandbox: what executes.
        cpu: seconds of CPU time for one assertion.
        on_pairs: told how many more pairs are done; labels count as pairs.
        cache: executions of earlier runs.
        judge_cases: whether to run the reference against the assertions, too.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    started = time.monotonic()
    n, m = len(material.programs), len(material.asserts)
    rows: list[list[Execution]] = [[] for _ in range(n)]
    cases = [Case(source=text, origin="pool") for text in material.asserts]
    if material.pairs:
        rows = _run(material.programs, cases, sandbox, cpu, on_pairs, cache)
    passed, observed, erred = to_arrays(rows, m)
    matrix = PassMatrix(
        passed,
        np.array(material.program_counts, dtype=np.int64),
        np.array(material.assert_counts, dtype=np.int64),
        observed=observed,
        erred=erred,
        weights=weights(weaknesses(cases, {task.entry_point}, passed)),
    )
    correct, warning = None, ""
    if task.label_test is not None:
        correct, warning = _label(task, task.label_test, material.programs, sandbox, cache)
        on_pairs(n)
    validity = None
    if judge_cases and task.reference is not None:
        validity = _validity(task.reference, material.asserts, sandbox, cache)
        on_pairs(m)
    seconds = time.monotonic() - started
    return Executed(task.task_id, matrix, correct, warning, seconds, validity)


def _label(
    task: PoolTask,
    label_test: str,
    programs: tuple[str, ...],
    sandbox: Sandbox,
    cache: Cache | None,
) -> tuple[Bools, str]:
    """Say which programs pass the label, and what speaks against the label."""
    label = [Case(source=label_test, origin="label")]
    references = () if task.reference is None else (task.reference,)
    outcomes: list[Outcome] = []
    for cpu in LABEL_LIMITS:
        rows = _run((*references, *programs), label, sandbox, cpu, None, cache)
        outcomes = [row[0].outcome for row in rows]
        if not references or outcomes[0] is not Outcome.TIMEOUT:
            break
    warning = ""
    if references and outcomes[0] is not Outcome.PASS:
        warning = f"{task.task_id}: the reference fails its label_test ({outcomes[0].name})"
    verdicts = [outcome is Outcome.PASS for outcome in outcomes[len(references) :]]
    return np.array(verdicts, dtype=np.bool_), warning


def _validity(
    reference: str, asserts: tuple[str, ...], sandbox: Sandbox, cache: Cache | None
) -> Validity:
    """Say which assertions the reference passes, with more time for those that take more."""
    outcomes = [Outcome.TIMEOUT] * len(asserts)
    for cpu in LABEL_LIMITS:
        left = [j for j, outcome in enumerate(outcomes) if outcome is Outcome.TIMEOUT]
        if not left:
            break
        cases = [Case(source=asserts[j], origin="pool") for j in left]
        (row,) = _run((reference,), cases, sandbox, cpu, None, cache)
        for j, execution in zip(left, row, strict=True):
            outcomes[j] = execution.outcome
    return Validity(
        np.array([outcome is Outcome.PASS for outcome in outcomes], dtype=np.bool_),
        np.array([outcome is not Outcome.TIMEOUT for outcome in outcomes], dtype=np.bool_),
    )


def _run(
    programs: tuple[str, ...],
    cases: list[Case],
    sandbox: Sandbox,
    cpu: float,
    on_pairs: OnPairs | None,
    cache: Cache | None,
) -> list[list[Execution]]:
    """Run programs against cases, and pass progress on as differences."""
    told = 0

    def on_progress(done: int, total: int) -> None:  # noqa: ARG001 -- the shape of a callback
        nonlocal told
        if on_pairs is not None:
            on_pairs(done - told)
        told = done

    limits = Limits(cpu=cpu, wall=WALL + 10.0 * cpu)
    return run_programs(
        MODULE,
        f"{MODULE}.py",
        programs,
        cases,
        sandbox,
        limits=limits,
        on_progress=on_progress,
        cache=cache,
    )
