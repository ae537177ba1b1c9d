"""pass@1 of every ranker with fewer samples: `genx bench rank --curves`.

Each size is drawn several times from every task's executed matrix. All rankers see the same
draws, a task's value is the mean over its draws, and intervals come from resampling tasks. A task
that has fewer samples than a size gives all that it has; a size that no task has is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_genx.bench import metrics
from pytest_genx.bench.compare import CEILING
from pytest_genx.bench.execute import Executed
from pytest_genx.bench.metrics import Interval
from pytest_genx.bench.subsample import subsample
from pytest_genx.interfaces import Ranker
from pytest_genx.matrix import Floats

CANDIDATES = (3, 5, 10, 20, 50, 100)
CASES = (3, 5, 10, 20, 50)
DRAWS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """One size: pass@1 of each ranker, and its lead over the baseline.

    Args:
        n_candidates: samples of candidates that were drawn.
        n_cases: samples of cases that were drawn.
        short: tasks that have fewer of either, of which all were taken.
        pass_at_1: ranker to pass@1, the ceiling last.
        leads: ranker to its paired lead in pass@1 over the baseline; empty without one.
    """

    n_candidates: int
    n_cases: int
    short: int
    pass_at_1: Mapping[str, Interval]
    leads: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Curves:
    """All sizes of one pool, cases in the outer order."""

    pool: str
    n_tasks: int
    draws: int
    baseline: str
    points: tuple[Point, ...]


def draw_curves(
    pool: str,
    executed: Sequence[Executed],
    rankers: Mapping[str, Ranker],
    *,
    baseline: str,
    seed: int,
    draws: int,
    on_ranked: Callable[[int], None],
) -> Curves:
    """Subsample every task in every size, and rank what is left.

    Args:
        pool: its name.
        executed: tasks with labels, at least one.
        rankers: name to ranker.
        baseline: the ranker that leads are over.
        seed: of draws and bootstrap.
        draws: subsamples of each task and size, at least 1.
        on_ranked: told after each size and task: 1.
    """
    resamples = metrics.resample(len(executed), seed)
    points = []
    for n_candidates, n_cases in sizes(executed):
        by_task = []
        for i, task in enumerate(executed):
            size = (n_candidates, n_cases)
            by_task.append(_pass_at_1(task, rankers, size, (seed, i), draws))
            on_ranked(1)
        values = np.array(by_task)  # [n_tasks, n_rankers + 1]
        names = (*rankers, CEILING)
        spans = {n: metrics.interval(values[:, at], resamples) for at, n in enumerate(names)}
        leads = {}
        if baseline in rankers:
            base = values[:, names.index(baseline)]
            leads = {
                name: metrics.interval(values[:, at] - base, resamples)
                for at, name in enumerate(rankers)
                if name != baseline
            }
        short = sum(_is_short(task, n_candidates, n_cases) for task in executed)
        points.append(Point(n_candidates, n_cases, short, spans, leads))
    return Curves(pool, len(executed), draws, baseline, tuple(points))


def sizes(executed: Sequence[Executed]) -> list[tuple[int, int]]:
    """Return the numbers of candidates and cases that some task has at once, cases outermost."""
    return [
        (n_candidates, n_cases)
        for n_cases in CASES
        for n_candidates in CANDIDATES
        if not all(_is_short(task, n_candidates, n_cases) for task in executed)
    ]


def _is_short(task: Executed, n_candidates: int, n_cases: int) -> bool:
    matrix = task.matrix
    return bool(matrix.candidate_counts.sum() < n_candidates or matrix.case_counts.sum() < n_cases)


def _pass_at_1(
    task: Executed,
    rankers: Mapping[str, Ranker],
    size: tuple[int, int],
    seed: tuple[int, int],
    draws: int,
) -> Floats:
    """Return pass@1 of each ranker and of the ceiling, `[n_rankers + 1]`, mean over the draws."""
    assert task.correct is not None, "curves are asked for where there are labels"
    total = np.zeros(len(rankers) + 1)
    for draw in range(draws):
        some = subsample(task.matrix, *size, np.random.default_rng((*seed, *size, draw)))
        counts, correct = some.matrix.candidate_counts, task.correct[some.rows]
        scores = [ranker(some.matrix).candidate_scores for ranker in rankers.values()]
        scores.append(correct.astype(np.float64))
        total += [metrics.ranked_pass_at_k(of_one, counts, correct, 1) for of_one in scores]
    return total / draws
