"""How far scores are probabilities: reliability table, ECE and Brier score, with intervals.

A score is put into one of `BINS` bins of equal width. The expected calibration error (Naeini et
al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning") is the mean over bins,
each weighted by the weight in it, of the distance between mean score and share of what is right.
Intervals come from resampling tasks, for what belongs to one task is not independent. Nothing is
executed here, and nothing ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pytest_genx.bench import metrics
from pytest_genx.bench.metrics import RESAMPLES, Interval
from pytest_genx.matrix import Bools, Floats, Ints

BINS = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """One side of one task: scores, and what is right.

    Args:
        scores: `[n] float64` in [0, 1].
        right: `[n] bool`.
        samples: `[n] int64`, samples that wrote each.
    """

    scores: Floats
    right: Bools
    samples: Ints


@dataclass(frozen=True, slots=True)
class Bin:
    """One line of a reliability table; an empty bin has neither a mean nor a share.

    The interval of the share comes from the resamples in which the bin is not empty.
    """

    low: float
    high: float
    number: int
    mean_score: float | None
    share_right: Interval | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Scores of one side against what is right.

    Args:
        n_tasks: tasks with something to judge.
        number: distinct candidates, or cases.
        share_right: of them.
        bins: every distinct candidate or case counted once.
        ece: likewise.
        brier: mean squared distance between score and right or wrong, likewise.
        ece_by_samples: each weighted by the samples that wrote it.
        brier_by_samples: likewise.
    """

    n_tasks: int
    number: int
    share_right: float
    bins: tuple[Bin, ...]
    ece: Interval
    brier: Interval
    ece_by_samples: Interval
    brier_by_samples: Interval


def reliability(pools: Sequence[Sequence[Scored]], seed: int) -> Reliability | None:
    """Judge scores, of one pool or of several together; tasks are resampled within each pool.

    Args:
        pools: the tasks of each pool; those without anything to judge do not count.
        seed: of the bootstrap.

    Returns:
        None when there is nothing to judge at all.

    Two scores of 0.5, one of them right, and a wrong score of 0.2. In their bins the errors are 0
    and 0.2, so the ECE is (2 x 0 + 1 x 0.2) / 3, and the Brier score (0.25 + 0.25 + 0.04) / 3:

    >>> ones = np.ones(3, np.int64)
    >>> found = reliability([[Scored(np.array([0.5, 0.5, 0.2]), ones == [1, 0, 0], ones)]], 0)
    >>> round(found.ece.mean, 3), round(found.brier.mean, 3)
    (0.067, 0.18)
    """
    kept = [[task for task in pool if len(task.scores)] for pool in pools]
    kept = [pool for pool in kept if pool]
    if not kept:
        return None
    tasks = [task for pool in kept for task in pool]
    times = np.concatenate([_times(len(pool), (seed, i)) for i, pool in enumerate(kept)], axis=1)
    once = np.array([_sums(task, np.ones(len(task.scores))) for task in tasks])
    by_samples = np.array([_sums(task, task.samples.astype(np.float64)) for task in tasks])
    total = once.sum(axis=0)
    return Reliability(
        len(tasks),
        round(total[0].sum()),
        float(total[2].sum() / total[0].sum()),
        _bins(once, times),
        _interval(_ece, once, times),
        _interval(_brier, once, times),
        _interval(_ece, by_samples, times),
        _interval(_brier, by_samples, times),
    )


def _times(n_tasks: int, seed: tuple[int, ...]) -> Floats:
    """Return how often each resample has each task: `[RESAMPLES, n_tasks]`."""
    draws = metrics.resample(n_tasks, seed)
    times = np.zeros((RESAMPLES, n_tasks))
    np.add.at(times, (np.arange(RESAMPLES)[:, None], draws), 1.0)
    return times


def _sums(task: Scored, weights: Floats) -> Floats:
    """Return what a task adds to each bin: weight, scores, right, squared errors `[4, BINS]`."""
    at = np.minimum((task.scores * BINS).astype(np.int64), BINS - 1)
    columns = (1.0, task.scores, task.right, (task.scores - task.right) ** 2)
    return np.array([np.bincount(at, weights * column, minlength=BINS) for column in columns])


def _ece(sums: Floats) -> Floats:
    """Return the calibration error of sums `[..., 4, BINS]`."""
    error: Floats = np.abs(sums[..., 1, :] - sums[..., 2, :]).sum(axis=-1)
    error /= sums[..., 0, :].sum(axis=-1)
    return error


def _brier(sums: Floats) -> Floats:
    """Return the Brier score of sums `[..., 4, BINS]`."""
    error: Floats = sums[..., 3, :].sum(axis=-1)
    error /= sums[..., 0, :].sum(axis=-1)
    return error


def _interval(of: Callable[[Floats], Floats], sums: Floats, times: Floats) -> Interval:
    """Put the interval around a number made of the sums of tasks `[n_tasks, 4, BINS]`."""
    resampled = np.tensordot(times, sums, axes=1)
    return metrics.percentiles(float(of(sums.sum(axis=0))), of(resampled))


def _bins(sums: Floats, times: Floats) -> tuple[Bin, ...]:
    total = sums.sum(axis=0)
    resampled = np.tensordot(times, sums, axes=1)
    lines = []
    for i, (number, scores, right, _) in enumerate(total.T):
        mean = share = None
        if number:
            mean = float(scores / number)
            filled = resampled[resampled[:, 0, i] > 0.0, :, i]
            share = metrics.percentiles(float(right / number), filled[:, 2] / filled[:, 0])
        lines.append(Bin(i / BINS, (i + 1) / BINS, round(number), mean, share))
    return tuple(lines)
