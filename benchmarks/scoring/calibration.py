"""Row 4 of `ranking.py`: are scores probabilities, on tasks that had no say in the parameters?

Four parameters make the scores' size and hardly their order. For each fold they are chosen from a
grid, by the Brier score of candidates and cases on the tasks outside of it. A problem that several
pools have is in one fold.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from common import Line
from scoring.setting import Setting

from pytest_genx.bench.calibration import scored_candidates, scored_cases
from pytest_genx.bench.execute import Executed
from pytest_genx.bench.reliability import Reliability, Scored, reliability
from pytest_genx.matrix import Floats, Ints
from pytest_genx.rankers.dual_critic import DEFAULT, Parameters, dual_critic

FOLDS = 5
GRID = [
    replace(DEFAULT, temper=temper, unseen=unseen, close_passed=passed, close_failed=failed)
    for temper, unseen, passed, failed in product(
        (0.15, 0.2, 0.3), (2.0, 4.0, 6.0), (0.75, 0.85), (0.2, 0.3)
    )
]
GOAL = 0.08


@dataclass(frozen=True, slots=True)
class Tasks:
    """All tasks of all pools, and what each set of parameters is worth on them.

    Args:
        executed: `[n_tasks]`.
        pool: `[n_tasks] int64`, which pool each is of.
        brier: for each of `GRID` `[n_tasks] float64`, candidates and cases added.
    """

    executed: Sequence[Executed]
    pool: Ints
    brier: Sequence[Floats]


def out_of_fold(setting: Setting) -> Line:
    """Choose on four fifths of the tasks, judge the rest; then on all pools but one."""
    executed = [task for pool in setting.executed for task in pool]
    pool = np.array([i for i, tasks in enumerate(setting.executed) for _ in tasks])
    tasks = Tasks(executed, pool, [_brier(executed, p) for p in GRID])
    fold = np.array([zlib.crc32(task.task_id.encode()) % FOLDS for task in executed])
    candidates, cases = _crossed(tasks, fold, np.unique(pool))
    for i, one in enumerate(setting.pools):
        print(f"   {one.name}: {_figure(*_crossed(tasks, fold, np.array([i])))}")
    if len(setting.pools) > 1:
        print(f"   chosen on the other pools: {_figure(*_crossed(tasks, pool, np.unique(pool)))}")
    reached = candidates.ece.mean <= GOAL and cases.ece.mean <= GOAL
    figure = _figure(candidates, cases)
    return Line("calibration out of fold, all pools", figure, f"at most {GOAL}", reached)


def _brier(executed: Sequence[Executed], parameters: Parameters) -> Floats:
    return np.array(
        [
            sum(
                float(((side.scores - side.right) ** 2).mean()) if len(side.scores) else 0.0
                for side in _scored(task, parameters)
            )
            for task in executed
        ]
    )


def _crossed(tasks: Tasks, fold: Ints, shown: Ints) -> tuple[Reliability, Reliability]:
    """Judge the pools that are shown by what was chosen on the other folds of all pools."""
    best = {
        f: GRID[int(np.argmin([brier[fold != f].mean() for brier in tasks.brier]))]
        for f in np.unique(fold).tolist()
    }
    sides: tuple[list[list[Scored]], list[list[Scored]]] = ([], [])
    for i in shown.tolist():
        scored = [
            _scored(tasks.executed[at], best[int(fold[at])])
            for at in np.flatnonzero(tasks.pool == i)
        ]
        for side, of_pool in zip(sides, zip(*scored, strict=True), strict=True):
            side.append(list(of_pool))
    candidates, cases = (reliability(side, 0) for side in sides)
    assert candidates is not None
    assert cases is not None
    return candidates, cases


def _scored(task: Executed, parameters: Parameters) -> tuple[Scored, Scored]:
    """Return both sides of a task; cases on which the reference ran out of time are left out."""
    ranking = dual_critic(task.matrix, parameters=parameters)
    candidates, cases = scored_candidates(task, ranking), scored_cases(task, ranking)
    assert candidates is not None
    assert cases is not None
    return candidates, cases


def _figure(candidates: Reliability, cases: Reliability) -> str:
    parts = [
        f"{side} {found.ece.mean:.3f} [{found.ece.low:.3f}, {found.ece.high:.3f}]"
        for side, found in (("candidates", candidates), ("cases", cases))
    ]
    return "ECE of " + ", of ".join(parts)
