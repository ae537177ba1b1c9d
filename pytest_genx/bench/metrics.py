"""What a ranking is worth: expected pass@k over ties, and paired bootstrap intervals.

pass@k is the probability that one of k samples, taken in the order of the ranking, is correct,
exact in expectation: nothing is drawn. Intervals come from resampling tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

from pytest_genx.matrix import Bools, Floats, Ints

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its bootstrap interval, all as fractions; mostly a mean over tasks."""

    mean: float
    low: float
    high: float


def random_pass_at_k(n_samples: int, n_correct: int, k: int) -> float:
    """Return pass@k of a random pick of k samples without replacement.

    The unbiased estimator of Chen et al. 2021, arXiv 2107.03374; of fewer than k samples all
    are picked.

    >>> random_pass_at_k(4, 1, 1), random_pass_at_k(4, 1, 2), random_pass_at_k(4, 0, 2)
    (0.25, 0.5, 0.0)
    """
    k = min(k, n_samples)
    if n_correct == 0:
        return 0.0
    return 1.0 - comb(n_samples - n_correct, k) / comb(n_samples, k)


def ranked_pass_at_k(scores: Floats, counts: Ints, correct: Bools, k: int) -> float:
    """Return the expected pass@k of a ranking, as CodeT computes it.

    Candidates with equal scores are one group. The best k groups give one sample each, picked
    uniformly among the group's samples; with fewer than k groups more picks go round them, best
    first, with replacement. A score of 0 means unranked. When nothing is ranked, or everything
    ties, the ranking says nothing, and k samples are picked at random without replacement.

    Args:
        scores: `[n_candidates] float64`.
        counts: `[n_candidates] int64`, samples that wrote each.
        correct: `[n_candidates] bool`, the labels.
        k: number of picks, at least 1.

    The best group is half right, the next one wholly:

    >>> scores, counts = np.array([0.9, 0.9, 0.4, 0.0]), np.array([1, 1, 3, 5])
    >>> correct = np.array([True, False, True, False])
    >>> [ranked_pass_at_k(scores, counts, correct, k) for k in (1, 2)]
    [0.5, 1.0]
    """
    levels = np.unique(scores[scores > 0.0])[::-1]
    if len(levels) == 0 or bool((scores == levels[0]).all()):
        return random_pass_at_k(int(counts.sum()), int(counts[correct].sum()), k)
    missed = 1.0
    for place, level in enumerate(levels[:k]):
        group = scores == level
        share = float(counts[group & correct].sum() / counts[group].sum())
        picks = k // len(levels) + (place < k % len(levels))
        missed *= (1.0 - share) ** picks
    return 1.0 - missed


def resample(n_tasks: int, seed: int | tuple[int, ...]) -> Ints:
    """Draw the tasks of every resample: `[RESAMPLES, n_tasks] int64`.

    Using one draw for all rankers is what makes their comparison paired. A number that follows
    the seed, such as a pool's, gives draws of its own; 0 gives those of the seed alone.
    """
    rng = np.random.default_rng(seed)
    return rng.integers(0, n_tasks, size=(RESAMPLES, n_tasks))


def interval(values: Sequence[float] | npt.NDArray[np.float64], draws: Ints) -> Interval:
    """Return the mean of one value a task, with its percentile bootstrap interval.

    Args:
        values: `[n_tasks]`, not empty; for a comparison, the differences.
        draws: from `resample`.

    >>> interval([1.0, 1.0, 1.0], resample(3, seed=0))
    Interval(mean=1.0, low=1.0, high=1.0)
    """
    return mean_interval([np.asarray(values, np.float64)], [draws])


def mean_interval(pools: Sequence[Floats], draws: Sequence[Ints]) -> Interval:
    """Return the mean over pools of their means over tasks, with tasks resampled in each pool.

    Args:
        pools: of each `[n_tasks] float64`, one value a task; none is empty.
        draws: of each what `resample` gave, with different seeds.

    >>> pools = [np.ones(3), np.zeros(2)]
    >>> mean_interval(pools, [resample(3, (0, 0)), resample(2, (0, 1))])
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    estimate = float(np.mean([values.mean() for values in pools]))
    means = [values[of_pool].mean(axis=1) for values, of_pool in zip(pools, draws, strict=True)]
    return percentiles(estimate, np.mean(means, axis=0))


def percentiles(estimate: float, resampled: Floats) -> Interval:
    """Put the percentile interval around an estimate, from its value in each resample."""
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail])
    return Interval(estimate, float(low), float(high))
