"""CodeT: candidates that pass exactly the same cases agree with each other.

Chen et al. 2022, "CodeT: Code Generation with Generated Tests", arXiv 2207.10397, as published
with its code: a group of candidates with identical rows scores sqrt(samples) x cases passed, both
counted as often as they were written. A group that passes nothing scores 0. One case failed by
chance splits a group; that is the method's known weakness, and left as it is.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.rankers.rows import group_rows


def codet(matrix: PassMatrix) -> Ranking:
    """Score candidates by their group, and cases by the best group that passes them.

    Args:
        matrix: `[n_candidates, n_cases]`.

    Returns:
        Scores divided by what a group of all samples that passes all cases would have.

    Two candidates agree on the first case; a third passes the other two alone. 2**0.5 x 1 is
    less than 1**0.5 x 2:

    >>> ranking = codet(PassMatrix.of([[1, 0, 0], [1, 0, 0], [0, 1, 1]]))
    >>> ranking.candidate_scores.round(3).tolist()  # of 3**0.5 x 3 = 5.196
    [0.272, 0.272, 0.385]
    >>> ranking.case_scores.round(3).tolist()
    [0.272, 0.385, 0.385]
    """
    n_candidates, n_cases = matrix.passed.shape
    if n_candidates == 0 or n_cases == 0:
        return Ranking("codet", np.zeros(n_candidates), np.zeros(n_cases))
    groups = group_rows(matrix)
    passed = groups.rows @ matrix.case_counts
    most = matrix.candidate_counts.sum() * matrix.case_counts.sum() ** 2
    # one root of one whole number: equal products must tie
    scores = np.sqrt(groups.samples * passed**2 / most)
    return Ranking("codet", scores[groups.of], (groups.rows * scores[:, None]).max(axis=0))
