"""Votes: a candidate counts the cases it passes, a case the samples that pass it.

The usual "most tests passed" (for one, MaxPass in Chen et al. 2022, arXiv 2207.10397). Every case
counts alike, so wrong and trivial ones do harm.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import PassMatrix, Ranking


def majority(matrix: PassMatrix) -> Ranking:
    """Score candidates by the share of cases they pass, cases by the share of samples.

    Args:
        matrix: `[n_candidates, n_cases]`; a case or candidate written twice votes twice.

    Returns:
        Scores of 0 where there is nothing to vote.

    >>> ranking = majority(PassMatrix.of([[1, 1, 0], [0, 1, 0]]))
    >>> ranking.candidate_scores.round(2).tolist(), ranking.case_scores.tolist()
    ([0.67, 0.33], [0.5, 1.0, 0.0])
    """
    passed = matrix.passed.astype(np.int64)
    n_samples = max(int(matrix.candidate_counts.sum()), 1)
    n_written = max(int(matrix.case_counts.sum()), 1)
    return Ranking(
        "majority",
        passed @ matrix.case_counts / n_written,
        matrix.candidate_counts @ passed / n_samples,
    )
