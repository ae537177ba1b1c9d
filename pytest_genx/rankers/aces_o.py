"""ACES-O: the weights of cases with which every case agrees best with the ranking of the others.

Sun et al. 2026, "ACES: Who Tests the Tests? Leave-One-Out AUC Consistency for Code Generation",
arXiv 2604.03922. Maximises, over weights w that are not negative and sum to 1,

    sum over j of w_j (AUC_j(w) - 1/2)

where AUC_j(w) is that of `aces_c` with weighted votes, made smooth: a pair of samples counts
sigmoid(difference of their scores without case j / temperature) instead of 0, 1/2 or 1.

What we know of the paper has neither the step, the temperature nor the number of iterations.
Chosen here: gradient ascent from the weights of ACES-C (from equal ones if those are all 0), each
step followed by the projection on the simplex (Duchi et al. 2008, doi 10.1145/1390156.1390191).
Few and short steps: the objective is greatest when all weight is on a few cases that agree with
each other, right or wrong. On recorded pools a longer ascent gained a few points of pass@1 where
cases are weak, and lost more where they are good. So differences from the paper's results are to
be expected.

What was written twice counts twice, and one copy is left out. Constant cases weigh nothing. The
cost is that of all pairs of distinct rows for every case and step; from `WORK` pairs on there are
fewer steps, so that a thousand distinct candidates on a thousand cases get one.
"""

from __future__ import annotations

import numpy as np

from pytest_genx.matrix import Floats, Ints, PassMatrix, Ranking
from pytest_genx.rankers.aces_c import written_weights
from pytest_genx.rankers.rows import RowGroups, group_rows
from pytest_genx.rankers.sums import DIGITS, scaled, summable

WORK = 10**8


def aces_o(
    matrix: PassMatrix, *, steps: int = 5, step: float = 0.3, temperature: float = 0.3
) -> Ranking:
    """Score candidates by the weight of the cases they pass, and cases by their weight.

    Args:
        matrix: `[n_candidates, n_cases]`; what was written twice counts twice.
        steps: of the ascent, at most.
        step: how far the weights move along the gradient, in units of the mean weight.
        temperature: of the sigmoid, in units of scores, which are at most 1; above 0.

    Returns:
        Shares of all weight for candidates, and of the greatest weight for cases; all are 0
        when every case is constant.

    Raises:
        ValueError: `temperature` is not above 0, or `steps` is negative.

    The third case contradicts the first two and ends with the least weight:

    >>> ranking = aces_o(PassMatrix.of([[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0]]))
    >>> int(ranking.candidate_scores.argmax()), int(ranking.case_scores.argmin())
    (0, 2)
    """
    if temperature <= 0.0 or steps < 0:
        raise ValueError(
            f"`temperature` must be above 0 and `steps` not negative: {temperature}, {steps}"
        )
    n_candidates, n_cases = matrix.passed.shape
    groups = group_rows(matrix)
    passing = groups.samples @ groups.rows.astype(np.int64)
    split = (passing > 0) & (passing < groups.samples.sum())
    if not split.any():
        return Ranking("aces_o", np.zeros(n_candidates), np.zeros(n_cases))
    written = np.maximum(written_weights(matrix), 0) * matrix.case_counts
    weights = (written if written.any() else split * matrix.case_counts).astype(np.float64)
    weights = summable(weights / weights.sum(), 2.0)
    pairs = len(groups.rows) ** 2 * int(split.sum())
    for _ in range(min(steps, max(1, WORK // pairs))):
        slope = _gradient(weights, groups, matrix, temperature)
        copies = weights / matrix.case_counts + step / matrix.case_counts[split].sum() * slope
        weights = np.zeros(n_cases)
        weights[split] = _on_simplex(copies[split], matrix.case_counts[split])
    scores = np.minimum((groups.rows @ weights).round(DIGITS), 1.0)
    cases = scaled(weights / matrix.case_counts).round(DIGITS)
    return Ranking("aces_o", scores[groups.of], cases)


def _gradient(weights: Floats, groups: RowGroups, matrix: PassMatrix, temperature: float) -> Floats:
    """Return the gradient of the smooth objective; `weights` are of all copies of a case."""
    scores = groups.rows @ weights
    agreement = np.zeros(len(weights))  # the smooth AUC less 1/2
    pull = np.zeros((len(weights), len(groups.rows)))  # of each case on each group's score
    own = np.zeros(len(weights))
    for j in np.flatnonzero(groups.rows.any(axis=0) & ~groups.rows.all(axis=0)):
        passes = groups.rows[:, j]
        copy = weights[j] / matrix.case_counts[j]
        above, below = scores[passes] - copy, scores[~passes]
        shares = np.outer(
            groups.samples[passes] / groups.samples[passes].sum(),
            groups.samples[~passes] / groups.samples[~passes].sum(),
        )
        won = 0.5 + 0.5 * np.tanh((above[:, None] - below) / (2.0 * temperature))
        agreement[j] = summable(shares * won, 2.0).sum() - 0.5
        slopes = summable(shares * won * (1.0 - won) / temperature, 1.0 / temperature)
        pull[j, passes] = weights[j] * slopes.sum(axis=1)
        pull[j, ~passes] = -weights[j] * slopes.sum(axis=0)
        own[j] = copy * slopes.sum()
    pulls = summable(pull, 1.0 / temperature).sum(axis=0)
    return agreement + summable(pulls, 1.0 / temperature) @ groups.rows - own


def _on_simplex(copies: Floats, counts: Ints) -> Floats:
    """Return the nearest weights that are not negative and sum to 1, copies taken together.

    Args:
        copies: `[n] float64`, the weight of one copy.
        counts: `[n] int64`, how many copies there are; each is a coordinate of its own.
    """
    order = np.argsort(-copies, kind="stable")
    mass = np.cumsum(summable((copies * counts)[order], float(np.abs(copies) @ counts) + 1.0))
    shifts = (mass - 1.0) / np.cumsum(counts[order])
    last = int(np.flatnonzero(copies[order] > shifts)[-1])
    return summable(np.maximum(copies - shifts[last], 0.0) * counts, 2.0)
