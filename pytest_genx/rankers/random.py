"""No opinion: every candidate and every case ties. The floor that other rankers are held against.

Nothing is drawn here; the expectation over ties of whoever measures is then that of a random pick.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import PassMatrix, Ranking


def random(matrix: PassMatrix) -> Ranking:
    """Score everything 0.5.

    Args:
        matrix: `[n_candidates, n_cases]`; only its shape is used.

    >>> random(PassMatrix.of([[1, 0], [1, 1]])).candidate_scores.tolist()
    [0.5, 0.5]
    """
    n_candidates, n_cases = matrix.passed.shape
    return Ranking("random", np.full(n_candidates, 0.5), np.full(n_cases, 0.5))
