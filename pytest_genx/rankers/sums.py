"""Sums that come out the same in any order, so that equal inputs tie; and a score made of one.

Floating point addition is not associative: without care two identical columns of a permuted matrix
could differ in their last bit. Here terms become whole multiples of one small unit first.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Floats, PassMatrix

DIGITS = 12  # of scores, where different sums are equal but for rounding
UNITS = 2.0**50  # to the bound; three bits are left of a float64's 53


def summable(terms: Floats, bound: float = 1.0) -> Floats:
    """Round terms so that any sum of some of them is exact, and so the same in any order.

    Args:
        terms: any shape.
        bound: at least the sum of the terms' absolute values; the unit is `bound / 2**50`.

    >>> a, b, c = summable(np.array([0.1, 0.2, 0.3])).tolist()
    >>> (a + b) + c == a + (b + c), (0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3)
    (True, False)
    """
    unit = 2.0 ** np.ceil(np.log2(bound)) / UNITS  # a power of two, or multiples were not exact
    rounded: Floats = np.rint(terms / unit) * unit
    return rounded


def scaled(scores: Floats) -> Floats:
    """Divide scores of 0 or more by the greatest, when there is one above 0."""
    most = float(scores.max(initial=0.0))
    return scores / most if most > 0.0 else np.zeros_like(scores)


def support(matrix: PassMatrix, candidate_scores: Floats) -> Floats:
    """Score cases by candidates: the share of all samples' scores that those have that pass it.

    For methods whose papers score candidates alone.

    Args:
        matrix: `[n_candidates, n_cases]`.
        candidate_scores: `[n_candidates] float64` in [0, 1].

    Returns:
        `[n_cases] float64` in [0, 1]; 0 where all scores are 0.

    >>> support(PassMatrix.of([[1, 1], [0, 1]]), np.array([0.75, 0.25])).tolist()
    [0.75, 1.0]
    """
    samples = max(int(matrix.candidate_counts.sum()), 1)
    weights = summable(candidate_scores * matrix.candidate_counts / samples)
    total = weights.sum()
    if total == 0.0:
        return np.zeros(matrix.passed.shape[1])
    shares: Floats = weights @ matrix.passed.astype(np.float64) / total
    return shares
