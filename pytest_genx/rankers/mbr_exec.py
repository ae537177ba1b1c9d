"""MBR-exec: the candidate that behaves most like the others.

Shi et al. 2022, "Natural Language to Code Translation with Execution", arXiv 2204.11454: minimum
Bayes risk, the risk being that outputs differ. A candidate's score is the number of samples that
do as it does; of equal ones the model's more likely one comes first. Which cases are passed is
never looked at. Two forms:

* by input (the default, and the better one on recorded pools): the share of inputs on which two
  candidates run and agree;
* whole: 1 when they agree on all inputs, else 0; that is the size of the group of equal outputs.

The inputs are the calls of the cases. Without observations it is the whole form on rows of
outcomes, the size of the group of identical rows, as in the comparisons of B4 (arXiv 2409.08692);
a candidate that passes nothing then has 0. What was written twice counts twice, on either side.
Cases are scored by `support`; the paper scores candidates alone. A case that all pass, and on
which all were observed alike, changes no order.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Floats, Ints, PassMatrix, Ranking
from pytest_genx.rankers.behaviours import agreeing, behaviours
from pytest_genx.rankers.sums import support


def mbr_exec(matrix: PassMatrix, *, whole: bool = False) -> Ranking:
    """Score candidates by how many samples do as they do.

    Args:
        matrix: `[n_candidates, n_cases]`; `observed`, `erred` and `logprobs` are used where there.
        whole: agree on all inputs or not at all; always so without observations.

    Returns:
        The share of samples that agree, averaged over cases; a difference in likelihood counts
        less than the least difference in that.

    Two agree on both inputs, and a third with them on the second: (3 + 2) / 2 of 3 samples:

    >>> seen, one = np.array([[4, 5], [4, 5], [6, 5]]), np.ones(3, np.int64)
    >>> matrix = PassMatrix(seen == 4, one, one[:2], observed=seen)
    >>> mbr_exec(matrix).candidate_scores.round(3).tolist()
    [0.833, 0.833, 0.667]
    >>> mbr_exec(matrix, whole=True).candidate_scores.round(3).tolist()
    [0.667, 0.667, 0.333]
    """
    n_candidates, n_cases = matrix.passed.shape
    known = behaviours(matrix)
    samples = max(int(matrix.candidate_counts.sum()), 1)
    if whole or matrix.observed is None:
        agreed, most = _whole(known, matrix.candidate_counts), samples
    else:
        agreed = np.zeros(n_candidates, np.int64)
        for j in range(n_cases):
            agreed += matrix.case_counts[j] * agreeing(known[:, j], matrix.candidate_counts)
        most = samples * max(int(matrix.case_counts.sum()), 1)
    scores = np.where(agreed > 0, (agreed - 1 + _likelihood(matrix)) / most, 0.0)
    return Ranking("mbr_exec", scores, support(matrix, scores))


def _whole(known: Ints, counts: Ints) -> Ints:
    """Return the samples that agree on every case, 0 for who ran on none."""
    if known.shape[1] == 0:  # numpy cannot sort rows without columns
        return np.zeros(len(known), np.int64)
    rows, inverse = np.unique(known, axis=0, return_inverse=True)
    of = inverse.reshape(-1)
    sizes = np.zeros(len(rows), np.int64)
    np.add.at(sizes, of, counts)
    return np.where((known >= 0).any(axis=1), sizes[of], 0)


def _likelihood(matrix: PassMatrix) -> Floats:
    """Return the place of each candidate by likelihood, above 0 and at most 1; 1 without."""
    if matrix.logprobs is None:
        return np.ones(len(matrix.passed))
    levels, inverse = np.unique(matrix.logprobs, return_inverse=True)
    places: Floats = (inverse.reshape(-1) + 1.0) / max(len(levels), 1)
    return places
