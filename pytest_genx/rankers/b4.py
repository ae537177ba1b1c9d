"""B4: the group of identical rows that is most likely right, by Bayes' rule.

Chen et al. 2024, "B4: Towards Optimal Assessment of Plausible Code Solutions with Plausible Tests",
arXiv 2409.08692. A group's hypothesis: its candidates are the right ones, and right cases are
exactly those that it passes. Then wrong candidates pass right cases with one unknown probability
and wrong cases with another, both integrated out over Beta priors. For a group x of |x| samples
that passes the cases y, of n samples and m cases in all, with k1 of the e1 pairs (sample outside x,
case in y) passed and k0 of the e0 pairs (outside x, not in y), and B the beta function:

    ln B(|y| + a, m - |y| + 1) + ln B(|x| + a, n - |x| + 1)
        + ln B(k1 + 1, e1 - k1 + 1) + ln B(k0 + 1, e0 - k0 + b0)

Candidates and cases count as often as they were written. (In the paper's own evaluation copies,
candidates that crash, and tasks without right or without wrong candidates are left out.) A case is
scored by the posterior: the sum over groups that pass it, every group as likely a priori. A case
that all pass changes the order at times, for the terms of |y| and e1 grow with it.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Bools, PassMatrix, Ranking
from pytest_genx.rankers.beta import log_beta
from pytest_genx.rankers.rows import group_rows
from pytest_genx.rankers.sums import summable

DIGITS = 6  # of nats; the logarithms below are of that accuracy for a million pairs


def b4(matrix: PassMatrix, *, a: float = 100.0, b0: float = 1e4) -> Ranking:
    """Score candidates by their group's posterior, and cases likewise.

    Args:
        matrix: `[n_candidates, n_cases]`; what was written twice counts twice.
        a: how much a large share of right samples and right cases is expected, above 0.
        b0: how much wrong candidates are expected to fail wrong cases, above 0.

    Returns:
        1 / (1 + d) for candidates, d being how many nats the group is behind the best: posteriors
        themselves would be 0 for all but a few, and tie. Candidates that pass nothing have 0.

    Raises:
        ValueError: a parameter is not above 0.

    One candidate passes one case, another passes none. For the first |x| = |y| = 1, e1 = 1,
    k1 = 0, and there are no other pairs; the second is not ranked:

    >>> ranking = b4(PassMatrix.of([[1], [0]]))
    >>> ranking.candidate_scores.tolist(), ranking.case_scores.tolist()
    ([1.0, 0.0], [1.0])

    With a = b0 = 1, of two candidates on three cases: ln B(3, 2) + ln B(2, 2) + ln B(1, 3) +
    ln B(2, 1) for the first, ln B(2, 3) + ln B(2, 2) + ln B(1, 2) + ln B(3, 1) for the second,
    which are equal:

    >>> b4(PassMatrix.of([[1, 1, 0], [0, 0, 1]]), a=1, b0=1).candidate_scores.tolist()
    [1.0, 1.0]
    """
    if a <= 0.0 or b0 <= 0.0:
        raise ValueError(f"`a` and `b0` must be above 0, and are {a} and {b0}")
    n_candidates, n_cases = matrix.passed.shape
    groups = group_rows(matrix)
    alive: Bools = np.any(groups.rows, axis=1)
    if not alive.any():
        return Ranking("b4", np.zeros(n_candidates), np.zeros(n_cases))
    rows = groups.rows[alive].astype(np.int64)
    samples = groups.samples[alive]
    n, m = int(matrix.candidate_counts.sum()), int(matrix.case_counts.sum())
    passes = matrix.case_counts * (matrix.candidate_counts @ matrix.passed.astype(np.int64))

    kept = rows @ matrix.case_counts  # |y|
    inside = rows @ passes  # passes of cases in y by anybody, and all that x passes is there
    k1, e1 = inside - samples * kept, (n - samples) * kept
    k0, e0 = passes.sum() - inside, (n - samples) * (m - kept)
    logs = (
        log_beta(kept + a, m - kept + 1.0)
        + log_beta(samples + a, n - samples + 1.0)
        + log_beta(k1 + 1.0, e1 - k1 + 1.0)
        + log_beta(k0 + 1.0, e0 - k0 + b0)
    )
    behind = (logs.max() - logs).round(DIGITS)
    scores = np.zeros(len(alive))
    scores[alive] = 1.0 / (1.0 + behind)
    weights = np.exp(-behind)
    posterior = summable(weights / summable(weights, float(len(weights))).sum(), 2.0)
    return Ranking("b4", scores[groups.of], np.minimum(posterior @ rows, 1.0))
