"""A pool's tasks, executed: pass matrices, which candidates are correct, which cases are valid.

Everything runs in the sandbox, labels and references included. Labels have their own limit: the
lowest of `LABEL_LIMITS` at which the task's reference passes. The reference is never a row of the
matrix. What a ranking is worth is not computed here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pytest_genx.bench.pool import Pool, PoolTask
from pytest_genx.bench.protocol import Material, extract
from pytest_genx.bench.runner import LABEL_LIMITS, OnPairs, Runner
from pytest_genx.domain import Case, Outcome
from pytest_genx.interfaces import Cache, Sandbox
from pytest_genx.matrix import Bools, PassMatrix
from pytest_genx.pipeline.score import to_arrays
from pytest_genx.pipeline.weak import weaknesses, weights


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
    runner = Runner(sandbox, cpu, cache)
    cases = [Case(source=text, origin="pool") for text in material.asserts]
    rows = runner.run(material.programs, cases, on_pairs=on_pairs)
    passed, observed, erred = to_arrays(rows, len(cases))
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
        correct, warning = _label(task, task.label_test, material.programs, runner)
        on_pairs(len(material.programs))
    validity = None
    if judge_cases and task.reference is not None:
        validity = _validity(task.reference, cases, runner)
        on_pairs(len(cases))
    seconds = time.monotonic() - started
    return Executed(task.task_id, matrix, correct, warning, seconds, validity)


def _label(
    task: PoolTask, label_test: str, programs: tuple[str, ...], runner: Runner
) -> tuple[Bools, str]:
    """Say which programs pass the label, and what speaks against the label."""
    reference, outcomes = runner.label(label_test, task.reference, programs)
    warning = ""
    if reference is not None and reference is not Outcome.PASS:
        warning = f"{task.task_id}: the reference fails its label_test ({reference.name})"
    verdicts = [outcome is Outcome.PASS for outcome in outcomes]
    return np.array(verdicts, dtype=np.bool_), warning


def _validity(reference: str, cases: Sequence[Case], runner: Runner) -> Validity:
    """Say which assertions the reference passes, with more time for those that take more."""
    outcomes = [Outcome.TIMEOUT] * len(cases)
    for cpu in LABEL_LIMITS:
        left = [j for j, outcome in enumerate(outcomes) if outcome is Outcome.TIMEOUT]
        if not left:
            break
        (row,) = runner.run([reference], [cases[j] for j in left], cpu)
        for j, execution in zip(left, row, strict=True):
            outcomes[j] = execution.outcome
    return Validity(
        np.array([outcome is Outcome.PASS for outcome in outcomes], dtype=np.bool_),
        np.array([outcome is not Outcome.TIMEOUT for outcome in outcomes], dtype=np.bool_),
    )
