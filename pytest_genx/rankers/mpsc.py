"""MPSC from passes alone: consistency spread over the graph of who passes what.

Huang et al. 2024, "Enhancing Large Language Models in Coding Through Multi-Perspective
Self-Consistency", arXiv 2309.17272. Its graph has solutions, specifications and test cases; here
are no specifications, so an edge is a pass. With D the degrees of both sides' vertices and A the
edges:

    s <- alpha D^-1/2 A D^-1/2 s + (1 - alpha) s0

until nothing changes by more than `TOLERANCE`; s0 is uniform (the paper also has better informed
ones, which need outputs or text). As in its code alpha is 0.95 when the mean edge weight, here the
share of pairs passed, is at least 0.16, else 0.01. The fixed point is unique; both sides take
turns, which gets there in half the steps.

Copies count as vertices of their own. The solution's scale has no meaning, and both sides are
divided by their greatest score. Who passes nothing keeps (1 - alpha) s0, which is the least there
is. A case that all pass can change the order: it changes every degree.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Floats, PassMatrix, Ranking
from pytest_genx.rankers.sums import DIGITS, scaled, summable

DENSE = 0.16
TOLERANCE = 1e-6  # of scores that start at 1
MOST_STEPS = 1000  # a bound alone: each step shrinks the distance by alpha**2


def mpsc(matrix: PassMatrix, *, alpha: float | None = None) -> Ranking:
    """Score both sides by the fixed point.

    Args:
        matrix: `[n_candidates, n_cases]`; what was written twice counts twice.
        alpha: in [0, 1); None for the published choice by the share of pairs passed.

    Returns:
        Scores of which the greatest is 1 on either side; all are 0 when nothing passes.

    Raises:
        ValueError: `alpha` is out of range.

    Two candidates pass one case; its edges weigh 1 / sqrt(2). With alpha = 1/2 the candidates
    have c = t / sqrt(8) + 1/2 and the case t = c / sqrt(2) + 1/2, which tie. A third that passes
    nothing has 1/2, of 0.902:

    >>> mpsc(PassMatrix.of([[1], [1], [0]]), alpha=0.5).candidate_scores.round(3).tolist()
    [1.0, 1.0, 0.554]
    """
    if alpha is not None and not 0.0 <= alpha < 1.0:
        raise ValueError(f"`alpha` is {alpha}, and must be within 0 and 1, and not 1")
    n_candidates, n_cases = matrix.passed.shape
    if not matrix.passed.any():
        return Ranking("mpsc", np.zeros(n_candidates), np.zeros(n_cases))
    passed = matrix.passed.astype(np.float64)
    candidate_degrees = passed @ matrix.case_counts
    case_degrees = matrix.candidate_counts @ passed
    n, m = int(matrix.candidate_counts.sum()), int(matrix.case_counts.sum())
    if alpha is None:
        edges = float(candidate_degrees @ matrix.candidate_counts)
        alpha = 0.95 if edges / (n * m) >= DENSE else 0.01
    to_candidates, to_cases = _inverse_root(candidate_degrees), _inverse_root(case_degrees)
    candidates, cases = np.ones(n_candidates), np.ones(n_cases)
    for _ in range(MOST_STEPS):
        before = candidates
        sent = summable(matrix.candidate_counts * to_candidates * candidates, n + m)
        cases = alpha * to_cases * (sent @ passed) + 1.0 - alpha
        sent = summable(matrix.case_counts * to_cases * cases, n + m)
        candidates = alpha * to_candidates * (passed @ sent) + 1.0 - alpha
        if np.abs(candidates - before).max() <= TOLERANCE:
            break
    return Ranking("mpsc", scaled(candidates).round(DIGITS), scaled(cases).round(DIGITS))


def _inverse_root(degrees: Floats) -> Floats:
    """Return degree**-1/2, and 0 for vertices without edges."""
    return np.where(degrees > 0.0, 1.0 / np.sqrt(np.maximum(degrees, 1.0)), 0.0)
