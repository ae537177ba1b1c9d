"""`genx bench rank`: execute pools, rank them with every ranker, and say what that is worth.

The numbers are made here, as values; `table.py` shows them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pytest_genx.bench import metrics
from pytest_genx.bench.execute import Executed, OnPairs, execute
from pytest_genx.bench.metrics import Interval
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.protocol import extract
from pytest_genx.interfaces import Cache, Ranker, Sandbox
from pytest_genx.matrix import Floats

KS = (1, 2, 10)
BASELINE = "codet"
CEILING = "ceiling"


class Watch(Protocol):
    """Opens a display of progress: a title and the number of pairs to come."""

    def __call__(self, title: str, total: int) -> AbstractContextManager[OnPairs]:
        """Open it; what it gives is told how many more pairs are done."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One ranker on every task of a pool.

    Args:
        ranker: its name.
        scores: `[n_tasks]` of `[n_candidates] float64`.
        pass_at: k to `[n_tasks] float64`; empty when the pool has no labels.
        seconds: wall time of ranking alone.
    """

    ranker: str
    scores: tuple[Floats, ...]
    pass_at: Mapping[int, Floats]
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: pass@k of a ranker, and its lead over the baseline at k = 1."""

    ranker: str
    pass_at: Mapping[int, Interval]
    lead: Interval | None
    seconds: float | None  # of ranking all tasks; the ceiling takes none


@dataclass(frozen=True, slots=True)
class Table:
    """The lines for one choice of tasks."""

    tasks: str
    n_tasks: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PoolResult:
    """All that was measured on one pool."""

    pool: str
    executed: tuple[Executed, ...]
    ranked: tuple[Ranked, ...]
    tables: tuple[Table, ...]
    seconds: float  # of execution, wall time

    @property
    def n_candidates(self) -> int:
        """Distinct programs, over all tasks."""
        return sum(task.matrix.passed.shape[0] for task in self.executed)

    @property
    def n_cases(self) -> int:
        """Distinct assertions, over all tasks."""
        return sum(task.matrix.passed.shape[1] for task in self.executed)

    @property
    def n_pairs(self) -> int:
        """Pairs executed, labels aside."""
        return sum(task.matrix.passed.size for task in self.executed)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the pool's own tasks."""
        return tuple(task.warning for task in self.executed if task.warning)


