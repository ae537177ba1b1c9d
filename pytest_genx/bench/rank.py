"""`genx bench rank`: execute pools, rank them with every ranker, and say what that is worth.

The numbers are made here and in `compare.py`, as values; `table.py` shows them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pytest_genx.bench import metrics
from pytest_genx.bench.compare import (
    BASELINE,
    CEILING,
    KS,
    Choice,
    Ranked,
    Table,
    chosen,
    tabulate,
)
from pytest_genx.bench.execute import Executed, Watch, execute_pool
from pytest_genx.bench.pool import Pool
from pytest_genx.interfaces import Cache, Ranker, Sandbox
from pytest_genx.matrix import Floats

ALL = "all tasks"
MIXED = "tasks with 0 < pass rate < 1"


@dataclass(frozen=True, slots=True)
class PoolResult:
    """All that was measured on one pool."""

    pool: str
    executed: tuple[Executed, ...]
    ranked: tuple[Ranked, ...]
    tables: tuple[Table, ...]
    seconds: float  # of execution, wall time

    @property
    def labelled(self) -> bool:
        """Whether every task has labels; without them rankings cannot be judged."""
        return all(task.correct is not None for task in self.executed)

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
        """What is wrong with the pool's own tasks, a sentence each."""
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
    baseline: str = BASELINE,
) -> PoolResult:
    """Execute and rank one pool.

    Args:
        pool: what was recorded.
        rankers: name to ranker.
        sandbox: what executes.
        cpu: seconds of CPU time for one case.
        seed: of the bootstrap.
        watch: shows progress.
        cache: executions of earlier runs.
        baseline: the ranker that leads are over; they are given when it is among `rankers`.

    Raises:
        SandboxError: the sandbox itself failed.
    """
    started = time.monotonic()
    executed = execute_pool(pool, sandbox, cpu=cpu, watch=watch, cache=cache)
    seconds = time.monotonic() - started
    ranked = tuple(_rank(name, ranker, executed) for name, ranker in rankers.items())
    result = PoolResult(pool.name, executed, ranked, (), seconds)
    return replace(result, tables=_tables("", [result], baseline, seed))


def compare(results: Sequence[PoolResult], *, baseline: str, seed: int) -> tuple[Table, ...]:
    """Return the tables over all pools that have labels; none when there are fewer than two."""
    labelled = [result for result in results if result.labelled]
    return _tables("mean over pools, ", labelled, baseline, seed) if len(labelled) > 1 else ()


def _tables(
    title: str, results: Sequence[PoolResult], baseline: str, seed: int
) -> tuple[Table, ...]:
    """Tabulate all tasks, and those that some samples solve and some do not."""
    if not all(result.labelled for result in results):
        return ()
    every, mixed = [], []
    for result in results:
        ranked = (*result.ranked, _ceiling(result.executed))
        of_pool = range(len(result.executed))
        every.append(Choice(ranked, chosen(of_pool)))
        some = [i for i in of_pool if 0.0 < result.executed[i].pass_rate < 1.0]
        mixed.append(Choice(ranked, chosen(some)))
    return (
        tabulate(title + ALL, every, baseline=baseline, seed=seed),
        tabulate(title + MIXED, mixed, baseline=baseline, seed=seed),
    )


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
