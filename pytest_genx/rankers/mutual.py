"""Mutual reinforcement: good candidates pass good cases, and good cases are passed by those.

A reconstruction after the abstract and reviews of Liu et al. 2024, "GenX: Mastering Code and Test
Generation with Execution Feedback", arXiv 2412.13464: the paper says that both scores are updated
iteratively from the pass matrix and normalised to [0, 1]; its initial values, order of updates,
normaliser and number of steps were not available. Nothing measured with this is a number of GenX.

    start with c = 1;  repeat: t <- norm(P' c), c <- norm(P t**exponent)

This is HITS (Kleinberg 1999, doi 10.1145/324133.324140) with candidates as hubs. With
`norm="max"` and `exponent=1` every step is one of power iteration, and so are they with any other
positive factor: the scores converge to the principal singular vectors of P, at the rate of the
squared ratio of the second singular value to the first. When the first is multiple (blocks that
share nothing), the limit is the start's projection on their space; otherwise everything outside
the heaviest block goes to 0. After one step a candidate's score is the sum of its cases' pass
rates. `norm="minmax"` subtracts the least score each time, and converges to something else.

Copies of a row or column are the same as one with their count, as in every ranker that counts
votes. A case that all candidates pass moves nobody past anybody with one step; with more it may,
for it raises large groups in proportion.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Floats, PassMatrix, Ranking
from pytest_genx.rankers.sums import DIGITS, scaled, summable


def mutual(
    matrix: PassMatrix, *, norm: str = "max", steps: int = 50, exponent: float = 1.0
) -> Ranking:
    """Score both sides by each other.

    Args:
        matrix: `[n_candidates, n_cases]`; what was written twice counts twice.
        norm: "max" divides by the greatest score; "minmax" subtracts the least one before that
            (scores that are all equal are divided only).
        steps: updates of each side, at least 1.
        exponent: what the cases' scores are raised to when candidates are scored; above 1 it
            gives popular cases more weight.

    Returns:
        Scores of which the greatest is 1 on either side; all are 0 when nothing passes.

    Raises:
        ValueError: `norm` is unknown, or `steps` below 1.

    Pass rates are 1, 1/2 and 1/2, so that both candidates have 3/2:

    >>> matrix = PassMatrix.of([[1, 1, 0], [1, 0, 1]])
    >>> ranking = mutual(matrix, steps=1)
    >>> ranking.candidate_scores.tolist(), ranking.case_scores.tolist()
    ([1.0, 1.0], [1.0, 0.5, 0.5])

    Of P = [[1, 1], [1, 0]] the principal singular vectors have the ratio of the golden section:

    >>> mutual(PassMatrix.of([[1, 1], [1, 0]])).candidate_scores.round(3).tolist()
    [1.0, 0.618]
    """
    if norm not in ("max", "minmax"):
        raise ValueError(f"`norm` is {norm!r}; known: max, minmax")
    if steps < 1:
        raise ValueError(f"`steps` is {steps}, and must be at least 1")
    n_candidates, n_cases = matrix.passed.shape
    if not matrix.passed.any():
        return Ranking("mutual", np.zeros(n_candidates), np.zeros(n_cases))
    passed = matrix.passed.astype(np.float64)
    candidate_shares = matrix.candidate_counts / matrix.candidate_counts.sum()
    case_shares = matrix.case_counts / matrix.case_counts.sum()
    candidates, cases = np.ones(n_candidates), np.ones(n_cases)
    for _ in range(steps):
        cases = _normalised(summable(candidate_shares * candidates) @ passed, norm)
        candidates = _normalised(passed @ summable(case_shares * cases**exponent), norm)
    return Ranking("mutual", candidates.round(DIGITS), cases.round(DIGITS))


def _normalised(scores: Floats, norm: str) -> Floats:
    """Bring scores to [0, 1]."""
    scores = scaled(scores)
    if norm == "minmax":
        scores = scores.round(DIGITS)  # or a span of nothing but rounding errors would become 1
        least, most = float(scores.min()), float(scores.max())
        scores = (scores - least) / (most - least) if least < most else scores
    return scores
