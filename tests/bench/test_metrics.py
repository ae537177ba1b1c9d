from __future__ import annotations

from itertools import combinations
from math import prod

import numpy as np
import pytest

from pytest_genx.bench.metrics import (
    interval,
    random_pass_at_k,
    ranked_pass_at_k,
    resample,
)

SCORES = np.array([0.9, 0.5, 0.5, 0.1])
COUNTS = np.array([4, 1, 3, 2])
CORRECT = np.array([False, True, False, True])


@pytest.mark.parametrize(("n", "c", "k"), [(6, 2, 1), (6, 2, 3), (5, 4, 2), (3, 1, 10)])
def test_random_pass_at_k_is_the_share_of_choices_with_a_correct_one(n, c, k):
    """Counted out."""
    choices = list(combinations(range(n), min(k, n)))
    share = sum(min(choice) < c for choice in choices) / len(choices)
    assert random_pass_at_k(n, c, k) == pytest.approx(share)


def test_no_samples_never_pass():
    """A task without samples counts as failed."""
    assert random_pass_at_k(0, 0, 1) == 0.0
    empty = np.zeros(0)
    assert ranked_pass_at_k(empty, empty.astype(int), empty.astype(bool), 10) == 0.0


def test_ties_are_averaged_by_samples():
    """One correct sample among the four of the second group."""
    assert ranked_pass_at_k(SCORES, COUNTS, CORRECT, 1) == 0.0
    assert ranked_pass_at_k(SCORES, COUNTS, CORRECT, 2) == 0.25
    assert ranked_pass_at_k(SCORES, COUNTS, CORRECT, 3) == 1.0


def test_more_picks_than_groups_go_round_with_replacement():
    """Five picks from groups that are right by 1/2 and 1/4: three and two of them."""
    scores, counts = np.array([0.9, 0.9, 0.3, 0.3]), np.array([1, 1, 1, 3])
    correct = np.array([True, False, True, False])
    expected = 1.0 - prod([0.5, 0.75, 0.5, 0.75, 0.5])
    assert ranked_pass_at_k(scores, counts, correct, 5) == pytest.approx(expected)


@pytest.mark.parametrize("scores", [np.zeros(4), np.full(4, 0.5)])
def test_a_ranking_that_says_nothing_is_a_random_pick(scores):
    """Nothing ranked, or everything tied."""
    for k in (1, 2, 10):
        assert ranked_pass_at_k(scores, COUNTS, CORRECT, k) == random_pass_at_k(10, 3, k)


def test_a_score_of_0_is_unranked():
    """Its samples are not picked, not even when the ranked group is exhausted."""
    scores, counts = np.array([0.7, 0.0]), np.array([1, 9])
    assert ranked_pass_at_k(scores, counts, np.array([False, True]), 10) == 0.0


def test_the_interval_is_centred_on_the_mean_and_depends_on_the_seed_alone():
    """The width is that of a mean of 100 coin flips."""
    flips = np.tile([0.0, 1.0], 50)
    first = interval(flips, resample(100, seed=3))
    assert first == interval(flips, resample(100, seed=3))
    assert first != interval(flips, resample(100, seed=4))
    assert first.mean == 0.5
    assert first.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.015)
    assert first.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.015)


def test_pairing_makes_a_constant_lead_certain():
    """Two rankers that differ by the same amount on each task."""
    values = np.random.default_rng(0).random(30)
    lead = interval((values + 0.25) - values, resample(30, seed=0))
    assert (lead.low, lead.high) == pytest.approx((0.25, 0.25))


def test_draws_of_the_first_pool_are_those_of_the_seed():
    """And those of the next are others."""
    assert (resample(9, 5) == resample(9, (5, 0))).all()
    assert (resample(9, 5) != resample(9, (5, 1))).any()
