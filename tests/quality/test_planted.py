"""Matrices with a planted truth, made by a process that no ranker assumes."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_genx.bench.metrics import ranked_pass_at_k
from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.codet import codet
from pytest_genx.rankers.dual_critic import dual_critic
from pytest_genx.rankers.majority import majority

TRIALS = 40


def planted(rng, *, n, m, correct, right, families, shared, noise=0.0):
    """Plant correct candidates among families of bugs.

    A correct candidate passes exactly the right cases. A wrong one passes those right cases
    that its family passes, and of the wrong cases those with its family's misconception
    (a share `shared` of them has one). `noise` is the share of outcomes that are flipped.
    """
    labels = np.arange(n) < round(correct * n)
    valid = np.arange(m) < round(right * m)
    passes = rng.random((families, m)) < rng.uniform(0.1, 0.6, (families, 1))
    misconception = rng.integers(0, families, m)
    has_one = rng.random(m) < shared
    family = rng.integers(0, families, n)
    wrong = np.where(valid, passes[family], has_one & (misconception == family[:, None]))
    passed = np.where(labels[:, None], valid, wrong) ^ (rng.random((n, m)) < noise)
    return PassMatrix.of(passed), labels


def overfitted(rng):
    """Plant 20 correct candidates, and 2 that also pass wrong cases that others share."""
    n, m = 60, 36
    valid = np.arange(m) < 14
    passed = (rng.random((n, m)) < 0.5 * rng.random((n, 1))) & valid
    passed[:20] = valid
    passed[20:22] = np.arange(m) < 17
    passed[22:24, 14:17] = True
    return PassMatrix.of(passed), np.arange(n) < 20


def found(ranker, make):
    """Return how often the ranker's first pick is a planted candidate."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(TRIALS):
        matrix, labels = make(rng)
        scores = ranker(matrix).candidate_scores
        shares.append(ranked_pass_at_k(scores, matrix.candidate_counts, labels, 1))
    return float(np.mean(shares))


REGIMES = {
    "few right cases": {
        "n": 100, "m": 50, "correct": 0.1, "right": 0.3, "families": 60, "shared": 0.2,
    },
    "many right cases": {
        "n": 100, "m": 20, "correct": 0.05, "right": 0.9, "families": 8, "shared": 0.5,
    },
    "shared misconceptions": {
        "n": 100, "m": 50, "correct": 0.3, "right": 0.4, "families": 8, "shared": 0.6,
    },
    "noise": {
        "n": 100, "m": 50, "correct": 0.2, "right": 0.5, "families": 20, "shared": 0.2,
        "noise": 0.01,
    },
    "few of both": {
        "n": 10, "m": 8, "correct": 0.4, "right": 0.6, "families": 3, "shared": 0.3,
    },
}  # fmt: skip


@pytest.mark.parametrize("regime", REGIMES)
def test_the_dual_critic_finds_planted_candidates(regime):
    """In nineteen of twenty matrices, whatever the cases are worth."""
    assert found(dual_critic, lambda rng: planted(rng, **REGIMES[regime])) >= 0.95


def test_five_candidates_and_five_cases_are_enough_more_often_than_not():
    """Two of five are planted; a random pick would be right two times in five."""
    tiny = {"n": 5, "m": 5, "correct": 0.4, "right": 0.6, "families": 3, "shared": 0.3}
    assert found(dual_critic, lambda rng: planted(rng, **tiny)) >= 0.75


def test_wrong_cases_mislead_votes_but_not_the_dual_critic():
    """Passing more is no merit when what is passed besides is wrong."""
    assert found(majority, overfitted) <= 0.05
    assert found(dual_critic, overfitted) >= 0.95


def test_right_cases_score_above_wrong_ones():
    """The other side of the same judgement: nearly every pair of cases is in order."""
    rng = np.random.default_rng(1)
    orders = []
    for _ in range(TRIALS):
        matrix, _ = planted(rng, **REGIMES["shared misconceptions"])
        scores = dual_critic(matrix).case_scores
        orders.append((scores[:20, None] > scores[None, 20:]).mean())
    assert np.mean(orders) >= 0.95


def test_few_correct_candidates_are_lost_on_codet_but_not_on_the_dual_critic():
    """Five in a hundred, with right cases to show it: larger groups outweigh them in CodeT."""
    regime = REGIMES["many right cases"]
    assert found(codet, lambda rng: planted(rng, **regime)) <= 0.8
    assert found(dual_critic, lambda rng: planted(rng, **regime)) >= 0.95