def measure(
    pool: Pool,
    rankers: Mapping[str, Ranker],
    sandbox: Sandbox,
    *,
    cpu: float,
    seed: int,
    watch: Watch,
    cache: Cache | None = None,
) -> PoolResult:
    """Execute and rank one pool.

    Args:
        pool: what was recorded.
        rankers: name to ranker; leads are given when `BASELINE` is among them.
        sandbox: what executes.
        cpu: seconds of CPU time for one case.
        seed: of the bootstrap.
        watch: shows progress.
        cache: executions of earlier runs.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    started = time.monotonic()
    materials = [extract(task) for task in pool.tasks]
    total = sum(m.pairs for m in materials) + sum(
        len(m.programs)
        for task, m in zip(pool.tasks, materials, strict=True)
        if task.label_test is not None
    )
    with watch(pool.name, total) as on_pairs:
        executed = tuple(
            execute(task, material, sandbox, cpu=cpu, on_pairs=on_pairs, cache=cache)
            for task, material in zip(pool.tasks, materials, strict=True)
        )
    seconds = time.monotonic() - started
    ranked = tuple(_rank(name, ranker, executed) for name, ranker in rankers.items())
    tables: tuple[Table, ...] = ()
    if all(task.correct is not None for task in executed):
        mixed = [i for i, task in enumerate(executed) if 0.0 < task.pass_rate < 1.0]
        tables = (
            _tabulate("all tasks", range(len(executed)), executed, ranked, seed),
            _tabulate("tasks with 0 < pass rate < 1", mixed, executed, ranked, seed),
        )
    return PoolResult(pool.name, executed, ranked, tables, seconds)


def to_json(result: PoolResult) -> dict[str, Any]:
    """Return every number as plain JSON types."""
    return {
        "pool": result.pool,
        "tasks": len(result.executed),
        "candidates": result.n_candidates,
        "cases": result.n_cases,
        "pairs": result.n_pairs,
        "seconds": result.seconds,
        "warnings": list(result.warnings),
        "tables": [_table_json(table) for table in result.tables],
        "per_task": [_task_json(result, i) for i in range(len(result.executed))],
    }


def _rank(name: str, ranker: Ranker, executed: Sequence[Executed]) -> Ranked:
    """Rank every task; the clock runs for the ranker alone."""
    started = time.monotonic()
    scores = tuple(ranker(task.matrix).candidate_scores for task in executed)
    seconds = time.monotonic() - started
    return Ranked(name, scores, _pass_at(executed, scores), seconds)


def _pass_at(executed: Sequence[Executed], scores: Iterable[Floats]) -> dict[int, Floats]:
    """Return pass@k of each task, for each k."""
    found: dict[int, list[float]] = {k: [] for k in KS}
    for task, of_task in zip(executed, scores, strict=True):
        if task.correct is None:
            return {}
        for k, values in found.items():
            counts = task.matrix.candidate_counts
            values.append(metrics.ranked_pass_at_k(of_task, counts, task.correct, k))
    return {k: np.array(values) for k, values in found.items()}


def _ceiling(executed: Sequence[Executed]) -> Ranked:
    """Rank by the labels themselves: what no ranker can exceed."""
    scores = tuple(np.asarray(task.correct, np.float64) for task in executed)
    return Ranked(CEILING, scores, _pass_at(executed, scores), 0.0)


def _tabulate(
    tasks: str,
    chosen: Sequence[int],
    executed: Sequence[Executed],
    ranked: Sequence[Ranked],
    seed: int,
) -> Table:
    """Average over some of the tasks; all lines share the bootstrap's draws."""
    if not chosen:
        return Table(tasks, 0, ())
    draws = metrics.resample(len(chosen), seed)
    index = np.array(chosen, dtype=np.int64)
    baseline = next((r.pass_at[1][index] for r in ranked if r.ranker == BASELINE), None)
    lines = []
    for one in (*ranked, _ceiling(executed)):
        of_k = {k: one.pass_at[k][index] for k in KS}
        lead = None
        if baseline is not None and one.ranker not in (BASELINE, CEILING):
            lead = metrics.interval(of_k[1] - baseline, draws)
        spans = {k: metrics.interval(values, draws) for k, values in of_k.items()}
        seconds = None if one.ranker == CEILING else one.seconds
        lines.append(Line(one.ranker, spans, lead, seconds))
    return Table(tasks, len(chosen), tuple(lines))


def _table_json(table: Table) -> dict[str, Any]:
    return {
        "tasks": table.tasks,
        "n_tasks": table.n_tasks,
        "rankers": {
            line.ranker: {
                **{f"pass@{k}": _interval_json(span) for k, span in line.pass_at.items()},
                f"lead over {BASELINE}": line.lead and _interval_json(line.lead),
                "seconds": line.seconds,
            }
            for line in table.lines
        },
    }


def _interval_json(interval: Interval) -> dict[str, float]:
    return {"mean": interval.mean, "low": interval.low, "high": interval.high}


def _task_json(result: PoolResult, i: int) -> dict[str, Any]:
    task = result.executed[i]
    n_candidates, n_cases = task.matrix.passed.shape
    return {
        "task_id": task.task_id,
        "candidates": n_candidates,
        "cases": n_cases,
        "pass_rate": None if task.correct is None else task.pass_rate,
        "seconds": task.seconds,
        "scores": {one.ranker: one.scores[i].tolist() for one in result.ranked},
        "pass_at": {
            one.ranker: {str(k): float(values[i]) for k, values in one.pass_at.items()}
            for one in result.ranked
        },
    }
