"""SRank: groups of equal behaviour, each supported by those that partly agree with it.

To et al. 2024, "Functional Overlap Reranking for Neural Code Generation", arXiv 2311.03366. For
groups c of candidates with the same outputs on all inputs:

    r = I v,  v_c = share of samples in c x share of cases that c passes

where I_cd is the share of inputs on which both c and d run and agree. That needs observations;
the inputs are the calls of the cases. Without observations candidates agree on a case when both
pass it, and on nothing else; groups are then those of identical rows.

Since v is a sum over the samples of a group, r is computed from samples directly: no groups are
made, and the cost is that of the matrix. What was written twice counts twice, on either side.
Cases are scored by `support`; the paper scores candidates alone. A case that all pass, and on
which all were observed alike, adds the same to all but also makes pass rates more equal; so it
can change the order.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import PassMatrix, Ranking
from pytest_genx.rankers.behaviours import agreeing, behaviours
from pytest_genx.rankers.sums import support


def srank(matrix: PassMatrix) -> Ranking:
    """Score candidates by the weight of those they agree with, on the average over cases.

    Args:
        matrix: `[n_candidates, n_cases]`; `observed` and `erred` are used where there.

    Returns:
        Scores; 0 when there is nothing to agree on.

    The first two agree on both cases and pass one, so v = 2/3 x 1/2 for both together; the third
    agrees on the second case, and passes none:

    >>> seen = np.array([[4, 5], [4, 5], [6, 5]])
    >>> one = np.ones(3, np.int64)
    >>> passed = np.array([[True, False], [True, False], [False, False]])
    >>> srank(PassMatrix(passed, one, one[:2], observed=seen)).candidate_scores.round(3).tolist()
    [0.333, 0.333, 0.167]
    """
    n_candidates, n_cases = matrix.passed.shape
    scores = np.zeros(n_candidates, np.int64)
    known = behaviours(matrix)
    # all in whole numbers: v times samples x cases
    values = matrix.candidate_counts * (matrix.passed.astype(np.int64) @ matrix.case_counts)
    for j in range(n_cases):
        scores += matrix.case_counts[j] * agreeing(known[:, j], values)
    samples = max(int(matrix.candidate_counts.sum()), 1)
    cases = max(int(matrix.case_counts.sum()), 1)
    shares = scores / (float(samples) * float(cases) ** 2)
    return Ranking("srank", shares, support(matrix, shares))
