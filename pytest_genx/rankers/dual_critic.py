"""The dual critic: which group of identical rows is right, and so which cases are.

Both sides are judged at once, after the idea of GenX (arXiv 2412.13464) though not by its updates:
by Bayes' rule over a small generative model in the manner of B4 (Chen et al. 2024, arXiv
2409.08692). Its hypotheses, two for each group c of candidates with identical rows that pass
something:

* right: the candidates of c are right, and the right cases are those that c passes;
* close: the right cases are those that c passes, but c is wrong in a way that no case shows.

Given either, wrong candidates pass a right case with probability t1 ~ Beta(1, 1), and a wrong
case with t0 ~ Beta(1, `SHYNESS` x pairs): a wrong expected value is hardly ever met by chance.
The share of right cases is ~ Beta(`CASES_RIGHT`, 1). All three are integrated out. A priori a
group is right in proportion to its samples, and close like a group of one sample.

Three departures keep this from believing itself too much. Outcomes are correlated along rows and
along columns, so that n x m pairs are worth sqrt(n x m), and m cases sqrt(m). All that counts to
the power of `TEMPER`, which moves no candidate past another but brings the top score to how often
it is right: on recorded HumanEval samples, 3 to 200 a problem; with five or six cases a problem,
half of them wrong, it stays too high. And distinct candidates and cases count once in the
evidence: copies are no witnesses. The order depends little on the other numbers: a third or three
times `SHYNESS`, or a `CASES_RIGHT` of 1, move pass@1 on a recorded pool by at most three points.

An anchor that a group fails divides its odds by exp(`ANCHOR`). Of candidates in one group those
whose observed behaviour more samples share come first; without observations they tie. When
candidates and cases share a misconception, no method that sees the matrix alone can know.
"""

from __future__ import annotations

from math import lgamma

import numpy as np
import numpy.typing as npt

from pytest_genx.matrix import Bools, Floats, Ints, PassMatrix, Ranking
from pytest_genx.rankers.rows import RowGroups, group_rows

SHYNESS = 30.0
CASES_RIGHT = 5.0
TEMPER = 0.3
ANCHOR = 14.0  # nats, for each anchor failed
CLOSE_CASES = 0.5  # how likely a case is right that a close group passes
DIGITS = 12  # of case scores: sums in another order must tie
LEAST = -600.0  # nats; above 0 even so, which is left to groups that pass nothing


def dual_critic(matrix: PassMatrix) -> Ranking:
    """Score candidates by the probability that they are right, and cases likewise.

    Args:
        matrix: `[n_candidates, n_cases]`; `anchors` and `observed` are used where there.

    Returns:
        Scores; a candidate that passes nothing has 0, and so has all when nothing passes.

    One candidate passes one case. If it is right nothing else is to be explained; if it is
    close, one pass in one pair has probability 1/2. So "right" has 1 / (1 + 0.5**0.3) = 0.55,
    and the case that and half of the rest:

    >>> ranking = dual_critic(PassMatrix.of([[1]]))
    >>> ranking.candidate_scores.round(2).tolist(), ranking.case_scores.round(2).tolist()
    ([0.55], [0.78])

    Three candidates agree, and a fourth passes what they fail:

    >>> ranking = dual_critic(PassMatrix.of([[1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 0, 1]]))
    >>> ranking.candidate_scores.round(2).tolist()
    [0.61, 0.61, 0.61, 0.05]
    """
    n_candidates, n_cases = matrix.passed.shape
    groups = group_rows(matrix)
    alive: Bools = np.any(groups.rows, axis=1)
    if not alive.any():
        return Ranking("dual_critic", np.zeros(n_candidates), np.zeros(n_cases))
    right, close = _posterior(groups, alive, matrix.anchors)
    masses = np.zeros(len(alive))
    masses[alive] = right
    case_scores = (right + CLOSE_CASES * close) @ groups.rows[alive]
    return Ranking(
        "dual_critic",
        np.clip(masses[groups.of] * _share(matrix, groups) ** TEMPER, 0.0, 1.0),
        np.clip(case_scores.round(DIGITS), 0.0, 1.0),
    )


def _posterior(groups: RowGroups, alive: Bools, anchors: Bools | None) -> tuple[Floats, Floats]:
    """Return the posterior of "right" and of "close" for each living group; all sum to 1."""
    rows = groups.rows[alive].astype(np.int64)
    members = groups.members[alive]
    n_candidates, n_cases = int(groups.members.sum()), rows.shape[1]
    passers = groups.members @ groups.rows.astype(np.int64)  # of each case

    kept = rows.sum(axis=1)  # cases that each group passes
    own = members * kept
    on_right = rows @ passers  # passes of right cases by anybody, the group itself included
    on_wrong = passers.sum() - on_right
    others = n_candidates - members
    cases = _log_beta(kept + CASES_RIGHT, n_cases - kept + 1.0) - _log_beta(CASES_RIGHT, 1.0)
    right = _pairs(on_right - own, others * kept, on_wrong, others * (n_cases - kept), groups)
    close = _pairs(on_right, n_candidates * kept, on_wrong, n_candidates * (n_cases - kept), groups)
    pairs_worth = 1.0 / np.sqrt(n_candidates * n_cases)
    shared = cases / np.sqrt(n_cases)
    failed = 0 if anchors is None else (1 - rows[:, anchors]).sum(axis=1)
    log_right = np.log(groups.samples[alive]) + shared + pairs_worth * right
    log_close = shared + pairs_worth * close
    logs = TEMPER * np.stack([log_right, log_close]) - ANCHOR * failed
    weights = np.exp(np.maximum(logs - logs.max(), LEAST))
    weights /= weights.sum()
    return weights[0], weights[1]


def _pairs(k1: Ints, n1: Ints, k0: Ints, n0: Ints, groups: RowGroups) -> Floats:
    """Return the log-likelihood of k1 passes in n1 right pairs and k0 in n0 wrong ones.

    One number for each group; t1 and t0 are integrated out.
    """
    shy = SHYNESS * groups.members.sum() * groups.rows.shape[1]
    return (
        _log_beta(k1 + 1.0, n1 - k1 + 1.0)
        + _log_beta(k0 + 1.0, n0 - k0 + shy)
        - _log_beta(1.0, shy)
    )


def _log_beta(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Return the logarithm of the beta function, elementwise."""
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(np.add(a, b))


def _log_gamma(x: npt.ArrayLike) -> Floats:
    """Return the logarithm of the gamma function, elementwise; numpy has none."""
    return np.asarray(np.vectorize(lgamma, otypes=[np.float64])(x), np.float64)


def _share(matrix: PassMatrix, groups: RowGroups) -> Floats:
    """Return, for each candidate, the share of its group's samples that were observed alike."""
    if matrix.observed is None:
        return np.ones(len(matrix.passed))
    alike = np.concatenate([groups.of[:, None], matrix.observed], axis=1)
    _, inverse = np.unique(alike, axis=0, return_inverse=True)
    behaviours = inverse.reshape(-1)
    samples = np.bincount(behaviours, weights=matrix.candidate_counts)
    share: Floats = samples[behaviours] / groups.samples[groups.of]
    return share
