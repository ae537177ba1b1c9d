"""The dual critic: which group of identical rows is right, and so which cases are.

Both sides are judged at once, after the idea of GenX (arXiv 2412.13464) though not by its updates:
by Bayes' rule over a small generative model in the manner of B4 (Chen et al. 2024, arXiv
2409.08692). Its hypotheses, two for each group g of candidates with identical rows that pass
something:

* right: the candidates of g are right, and the right cases are those that g passes;
* close: the right cases are mostly those that g passes, but right code was not written.

What each makes likely:

* samples: right code is written in proportion to the samples of g; under "close", like one sample;
* cases: the share of right cases is ~ Beta(`cases_right`, 1);
* pairs: wrong candidates pass a right case with probability t1 ~ Beta(1, 1), and a wrong case with
  t0 ~ Beta(1, `shyness` x pairs), as a wrong expected value is hardly ever met by chance.

All three are integrated out. Samples of one model are no independent witnesses, nor are the cells
of one row or column, so each likelihood counts to a power of its own (a composite likelihood):
s samples in a group, or of cases with identical columns, are `s**witness` witnesses, M cases are
worth `M**cases_worth`, and N x M pairs `(N M)**pairs_worth`. All that counts to the power of
`temper`, which moves no group past another but brings scores to how often they are right.

A right group is still wrong where no case looks: with probability `unseen / (unseen + M)`, after
which samples alone speak. In a group, those candidates come first whose observed behaviour more
samples share, and of equals those whose observations more samples meet, cell by cell. A failed
anchor divides the odds by exp(`anchor`). Of candidates that behave alike the likelier come first.

Cases that all or none pass tell nobody apart and are no evidence; cases of weight 0 neither. When
candidates and cases share a misconception, no method that sees the matrix alone can know. What
each term is worth was measured: docs/ranking.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_genx.matrix import Bools, Floats, Ints, PassMatrix, Ranking
from pytest_genx.rankers.behaviours import agreeing
from pytest_genx.rankers.beta import log_beta
from pytest_genx.rankers.rows import group_rows
from pytest_genx.rankers.sums import summable

DIGITS = 9  # of evidence and scores: sums in another order must tie
LEAST = -600.0  # nats; above 0 even so, which is left to groups that pass nothing


@dataclass(frozen=True, slots=True)
class Parameters:
    """The numbers of the model; one set for all pools. Minus infinity leaves out what has a worth.

    Args:
        shyness: of t0, for each pair.
        cases_right: of the share of right cases.
        witness: power of samples that are no independent witnesses.
        cases_worth: power of cases, likewise.
        pairs_worth: power of pairs, likewise.
        temper: power of everything.
        unseen: witnesses that were needed to see what no case looks at.
        agreement: nats for observations that all samples meet, against such that none meets.
        anchor: nats for each anchor failed.
        likelier: share of a score that the order of likelihoods decides.
        close_passed: how likely a case is right that a close group passes.
        close_failed: and one that it fails.
    """

    shyness: float = 30.0
    cases_right: float = 5.0
    witness: float = 0.8
    cases_worth: float = 0.5
    pairs_worth: float = 0.6
    temper: float = 0.2
    unseen: float = 4.0
    agreement: float = 2.0
    anchor: float = 14.0
    likelier: float = 0.01
    close_passed: float = 0.85
    close_failed: float = 0.3


DEFAULT = Parameters()


@dataclass(frozen=True, slots=True)
class Groups:
    """Candidates by identical row, and cases by identical column where they tell anything.

    Args:
        rows: `[n_groups, n_cases] bool`.
        samples: `[n_groups] float64`.
        of: `[n_candidates] int64`, the group of each.
        evidence: `[n_groups, n_columns] float64` of 0 and 1, what counts as evidence.
        weights: `[n_columns] float64`, witnesses that each of those columns is.
    """

    rows: Bools
    samples: Floats
    of: Ints
    evidence: Floats
    weights: Floats


def dual_critic(matrix: PassMatrix, *, parameters: Parameters = DEFAULT) -> Ranking:
    """Score candidates by the probability that they are right, and cases likewise.

    Args:
        matrix: `[n_candidates, n_cases]`; all but `erred` and `incumbent` is used
            where it is there.
        parameters: of the model; others are for ablations.

    Returns:
        Scores; a candidate that passes nothing has 0, and so has all when nothing passes.

    Three candidates agree, and a fourth passes what they fail:

    >>> ranking = dual_critic(PassMatrix.of([[1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 0, 1]]))
    >>> ranking.candidate_scores.round(2).tolist()
    [0.56, 0.56, 0.56, 0.16]
    >>> ranking.case_scores.round(2).tolist()
    [0.78, 0.78, 0.28]
    """
    n_candidates, n_cases = matrix.passed.shape
    p = parameters
    groups = _group(matrix, p)
    alive: Bools = np.any(groups.rows, axis=1)
    if not alive.any():
        return Ranking("dual_critic", np.zeros(n_candidates), np.zeros(n_cases))
    failed = _failed(groups, alive, matrix.anchors)
    right, close = _posterior(groups, alive, failed, p)
    unseen = p.unseen / (p.unseen + groups.weights.sum())
    behaviours, samples, nats = _behaviours(matrix, groups.of, p)
    by_samples = samples / (matrix.candidate_counts.sum() + 1)
    in_group = np.exp(p.temper * nats)
    believed = np.exp(np.maximum(-p.anchor * failed, LEAST))
    by_cases = right[groups.of] * in_group
    scores = (1.0 - unseen) * by_cases + unseen * by_samples * believed[groups.of]
    scores *= 1.0 - p.likelier * _unlikelier(matrix.logprobs, behaviours)
    rows = groups.rows.astype(np.float64)
    case_scores = (right + p.close_passed * close) @ rows + p.close_failed * (close @ (1.0 - rows))
    return Ranking(
        "dual_critic",
        np.where(alive[groups.of], np.clip(_rounded(scores), np.exp(LEAST), 1.0), 0.0),
        np.clip(case_scores.round(DIGITS), 0.0, 1.0),
    )


def _group(matrix: PassMatrix, p: Parameters) -> Groups:
    """Merge identical rows, and those identical columns that tell rows apart."""
    by_row = group_rows(matrix)
    n_passing = by_row.rows.sum(axis=0)
    telling: Bools = np.asarray((n_passing > 0) & (n_passing < len(by_row.rows)), np.bool_)
    samples = by_row.samples.astype(np.float64)
    counts = matrix.case_counts.astype(np.float64)
    if matrix.weights is not None:
        telling = np.asarray(telling & (matrix.weights > 0.0), np.bool_)
        counts = counts * matrix.weights
    if not telling.any():  # as if one case said that all rows with passes are alike
        evidence = np.any(by_row.rows, axis=1, keepdims=True).astype(np.float64)
        return Groups(by_row.rows, samples, by_row.of, evidence, np.ones(1))
    columns, of = np.unique(by_row.rows[:, telling].T, axis=0, return_inverse=True)
    exact = summable(counts[telling], float(counts.sum()))
    written = np.asarray(np.bincount(of.reshape(-1), weights=exact), np.float64)
    weights = summable(written**p.witness, float(counts.sum()))
    return Groups(by_row.rows, samples, by_row.of, columns.T.astype(float), weights)


def _posterior(
    groups: Groups, alive: Bools, failed: Floats, p: Parameters
) -> tuple[Floats, Floats]:
    """Return the posterior of "right" and of "close" for each group; all sum to 1.

    `failed` is `[n_groups]`, anchors that each fails.
    """
    passed, weights = groups.evidence, groups.weights
    witnesses = summable(groups.samples**p.witness, float(groups.samples.sum()))
    n, m = float(witnesses.sum()), float(weights.sum())
    passers = witnesses @ passed  # of each column
    kept = passed @ weights  # of the columns, by each group
    own = witnesses * kept
    on_right = passed @ (weights * passers)  # passes of right cases by all, the group included
    on_wrong = float(weights @ passers) - on_right
    cases = log_beta(kept + p.cases_right, m - kept + 1.0) - log_beta(p.cases_right, 1.0)
    others = n - witnesses
    shy = p.shyness * n * m
    right = _pairs(on_right - own, others * kept, on_wrong, others * (m - kept), shy)
    close = _pairs(on_right, n * kept, on_wrong, n * (m - kept), shy)
    shared = m ** (p.cases_worth - 1.0) * cases - p.anchor / p.temper * failed
    pairs_worth = (n * m) ** (p.pairs_worth - 1.0)
    logs = np.stack([np.log(groups.samples) + shared + pairs_worth * right,
                     shared + pairs_worth * close])[:, alive]  # fmt: skip
    logs = p.temper * logs.round(DIGITS)
    posterior = np.zeros((2, len(alive)))
    posterior[:, alive] = np.exp(np.maximum(logs - logs.max(), LEAST))
    posterior /= posterior.sum()
    return posterior[0], posterior[1]


def _pairs(k1: Floats, n1: Floats, k0: Floats, n0: Floats, shy: float) -> Floats:
    """Return the log-likelihood of k1 passes in n1 right pairs and k0 in n0 wrong ones.

    One number for each group; t1 and t0 are integrated out.
    """
    return (
        log_beta(k1 + 1.0, n1 - k1 + 1.0) + log_beta(k0 + 1.0, n0 - k0 + shy) - log_beta(1.0, shy)
    )


def _failed(groups: Groups, alive: Bools, anchors: Bools | None) -> Floats:
    """Count the anchors that each group fails, beyond what the best group fails.

    Anchors that the same groups pass are one.
    """
    if anchors is None or not anchors.any():
        return np.zeros(len(alive))
    distinct = np.unique(groups.rows[:, anchors], axis=1)
    failed: Floats = (~distinct).sum(axis=1).astype(np.float64)
    beyond: Floats = failed - failed[alive].min()
    return beyond


def _behaviours(matrix: PassMatrix, of: Ints, p: Parameters) -> tuple[Ints, Floats, Floats]:
    """Number candidates by row and observations, and say how far each stands behind in its group.

    Returns:
        `[n_candidates]` each: the number of its behaviour, samples that share it, and nats of at
        most 0.
    """
    if matrix.observed is None:
        return of, _samples(matrix, of), np.zeros(len(of))
    seen = np.concatenate([of[:, None], matrix.observed], axis=1)
    _, inverse = np.unique(seen, axis=0, return_inverse=True)
    behaviours = inverse.reshape(-1)
    samples = _samples(matrix, behaviours)
    inputs = np.unique(matrix.observed, axis=1)  # of one call, however often it was asserted
    inputs = inputs[:, (inputs != inputs[:1]).any(axis=0)]  # on which they differ
    met = np.zeros(len(of), np.int64)
    for column in inputs.T:
        met += agreeing(column, matrix.candidate_counts)
    possible = max(int(matrix.candidate_counts.sum()) * inputs.shape[1], 1)
    nats = np.log(samples) + p.agreement * met / possible
    best = np.full(int(of.max()) + 1, -np.inf)
    np.maximum.at(best, of, nats)
    return behaviours, samples, (nats - best[of]).round(DIGITS)


def _samples(matrix: PassMatrix, behaviours: Ints) -> Floats:
    """Return, for each candidate, the samples that behave like it."""
    counted = np.bincount(behaviours, weights=matrix.candidate_counts)
    return np.asarray(counted[behaviours], np.float64)


def _unlikelier(logprobs: Floats | None, behaviours: Ints) -> Floats:
    """Return the share of those that behave like a candidate and are likelier than it."""
    behind = np.zeros(len(behaviours))
    if logprobs is None:
        return behind
    for behaviour in np.unique(behaviours):
        members = np.flatnonzero(behaviours == behaviour)
        values, place = np.unique(-logprobs[members], return_inverse=True)
        behind[members] = place.reshape(-1) / len(values)
    return behind


def _rounded(scores: Floats) -> Floats:
    """Round to `DIGITS` significant digits, small scores too."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.maximum(scores, 1e-290))))
    rounded: Floats = np.rint(scores * scale) / scale
    return rounded
