"""ACES-C: a case is worth as much as it agrees with the ranking that all other cases make.

Sun et al. 2026, "ACES: Who Tests the Tests? Leave-One-Out AUC Consistency for Code Generation",
arXiv 2604.03922, in its closed form:

    w_j = max(0, AUC_j - 1/2) x p_j (1 - p_j),  score of candidate i = sum over j of w_j P_ij

where p_j is the case's pass rate, and AUC_j the probability that of two samples, one that passes
case j and one that fails it, the first passes more of the other cases (a tie is one half). Cases
that all pass or all fail weigh nothing. Misleading cases are clipped at 0, not held against
anybody; when they are the majority, the ranking that is agreed with is itself inverted.

What was written twice counts twice, and one copy is left out; so a copy speaks for its original.
All of it is done in whole numbers. A case that all pass changes nothing, neither order nor scores.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Ints, PassMatrix, Ranking
from pytest_genx.rankers.sums import scaled


def aces_c(matrix: PassMatrix) -> Ranking:
    """Score candidates by the weight of the cases they pass, and cases by their weight.

    Args:
        matrix: `[n_candidates, n_cases]`; what was written twice counts twice.

    Returns:
        Shares of all weight for candidates, and of the greatest weight for cases. All are 0
        where no case weighs anything, as with a single candidate, or a single case.

    Who passes the first case passes 1, 1 and 0 others, who fails it 0: AUC 5/6, times 3/4 x 1/4.
    For the second it is 1 and 1 against 0 and 1: AUC 3/4, times 1/2 x 1/2. So (5/6 - 1/2) 3/16 =
    1/16 for the first and (3/4 - 1/2) 1/4 = 1/16 for the second, and the third is constant:

    >>> ranking = aces_c(PassMatrix.of([[1, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0]]))
    >>> ranking.candidate_scores.tolist(), ranking.case_scores.tolist()
    ([1.0, 1.0, 0.0, 0.5], [1.0, 1.0, 0.0])
    """
    weights = written_weights(matrix)
    total = max(int(matrix.case_counts @ weights), 1)
    return Ranking(
        "aces_c",
        matrix.passed.astype(np.int64) @ (matrix.case_counts * weights) / total,
        scaled(weights.astype(np.float64)),
    )


def written_weights(matrix: PassMatrix) -> Ints:
    """Return the weight of one written copy of each case, times 2 x samples**2.

    With n1 samples that pass and n0 that fail, p (1 - p) is n1 n0 / samples**2, and so
    (AUC - 1/2) p (1 - p) is (won pairs + half of the tied ones - n1 n0 / 2) / samples**2.

    Args:
        matrix: `[n_candidates, n_cases]`.

    Returns:
        `[n_cases] int64`, 0 or more.
    """
    n_candidates, n_cases = matrix.passed.shape
    if n_candidates == 0 or n_cases == 0:
        return np.zeros(n_cases, np.int64)
    counted = matrix.candidate_counts[:, None] * matrix.passed
    votes = matrix.passed.astype(np.int64) @ matrix.case_counts
    order = np.argsort(votes, kind="stable")
    levels, starts = np.unique(votes[order], return_index=True)
    passing = np.add.reduceat(counted[order], starts, axis=0)  # samples, by level and case
    samples = np.add.reduceat(matrix.candidate_counts[order], starts)
    failing = np.zeros((len(levels) + 1, n_cases), np.int64)  # samples below a level, likewise
    np.cumsum(samples[:, None] - passing, axis=0, out=failing[1:])
    # without the case itself who passes it has one vote less
    won = failing[np.searchsorted(levels, levels - 1, side="left")]
    won_or_tied = failing[np.searchsorted(levels, levels - 1, side="right")]
    twice = (passing * (won + won_or_tied)).sum(axis=0)
    weights: Ints = np.maximum(twice - passing.sum(axis=0) * failing[-1], 0)
    return weights
