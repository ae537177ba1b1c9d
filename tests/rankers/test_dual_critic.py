from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from pytest_genx.matrix import PassMatrix
from pytest_genx.rankers.dual_critic import dual_critic


def test_the_smallest_matrix_has_the_score_of_its_derivation():
    """One pass in one pair has probability 1/2 when the candidate is close, to the power 0.2.

    One case leaves 4 / (4 + 1) unseen, where one sample of one speaks, and one that none wrote.
    """
    right = 1.0 / (1.0 + 0.5**0.2)
    ranking = dual_critic(PassMatrix.of([[1]]))
    assert ranking.candidate_scores == pytest.approx([0.2 * right + 0.8 / 2])
    assert ranking.case_scores == pytest.approx([right + 0.85 * (1.0 - right)])


@pytest.mark.parametrize("n_cases", [1, 3, 10, 30])
def test_a_lone_candidate_that_passes_everything_is_likely_but_not_certain(n_cases):
    """Nobody else speaks for it."""
    (score,) = dual_critic(PassMatrix.of([[1] * n_cases])).candidate_scores
    assert 0.5 < score < 0.8


def test_more_independent_agreement_is_more_certain():
    """Each further distinct candidate that agrees raises the score."""
    scores = [dual_critic(PassMatrix.of([[1] * 5] * n)).candidate_scores[0] for n in (1, 2, 4, 8)]
    assert scores == sorted(set(scores))


def test_a_working_incumbent_stands_out_among_garbage():
    """Six of ten cases, against candidates that pass one or two by accident."""
    garbage = np.zeros((5, 10), bool)
    garbage[0, 6] = garbage[1, [1, 7]] = garbage[3, 0] = True
    rows = np.vstack([[1] * 6 + [0] * 4, garbage])
    ranking = dual_critic(PassMatrix.of(rows))
    assert ranking.candidate_scores[0] > 1.9 * ranking.candidate_scores[1:].max()
    assert ranking.case_scores[:6].min() > ranking.case_scores[6:].max()


def test_agreeing_candidates_overrule_an_incumbent_that_fails_two_cases():
    """The failed cases become likely, which is what a suspected bug is made of."""
    rows = [[1] * 8 + [0] * 2] + [[1] * 10] * 4 + [[0] * 10] * 3
    ranking = dual_critic(PassMatrix.of(rows))
    assert ranking.candidate_scores[1] > 5 * ranking.candidate_scores[0]
    assert ranking.case_scores[8:].min() > 0.5


def test_a_case_that_one_of_many_passes_is_doubted():
    """Passing one case more than nine others that agree is no merit."""
    ranking = dual_critic(PassMatrix.of([[1] * 10] + [[1] * 9 + [0]] * 9))
    assert ranking.candidate_scores[0] < ranking.candidate_scores[1] / 5
    assert ranking.case_scores[9] < ranking.case_scores[0] - 0.3


def test_a_failed_anchor_outweighs_the_crowd():
    """Three that agree fail the trusted case; the one that passes it comes first."""
    matrix = PassMatrix.of([[1, 1, 1, 0]] * 3 + [[0, 0, 0, 1]])
    trusting = replace(matrix, anchors=np.array([False, False, False, True]))
    assert dual_critic(matrix).candidate_scores.argmax() == 0
    ranking = dual_critic(trusting)
    assert ranking.candidate_scores.argmax() == 3
    assert ranking.candidate_scores[0] < 1e-4
    assert ranking.case_scores.argmax() == 3


def test_an_anchor_that_everybody_fails_changes_nothing():
    """It says more about the anchor than about the candidates."""
    matrix = PassMatrix.of([[1, 1, 0], [1, 0, 0]])
    trusting = replace(matrix, anchors=np.array([False, False, True]))
    plain = dual_critic(matrix).candidate_scores
    assert dual_critic(trusting).candidate_scores == pytest.approx(plain)


def test_observations_order_candidates_within_a_group():
    """Of three with one row, the two that were observed alike come before the third."""
    matrix = PassMatrix.of([[1, 0], [1, 0], [1, 0]])
    observed = np.array([[7, 2], [7, 2], [7, 3]])
    first, second, third = dual_critic(replace(matrix, observed=observed)).candidate_scores
    assert first == second > third > 0.0
    assert first < dual_critic(matrix).candidate_scores[0]


def test_hopeless_groups_stay_above_those_that_pass_nothing():
    """However small its posterior, passing something is ranked, passing nothing is not."""
    rows = np.zeros((60, 400), bool)
    rows[:50, :399] = True
    rows[50, 399] = True
    matrix = PassMatrix.of(rows)
    many = replace(matrix, anchors=np.arange(400) < 100)
    scores = dual_critic(many).candidate_scores
    assert scores[0] > 0.9
    assert 0.0 < scores[50] < 1e-8
    assert scores[51] == 0.0


def test_cases_of_no_weight_are_no_evidence():
    """A case that nothing could fail, or that stands there already, tells nothing."""
    matrix = PassMatrix.of([[1, 0, 1], [0, 1, 1], [0, 1, 0]])
    unheard = replace(matrix, weights=np.array([1.0, 1.0, 0.0]))
    without = PassMatrix.of([[1, 0], [0, 1], [0, 1]])
    scores = dual_critic(unheard).candidate_scores
    assert scores[0] == pytest.approx(dual_critic(without).candidate_scores[0], abs=0.05)
    assert scores[1] == scores[2] < dual_critic(without).candidate_scores[1]


def test_twins_of_shared_weight_count_as_one_case():
    """Two ways to write one check are one witness."""
    twins = replace(PassMatrix.of([[1, 1, 0], [0, 0, 1]]), weights=np.array([0.5, 0.5, 1.0]))
    one = dual_critic(PassMatrix.of([[1, 0], [0, 1]])).candidate_scores
    assert dual_critic(twins).candidate_scores == pytest.approx(one)


def test_of_candidates_that_behave_alike_the_likelier_comes_first():
    """By little: it moves nobody past a candidate that behaves otherwise."""
    matrix = replace(PassMatrix.of([[1, 1], [1, 1], [1, 0]]), logprobs=np.array([-9.0, -3.0, -1.0]))
    first, second, third = dual_critic(matrix).candidate_scores
    assert second > first > third
    assert first > 0.99 * second


def test_contradictory_anchors_leave_an_order():
    """Whoever fails fewest of them is not punished for what nobody can do."""
    matrix = PassMatrix.of([[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    scores = dual_critic(replace(matrix, anchors=np.array([True, True, False]))).candidate_scores
    assert scores[0] > 0.25
    assert scores[2] < 1e-4


def test_a_thousand_candidates_and_cases_fit_in_memory():
    """No array has more than two axes."""
    generator = np.random.default_rng(0)
    passed = generator.random((1000, 1000)) < 0.5
    ones = np.ones(1000, np.int64)
    observed = generator.integers(0, 50, (1000, 1000))
    matrix = PassMatrix(passed, ones, ones, observed=observed)
    tracemalloc.start()
    try:
        dual_critic(matrix)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500 << 20
