"""`genx bench calibration`: how far the scores of rankers are probabilities, on pools.

A candidate is right when it passes its task's label, a case when the task's reference passes it.
Cases of tasks without a reference, and cases on which the reference runs out of time, are not
judged. `reliability.py` makes the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pytest_genx.bench.execute import Executed, Watch, execute_pool
from pytest_genx.bench.pool import Pool
from pytest_genx.bench.reliability import Reliability, Scored, reliability
from pytest_genx.errors import GenxError
from pytest_genx.interfaces import Cache, Ranker, Sandbox
from pytest_genx.matrix import Ranking

POOLED = "all pools"

_Side = Callable[[Executed, Ranking], Scored | None]


class BadScore(GenxError):
    """A ranker gave a score that is no probability."""

    def __init__(self, ranker: str, task_id: str, score: float) -> None:
        super().__init__(
            f"ranker {ranker!r} gave the score {score!r} in task {task_id!r}; expected 0 to 1"
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A pool, executed and ranked.

    Args:
        pool: its name.
        executed: its tasks.
        rankings: ranker to a ranking of each task.
    """

    pool: str
    executed: tuple[Executed, ...]
    rankings: Mapping[str, tuple[Ranking, ...]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """One ranker on one pool, or on all of them; a side with nothing to judge is None."""

    ranker: str
    candidates: Reliability | None
    cases: Reliability | None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """All rankers on one pool, or on all of them.

    Args:
        pool: its name.
        n_tasks: all of its tasks.
        unreferenced: tasks without a reference, whose cases are not judged.
        unjudged: distinct cases on which the reference ran out of time.
        warnings: what is wrong with the pool's own tasks, a sentence each.
        rankers: one calibration each.
    """

    pool: str
    n_tasks: int
    unreferenced: int
    unjudged: int
    warnings: tuple[str, ...]
    rankers: tuple[Calibration, ...]


def judge(
    pool: Pool,
    rankers: Mapping[str, Ranker],
    sandbox: Sandbox,
    *,
    cpu: float,
    watch: Watch,
    cache: Cache | None = None,
) -> Judged:
    """Execute a pool, references included, and rank it.

    Args:
        pool: what was recorded, with labels.
        rankers: name to ranker.
        sandbox: what executes.
        cpu: seconds of CPU time for one case.
        watch: shows progress.
        cache: executions of earlier runs.

    Raises:
        SandboxError: the sandbox itself failed.
        BadScore: a ranker gives what is no probability.
    """
    executed = execute_pool(pool, sandbox, cpu=cpu, watch=watch, cache=cache, judge_cases=True)
    rankings = {
        name: tuple(_checked(name, task, ranker(task.matrix)) for task in executed)
        for name, ranker in rankers.items()
    }
    return Judged(pool.name, executed, rankings)


def calibrate(judged: Sequence[Judged], *, seed: int) -> tuple[Calibrated, ...]:
    """Return the calibration on each pool, and on all together when there are several.

    Args:
        judged: from `judge`, with the same rankers.
        seed: of the bootstrap.
    """
    results = [_calibrate(one.pool, [one], seed) for one in judged]
    if len(judged) > 1:
        results.append(_calibrate(POOLED, judged, seed))
    return tuple(results)


def _calibrate(title: str, pools: Sequence[Judged], seed: int) -> Calibrated:
    tasks = [task for pool in pools for task in pool.executed]
    return Calibrated(
        title,
        len(tasks),
        sum(task.validity is None for task in tasks),
        sum(int((~task.validity.judged).sum()) for task in tasks if task.validity),
        tuple(task.warning for task in tasks if task.warning),
        tuple(
            Calibration(
                ranker,
                reliability([_sides(pool, ranker, scored_candidates) for pool in pools], seed),
                reliability([_sides(pool, ranker, scored_cases) for pool in pools], seed),
            )
            for ranker in pools[0].rankings
        ),
    )


def scored_candidates(task: Executed, ranking: Ranking) -> Scored | None:
    """Return what there is to judge of a task's candidates; None without labels."""
    if task.correct is None:
        return None
    return Scored(ranking.candidate_scores, task.correct, task.matrix.candidate_counts)


def scored_cases(task: Executed, ranking: Ranking) -> Scored | None:
    """Return what there is to judge of a task's cases; None without a reference."""
    if task.validity is None:
        return None
    judged = task.validity.judged
    counts = task.matrix.case_counts[judged]
    return Scored(ranking.case_scores[judged], task.validity.valid[judged], counts)


def _sides(pool: Judged, ranker: str, side: _Side) -> list[Scored]:
    found = map(side, pool.executed, pool.rankings[ranker])
    return [scored for scored in found if scored is not None]


def _checked(name: str, task: Executed, ranking: Ranking) -> Ranking:
    for scores in (ranking.candidate_scores, ranking.case_scores):
        for score in scores[~((scores >= 0.0) & (scores <= 1.0))]:  # NaN is neither
            raise BadScore(name, task.task_id, float(score))
    return ranking
